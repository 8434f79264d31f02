"""Files that somebody else may have written: which count, and what is said of those that do not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.odd_files import ABSURD, SPECIAL

from variantsel import InvalidConfiguration, InvalidTarget
from variantsel.cli import main
from variantsel.configuration import load_configuration
from variantsel.configuration.keys import KEYS, OWN_PLACES_ONLY, decided_by
from variantsel.configuration.places import may_be_set

TRUST = 'trust = ["acme-provider"]\n'
STRANGER = 12345
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps a user's files")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home, whose file is ``.config/variantsel/variantsel.toml``."""
    home = tmp_path / "home"
    home.mkdir()
    for name, value in (
        ("HOME", str(home)),
        ("XDG_CONFIG_DIRS", str(tmp_path / "xdg")),
    ):
        monkeypatch.setenv(name, value)
    for name in ("XDG_CONFIG_HOME", "VARIANTSEL_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def user_file(home: Path) -> Path:
    path = home / ".config/variantsel/variantsel.toml"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, in which nothing is set."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def environment_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Python's environment is in this folder now; made as ``python -m venv`` makes it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    monkeypatch.setattr(sys, "prefix", str(folder))
    return folder


# -- what a checkout can bring


@pytest.mark.usefixtures("home")
def test_a_checkout_that_ships_an_environments_file_grants_no_trust(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m venv .venv` keeps the file, and nothing else says that this is a project."""
    path = write(elsewhere / ".venv/variantsel.toml", TRUST)
    environment_at(elsewhere / ".venv", monkeypatch)
    with pytest.raises(InvalidConfiguration, match="older than the environment") as caught:
        load_configuration(elsewhere)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "sign", [".git", ".git/HEAD", "pyproject.toml", "setup.py", ".hg/store", "variantsel.toml"]
)
@pytest.mark.parametrize("place", ["env", "a/b/c/env"])
@pytest.mark.usefixtures("elsewhere", "home")
def test_an_environment_inside_a_project_grants_no_trust_however_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: str, place: str
) -> None:
    project = tmp_path / "project"
    write(project / sign, "")
    environment = environment_at(project / place, monkeypatch)
    write(environment / "variantsel.toml", TRUST)
    with pytest.raises(InvalidConfiguration) as caught:
        load_configuration()
    assert f"{project / sign.partition('/')[0]} is there" in str(caught.value)


@pytest.mark.usefixtures("elsewhere", "home")
def test_an_environment_that_a_link_leads_to_is_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    environment = environment_at(project / "env", monkeypatch)
    write(environment / "variantsel.toml", TRUST)
    (tmp_path / "link").symlink_to(environment)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "link"))
    with pytest.raises(InvalidConfiguration, match="is there"):
        load_configuration()


@linux_only
def test_the_error_says_where_trust_may_stand(
    elsewhere: Path, user_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".git").mkdir()
    environment = environment_at(elsewhere / ".venv", monkeypatch)
    shipped = write(environment / "variantsel.toml", TRUST)
    with pytest.raises(InvalidConfiguration) as caught:
        load_configuration()
    assert "set VARIANTSEL_TRUST, or put trust into your own file" in str(caught.value)
    assert str(user_file) in str(caught.value)
    shipped.rename(user_file)
    assert load_configuration().trusted == {"acme-provider"}


@pytest.mark.usefixtures("elsewhere", "home")
def test_an_environment_of_its_own_may_grant_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = environment_at(tmp_path / "env", monkeypatch)
    write(environment / "variantsel.toml", TRUST)
    assert load_configuration().trusted == {"acme-provider"}


@pytest.mark.usefixtures("home")
def test_other_settings_of_an_environment_in_a_project_count(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".git").mkdir()
    environment = environment_at(elsewhere / ".venv", monkeypatch)
    write(environment / "variantsel.toml", 'target = "gh200"\n')
    assert load_configuration().target_text == "gh200"


@linux_only
def test_the_users_own_file_is_no_projects_wherever_one_stands(
    user_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(user_file, TRUST)
    monkeypatch.chdir(user_file.parent)
    assert load_configuration().trusted == {"acme-provider"}


def test_every_key_that_is_for_own_places_is_a_key() -> None:
    general = {key for key in OWN_PLACES_ONLY if "." not in key}
    assert general <= KEYS.keys()
    assert decided_by("trust")
    assert not decided_by("target")
    assert not decided_by("packages.torch.take")


# -- other people's files


@linux_only
@needs_root
def test_the_file_of_another_users_home_does_not_count_for_root(
    elsewhere: Path, user_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(user_file, f'target = "gh200"\n{TRUST}')
    assert load_configuration().trusted
    os.chown(user_file, STRANGER, STRANGER)
    configuration = load_configuration(elsewhere)
    assert not configuration.settings
    (notice,) = configuration.notices
    assert notice == (
        f"{user_file} is passed over: it belongs to user {STRANGER}, neither to you nor to root"
    )
    assert main(["config"]) == 0
    output = capsys.readouterr()
    assert "passed over" in output.out
    assert notice in output.err


@needs_root
@pytest.mark.usefixtures("elsewhere", "home")
def test_trust_in_an_environments_file_that_belongs_to_another_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = environment_at(tmp_path / "env", monkeypatch)
    path = write(environment / "variantsel.toml", TRUST)
    os.chown(path, STRANGER, STRANGER)
    with pytest.raises(InvalidConfiguration, match=f"belongs to user {STRANGER}"):
        load_configuration()


@linux_only
@pytest.mark.parametrize("kind", ["link", "device link", "dangling"])
@pytest.mark.usefixtures("elsewhere")
def test_a_link_in_place_of_the_users_file_is_not_followed(
    user_file: Path, tmp_path: Path, kind: str
) -> None:
    target = write(tmp_path / "dotfiles/variantsel.toml", TRUST)
    places = {"link": str(target), "device link": "/dev/zero", "dangling": "/nowhere"}
    user_file.symlink_to(places[kind])
    configuration = load_configuration()
    assert not configuration.settings
    said = [f"{user_file} is passed over: it is a symbolic link, and only the file itself counts"]
    assert [notice[: len(said[0])] for notice in configuration.notices] == (
        said if kind != "dangling" else []
    )


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder like ``/tmp``."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@needs_root
@pytest.mark.parametrize("name", ["variantsel.toml", "pyproject.toml"])
@pytest.mark.usefixtures("home")
def test_a_strangers_file_in_a_folder_that_is_open_to_all_is_passed_over(
    open_to_all: Path, name: str
) -> None:
    table = "[tool.variantsel]\n" if name == "pyproject.toml" else ""
    path = write(open_to_all / name, f'{table}target = "gh200"\n')
    mine = open_to_all / "mine" / "deeper"
    mine.mkdir(parents=True)
    assert load_configuration(mine).target_text == "gh200"
    os.chown(path, STRANGER, STRANGER)
    configuration = load_configuration(mine)
    assert configuration.target_text == ""
    (notice,) = configuration.notices
    assert notice.startswith(f"{path} is passed over: it belongs to somebody else")


@needs_root
@pytest.mark.parametrize("kind", [*SPECIAL, "link", "broken"])
@pytest.mark.usefixtures("home")
def test_nothing_that_a_stranger_puts_there_ends_or_delays_a_run(
    open_to_all: Path, tmp_path: Path, kind: str
) -> None:
    path = open_to_all / "variantsel.toml"
    if kind == "link":
        path.symlink_to(write(tmp_path / "mine.toml", 'target = "gh200"\n'))
    elif kind == "broken":
        write(path, "[[[")
    else:
        SPECIAL[kind][0](path)
    os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
    started = time.monotonic()
    configuration = load_configuration(open_to_all)
    assert time.monotonic() - started < 2
    assert configuration.target_text == ""
    assert len(configuration.notices) == 1


@needs_root
@pytest.mark.usefixtures("home")
def test_a_project_that_belongs_to_another_keeps_its_settings(tmp_path: Path) -> None:
    """As where a container's root works on what lies on the host."""
    path = write(tmp_path / "project/pyproject.toml", "[tool.variantsel]\nstrict = true\n")
    for place in (path, path.parent):
        os.chown(place, STRANGER, STRANGER)
    assert load_configuration(path.parent).strict


@pytest.fixture
def as_a_user(open_to_all: Path) -> Iterator[Path]:
    """A folder of a user who is not root; what runs is this user's."""
    folder = open_to_all / "user"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, STRANGER, STRANGER)
        os.seteuid(STRANGER)
        yield folder
        os.seteuid(0)
    else:
        yield folder


def test_a_pyproject_above_that_cannot_be_read_is_passed_over_and_said(
    as_a_user: Path,
) -> None:
    above = write(as_a_user / "pyproject.toml", "[project]\n")
    above.chmod(0)
    project = as_a_user / "project"
    write(project / "pyproject.toml", "[project]\n")
    environ = {"HOME": "/nowhere", "XDG_CONFIG_DIRS": "/nowhere"}
    assert may_be_set(environ, project)
    configuration = load_configuration(project, environ)
    (notice,) = configuration.notices
    assert notice == f"{above} is passed over: it cannot be read (Permission denied)"


def test_a_file_of_ones_own_that_cannot_be_read_is_an_error(as_a_user: Path) -> None:
    path = write(as_a_user / "variantsel.toml", "strict = true\n")
    path.chmod(0)
    with pytest.raises(InvalidConfiguration, match="Permission denied"):
        load_configuration(as_a_user, {"HOME": "/nowhere", "XDG_CONFIG_DIRS": "/nowhere"})


# -- what is no file to read


@pytest.mark.parametrize("place", ["named", "project"])
@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.usefixtures("home")
def test_what_is_no_file_is_an_error_at_once(elsewhere: Path, kind: str, place: str) -> None:
    make, said = SPECIAL[kind]
    path = elsewhere / ("named.toml" if place == "named" else "variantsel.toml")
    make(path)
    environ = {"HOME": "/nowhere", "XDG_CONFIG_DIRS": "/nowhere"}
    if place == "named":
        environ["VARIANTSEL_CONFIG"] = str(path)
    started = time.monotonic()
    with pytest.raises(InvalidConfiguration) as caught:
        load_configuration(elsewhere, environ)
    assert time.monotonic() - started < 2
    assert str(caught.value).startswith(f"{path}: {said}")


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.usefixtures("home")
def test_a_pyproject_that_is_no_file_is_nobodys_settings(elsewhere: Path, kind: str) -> None:
    SPECIAL[kind][0](elsewhere / "pyproject.toml")
    environ = {"HOME": "/nowhere", "XDG_CONFIG_DIRS": "/nowhere"}
    started = time.monotonic()
    assert not may_be_set(environ, elsewhere)
    assert not load_configuration(elsewhere, environ).settings
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/null", "/proc/self/mem", "a\\u0000/b"])
@pytest.mark.usefixtures("home")
def test_a_target_that_is_no_file_is_an_error_at_once(elsewhere: Path, target: str) -> None:
    write(elsewhere / "variantsel.toml", f'target = "{target}"\n')
    started = time.monotonic()
    with pytest.raises(InvalidTarget) as caught:
        load_configuration(elsewhere).target  # noqa: B018
    assert time.monotonic() - started < 2
    assert f"{elsewhere / 'variantsel.toml'}: target: " in str(caught.value)


@pytest.mark.parametrize("table", ["", "[tool.variantsel]\n"], ids=["variantsel", "pyproject"])
@pytest.mark.parametrize("kind", ABSURD)
@pytest.mark.usefixtures("home")
def test_absurd_toml_is_an_error_at_once_in_a_short_line(
    elsewhere: Path, kind: str, table: str
) -> None:
    text, said = ABSURD[kind]
    path = elsewhere / ("pyproject.toml" if table else "variantsel.toml")
    write(path, f"{table}{text}\n")
    started = time.monotonic()
    with pytest.raises(InvalidConfiguration) as caught:
        load_configuration(elsewhere)
    assert time.monotonic() - started < 5
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "text",
    [
        f"target = '{'x' * 500_000}'",
        f"target = '{'x/' * 100_000}'",
        f"trust = ['{'x' * 500_000}!']",
        f"enable = ['{'X' * 500_000}']",
        f"[packages.{'x' * 500_000}]\nnever = 1",
        f"[packages.torch]\n{'x' * 500_000} = 1",
        f"prefer = ['{' :: '.join('x' * 50_000)}']",
    ],
)
@pytest.mark.usefixtures("home")
def test_a_value_without_end_is_quoted_in_part(elsewhere: Path, text: str) -> None:
    write(
        elsewhere / "pyproject.toml",
        f"[tool.variantsel]\n{text.replace('[packages', '[tool.variantsel.packages')}\n",
    )
    started = time.monotonic()
    with pytest.raises((InvalidConfiguration, InvalidTarget)) as caught:
        load_configuration(elsewhere).target  # noqa: B018
    assert time.monotonic() - started < 5
    assert len(str(caught.value)) < 2000
