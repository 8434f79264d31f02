"""The start-up hook on every CPython: harmless whatever becomes of variantsel, and never loaded
but for pip."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.environments import Environment
from support.pip_releases import PYTHONS, download, find_python, unpack_environment
from support.wheels import metadata, write_release
from uv import find_uv_bin

VARIANTS = metadata({"v1": {"x86_64": {"level": ["v1"]}}, "null": {}}, namespaces=["x86_64"])
MACHINE = '[properties.x86_64]\nlevel = ["v1"]\n'
PIP = "26.3"

MakeEnvironment = Callable[[], Environment]


@pytest.fixture(scope="module", params=[version for version in PYTHONS if find_python(version)])
def python(request: pytest.FixtureRequest) -> Path:
    """Each Python that this machine has."""
    found = find_python(request.param)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def wheels(
    python: Path, tmp_path_factory: pytest.TempPathFactory, variantsel_wheel: Path
) -> list[Path]:
    return download(tmp_path_factory.mktemp("wheels"), python, f"pip=={PIP}", str(variantsel_wheel))


@pytest.fixture(scope="module")
def active(
    python: Path, tmp_path_factory: pytest.TempPathFactory, wheels: list[Path]
) -> Iterator[Environment]:
    """An environment where variantsel is installed and active; to be left as it was."""
    folder = tmp_path_factory.mktemp("active") / "env"
    environment = unpack_environment(folder, python, PIP, wheels)
    activated = environment.run("-m", "variantsel", "activate")
    assert activated.returncode == 0, activated.stderr
    yield environment
    shutil.rmtree(folder)


@pytest.fixture
def spoilt(active: Environment, tmp_path: Path) -> Iterator[Environment]:
    """A copy of it, to be spoilt."""
    shutil.copytree(active.folder, tmp_path / "env", symlinks=True)
    yield Environment(tmp_path / "env", PIP)
    shutil.rmtree(tmp_path / "env", ignore_errors=True)


def hooks(environment: Environment) -> list[str]:
    folder = environment.site_packages
    return sorted(path.name for path in folder.iterdir() if path.suffix in (".pth", ".start"))


def assert_starts_silently(environment: Environment) -> None:
    """Python starts, and pip, as if there were no hook."""
    for command in (["-c", "pass"], ["-m", "pip", "--version"], ["-m", "pip", "list"]):
        started = environment.run(*command)
        assert (started.returncode, started.stderr) == (0, ""), command


def install(environment: Environment, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """What pip says where there is a variant."""
    links = write_release(tmp_path / "links", "pkg", "1.0", VARIANTS, non_variant=True)
    (tmp_path / "machine.toml").write_text(MACHINE)
    return environment.pip(
        *("install", "--dry-run", "--no-index", "--find-links", str(links), "pkg"),
        variables={"VARIANTSEL_TARGET": str(tmp_path / "machine.toml")},
    )


def test_nothing_is_imported_unless_pip_runs(active: Environment, tmp_path: Path) -> None:
    def imported(*command: str) -> set[str]:
        timed = active.run("-X", "importtime", *command)
        return {line.rpartition("|")[2].strip() for line in timed.stderr.splitlines()}

    script = tmp_path / "pipeline.py"
    script.write_text("")
    commands = (["-c", "'pip'"], [str(script)], ["-m", "this", "pip"])
    with_hook = [imported(*command) for command in commands]
    hook = active.site_packages / "variantsel.pth"
    content = hook.read_bytes()
    hook.unlink()
    without = [imported(*command) for command in commands]
    hook.write_bytes(content)
    for more, modules in zip(with_hook, without, strict=True):
        assert more - modules <= {"encodings.utf_8_sig"}  # Python's, to read any .pth file


def test_the_hook_is_one_file_that_python_reads_without_a_warning(active: Environment) -> None:
    assert hooks(active) == ["variantsel.pth"]
    for command in (["-W", "error", "-X", "dev", "-c", "'pip'"], ["-W", "error", "-m", "pip"]):
        started = active.run(*command)
        assert started.stderr == ""


def test_the_hook_is_in_the_record(active: Environment) -> None:
    (record,) = active.site_packages.glob("variantsel-*.dist-info/RECORD")
    with record.open(newline="") as file:
        rows = [row for row in csv.reader(file) if row[0] == "variantsel.pth"]
    hook = (active.site_packages / "variantsel.pth").read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(hook).digest()).decode().rstrip("=")
    assert rows == [["variantsel.pth", f"sha256={digest}", str(len(hook))]]
    code = (
        "from importlib.metadata import files\n"
        "(hook,) = [file for file in files('variantsel') if file.name == 'variantsel.pth']\n"
        "print(hook.locate().is_file(), hook.size)"
    )
    assert active.run("-c", code).stdout == f"True {len(hook)}\n"
    assert active.pip("check").stdout == "No broken requirements found.\n"


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_uninstalling_takes_the_hook_along(spoilt: Environment, tool: str) -> None:
    if tool == "pip":
        assert spoilt.pip("uninstall", "--yes", "variantsel").returncode == 0
    else:
        uv = [find_uv_bin(), "pip", "uninstall", "--python", str(spoilt.python), "variantsel"]
        subprocess.run(uv, check=True, capture_output=True)
    assert hooks(spoilt) == []
    assert not (spoilt.site_packages / "variantsel").exists()
    assert_starts_silently(spoilt)


def test_the_hook_is_harmless_where_it_is_left_behind(spoilt: Environment) -> None:
    kept = (spoilt.site_packages / "variantsel.pth").read_bytes()
    assert spoilt.pip("uninstall", "--yes", "variantsel").returncode == 0
    (spoilt.site_packages / "variantsel.pth").write_bytes(kept)
    (spoilt.site_packages / "variantsel" / "pip_plugin").mkdir(parents=True)
    assert_starts_silently(spoilt)


@pytest.mark.parametrize(
    "gone",
    [
        "variantsel/__init__.py",
        "variantsel/pip_plugin",
        "variantsel/pip_plugin/startup.py",
        "variantsel/pip_plugin/import_watch.py",
        "variantsel/pip_plugin/damage.py",
        "variantsel/pip_plugin/attach.py",
        "variantsel/pip_plugin/session.py",
        "variantsel/selection/selection.py",
        "variantsel/ranking/rejection.py",
    ],
)
def test_python_and_pip_work_where_half_is_removed(
    active: Environment, tmp_path: Path, gone: str
) -> None:
    path = active.site_packages / gone
    aside = path.rename(tmp_path / "aside")
    try:
        started = active.run("-c", "'pip'")
        result = install(active, tmp_path)
    finally:
        aside.rename(path)
    assert (started.returncode, started.stderr) == (0, "")
    assert result.returncode == 0, result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith("WARNING: variantsel is damaged: ")
    name = gone.removesuffix(".py")
    assert name in line or name.replace("/", ".") in line
    assert "'pip install --force-reinstall variantsel'" in line


def test_a_damaged_file_is_told_in_one_line(spoilt: Environment) -> None:
    (spoilt.site_packages / "variantsel/pip_plugin/startup.py").write_text("def (")
    listed = spoilt.pip("list")
    assert listed.returncode == 0
    (line,) = listed.stderr.splitlines()
    assert line.startswith("WARNING: variantsel is damaged: ")
    assert "startup.py" in line
    assert spoilt.pip("list", variables={"VARIANTSEL": "0"}).stderr == ""


def test_a_moved_environment_is_still_active(spoilt: Environment, tmp_path: Path) -> None:
    moved = Environment(spoilt.folder.rename(tmp_path / "moved"), PIP)
    assert_starts_silently(moved)
    assert "pkg 1.0: variant v1" in install(moved, tmp_path).stdout
    assert moved.run("-m", "variantsel", "status").returncode == 0


def test_the_old_hook_goes_when_the_new_one_comes(spoilt: Environment) -> None:
    old = spoilt.site_packages / "variantsel.start"
    for command in ("activate", "deactivate"):
        old.write_text("variantsel.pip_plugin.startup:hook\n")
        assert spoilt.run("-m", "variantsel", command).returncode == 0
        assert not old.exists()


def test_the_old_hook_works_with_a_new_variantsel(spoilt: Environment, tmp_path: Path) -> None:
    (spoilt.site_packages / "variantsel.pth").write_text(
        "import sys; 'pip' in ' '.join(sys.orig_argv[1:]) and exec("
        '"try:\\n from variantsel.pip_plugin.startup import hook\\n'
        'except ImportError: pass\\nelse: hook()")\n'
    )
    assert "pkg 1.0: variant v1" in install(spoilt, tmp_path).stdout


def test_an_environment_stays_active_when_pip_replaces_variantsel(
    spoilt: Environment, variantsel_wheel: Path
) -> None:
    again = spoilt.pip("install", "--no-deps", "--force-reinstall", str(variantsel_wheel))
    assert (again.returncode, again.stderr) == (0, "")
    assert spoilt.run("-m", "variantsel", "status").returncode == 0
    assert spoilt.pip("uninstall", "--yes", "variantsel").returncode == 0
    assert hooks(spoilt) == []


def test_a_read_only_environment_is_a_clear_error_and_its_hook_still_works(
    active: Environment, tmp_path: Path
) -> None:
    def read_only(*command: str) -> subprocess.CompletedProcess[str]:
        mount = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
        return subprocess.run(
            [
                *("unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh"),
                *(str(active.folder), str(active.python), *command),
            ],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    if read_only("-c", "pass").returncode != 0:
        pytest.skip("nothing can be mounted here")
    for command in ("activate", "deactivate"):
        result = read_only("-m", "variantsel", command)
        assert result.returncode == 2
        assert result.stderr.startswith("error: ") and "Read-only file system" in result.stderr
        assert "Traceback" not in result.stderr
    assert read_only("-m", "variantsel", "status").returncode == 0
    assert read_only("-m", "pip", "list").stderr == ""
