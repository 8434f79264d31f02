"""Asking this machine: providers in a process of their own, whatever they do."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest

from variantsel import RejectionKind, Target, rank
from variantsel.formats.provider_info import ProviderInfo
from variantsel.provider_host import host, interpreter
from variantsel.provider_host.host import ask_provider
from variantsel.python_process import variantsel_path


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A provider package that stands before the real one; returns the module to write."""
    package = tmp_path / "variantsel_providers"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(interpreter, "_chosen", (None, [str(tmp_path), *variantsel_path()]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return package / "nvidia.py"


GOOD = """\
import warnings
class Config:
    name, values, multi_value = "sm_arch", ["90_real", "80_real"], True
def get_supported_configs():
    warnings.warn("the driver is old")
    return [Config]
"""


def test_an_answer_keeps_its_order_and_its_warnings(provider: Path) -> None:
    provider.write_text(GOOD)
    answer = ask_provider("nvidia")
    assert answer.features == {"sm_arch": ("90_real", "80_real")}
    assert answer.notices == ("the driver is old",)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("raise RuntimeError('driver trouble')", "failed (RuntimeError: driver trouble)"),
        ("import os; os.abort()", "was ended by signal 6"),
        ("import os; os._exit(0)", "gave an answer that makes no sense"),
        ("def get_supported_configs(): return [3]", "failed (AttributeError"),
        (GOOD.replace('"90_real"', '"90 REAL"'), "gave an answer that makes no sense"),
        (GOOD.replace('["90_real", "80_real"]', "[1]"), "gave an answer that makes no sense"),
        ("raise SystemExit(3)", "failed"),
    ],
    ids=["raises", "crashes", "vanishes", "wrong type", "bad value", "number", "exits"],
)
def test_a_bad_provider_is_a_notice(provider: Path, code: str, what: str) -> None:
    provider.write_text(code)
    answer = ask_provider("nvidia")
    assert answer.features == {}
    (notice,) = answer.notices
    assert notice.startswith(f"The nvidia provider {what}")
    assert "target file" in notice


def test_a_provider_that_hangs_is_ended(provider: Path) -> None:
    provider.write_text("import time; time.sleep(60)")
    started = time.monotonic()
    answer = ask_provider("nvidia", time_limit=1)
    assert time.monotonic() - started < 10
    assert "did not answer within 1 s" in answer.notices[0]


def test_what_a_driver_prints_stays_out_of_the_answer(provider: Path) -> None:
    provider.write_text(GOOD + "print('hello from the driver')\n")
    assert ask_provider("nvidia").features == {"sm_arch": ("90_real", "80_real")}


def test_a_provider_is_asked_once_and_only_when_needed(provider: Path) -> None:
    log = provider.with_name("log")
    provider.write_text(f"open({str(log)!r}, 'a').write('asked ')\n{GOOD}")
    target = Target.host()
    document = {
        "$schema": "x/v0.2.0.json",
        "default-priorities": {"namespace": ["nvidia", "other"]},
        "providers": {
            "nvidia": {"requires": ["nvidia-variant-provider>=1"]},
            "other": {"static-properties": {"a": ["b"]}},
        },
        "variants": {"one": {"other": {"a": ["b"]}}, "null": {}},
    }
    assert rank(document, target).labels == ["one", "null"]
    assert not log.exists()
    document["variants"] = {"gpu": {"nvidia": {"sm_arch": ["80_real"]}}}
    assert rank(document, target).labels == ["gpu"]
    assert rank(document, target).labels == ["gpu"]
    assert log.read_text() == "asked "
    assert target.notices == ("the driver is old",)


def test_a_provider_package_that_variantsel_does_not_stand_in_for_is_not_run() -> None:
    support = Target.host().support("nvidia", ProviderInfo(requires=("evil-provider",)))
    assert support.features == {}
    assert support.detail == "evil-provider"


