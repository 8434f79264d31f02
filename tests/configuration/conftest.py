"""The places where configuration files are looked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def user_file(home: Path) -> Path:
    """Where the user's file belongs."""
    folder = home / "Library/Application Support/variantsel"
    if sys.platform == "darwin":
        folder.mkdir(parents=True)
        return folder / "variantsel.toml"
    return home / ".config/variantsel/variantsel.toml"


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the Python environment."""
    folder = tmp_path / "env"
    folder.mkdir()
    monkeypatch.setattr(sys, "prefix", str(folder))
    return folder
