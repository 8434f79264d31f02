"""`variantsel provider check`: on our providers, the template, published ones and broken ones."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from pathlib import Path

import pytest
from support.repository import REPOSITORY

from variantsel.cli import main
from variantsel.provider_host.check import (
    CheckOutcome,
    ProviderReport,
    UnknownProvider,
    check_provider,
    rules,
)
from variantsel.provider_host.host import PROVIDER_PACKAGES

TEMPLATE = REPOSITORY / "providers" / "provider-template"
GOOD = """\
class Config:
    def __init__(self, name, values, multi_value):
        self.name, self.values, self.multi_value = name, values, multi_value

namespace = "demo"
EVERYTHING = [Config("size", ["3", "2", "1"], False), Config("kind", ["a", "b"], True)]

def get_supported_configs():
    return [Config("size", ["2", "1"], False), Config("kind", ["b"], True)]

def get_all_configs():
    return EVERYTHING
"""


@pytest.fixture
def checked(tmp_path: Path):
    """Checks a provider of that code."""

    def check(code: str, endpoint: str = "demo_provider", **options: float) -> ProviderReport:
        (tmp_path / "demo_provider.py").write_text(code)
        return check_provider(endpoint, search_path=[str(tmp_path), *sys.path], **options)

    return check


def problems(report: ProviderReport, outcome: CheckOutcome) -> dict[str, str]:
    return {
        result.name: "; ".join(result.problems)
        for result in report.results
        if result.outcome is outcome
    }


# Real ones


@pytest.mark.parametrize("namespace", PROVIDER_PACKAGES)
def test_every_provider_of_ours_conforms(namespace: str) -> None:
    report = check_provider(f"variantsel_providers.{namespace}")
    assert {result.outcome for result in report.results} == {CheckOutcome.PASSED}
    assert report.seconds is not None


def test_the_template_conforms() -> None:
    report = check_provider("npu_provider", search_path=[str(TEMPLATE), *sys.path])
    assert {result.outcome for result in report.results} == {CheckOutcome.PASSED}
    assert report.features == {}


def skip_without(package: str) -> None:
    """Skip where a package is not installed, without importing it: one replaces archspec."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed (the extra `test` brings it)")


def test_rocm_bootstrap_conforms_but_runs_a_program() -> None:
    skip_without("rocm_bootstrap")
    report = check_provider("rocm_bootstrap.variant_provider:AMDVariantPlugin")
    assert report.conforms
    assert set(problems(report, CheckOutcome.ADVICE)) <= {"effects"}


def test_a_plugin_of_the_first_days_is_told_what_has_changed() -> None:
    skip_without("provider_variant_x86_64")
    report = check_provider("provider_variant_x86_64.plugin:X8664Plugin")
    failed = problems(report, CheckOutcome.FAILED)
    assert set(failed) == {"interface", "answer"}
    assert "a class that has to be instantiated" in failed["interface"]
    assert "get_supported_configs() wants 1 argument(s)" in failed["interface"]
    assert "get_all_configs() is missing" in failed["interface"]
    assert "has no multi_value" in failed["answer"]
    assert set(problems(report, CheckOutcome.SKIPPED)) == {"subset", "order"}


NPU_SMI = """\
#!/bin/sh
cat <<'TABLE'
+--------------------------------------------------------------------------------------------+
| npu-smi 24.1.rc2                 Version: 24.1.rc2                                         |
+---------------------------+---------------+------------------------------------------------+
| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage  |
+===========================+===============+================================================+
| 0     910B3               | OK            | 92.4        41                0    / 0         |
| 1     910B3               | OK            | 90.1        42                0    / 0         |
+===========================+===============+================================================+
TABLE
"""


