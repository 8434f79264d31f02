"""Asking a provider package: every form a plugin has, and every way it can go wrong."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.plugins import CONFIG, Ask, failing, failure, running, wait_until

GOOD = f"""\
{CONFIG}
def get_supported_configs():
    return [Config("level", ["3", "2"]), Config("core", ["b", "a"], True), Config("none", [])]
"""
OLD = """\
class Config:
    def __init__(self, name, values):
        self.name, self.values = name, values
class Plugin:
    namespace = "acme"
    def get_supported_configs(self, known_properties):
        return [Config("level", ["3" if known_properties is None else "9"])]
class Other(Plugin):
    namespace = "other"
class Nested:
    Plugin = Plugin
"""


# -- forms


def test_a_module_of_the_packages_name_is_the_plugin(ask: Ask) -> None:
    answer = ask(GOOD)
    assert list(answer.features.items()) == [("level", ("3", "2")), ("core", ("b", "a"))]
    assert answer.multi_value == {"core"}
    assert answer.namespace is None


@pytest.mark.parametrize("api", ["acme_provider:Plugin", "acme_provider : Nested.Plugin"])
def test_a_plugin_may_be_anywhere_in_its_package(ask: Ask, api: str) -> None:
    assert ask(OLD, plugin_api=api).features == {"level": ("3",)}


@pytest.mark.parametrize("kind", ["classmethod", "staticmethod"])
def test_a_plugin_may_be_a_class_that_is_never_instantiated(ask: Ask, kind: str) -> None:
    code = f"""{CONFIG}
class Plugin:
    def __init__(self): raise RuntimeError("not asked for")
    @{kind}
    def get_supported_configs({"cls" if kind == "classmethod" else ""}):
        return [Config("level", ("1",))]
