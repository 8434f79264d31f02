"""Settings: where each is read from, which one counts, and what is said of those that cannot."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from support.repository import REPOSITORY

from variantsel import InvalidConfiguration, InvalidTarget
from variantsel.configuration import load_configuration
from variantsel.configuration.keys import BRIDGE_KEYS, KEYS, PACKAGE_KEYS
from variantsel.configuration.variables import VARIABLES

DOCUMENTATION = REPOSITORY / "docs" / "configuration.md"
MACHINE = '[properties.nvidia]\nsm_arch = ["90_real"]\n'


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def pyproject(folder: Path, text: str) -> Path:
    return write(folder / "pyproject.toml", text).parent


def test_nothing_set_means_this_machine(tmp_path: Path) -> None:
    configuration = load_configuration(pyproject(tmp_path, ""), {})
    assert configuration.target.is_host
    assert (configuration.enabled, configuration.strict) == (frozenset(), False)
    assert not configuration.settings


def test_the_nearest_project_file_that_sets_anything_counts(tmp_path: Path) -> None:
    pyproject(tmp_path, '[tool.variantsel]\ntarget = "h100"\ndisable = ["amd"]\n')
    inner = pyproject(tmp_path / "inner", '[tool.variantsel]\ntarget = "gh200"\nenable = ["x"]\n')
    pyproject(inner / "deep", '[project]\nname = "deep"\n')
    configuration = load_configuration(inner / "deep", {})
    assert configuration.target.name == "gh200@12.8"
    assert (configuration.enabled, configuration.disabled) == ({"x"}, frozenset())


def test_a_pyproject_that_is_not_ours_need_not_even_be_toml(tmp_path: Path) -> None:
    write(tmp_path / "variantsel.toml", 'target = "gh200"\n')
    inner = pyproject(tmp_path / "inner", "[project]\nname = {{ name }}\n")
    assert load_configuration(inner, {}).target_text == "gh200"


def test_a_variantsel_toml_is_a_project_file_without_the_table(tmp_path: Path) -> None:
    write(tmp_path / "variantsel.toml", 'target = "gh200"\n')
    (tmp_path / "deep").mkdir()
    assert load_configuration(tmp_path / "deep", {}).target.name == "gh200@12.8"


def test_beside_a_variantsel_toml_the_table_of_pyproject_is_ignored_and_said(
    tmp_path: Path,
) -> None:
    write(tmp_path / "variantsel.toml", 'target = "gh200"\n')
    assert load_configuration(pyproject(tmp_path, "[project]\n"), {}).notices == ()
    pyproject(tmp_path, "[tool.variantsel]\nstrict = true\n")
    configuration = load_configuration(tmp_path, {})
    assert (configuration.target_text, configuration.strict) == ("gh200", False)
    (notice,) = configuration.notices
    assert str(tmp_path / "pyproject.toml") in notice
    assert str(tmp_path / "variantsel.toml") in notice


@pytest.mark.parametrize("name", ["pyproject.toml", "variantsel.toml"])
def test_a_target_file_is_relative_to_the_file_that_names_it(tmp_path: Path, name: str) -> None:
    table = "[tool.variantsel]\n" if name == "pyproject.toml" else ""
    write(tmp_path / name, f'{table}target = "machines/h.toml"\n')
    write(tmp_path / "machines/h.toml", MACHINE)
    target = load_configuration(tmp_path, {}).target
    assert target.all_properties() == {"nvidia": {"sm_arch": ("90_real",)}}


def test_every_layer_wins_over_the_next(
    tmp_path: Path, home: Path, user_file: Path, prefix: Path
) -> None:
    variables = {"HOME": str(home), "XDG_CONFIG_DIRS": str(tmp_path / "xdg")}
    project = tmp_path / "project"
    project.mkdir()

    def target(**more: str) -> str:
        return load_configuration(project, {**variables, **more}).target_text

    assert target() == ""
    if sys.platform == "linux":
        write(tmp_path / "xdg/variantsel/variantsel.toml", 'target = "machine"\nstrict = true\n')
        assert target() == "machine"
    write(user_file, 'target = "user"\nenable = ["of_user"]\n')
    assert target() == "user"
    write(prefix / "variantsel.toml", 'target = "environment"\n')
    assert target() == "environment"
    pyproject(project, '[tool.variantsel]\ntarget = "project"\ndisable = ["of_project"]\n')
    assert target() == "project"
    named = write(tmp_path / "named.toml", 'target = "named"\n')
    assert target(VARIANTSEL_CONFIG=str(named)) == "named"
    assert target(VARIANTSEL_CONFIG=str(named), VARIANTSEL_TARGET="variable") == "variable"

    together = load_configuration(project, variables)
    assert (together.enabled, together.disabled) == ({"of_user"}, {"of_project"})
    assert together.settings["enable"].source == str(user_file)
    assert target(VARIANTSEL_CONFIG=os.devnull) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps a user's files")
def test_the_users_file_is_where_xdg_says(tmp_path: Path) -> None:
    write(tmp_path / "xdg/variantsel/variantsel.toml", "strict = true\n")
    variables = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert load_configuration(tmp_path, variables).strict


def test_variables_win_over_the_file(tmp_path: Path) -> None:
    folder = pyproject(
        tmp_path, '[tool.variantsel]\ntarget = "h100"\nenable = ["x"]\nstrict = true\n'
    )
    variables = {
        "VARIANTSEL_TARGET": "gh200@13.0",
        "VARIANTSEL_ENABLE": "a, b",
        "VARIANTSEL_DISABLE": "c",
        "VARIANTSEL_STRICT": "0",
    }
    configuration = load_configuration(folder, variables)
    assert configuration.target.name == "gh200@13.0"
    assert (configuration.enabled, configuration.disabled) == ({"a", "b"}, {"c"})
    assert not configuration.strict
    assert load_configuration(folder, {"VARIANTSEL_TARGET": ""}).target.is_host


def test_trust_is_read_from_the_users_own_places(
    tmp_path: Path, home: Path, user_file: Path, prefix: Path
) -> None:
    project = pyproject(tmp_path / "project", "")
    variables = {"HOME": str(home)}
    assert load_configuration(project, variables).trusted == frozenset()
    write(user_file, 'trust = ["Intel_Variant.Provider"]\n')
    assert load_configuration(project, variables).trusted == {"intel-variant-provider"}
    write(prefix / "variantsel.toml", 'trust = ["other"]\n')
    assert load_configuration(project, variables).trusted == {"other"}
    variables["VARIANTSEL_TRUST"] = "a, B_c"
    assert load_configuration(project, variables).trusted == {"a", "b-c"}


@pytest.mark.parametrize("name", ["pyproject.toml", "variantsel.toml", "named"])
def test_a_file_that_may_come_with_a_project_cannot_grant_trust(tmp_path: Path, name: str) -> None:
    table = "[tool.variantsel]\n" if name == "pyproject.toml" else ""
    path = write(tmp_path / name, f'{table}trust = ["evil-provider"]\n')
    variables = {"VARIANTSEL_CONFIG": str(path)} if name == "named" else {}
    with pytest.raises(InvalidConfiguration, match="VARIANTSEL_TRUST") as caught:
        load_configuration(tmp_path, variables)
    assert str(path) in str(caught.value)


def test_a_project_made_a_virtual_environment_cannot_grant_trust(
    tmp_path: Path, prefix: Path
) -> None:
    write(prefix / "variantsel.toml", 'trust = ["evil-provider"]\n')
    assert load_configuration(tmp_path, {}).trusted == {"evil-provider"}
    with pytest.raises(InvalidConfiguration, match="trust"):
        load_configuration(prefix, {})  # as the project it stands in
    pyproject(prefix, "")
    with pytest.raises(InvalidConfiguration, match="trust"):
        load_configuration(tmp_path, {})  # from elsewhere


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[tool.variantsel]\ntarget = 1\n", "tool.variantsel.target"),
        ('[tool.variantsel]\nenable = "x"\n', "tool.variantsel.enable"),
        ('[tool.variantsel]\nenable = ["X"]\n', "tool.variantsel.enable"),
        ('[tool.variantsel]\nstrict = "yes"\n', "tool.variantsel.strict"),
        ('[tool.variantsel]\nsources = "all"\n', "tool.variantsel.sources"),
        ('[tool.variantsel]\nsources = ""\n', "tool.variantsel.sources"),
        (
            '[tool.variantsel]\ntargt = "gh200"\n',
            "targt: there is no such key here; did you mean 'tar",
        ),
        ('[tool.variantsel]\ncolour = "red"\n', "there are bridge, bridges, disable, "),
        ('[tool]\nvariantsel = "gh200"\n', "tool.variantsel"),
        ("[tool.variantsel\n", "not TOML"),
    ],
)
def test_a_bad_setting_names_file_and_key(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load_configuration(pyproject(tmp_path, text), {})
    assert str(tmp_path / "pyproject.toml") in str(caught.value)
    assert place in str(caught.value)


def test_a_bad_target_says_where_it_was_set(tmp_path: Path) -> None:
    with pytest.raises(InvalidTarget, match=r"VARIANTSEL_TARGET: .*nowhere"):
        load_configuration(tmp_path, {"VARIANTSEL_TARGET": "nowhere"}).target  # noqa: B018
    folder = pyproject(tmp_path, '[tool.variantsel]\ntarget = "nowhere"\n')
    with pytest.raises(InvalidTarget, match=r"pyproject.toml: tool.variantsel.target: .*nowhere"):
        load_configuration(folder, {}).target  # noqa: B018


def test_a_bad_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="VARIANTSEL_ENABLE: found 'X y'"):
        load_configuration(tmp_path, {"VARIANTSEL_ENABLE": "x, X y"})
    with pytest.raises(InvalidConfiguration, match=r"gone\.toml: No such file"):
        load_configuration(tmp_path, {"VARIANTSEL_CONFIG": str(tmp_path / "gone.toml")})


def test_a_misspelled_variable_is_said(tmp_path: Path) -> None:
    variables = {"VARIANTSEL_TAGET": "gh200", "VARIANTSEL_SHARED": "somewhere"}
    (notice,) = load_configuration(tmp_path, variables).notices
    assert notice == (
        "VARIANTSEL_TAGET means nothing to variantsel; did you mean VARIANTSEL_TARGET?"
    )


def test_every_key_and_variable_is_documented() -> None:
    text = DOCUMENTATION.read_text()
    keys = [*KEYS, *(f"packages.NAME.{key}" for key in PACKAGE_KEYS)]
    keys += [f"bridges.NAME.{key}" for key in BRIDGE_KEYS]
    assert [name for name in (*keys, *VARIABLES) if f"`{name}`" not in text] == []
    assert sorted(set(re.findall(r"VARIANTSEL_[A-Z_]+", text)) - {*VARIABLES}) == []


EXAMPLES = re.findall(r"(?s)```toml\n(.*?)```", DOCUMENTATION.read_text())


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_documentation_can_be_used(
    tmp_path: Path, home: Path, user_file: Path, example: str
) -> None:
    name = "pyproject.toml" if "[tool.variantsel]" in example else "variantsel.toml"
    write(user_file if "[bridges" in example else tmp_path / name, example)
    configuration = load_configuration(tmp_path, {"HOME": str(home)})
    assert configuration.settings
    assert configuration.target


def test_only_a_variable_takes_back_that_the_first_source_counts(tmp_path: Path) -> None:
    pyproject(tmp_path, '[tool.variantsel]\nsources = "first"\n')
    assert load_configuration(tmp_path, {}).is_first_source_only
    assert not load_configuration(tmp_path, {"VARIANTSEL_SOURCES": ""}).is_first_source_only
    with pytest.raises(InvalidConfiguration, match="VARIANTSEL_SOURCES: found 'all', expected"):
        load_configuration(tmp_path, {"VARIANTSEL_SOURCES": "all"})
