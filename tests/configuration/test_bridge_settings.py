"""Settings of bridges: which are on, and where their files and indexes are, and who may say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.bridge_files import CUPY, TORCH

from variantsel import InvalidConfiguration
from variantsel.configuration import load_configuration


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def pyproject(folder: Path, text: str) -> Path:
    return write(folder / "pyproject.toml", text).parent


def bridged(folder: Path, **texts: str) -> dict[str, Path]:
    return {name: write(folder / f"{name}.toml", text) for name, text in texts.items()}


def test_bridges_are_switched_on_in_any_file_or_by_a_variable(
    tmp_path: Path, home: Path, user_file: Path
) -> None:
    files = bridged(tmp_path / "bridges", torch=TORCH, cupy=CUPY)
    tables = "".join(f'[bridges.{name}]\nfile = "{path}"\n' for name, path in files.items())
    write(user_file, tables)
    project = pyproject(tmp_path / "project", '[tool.variantsel]\nbridge = ["cupy", "torch"]\n')
    variables = {"HOME": str(home)}

    def names(**more: str) -> list[str]:
        configuration = load_configuration(project, {**variables, **more})
        return [bridge.name for bridge in configuration.bridges]

    assert names() == ["cupy", "torch"]
    assert names(VARIANTSEL_BRIDGE="torch") == ["torch"]
    assert names(VARIANTSEL_BRIDGE="") == []
    assert {*names(VARIANTSEL_BRIDGE="all")} >= {"torch", "cupy"}
    one = pyproject(tmp_path / "one", '[tool.variantsel]\nbridge = "torch"\n')
    assert [bridge.name for bridge in load_configuration(one, variables).bridges] == ["torch"]
    assert load_configuration(tmp_path, variables).bridges == ()


def test_a_bridges_file_is_relative_to_the_file_that_names_it(
    tmp_path: Path, home: Path, user_file: Path
) -> None:
    bridged(user_file.parent / "mine", mycorp=CUPY.replace('bridge = "cupy"', 'bridge = "mycorp"'))
    write(user_file, 'bridge = ["mycorp"]\n[bridges.mycorp]\nfile = "mine/mycorp.toml"\n')
    (found,) = load_configuration(tmp_path, {"HOME": str(home)}).bridges
    assert found.path == str(user_file.parent / "mine" / "mycorp.toml")


def test_a_mirror_is_read_from_the_users_own_places(
    tmp_path: Path, home: Path, user_file: Path, prefix: Path
) -> None:
    files = bridged(tmp_path / "bridges", torch=TORCH)
    table = f'[bridges.torch]\nfile = "{files["torch"]}"\nbase = "https://{{}}.example/whl/"\n'
    variables = {"HOME": str(home), "VARIANTSEL_BRIDGE": "torch"}
    for place, name in ((user_file, "mine"), (prefix / "variantsel.toml", "environments")):
        write(place, table.format(name))
        (found,) = load_configuration(tmp_path, variables).bridges
        assert found.index is not None
        assert found.index.base == f"https://{name}.example/whl"


@pytest.mark.parametrize("key", ["base", "file"])
@pytest.mark.parametrize("name", ["pyproject.toml", "variantsel.toml", "named"])
def test_a_file_that_may_come_with_a_project_cannot_say_where_packages_are_from(
    tmp_path: Path, name: str, key: str
) -> None:
    prefix = "tool.variantsel." if name == "pyproject.toml" else ""
    value = {"base": "https://evil.example", "file": "evil.toml"}[key]
    path = write(tmp_path / name, f'[{prefix}bridges.torch]\n{key} = "{value}"\n')
    variables = {"VARIANTSEL_CONFIG": str(path)} if name == "named" else {}
    with pytest.raises(InvalidConfiguration, match="put it into your own file") as caught:
        load_configuration(tmp_path, variables)
    assert f"{path}: {prefix}bridges.torch.{key}: " in str(caught.value)


def test_a_project_made_a_virtual_environment_cannot_say_it_either(
    tmp_path: Path, prefix: Path
) -> None:
    write(prefix / "variantsel.toml", '[bridges.torch]\nbase = "https://mirror.example"\n')
    load_configuration(tmp_path, {})
    pyproject(prefix, "")
    with pytest.raises(InvalidConfiguration, match=r"bridges\.torch\.base"):
        load_configuration(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bridge = 1\n", "bridge: found 1, expected a list of bridges"),
        ('bridge = ["Torch!"]\n', "bridge: found 'Torch!', expected a list of bridges"),
        ('version-first = "yes"\n', "version-first: found 'yes', expected true or false"),
        ("hints = 1\n", "hints: found 1, expected true or false"),
        ("bridges = 1\n", "bridges: found 1, expected a table"),
        ("[bridges]\ntorch = 1\n", "bridges.torch: found 1, expected a table"),
        ('[bridges."A b"]\nbase = "x"\n', "bridges: found 'A b', expected the name of a bridge"),
        ('[bridges.torch]\nbase = "x"\n', "bridges.torch.base: found 'x', expected an address"),
        (
            '[bridges.torch]\nbase = "https://x/{label}"\n',
            "bridges.torch.base: found 'https://x/{label}', expected an address",
        ),
        ('[bridges.torch]\nurl = "x"\n', "bridges.torch.url: there is no such key here"),
        ('brigde = ["torch"]\n', "brigde: there is no such key here; did you mean 'bridge'"),
    ],
)
def test_a_bad_setting_of_bridges_names_file_and_key(
    tmp_path: Path, home: Path, user_file: Path, text: str, problem: str
) -> None:
    write(user_file, text)
    with pytest.raises(InvalidConfiguration) as caught:
        load_configuration(tmp_path, {"HOME": str(home)})
    assert f"{user_file}: {problem}" in str(caught.value)


def test_what_bridges_do_is_set_beside_them(tmp_path: Path) -> None:
    configuration = load_configuration(tmp_path, {})
    assert (configuration.version_first, configuration.hints) == (False, True)
    variables = {"VARIANTSEL_VERSION_FIRST": "1", "VARIANTSEL_HINTS": "0"}
    configuration = load_configuration(tmp_path, variables)
    assert (configuration.version_first, configuration.hints) == (True, False)