def test_requirements_for_other_environments_are_not_counted(provider: Path) -> None:
    provider.write_text(GOOD)
    requires = ("nvidia-variant-provider>=1", "other; python_version < '3'")
    assert Target.host().support("nvidia", ProviderInfo(requires=requires)).features


@pytest.mark.parametrize(
    ("namespace", "package", "plugin_api"),
    [
        ("nvidia", "nvidia-variant-provider", None),
        ("nvidia", "nvidia-variant-provider", "nvidia_variant_provider"),
        ("nvidia", "nvidia-variant-provider", "nvidia_variant_provider.plugin:NvidiaVariantPlugin"),
        ("gpu", "nvidia-variant-provider", "nvidia_variant_provider.plugin:NvidiaVariantPlugin"),
        ("gpu", "nvidia-variant-provider", None),
    ],
)
def test_a_provider_is_known_by_its_package_and_its_plugin(
    provider: Path, namespace: str, package: str, plugin_api: str | None
) -> None:
    provider.write_text(GOOD)
    wanted = ProviderInfo(requires=(package,), plugin_api=plugin_api)
    assert "sm_arch" in Target.host().support(namespace, wanted).features


@pytest.mark.parametrize(
    "plugin_api",
    [
        "nvidia_variant_provider.cudnn:CudnnPlugin",
        "nvidia_variant_provider.plugin",
        "amd_variant_provider.plugin:AMDVariantPlugin",
    ],
)
def test_another_plugin_of_a_known_package_is_not_ours(provider: Path, plugin_api: str) -> None:
    provider.write_text(GOOD)
    wanted = ProviderInfo(requires=("nvidia-variant-provider",), plugin_api=plugin_api)
    support = Target.host().support("nvidia", wanted)
    assert support.features == {}
    assert support.absence is RejectionKind.UNTRUSTED


def test_two_known_packages_of_different_providers_are_not_one_of_ours(provider: Path) -> None:
    provider.write_text(GOOD)
    wanted = ProviderInfo(requires=("nvidia-variant-provider", "amd-variant-provider"))
    assert Target.host().support("nvidia", wanted).features == {}


def test_a_builtin_provider_of_another_name_is_not_taken_for_ours(provider: Path) -> None:
    provider.write_text(GOOD)
    host = Target.host()
    assert host.support("nvidia", ProviderInfo(builtin="nvidia")).features
    assert host.support("gpu", ProviderInfo(builtin="nvidia")).features
    assert host.support("nvidia", ProviderInfo(builtin="other")).features == {}
    assert host.support("acme", ProviderInfo(builtin="acme")).features == {}


def test_this_machines_cpu_is_detected() -> None:
    properties = Target.host().all_properties()
    machine = Target.host().environment["platform_machine"]
    if (sys.platform, machine) not in (("linux", "x86_64"), ("linux", "aarch64")):
        pytest.skip(f"no provider for {sys.platform} {machine}")
    assert next(iter(properties[machine])) == ("level" if machine == "x86_64" else "version")


@pytest.mark.parametrize(
    "text",
    [
        *("nvidia-variant-provider", "Nvidia_Variant.Provider>=0.0.2,<1.0.0", "x >= 1 , < 2.0"),
        *("x<=1", "x>1", "x==1.*", "x~=1", "x~=1.0", "x[extra]", "x @ https://example.org/x.whl"),
        *(
            "x; sys_platform == 'nothing'",
            "x ; python_version > '3'",
            "x>=1,",
            "x>=",
            "-x",
            "",
            "é",
        ),
        *("x>=1.0a1", "x 1", "x (>=1)", " x", "x ", "x>=1\n"),
    ],
)
def test_a_plain_requirement_is_read_as_packaging_reads_it(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_shortcut = list(host._required_package(text))
    monkeypatch.setattr(host, "_PLAIN_REQUIREMENT", re.compile(r"(?!)"))
    assert with_shortcut == list(host._required_package(text))
