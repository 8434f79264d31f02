"""Every Python that variantsel starts: in one place, and out of reach of the folder it is in."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import variantsel_providers
from support.imports import module_files
from support.plugins import CONFIG
from support.wheels import write_wheel

import variantsel
from variantsel.cli import main
from variantsel.formats.provider_info import ProviderInfo
from variantsel.pip_plugin.activation import probe_other
from variantsel.provider_host.host import PROVIDER_PACKAGES, ask_provider
from variantsel.provider_host.plugins import TrustedPlugins
from variantsel.python_process import importing_variantsel, run_python

FILES = {
    module: path
    for package in (variantsel, variantsel_providers)
    for module, path in module_files(Path(str(package.__file__)).parent, package.__name__).items()
}
STARTERS = {
    "subprocess": {"run", "Popen", "call", "check_call", "check_output"}
    | {"getoutput", "getstatusoutput"},
    "os": {"system", "popen", "startfile"},
    "pty": {"spawn"},
    "runpy": {"run_module", "run_path"},
}
"""What starts a program, or runs a module or a script as one, beside os.exec…, os.spawn…."""

STARTED_ELSEWHERE = {
    "variantsel_providers.amd": "subprocess.run",  # ROCm's rocminfo, which is no Python
    "variantsel.pip_plugin.runner": "runpy.run_module",  # pip, in the Python that runs already
    "variantsel.pip_plugin.lent_pip": "runpy.run_path",  # likewise, the file that pip names
}
SHADOWED = ("pip.py", "json.py", "platform.py", "site.py", "sitecustomize.py", "usercustomize.py")
SHADOWED += ("archspec.py", "pynvml.py", "packaging.py", "argparse.py", "variantsel_providers.py")


def starts(module: str, source: str) -> Iterator[tuple[str, str, int]]:
    """Where a module starts a program: ``(module, what it calls, line)``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner, name = node.value.id, node.attr
            if name in STARTERS.get(owner, ()) or (
                owner == "os" and name.startswith(("exec", "spawn", "posix_spawn"))
            ):
                # As a type, Popen starts nothing.
                yield module, f"{owner}.{name}", node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module in (*STARTERS, "multiprocessing"):
            if node.module != "os":
                yield module, f"from {node.module}", node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                hidden = alias.asname is not None and alias.name in STARTERS
                if hidden or alias.name in ("multiprocessing", "concurrent.futures.process"):
                    yield module, f"import {alias.name}", node.lineno


def types(source: str) -> set[int]:
    """The lines of annotations, where a class is named and nothing is started."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            annotations = [argument.annotation for argument in node.args.args]
            lines |= {note.lineno for note in (*annotations, node.returns) if note is not None}
    return lines


def test_python_is_started_in_one_place() -> None:
    elsewhere = [
        f"{module}:{line} {call}"
        for name, path in FILES.items()
        if name != "variantsel.python_process"
        for source in [path.read_text(encoding="utf-8")]
        for module, call, line in starts(name, source)
        if line not in types(source) and STARTED_ELSEWHERE.get(module) != call
    ]
    assert not elsewhere, "start it with variantsel.python_process: " + ", ".join(elsewhere)
    assert {*STARTED_ELSEWHERE, "variantsel.python_process"} <= FILES.keys()


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess\nsubprocess.run([sys.executable, '-m', 'pip'])",
        "import os\nos.execv(sys.executable, [])",
        "import os\nos.posix_spawnp('python', [], {})",
        "from subprocess import check_output",
        "import subprocess as sp",
        "import runpy\nrunpy.run_module('pip')",
        "import multiprocessing",
    ],
)
def test_another_way_to_start_python_would_be_found(code: str) -> None:
    assert list(starts("module", code))


# -- in a folder of somebody's


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, whose modules note that they ran; also what ``PYTHONPATH`` names."""
    folder = tmp_path / "checkout"
    (folder / "pip").mkdir(parents=True)
    note = f"open({str(folder / 'RAN')!r}, 'a').write(__file__ + '\\n')\n"
    for name in (*SHADOWED, "pip/__init__.py", "pip/__main__.py"):
        (folder / name).write_text(note)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "../index")
    write_wheel(
        tmp_path / "index",
        "acme_provider",
        "1.0",
        module=f"{CONFIG}def get_supported_configs():\n    return [Config('level', ['1'])]\n",
    )
    return folder


def ran(folder: Path) -> list[str]:
    note = folder / "RAN"
    return note.read_text().splitlines() if note.exists() else []


def test_fetching_a_trusted_provider_runs_nothing_of_the_current_folder(hostile: Path) -> None:
    assert main(["trust", "--yes", "acme-provider"]) == 0
    assert ran(hostile) == []


def test_a_provider_that_is_fetched_on_the_way_runs_nothing_of_it(hostile: Path) -> None:
    plugins = TrustedPlugins(["acme-provider"])
    answer = plugins.ask("acme", ProviderInfo(requires=("acme-provider",)))
    assert answer.features == {"level": ("1",)}
    assert ran(hostile) == []


@pytest.mark.parametrize("namespace", sorted(PROVIDER_PACKAGES))
def test_our_own_providers_run_nothing_of_it(hostile: Path, namespace: str) -> None:
    before = ask_provider(namespace)
    assert not any("could not be" in notice or "failed" in notice for notice in before.notices)
    assert ran(hostile) == []


def test_another_python_is_asked_without_it(hostile: Path) -> None:
    found = probe_other(sys.executable)
    assert found["pip"] is not None
    assert found["has_variantsel"]
    assert ran(hostile) == []


def test_variantsel_itself_is_started_without_it(hostile: Path) -> None:
    code = "from variantsel.cli import main\nsys.exit(main())"
    process = run_python(importing_variantsel(code, "--version"))
    assert process.stdout.startswith(b"variantsel "), process.stderr
    assert ran(hostile) == []


@pytest.mark.parametrize(
    "command",
    [
        ("pip", "--version"),
        ("pip", "list"),
        ("pip", "download", "--dest", "../downloads", "acme-provider"),
        ("detect",),
        ("trust", "--yes", "acme-provider"),
    ],
    ids=" ".join,
)
def test_no_command_runs_what_lies_in_the_current_folder(
    hostile: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    for name in ("argparse.py", "site.py"):  # what Python itself loads to run a module
        (hostile / name).unlink()
    process = subprocess.run(
        [sys.executable, "-m", "variantsel", *command], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    assert ran(hostile) == []


def test_the_users_own_packages_of_another_python_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = tmp_path / "env"
    subprocess.run(
        [
            *(sys.executable, "-m", "venv", "--without-pip", "--system-site-packages"),
            str(environment),
        ],
        check=True,
    )
    python = str(environment / "bin" / "python")
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path / "base"))
    user_folder = Path(probe_other(python)["user_folder"])
    assert not user_folder.exists()
    for name in ("variantsel.pth", "pip/__init__.py"):
        path = user_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("__version__ = '1.2.3'\n" if name.startswith("pip") else "#\n")
    found = probe_other(python)
    assert str(user_folder / "variantsel.pth") in found["hooks"]
    assert found["pip"] == "1.2.3"
    monkeypatch.setenv("PYTHONNOUSERSITE", "1")
    assert str(user_folder / "variantsel.pth") not in probe_other(python)["hooks"]
