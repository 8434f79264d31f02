"""The start-up hook: there when asked for, gone without a trace, silent elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.bridge_files import TORCH, write_bridges
from support.environments import Environment, create_environment
from support.index_server import Index, serve
from support.machines import CPU_ONLY, HOPPER
from support.wheels import metadata, write_release

from variantsel.pip_plugin.hook import runs_pip

VARIANTS = metadata({"v1": {"x86_64": {"level": ["v1"]}}, "null": {}}, namespaces=["x86_64"])


@pytest.fixture(scope="module")
def plain_environment(
    tmp_path_factory: pytest.TempPathFactory, variantsel_wheel: Path
) -> Environment:
    folder = tmp_path_factory.mktemp("plain") / "env"
    return create_environment(folder, "26.3", str(variantsel_wheel))


def snapshot(environment: Environment) -> dict[str, bytes]:
    return {
        str(path.relative_to(environment.folder)): path.read_bytes()
        for path in environment.folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_deactivate_leaves_no_trace(plain_environment: Environment, tmp_path: Path) -> None:
    before = snapshot(plain_environment)
    assert plain_environment.run("-m", "variantsel", "status").returncode == 1
    cache = {"XDG_CACHE_HOME": str(tmp_path)}  # what the machine's providers answered
    activated = plain_environment.run("-m", "variantsel", "activate", variables=cache)
    assert activated.returncode == 0
    added = snapshot(plain_environment).keys() - before.keys()
    assert {Path(name).name for name in added} == {"variantsel.pth"}
    assert plain_environment.run("-m", "variantsel", "status").returncode == 0
    assert plain_environment.run("-m", "variantsel", "deactivate").returncode == 0
    assert snapshot(plain_environment) == before


def test_activate_ends_with_the_bridges_that_would_change_what_the_machine_gets(
    plain_environment: Environment, tmp_path: Path
) -> None:
    write_bridges(tmp_path, tmp_path, torch=TORCH)

    def last_line(**variables: str) -> str:
        done = plain_environment.run(
            "-m", "variantsel", "activate", variables={"HOME": str(tmp_path), **variables}
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    try:
        line = last_line(VARIANTSEL_TARGET=f"{HOPPER}@12.4")
        assert line.startswith(f"With bridges, pip would take better builds for {HOPPER}@12.4 of ")
        assert re.search(r" of .+: 'variantsel bridge show \S+' shows them, 'variantsel bri", line)
        assert "torch" in last_line(VARIANTSEL_TARGET=CPU_ONLY)  # no CUDA for nothing
        for variables in (
            {"VARIANTSEL_TARGET": HOPPER, "VARIANTSEL_BRIDGE": "all"},
            {"VARIANTSEL_TARGET": HOPPER, "VARIANTSEL_HINTS": "0"},
        ):
            assert "VARIANTSEL=0 switches it off" in last_line(**variables)
        assert last_line(VARIANTSEL_BRIDGE="nope").startswith("The settings cannot be used: there")
    finally:
        plain_environment.run("-m", "variantsel", "deactivate")


def test_variantsel_pip_uses_the_plugin_once(
    plain_environment: Environment, tmp_path: Path
) -> None:
    target = tmp_path / "machine.toml"
    target.write_text('[properties.x86_64]\nlevel = ["v1"]\n')
    folder = write_release(tmp_path / "links", "pkg", "1.0", VARIANTS, non_variant=True)
    arguments = ("install", "--dry-run", "--no-index", "--find-links", str(folder), "pkg")
    variables = {"VARIANTSEL_TARGET": str(target)}
    once = plain_environment.run("-m", "variantsel", "pip", *arguments, variables=variables)
    assert "pkg 1.0: variant v1" in once.stdout, once.stderr
    plain = plain_environment.pip(*arguments, variables=variables)
    assert "pkg-1.0-py3-none-any.whl" in plain.stdout
    failing = plain_environment.run("-m", "variantsel", "pip", "install", "--no-index", "nothing")
    assert failing.returncode == 1
    assert "Traceback" not in failing.stderr


def test_the_hook_imports_nothing_unless_pip_runs(environment: Environment) -> None:
    loaded = environment.run(
        "-c", "import sys; print([name for name in sys.modules if 'variantsel' in name])"
    )
    assert (loaded.stdout, loaded.stderr) == ("[]\n", "")


def test_a_program_with_pip_in_its_name_loads_nothing(
    environment: Environment, tmp_path: Path
) -> None:
    script = tmp_path / "pipeline.py"
    script.write_text(
        "import sys\n"
        "ours = sorted(name for name in sys.modules if 'variantsel' in name)\n"
        "print(ours, 'typing' in sys.modules)"
    )
    loaded = environment.run(str(script))
    assert loaded.stdout == "[] False\n"


def test_the_hook_is_silent_after_variantsel_was_uninstalled(
    tmp_path: Path, variantsel_wheel: Path
) -> None:
    environment = create_environment(tmp_path / "env", "26.3", str(variantsel_wheel))
    environment.run("-m", "variantsel", "activate")
    assert environment.pip("uninstall", "--yes", "variantsel").returncode == 0
    listing = environment.pip("list")
    assert (listing.returncode, listing.stderr) == (0, "")


@pytest.mark.parametrize("command", [["-m", "pip"], ["-Im", "pip"], ["SCRIPT"]], ids=str)
def test_every_way_to_start_pip_is_noticed(
    environment: Environment, tmp_path: Path, command: list[str]
) -> None:
    script = str(environment.folder / "bin" / "pip")
    target = tmp_path / "machine.toml"
    target.write_text('[properties.x86_64]\nlevel = ["v1"]\n')
    folder = write_release(tmp_path / "links", "pkg", "1.0", VARIANTS)
    result = environment.run(
        *(script if word == "SCRIPT" else word for word in command),
        *("install", "--dry-run", "--no-index", "--find-links", str(folder), "pkg"),
        variables={"VARIANTSEL_TARGET": str(target)},
    )
    assert "pkg 1.0: variant v1" in result.stdout, result.stderr


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python -m pip install x", True),
        ("python -I -X dev -W ignore -m pip", True),
        ("python -Xdev -Wignore -mpip", True),
        ("python /venv/bin/pip3.13 list", True),
        ("python.exe C:\\venv\\Scripts\\pip.exe list", True),
        ("python /site-packages/pip/__pip-runner__.py install", True),
        ("python /site-packages/pip/__main__.py install", True),
        ("python pip.pyz install", True),
        ("python -m pipx install x", False),
        ("python -c pip", False),
        ("python manage.py pip", False),
        ("python /venv/bin/pipenv install", False),
        ("python -m pytest pip", False),
        ("python", False),
    ],
)
def test_pip_is_told_from_other_programs(command: str, expected: bool) -> None:
    assert runs_pip(command.split()) is expected


def test_an_unknown_pip_is_left_alone_and_told(environment: Environment, tmp_path: Path) -> None:
    folder = write_release(tmp_path / "links", "pkg", "1.0", VARIANTS, non_variant=True)
    init = environment.site_packages / "pip" / "__init__.py"
    original = init.read_text()
    init.write_text(original.replace(environment.pip_version, "99.0"))
    try:
        result = environment.pip(
            *("install", "--dry-run", "--no-index", "-f", str(folder), "pkg"),
            variables={"PYTHONDONTWRITEBYTECODE": "1"},  # the change must leave no .pyc behind
        )
    finally:
        init.write_text(original)
    assert "pkg-1.0-py3-none-any.whl" in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("WARNING: variantsel does not know pip 99.0 and stands aside")


def test_a_seam_that_changed_is_left_alone_and_told(
    environment: Environment, tmp_path: Path
) -> None:
    folder = write_release(tmp_path / "links", "pkg", "1.0", VARIANTS, non_variant=True)
    factory = environment.site_packages / "pip/_internal/resolution/resolvelib/factory.py"
    original = factory.read_text()
    factory.write_text(original.replace("candidate_from_link", "candidate_of_link"))
    try:
        result = environment.pip(
            *("install", "--dry-run", "--no-index", "-f", str(folder), "pkg"),
            variables={"PYTHONDONTWRITEBYTECODE": "1"},  # the change must leave no .pyc behind
        )
    finally:
        factory.write_text(original)
    assert "pkg-1.0-py3-none-any.whl" in result.stdout, result.stderr
    (line,) = result.stderr.splitlines()
    assert "_make_candidate_from_link" in line
    assert "stands aside" in line


def test_an_environment_that_cannot_be_written_is_a_clear_error(
    plain_environment: Environment,
) -> None:
    code = (
        "import sysconfig; sysconfig.get_path = lambda name: '/proc/nowhere'\n"
        "from variantsel.cli import main; raise SystemExit(main(['activate']))"
    )
    result = plain_environment.run("-c", code)
    assert result.returncode == 2
    assert result.stderr.startswith("error: /proc/nowhere")
    assert "Traceback" not in result.stderr


def test_an_index_page_is_read_once(environment: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    write_release(folder / "pkg", "pkg", "1.0", VARIANTS)
    with serve(Index(folder)) as index:
        environment.pip("install", "--dry-run", "--index-url", index.url, "pkg")
    assert index.requests.count("GET /pkg/") == 1
    assert index.requests.count("GET /pkg/pkg-1.0-variants.json") == 1
