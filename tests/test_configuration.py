from __future__ import annotations

from pathlib import Path

import pytest

from variantsel import InvalidTarget
from variantsel.configuration import load_configuration

MACHINE = '[properties.nvidia]\nsm_arch = ["90_real"]\n'


def pyproject(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_nothing_set_means_this_machine(tmp_path: Path) -> None:
    configuration = load_configuration(pyproject(tmp_path, ""), {})
    assert configuration.target.is_host
    assert (configuration.enabled, configuration.strict) == (frozenset(), False)


def test_the_nearest_pyproject_counts(tmp_path: Path) -> None:
    pyproject(tmp_path, '[tool.variantsel]\ntarget = "h100"\n')
    inner = pyproject(tmp_path / "inner", '[tool.variantsel]\ntarget = "gh200"\nenable = ["x"]\n')
    (inner / "deep").mkdir()
    configuration = load_configuration(inner / "deep", {})
    assert configuration.target.name == "gh200@12.8"
    assert configuration.enabled == {"x"}


def test_a_target_file_is_relative_to_its_pyproject(tmp_path: Path) -> None:
    pyproject(tmp_path, '[tool.variantsel]\ntarget = "machines/h.toml"\n')
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines" / "h.toml").write_text(MACHINE)
    target = load_configuration(tmp_path, {}).target
    assert target.all_properties() == {"nvidia": {"sm_arch": ("90_real",)}}


def test_variables_win_over_the_file(tmp_path: Path) -> None:
    folder = pyproject(
        tmp_path, '[tool.variantsel]\ntarget = "h100"\nenable = ["x"]\nstrict = true\n'
    )
    variables = {
        "VARIANTSEL_TARGET": "gh200@13.0",
        "VARIANTSEL_ENABLE": "a, b",
        "VARIANTSEL_STRICT": "0",
    }
    configuration = load_configuration(folder, variables)
    assert configuration.target.name == "gh200@13.0"
    assert (configuration.enabled, configuration.strict) == ({"a", "b"}, False)
    assert load_configuration(folder, {"VARIANTSEL_TARGET": ""}).target.is_host


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[tool.variantsel]\ntarget = 1\n", "tool.variantsel.target"),
        ('[tool.variantsel]\nenable = "x"\n', "tool.variantsel.enable"),
        ('[tool.variantsel]\nenable = ["X"]\n', "tool.variantsel.enable"),
        ('[tool.variantsel]\nstrict = "yes"\n', "tool.variantsel.strict"),
        ('[tool]\nvariantsel = "gh200"\n', "tool.variantsel"),
        ("[tool\n", "not TOML"),
    ],
)
def test_a_bad_setting_names_file_and_key(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(InvalidTarget) as caught:
        load_configuration(pyproject(tmp_path, text), {})
    assert str(tmp_path / "pyproject.toml") in str(caught.value)
    assert place in str(caught.value)


def test_a_bad_target_says_where_it_was_set(tmp_path: Path) -> None:
    with pytest.raises(InvalidTarget, match=r"VARIANTSEL_TARGET: .*nowhere"):
        load_configuration(tmp_path, {"VARIANTSEL_TARGET": "nowhere"}).target  # noqa: B018
    folder = pyproject(tmp_path, '[tool.variantsel]\ntarget = "nowhere"\n')
    with pytest.raises(InvalidTarget, match=r"pyproject.toml: tool.variantsel.target: .*nowhere"):
        load_configuration(folder, {}).target  # noqa: B018