"""
    assert ask(code, plugin_api="acme_provider:Plugin").features == {"level": ("1",)}


def test_a_value_named_twice_counts_once(ask: Ask) -> None:
    assert ask(failing('return [Config("npu", ["a", "a", "b"])]')).features == {"npu": ("a", "b")}


def test_warnings_come_with_the_answer(ask: Ask) -> None:
    code = failing("import warnings; warnings.warn('old\\ndriver'); return [Config('a', ['1'])]")
    assert ask(code).notices == ("old driver",)


def test_what_python_says_of_its_code_does_not(ask: Ask) -> None:
    code = failing(
        "import warnings\nopen('/dev/null')\nwarnings.warn('old', DeprecationWarning)\nreturn []"
    )
    assert ask(code).notices == ()


# -- what goes wrong is one line


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("raise RuntimeError('no driver')", "failed (RuntimeError: no driver)"),
        ("raise RuntimeError('a\\x1b[2J\\nb')", "failed (RuntimeError: a\\x1b[2J b)"),
        ("import sys; sys.exit(3)", "failed (SystemExit: 3)"),
        ("return get_supported_configs()", "failed (RecursionError"),
        ("import os; os.abort()", "was ended by the signal SIGABRT"),
        ("import os; os._exit(0)", "ended with exit status 0 before it had answered"),
        ("import os; os._exit(7)", "ended with exit status 7 before it had answered"),
        ("return None", "object of the type 'NoneType' from get_supported_configs(), expected a"),
        ("return {'level': ['1']}", "an object of the type 'dict' from get_supported_configs()"),
        ("return [3]", "an object of the type 'int' among its features, which has no 'name'"),
        ("return [Config('level', '12')]", "'str' as the values of 'level', expected a list"),
        ("return [Config('level', {'1'})]", "'set' as the values of 'level', expected a list"),
        ("return [Config('level', [1])]", "answered with 1 as the value of level, expected text"),
        ("return [Config('level', [b'1'])]", "an object of the type 'bytes', expected text"),
        ("return [Config('Level', ['1'])]", "'Level' as the feature, expected text that matches"),
        ("return [Config('level', ['V 1'])]", "'V 1' as the value of level, expected text that"),
        ("return [Config('level', ['1\\n'])]", "'1\\n' as the value of level"),
        ("return [Config('level', ['1' * 201])]", "as the value of level, expected text that"),
        ("return [Config(None, ['1'])]", "answered with nothing as the feature, expected text"),
        ("return [Config('a', ['1'], 2)]", "answered with 2 as multi_value of a, expected True or"),
        ("return [Config('a', []), Config('a', ['1'])]", "answered with the feature 'a' twice"),
        ("return [Config(f'a{n}', []) for n in range(1001)]", "with 1001 features, more than 1000"),
        ("return [Config('a', ['1'] * 10_001)]", "answered with 10001 values of a"),
        ("return [Config('a', ['1' * 99] * 99_999)]", "answered with more than 1048576 bytes"),
    ],
)
def test_a_plugin_that_does_not_answer_properly_is_one_line(ask: Ask, body: str, line: str) -> None:
    assert line in failure(ask, failing(body))


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("def broken(:", "failed (SyntaxError"),
        ("import acme_driver", "failed (ModuleNotFoundError: No module named 'acme_driver')"),
        ("", "has no get_supported_configs() at 'acme_provider'"),
        (f"namespace = 'other'\n{GOOD}", "answers for the namespace 'other', not for 'acme'"),
    ],
)
def test_a_package_that_is_no_plugin_is_one_line(ask: Ask, code: str, line: str) -> None:
    assert line in failure(ask, code)


def test_a_plugin_of_another_namespace_is_one_line(ask: Ask) -> None:
    line = failure(ask, OLD, plugin_api="acme_provider:Other")
    assert line == "answers for the namespace 'other', not for 'acme'"


@pytest.mark.parametrize(
    ("api", "line"),
    [
        ("acme_provider:Gone", "has no attribute 'Gone'"),
        ("gone:Plugin", "has no module 'gone'"),
        ("os:system", "has no module 'os'"),
        ("acme_provider:Plugin()", "'acme_provider:Plugin()', which is no object reference"),
        ("", "'', which is no object reference"),
    ],
)
def test_an_object_reference_that_leads_nowhere_is_one_line(ask: Ask, api: str, line: str) -> None:
    assert line in failure(ask, OLD, plugin_api=api)


def test_a_plugin_that_hangs_is_ended(ask: Ask) -> None:
    started = time.monotonic()
    line = failure(ask, failing("import time; time.sleep(600)"), limit=0.5)
    assert line == "did not answer within 0.5 s"
    assert time.monotonic() - started < 10


def test_a_plugin_that_ignores_signals_is_ended(ask: Ask) -> None:
    code = failing(
        "import signal, time\n"
        "for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        "while True: pass"
    )
    assert failure(ask, code, limit=0.5) == "did not answer within 0.5 s"


def test_what_it_prints_does_not_reach_the_answer(ask: Ask) -> None:
    code = "print('{' * 9_000_000)\nimport os\nos.write(2, b'x' * 9_000_000)\n" + GOOD
    assert ask(code).features["level"] == ("3", "2")


def test_what_it_writes_into_the_pipe_is_no_answer(ask: Ask) -> None:
    code = failing(
        "import os\n"
        "for descriptor in range(3, 64):\n"
        "    try: os.write(descriptor, b'garbage')\n"
        "    except OSError: pass\n"
        "return []"
    )
    assert failure(ask, code) == "gave an answer that is no answer at all"


def test_the_environment_of_the_caller_is_not_on_its_path(ask: Ask) -> None:
    for module in ("packaging", "pytest", "variantsel.targets.target"):
        assert "No module named" in failure(ask, f"import {module}")


@pytest.mark.usefixtures("namespaces")
def test_giving_up_on_the_caller_ends_the_plugin(tmp_path: Path) -> None:
    (tmp_path / "acme_provider.py").write_text(
        "import subprocess; subprocess.run(['sleep', '61.75'], start_new_session=True)"
    )
    code = (
        "import sys; from pathlib import Path; from variantsel.provider_host.query import *\n"
        "query(Query(Path(sys.argv[1]), 'acme-provider', 'acme_provider', 'acme'))"
    )
    caller = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    try:
        wait_until(lambda: running("sleep\x0061.75"))
    finally:
        caller.kill()
        caller.wait()
    wait_until(lambda: not running("sleep\x0061.75"))