def test_the_ascend_package_answers_and_is_told_what_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without("ascend_variant_provider")
    (tmp_path / "npu-smi").write_text(NPU_SMI)
    (tmp_path / "npu-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    report = check_provider("ascend_variant_provider.plugin:AscendVariantPlugin")
    assert report.features["npu_type"] == ("910b", "910b")
    assert report.features["driver_version"] == ("24.1.rc2",)
    failed = problems(report, CheckOutcome.FAILED)
    assert "the value '910b' of npu_type comes more than once" in failed["unique"]
    assert "ran 'npu-smi'" in problems(report, CheckOutcome.ADVICE)["effects"]


# Made up ones


def test_a_provider_that_does_it_all_right_passes(checked) -> None:
    report = checked(GOOD)
    assert {result.outcome for result in report.results} == {CheckOutcome.PASSED}
    assert report.features == {"size": ("2", "1"), "kind": ("b",)}


def test_a_class_with_class_methods_is_called_as_it_is(checked) -> None:
    code = (
        GOOD
        + """
class Plugin:
    get_supported_configs = staticmethod(get_supported_configs)
    @classmethod
    def get_all_configs(cls):
        return EVERYTHING
class Outer:
    inner = Plugin
"""
    )
    assert checked(code, "demo_provider:Outer.inner").conforms


@pytest.mark.parametrize(
    ("change", "check", "words"),
    [
        (("namespace =", "1 / 0 #"), "import", "ZeroDivisionError: division by zero"),
        (("namespace =", "import os; os.abort() #"), "import", "it was ended by signal 6"),
        (("namespace =", "import os; os._exit(0) #"), "import", "ended the process before it had"),
        (("get_all_configs", "get_everything"), "interface", "get_all_configs() is missing"),
        (("configs():", "configs(context):"), "interface", "wants 1 argument(s)"),
        (("    return [", "    return {}["), "answer", "get_supported_configs() raised KeyError"),
        (("return EVERYTHING", "return tuple(EVERYTHING)"), "answer", "returned a tuple"),
        (('["b"]', "[4]"), "answer", "has a list with a int, expected a list of text"),
        (('["b"], True', '["b"], 1'), "answer", "has a int as multi_value, expected True or False"),
        (('Config("kind", ["b"]', 'Config(None, ["b"]'), "answer", "has a NoneType as name"),
        (('"demo"', '"Demo"'), "names", "the namespace is 'Demo', expected [a-z0-9_]+"),
        (('"kind"', '"Kind"'), "names", "the feature 'Kind', expected [a-z0-9_]+"),
        (('"b"', '"b-1"'), "names", "the value 'b-1' of kind, expected [a-z0-9_.]+"),
        (('["b"]', '["b", "b"]'), "unique", "the value 'b' of kind comes more than once"),
        (('"kind"', '"size"'), "unique", "the feature 'size' comes 2 times"),
        (('["b"]', '["c"]'), "subset", "'c' of kind is supported, but get_all_configs() lacks it"),
        (("EVERYTHING = [", "import random; EVERYTHING = [Config(str(random.random())[2:], "
          "['1'], False), "), "repeatable", "get_all_configs() answered otherwise in a second"),
        (("    return EVERYTHING", "    EVERYTHING.pop(); return list(EVERYTHING)"), "repeatable",
         "get_all_configs() answered otherwise when it was called again"),
        (("namespace =", "import os; os.environ['PATH']; namespace ="), "bare", "KeyError: 'PATH'"),
        (("namespace =", "print('hello'); namespace ="), "quiet", "printed 'hello'"),
        (("namespace =", "import os; os.write(1, b'driver'); namespace ="), "quiet", "'driver'"),
    ],
)  # fmt: skip
def test_what_breaks_the_interface_fails(checked, change, check, words) -> None:
    report = checked(GOOD.replace(*change))
    assert not report.conforms
    assert words in problems(report, CheckOutcome.FAILED)[check]


@pytest.mark.parametrize(
    ("change", "check", "words"),
    [
        (("[Config(\"size\", [\"2\", \"1\"], False), Config(\"kind\", [\"b\"], True)]",
          "[Config(\"kind\", [\"b\"], True), Config(\"size\", [\"2\"], False)]"), "order",
         "'kind' is supported before 'size', in get_all_configs() after it"),
        (("namespace =", "import os; os.system('true'); namespace ="), "effects", "ran"),
        (("namespace =", "import subprocess as s; s.run(['true']); namespace ="), "effects",
         "ran 'true'"),
        (("namespace =", "open('left', 'w').close(); namespace ="), "effects",
         "left 'left' behind"),
        (("namespace =", "import socket as s; s.getaddrinfo('127.0.0.1', 1); namespace ="),
         "effects", "used the network"),
        (("namespace =", "import sys; print('log', file=sys.stderr); namespace ="), "effects",
         "wrote 'log' to standard error"),
    ],
)  # fmt: skip
def test_what_an_installer_would_rather_not_have_is_advice(checked, change, check, words) -> None:
    report = checked(GOOD.replace(*change))
    assert report.conforms
    assert words in problems(report, CheckOutcome.ADVICE)[check]


def test_a_provider_that_takes_its_time_gets_advice(
    checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "SWIFT", 0.01)
    report = checked(GOOD.replace("namespace =", "import time; time.sleep(0.1); namespace ="))
    assert report.conforms
    assert problems(report, CheckOutcome.ADVICE)["swift"].startswith("took 0.")


def test_a_provider_that_hangs_is_ended_and_not_asked_again(checked) -> None:
    started = time.monotonic()
    report = checked("import time; time.sleep(60)", time_limit=0.5)
    assert time.monotonic() - started < 5
    failed = problems(report, CheckOutcome.FAILED)
    assert failed == {"import": "it did not answer within 0.5 s"}
    assert report.seconds is None


def test_a_provider_that_floods_its_output_is_told_the_beginning(checked) -> None:
    code = "import os\nwhile True:\n    os.write(1, b'x' * 65536)\n"
    report = checked(code, time_limit=10)
    assert "printed 'xxxx" in problems(report, CheckOutcome.FAILED)["quiet"]


def test_warnings_are_no_fault_and_are_shown(checked) -> None:
    report = checked(GOOD + "import warnings; warnings.warn('the driver is old')\n")
    assert report.conforms
    assert report.notices == ("the driver is old",)


@pytest.mark.parametrize("endpoint", ["", "a-b", "a:", "a:b:c", "os; import sys", "../a", "a b"])
def test_what_is_no_endpoint_is_an_error(endpoint: str) -> None:
    with pytest.raises(UnknownProvider, match="expected the provider's API endpoint"):
        check_provider(endpoint)


@pytest.mark.parametrize("endpoint", ["nowhere_to_be_found", "json.nowhere:Plugin"])
def test_a_module_that_does_not_exist_is_an_error(endpoint: str) -> None:
    with pytest.raises(UnknownProvider, match="No module named"):
        check_provider(endpoint)


def test_a_module_that_the_provider_lacks_is_its_fault(checked) -> None:
    report = checked("import nowhere_to_be_found")
    assert "No module named 'nowhere" in problems(report, CheckOutcome.FAILED)["import"]


# The command


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "demo_provider.py"


def test_the_command_finds_a_provider_in_this_folder(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here.write_text(GOOD)
    assert main(["provider", "check", "demo_provider"]) == 0
    output = capsys.readouterr().out
    assert "passed   names " in output
    assert "size     2, 1" in output
    assert "It keeps to the plugin interface, asked in " in output


def test_the_command_says_what_fails(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.write_text(GOOD.replace('"b"', '"B"'))
    assert main(["provider", "check", "demo_provider"]) == 1
    output = capsys.readouterr().out
    assert "failed   names " in output
    assert "the value 'B' of kind" in output
    assert "It does not keep to the plugin interface" in output


def test_the_command_answers_programs_in_json(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here.write_text(GOOD)
    assert main(["provider", "check", "demo_provider", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["conforms"] is True
    assert document["features"] == {"size": ["2", "1"], "kind": ["b"]}
    assert {check["outcome"] for check in document["checks"]} == {"passed"}
    assert 0 < document["seconds"] < 30


def test_the_command_fails_without_a_provider(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["provider", "check", "nowhere_to_be_found"]) == 2
    assert "No module named 'nowhere_to_be_found'" in capsys.readouterr().err
    assert main(["provider"]) == 2
