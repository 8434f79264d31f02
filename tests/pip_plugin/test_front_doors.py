"""pip by way of other tools: what sees variants, and the recipes of docs/front-doors.md."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.environments import INHERITED, Environment, create_environment
from support.index_server import Index, serve
from support.pip_releases import download, find_python
from support.repository import REPOSITORY
from support.wheels import metadata, write_release, write_wheel
from uv import find_uv_bin

VARIANTS = metadata({"null": {}}, namespaces=["x86_64"])
"""What any machine takes rather than the ordinary wheel beside it."""

PIP = "26.3"

FROM_PYPI = {
    name: os.environ[name]
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")
    if name in os.environ
}

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """``gpu``, which has a variant; ``app``, which needs it, and has a command."""
    folder = tmp_path_factory.mktemp("index")
    write_release(folder / "gpu", "gpu", "1.0", VARIANTS, non_variant=True)
    command = {"{info}/entry_points.txt": "[console_scripts]\napp = app:main\n"}
    module = "def main():\n    print('app')\n"
    write_wheel(folder / "app", "app", "1.0", requires=["gpu"], module=module, extra_files=command)
    download(folder / "pip", Path(sys.executable), "--no-deps", f"pip=={PIP}")
    with serve(Index(folder)) as index:
        yield index


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory, variantsel_wheel: Path) -> Environment:
    """An active environment with the tools beside variantsel."""
    folder = tmp_path_factory.mktemp("tools") / "env"
    packages = ("build", "tox", "nox", "pip-tools", "pipx", str(variantsel_wheel))
    environment = create_environment(folder, PIP, *packages)
    assert environment.run("-m", "variantsel", "activate").returncode == 0
    return environment


@pytest.fixture
def other(tmp_path: Path) -> Environment:
    """Another environment, with no variantsel and no pip."""
    folder = tmp_path / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return Environment(folder, "")


def run(
    environment: Environment,
    *command: str,
    index: Index | None = None,
    cwd: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Done:
    """Run a command as in a shell where an environment comes first on the path."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    folder = environment.folder / "bin"
    program = folder / command[0]
    return subprocess.run(
        [str(program) if program.exists() else command[0], *command[1:]],
        env={
            **inherited,
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(environment.folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **({"PIP_INDEX_URL": index.url} if index is not None else {}),
            **(variables or {}),
        },
        cwd=cwd or environment.folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def recipe(name: str) -> str:
    """A block of docs/front-doors.md, by the name in the comment above it."""
    text = (REPOSITORY / "docs" / "front-doors.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- recipe: {name} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found is not None, name
    return found[1]


def run_recipe(name: str, environment: Environment, **options: object) -> Done:
    """Run a recipe of commands."""
    return run(environment, "sh", "-euc", recipe(name), **options)  # type: ignore[arg-type]


def label(site_packages: Path) -> str:
    """The label of the ``gpu`` that is installed."""
    return (site_packages / "gpu.py").read_text().removeprefix("LABEL = ").strip().strip("'")


def test_pip_takes_variantsel_along_to_another_python(
    tools: Environment, other: Environment, index: Index
) -> None:
    result = run(tools, "pip", "--python", str(other.folder), "install", "gpu", index=index)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert "gpu 1.0: variant null" in result.stdout
    assert label(other.site_packages) == "null"
    # Nothing of it is left there, nor listed.
    assert {path.name.partition("-")[0] for path in other.site_packages.iterdir()} == {
        *("gpu", "gpu.py", "__pycache__")
    }
    listed = run(tools, "pip", "--python", str(other.folder), "list", "--format", "freeze")
    assert (listed.stdout, listed.stderr) == ("gpu==1.0\n", "")


@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13", "3.14", "3.15"])
def test_it_goes_along_to_any_python(
    tools: Environment, tmp_path: Path, index: Index, version: str
) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    folder = tmp_path / "other"
    subprocess.run([str(python), "-m", "venv", "--without-pip", str(folder)], check=True)
    write_machine = "[properties.x86_64]\nlevel = ['v1']\n"
    (tmp_path / "machine.toml").write_text(write_machine)
    for target in ({}, {"VARIANTSEL_TARGET": str(tmp_path / "machine.toml")}):
        result = run(
            *(tools, "pip", "--python", str(folder), "install", "--force-reinstall", "gpu"),
            index=index,
            variables=target,
        )
        assert (result.returncode, result.stderr) == (0, "")
        assert "gpu 1.0: variant null" in result.stdout


def test_providers_are_asked_for_another_python(
    tools: Environment, other: Environment, tmp_path: Path
) -> None:
    document = metadata({"any": {"x86_64": {"level": ["v1"]}}}, namespaces=["x86_64"])
    if os.uname().machine == "aarch64":
        document = metadata({"any": {"aarch64": {"version": ["8a"]}}}, namespaces=["aarch64"])
    links = write_release(tmp_path / "links", "pkg", "1.0", document)
    result = run(
        *(tools, "pip", "--python", str(other.folder), "install", "--no-index"),
        *("--find-links", str(links), "pkg"),
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "pkg 1.0: variant any" in result.stdout


def test_an_old_python_is_named_in_a_note(tools: Environment, index: Index) -> None:
    old = next(Path.home().glob(".pyenv/versions/3.[89].*/bin/python"), None)
    if old is None:
        pytest.skip("there is no Python older than 3.10 on this machine")
    result = run(tools, "pip", "--python", str(old), "install", "--dry-run", "gpu", index=index)
    assert "note: variantsel does not go along to" in result.stderr
    assert "variantsel" not in result.stderr.partition("\n")[2]


def test_python_m_build(tools: Environment, index: Index, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["gpu"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "extension"\nversion = "1"\n'
    )
    (tmp_path / "backend.py").write_text(
        "import gpu\nraise SystemExit(f'built with {gpu.LABEL!r}')\n"
    )
    machine = tmp_path / "machine.toml"
    machine.write_text("[properties]\n")
    for variables in ({}, {"VARIANTSEL_TARGET": str(machine)}):
        built = run_recipe("build", tools, cwd=tmp_path, index=index, variables=variables)
        assert "built with 'null'" in built.stdout + built.stderr
    command = ("python", "-m", "build", "--wheel", str(tmp_path))
    plain = run(tools, *command, index=index, variables={"VARIANTSEL": "off"})
    assert "built with ''" in plain.stdout + plain.stderr


def test_tox(tools: Environment, index: Index, tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text(recipe("tox"))
    result = run(tools, "tox", "-e", "py", cwd=tmp_path, index=index)
    assert result.returncode == 0, result.stdout + result.stderr
    (folder,) = (tmp_path / ".tox" / "py" / "lib").glob("python3*/site-packages")
    assert label(folder) == "null"


def test_nox(tools: Environment, index: Index, tmp_path: Path) -> None:
    (tmp_path / "noxfile.py").write_text(recipe("nox"))
    result = run(tools, "nox", cwd=tmp_path, index=index)
    assert result.returncode == 0, result.stdout + result.stderr
    (folder,) = (tmp_path / ".nox" / "tests" / "lib").glob("python3*/site-packages")
    assert label(folder) == "null"


def test_pip_tools(tools: Environment, index: Index, tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text("gpu\n")
    result = run_recipe("pip-tools", tools, cwd=tmp_path, index=index)
    assert result.returncode == 0, result.stderr
    assert "gpu==1.0" in (tmp_path / "requirements.txt").read_text()
    (folder,) = (tmp_path / ".venv" / "lib").glob("python3*/site-packages")
    assert label(folder) == "null"


def test_uv_venv(tools: Environment, index: Index, tmp_path: Path) -> None:
    bin_folder = str(Path(find_uv_bin()).parent)
    path = os.pathsep.join([str(tools.folder / "bin"), bin_folder, os.environ["PATH"]])
    result = run_recipe("uv", tools, cwd=tmp_path, index=index, variables={"PATH": path})
    assert result.returncode == 0, result.stderr
    (folder,) = (tmp_path / ".venv" / "lib").glob("python3*/site-packages")
    assert label(folder) == "null"
    status = run(tools, "variantsel", "status", "--python", ".venv", cwd=tmp_path)
    assert status.returncode == 1
    assert "uv does not take variants" in status.stdout


def test_pipx(tools: Environment, index: Index, tmp_path: Path) -> None:
    home = tmp_path / "pipx"
    variables = {"PIPX_HOME": str(home), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    result = run_recipe("pipx", tools, cwd=tmp_path, index=index, variables=variables)
    assert result.returncode == 0, result.stdout + result.stderr
    (folder,) = (home / "venvs" / "app" / "lib").glob("python3*/site-packages")
    assert label(folder) == "null"
    status = run(tools, "variantsel", "status", "--python", str(home / "shared"))
    assert status.returncode == 1
    assert "activate the environment of each" in status.stdout


def test_a_variantsel_of_pipx_means_the_environment_that_is_activated(
    tools: Environment, index: Index, tmp_path: Path, variantsel_wheel: Path
) -> None:
    home, mine = tmp_path / "pipx", tmp_path / "mine"
    variables = {"PIPX_HOME": str(home), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    installed = run(
        tools, "pipx", "install", str(variantsel_wheel), variables={**variables, **FROM_PYPI}
    )
    assert installed.returncode == 0, installed.stderr
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(mine)], check=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(mine), "install", "-q", f"pip=={PIP}"],
        check=True,
    )
    variantsel = str(tmp_path / "bin" / "variantsel")
    for command in (["activate"], ["status"], ["pip", "install", "gpu"]):
        nowhere = run(tools, variantsel, *command)
        assert nowhere.returncode == 2
        assert "say which one you mean: --python PYTHON" in nowhere.stderr
    active = {"VIRTUAL_ENV": str(mine)}
    activated = run(tools, variantsel, "activate", variables=active)
    assert activated.returncode == 0, activated.stderr
    assert f"variantsel is active in {mine}" in activated.stdout
    environment = Environment(mine, PIP)
    result = run(environment, "pip", "install", "gpu", index=index)
    assert "gpu 1.0: variant null" in result.stdout, result.stderr
    assert run(tools, variantsel, "status", variables=active).returncode == 0

    assert run(tools, variantsel, "deactivate", variables=active).returncode == 0
    assert run(tools, variantsel, "status", variables=active).returncode == 1
    once = run(
        *(tools, variantsel, "pip", "install", "--force-reinstall", "gpu"),
        index=index,
        variables=active,
    )
    assert "gpu 1.0: variant null" in once.stdout, once.stderr

    assert run(tools, variantsel, "activate", variables=active).returncode == 0
    shutil.rmtree(home)
    plain = run(environment, "pip", "install", "--force-reinstall", "gpu", index=index)
    assert (plain.returncode, plain.stderr) == (0, "")
    gone = run(tools, "variantsel", "status", "--python", str(mine))
    assert gone.returncode == 1
    assert "was lent by" in gone.stdout and "which is gone" in gone.stdout


def base_python(folder: Path) -> Path:
    """A Python of one's own: a copy of the one below, whose packages may be changed."""
    below = Path(sys.base_prefix)
    if below == Path("/usr"):
        pytest.skip("the Python below cannot be copied")
    skipped = shutil.ignore_patterns("test", "idlelib", "site-packages", "__pycache__", "*.a")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    shutil.copytree(below / "lib" / version, folder / "lib" / version, ignore=skipped)
    for library in (below / "lib").glob("libpython*"):
        shutil.copy2(library, folder / "lib")
    (folder / "lib" / version / "site-packages").mkdir()
    (folder / "bin").mkdir()
    shutil.copy2(below / "bin" / version, folder / "bin" / "python")
    return folder / "bin" / "python"


@pytest.fixture
def base(tmp_path: Path, variantsel_wheel: Path) -> Environment:
    """A Python that is no virtual environment, with pip and variantsel."""
    python = base_python(tmp_path / "base")
    environment = Environment(tmp_path / "base", PIP)
    wheels = download(tmp_path / "wheels", python, f"pip=={PIP}", str(variantsel_wheel))
    environment.unpack(*wheels)
    return environment


def test_a_virtual_environment_over_an_active_python(
    base: Environment, tmp_path: Path, index: Index
) -> None:
    assert base.run("-m", "variantsel", "activate").returncode == 0
    folders = {}
    for name, option in (("over", ["--system-site-packages"]), ("apart", [])):
        folders[name] = Environment(tmp_path / name, PIP)
        assert base.run("-m", "venv", "--without-pip", *option, str(tmp_path / name)).stderr == ""
    over, apart = folders["over"], folders["apart"]
    status = over.run("-m", "variantsel", "status", "--format", "json")
    assert status.returncode == 0
    told = json.loads(status.stdout)
    assert told["files"] == [str(base.site_packages / "variantsel.pth")]
    assert told["prefix"] == str(over.folder)
    result = run(over, "python", "-m", "pip", "install", "gpu", index=index)
    assert "gpu 1.0: variant null" in result.stdout, result.stderr
    assert label(over.site_packages) == "null"
    told = base.run("-m", "variantsel", "status", "--python", str(apart.folder))
    assert told.returncode == 1
    still = over.run("-m", "variantsel", "deactivate")
    assert still.returncode == 1
    assert f"another hook is still active in {over.folder}" in still.stderr


def test_packages_of_the_user(
    base: Environment, tmp_path: Path, index: Index, variantsel_wheel: Path
) -> None:
    assert base.pip("uninstall", "--yes", "variantsel").returncode == 0
    user = tmp_path / "user"
    variables = {"PYTHONUSERBASE": str(user), "PATH": f"{base.folder / 'bin'}:{os.environ['PATH']}"}
    (base.folder / "bin" / "python3").symlink_to("python")
    commands = recipe("user").replace("--user .", f"--quiet --user --no-deps {variantsel_wheel}")
    done = run(base, "sh", "-euc", commands, variables=variables)
    assert done.returncode == 0, done.stderr
    assert "variantsel is active in" in done.stdout
    (hook,) = user.glob("lib/python3*/site-packages/variantsel.pth")
    assert (
        "variantsel.pth,sha256="
        in next(hook.parent.glob("variantsel-*.dist-info/RECORD")).read_text()
    )
    options = {"index": index, "variables": variables}
    result = run(base, "python", "-m", "pip", "install", "--user", "gpu", **options)
    assert "gpu 1.0: variant null" in result.stdout, result.stderr
    assert label(hook.parent) == "null"
    status = run(base, "python", "-m", "variantsel", "status", **options)
    assert status.returncode == 0, status.stdout

    gone = run(base, "python", "-m", "pip", "uninstall", "--yes", "variantsel", **options)
    assert gone.returncode == 0, gone.stderr
    assert not hook.exists()


def test_status_of_an_environment_that_is_not_active(
    tools: Environment, other: Environment
) -> None:
    status = run(tools, "variantsel", "status", "--python", str(other.folder))
    assert status.returncode == 1
    assert "there is no pip in this environment" in status.stdout
    missing = run(tools, "variantsel", "status", "--python", "/nowhere")
    assert (missing.returncode, missing.stderr) == (2, "error: /nowhere: there is no Python\n")
