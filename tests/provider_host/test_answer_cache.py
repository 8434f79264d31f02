"""Answers of providers are kept for one boot, as long as nothing they depend on changes."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from variantsel import Target
from variantsel.formats.provider_info import ProviderInfo
from variantsel.provider_host import answer_cache, interpreter
from variantsel.provider_host.host import PROVIDER_PACKAGES
from variantsel.python_process import variantsel_path

NVIDIA = ProviderInfo(requires=("nvidia-variant-provider",))
PROVIDER = """\
open({log!r}, "a").write("asked ")
class Config:
    name, values, multi_value = "sm_arch", ["90_real"], True
def get_supported_configs():
    {body}
    return [Config]
"""

pytestmark = pytest.mark.skipif(
    not Path("/proc/sys/kernel/random/boot_id").is_file(), reason="no boot id to go by"
)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A provider that logs each time it is asked."""
    package = tmp_path / "variantsel_providers"
    package.mkdir()
    (package / "__init__.py").write_text("")
    write_provider(package, "pass")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(interpreter, "_chosen", (None, [str(tmp_path), *variantsel_path()]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    real = take_providers()
    yield tmp_path / "log"
    take_providers()
    sys.modules.update(real)


def take_providers() -> dict[str, ModuleType]:
    """Take the providers that were imported out, so that the next import finds them anew."""
    names = [name for name in sys.modules if name.startswith("variantsel_providers")]
    return {name: sys.modules.pop(name) for name in names}


def write_provider(package: Path, body: str) -> None:
    log = str(package.parent / "log")
    (package / "nvidia.py").write_text(PROVIDER.format(log=log, body=body))


def ask() -> dict[str, tuple[str, ...]]:
    return dict(Target.host().support("nvidia", NVIDIA).features)


def times_asked(log: Path) -> int:
    return len(log.read_text().split())


def test_a_second_run_does_not_ask_again(log: Path) -> None:
    assert ask() == ask() == {"sm_arch": ("90_real",)}
    assert times_asked(log) == 1


@pytest.mark.parametrize("variable", ["CUDA_VISIBLE_DEVICES", "NV_VARIANT_PROVIDER_FORCE_SM_ARCH"])
def test_a_changed_variable_is_noticed(
    log: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    ask()
    monkeypatch.setenv(variable, "1")
    ask()
    assert times_asked(log) == 2


@pytest.mark.parametrize("name", ["libnvidia-ml.so.1", "libcuda.so.1"])
def test_a_changed_driver_library_is_noticed(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    library = tmp_path / name
    library.write_bytes(b"driver 570")
    ask()
    ask()
    assert times_asked(log) == 1
    library.write_bytes(b"driver 5801")
    ask()
    assert times_asked(log) == 2


def test_libraries_put_in_and_taken_out_are_noticed(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As cuda-compat does: the CUDA version is the one of the libcuda that programs will load."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path / "compat"))
    ask()
    (tmp_path / "compat").mkdir()
    (tmp_path / "compat" / "libcuda.so.1").write_bytes(b"of CUDA 13.0")
    ask()
    assert times_asked(log) == 2
    shutil.rmtree(tmp_path / "compat")
    ask()
    assert times_asked(log) == 3


def test_what_the_loader_knows_is_part_of_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_cache, "_LOADER_CACHE", str(tmp_path / "ld.so.cache"))
    before = {name: answer_cache.answer_key(name) for name in ("nvidia", "intel")}
    (tmp_path / "ld.so.cache").write_bytes(b"ld.so-1.7.0")
    for name, key in before.items():
        assert answer_cache.answer_key(name) != key


@pytest.mark.parametrize("module", ["nvidia", "__init__"])
def test_a_changed_provider_is_noticed(log: Path, module: str) -> None:
    ask()
    provider = log.parent / "variantsel_providers" / f"{module}.py"
    os.utime(provider, ns=(1, 1))
    ask()
    assert times_asked(log) == 2


def test_an_answer_with_a_notice_is_not_kept(log: Path) -> None:
    write_provider(log.parent / "variantsel_providers", "import warnings; warnings.warn('trouble')")
    ask()
    ask()
    assert times_asked(log) == 2


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"key": "KEY", "answer": {"features": [["A B", ["x"]]], "notices": []}}'],
)
def test_a_spoilt_cache_is_as_good_as_none(log: Path, content: str) -> None:
    ask()
    path = answer_cache.cache_folder() / "answers" / "nvidia.json"
    key = json.loads(path.read_text())["key"]
    path.write_text(content.replace("KEY", key))
    assert ask() == {"sm_arch": ("90_real",)}
    assert times_asked(log) == 2


def test_a_home_that_cannot_be_written_changes_nothing(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    assert ask() == ask() == {"sm_arch": ("90_real",)}
    assert times_asked(log) == 2


def test_nothing_is_left_but_the_answer(log: Path) -> None:
    ask()
    folder = answer_cache.cache_folder() / "answers"
    assert [path.name for path in folder.iterdir()] == ["nvidia.json"]
    assert times_asked(log) == 1


@pytest.mark.parametrize("namespace", PROVIDER_PACKAGES)
def test_every_provider_has_a_key_that_stays(namespace: str) -> None:
    key = answer_cache.answer_key(namespace)
    assert key is not None
    assert key == answer_cache.answer_key(namespace)


def test_the_key_of_amd_follows_rocm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = answer_cache.answer_key("amd")
    (tmp_path / ".info").mkdir()
    (tmp_path / ".info" / "version").write_text("7.1.0\n")
    monkeypatch.setenv("ROCM_PATH", str(tmp_path))
    assert before != answer_cache.answer_key("amd")


@pytest.mark.parametrize(
    ("namespace", "variable"),
    [
        ("amd", "HSA_OVERRIDE_GFX_VERSION"),
        ("amd", "ROCM_PATH"),
        ("nvidia", "LD_LIBRARY_PATH"),
        ("intel", "INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP"),
        ("intel", "ZE_AFFINITY_MASK"),
        ("tpu", "TPU_VARIANT_PROVIDER_FORCE_PRESENT"),
    ],
)
def test_the_key_follows_the_variables_of_a_provider(
    monkeypatch: pytest.MonkeyPatch, namespace: str, variable: str
) -> None:
    monkeypatch.delenv(variable, raising=False)
    before = answer_cache.answer_key(namespace)
    monkeypatch.setenv(variable, "1")
    assert before != answer_cache.answer_key(namespace)


def test_the_key_of_intel_follows_the_loader_and_its_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    keys = [answer_cache.answer_key("intel")]
    for name in ("libze_loader.so.1", "libze_intel_gpu.so.1"):
        (tmp_path / name).write_bytes(b"a build")
        keys.append(answer_cache.answer_key("intel"))
    assert len(set(keys)) == 3
