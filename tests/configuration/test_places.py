"""Whether anything may be set, without reading it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from variantsel.configuration.places import may_be_set

EMPTY = {"HOME": "/nowhere", "XDG_CONFIG_DIRS": "/nowhere"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in a project, and an environment of its own."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    (tmp_path / "env").mkdir()
    folder = tmp_path / "project" / "deeper"
    folder.mkdir(parents=True)
    return folder


def test_nothing_is_set_where_there_is_no_file_that_mentions_us(project: Path) -> None:
    (project / "pyproject.toml").write_text("[project]\nname = '{{ template }}'\n")
    assert not may_be_set(EMPTY, project)
    assert not may_be_set({**EMPTY, "VARIANTSEL": "0"}, project)


@pytest.mark.parametrize(
    "place", ["variantsel.toml", "../pyproject.toml", "../../env/variantsel.toml", "home"]
)
def test_a_file_that_may_set_something_is_found(project: Path, place: str) -> None:
    environ = dict(EMPTY)
    path = project / place
    if place == "home":
        environ |= {"HOME": str(project), "XDG_CONFIG_HOME": str(project), "APPDATA": str(project)}
        path = project / "variantsel" / "variantsel.toml"
        path.parent.mkdir()
    path.write_text("[tool.variantsel]\n")
    if place == "home" and sys.platform == "darwin":
        pytest.skip("macOS has another place for it")
    assert may_be_set(environ, project)
    assert may_be_set({**environ, "VARIANTSEL_CONFIG": "other.toml"}, project)
    assert not may_be_set({**environ, "VARIANTSEL_CONFIG": os.devnull}, project)


@pytest.mark.parametrize("name", ["VARIANTSEL_TAKE", "VARIANTSEL_TAEK", "VARIANTSEL_STRICT"])
def test_a_variable_counts_and_a_misspelled_one_too(project: Path, name: str) -> None:
    assert may_be_set({**EMPTY, name: "", "VARIANTSEL_CONFIG": os.devnull}, project)
