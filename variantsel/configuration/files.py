"""Configuration files: where they are looked for, and what they set."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from variantsel.configuration.keys import BRIDGES, Setting, read_table
from variantsel.configuration.places import (
    CONFIG_VARIABLE,
    FILE_NAME,
    PYPROJECT,
    exists,
    machine_files,
    may_mention_us,
    user_files,
)
from variantsel.errors import InvalidConfiguration, InvalidTarget

__all__ = ["ConfigurationFile", "find_files"]


class ConfigurationFile(NamedTuple):
    """A file that was looked for.

    :ivar layer: whose it is: ``variable``, ``project``, ``environment``, ``user``, ``machine``.
    :ivar path: where it is, or would be; a project's that is not there could also be further up.
    :ivar found: whether it is there.
    :ivar settings: what it sets, by key.
    """

    layer: str
    path: Path
    found: bool = False
    settings: Mapping[str, Setting] = {}


def find_files(
    directory: Path | None, environ: Mapping[str, str]
) -> tuple[list[ConfigurationFile], list[str]]:
    """Look for every file, and read those that are there.

    :param directory: where to look for the project's file, there and above; the current one where
        ``None``.
    :returns: the files, strongest first; and notices, a sentence each.
    :raises InvalidConfiguration: when one cannot be read or used.
    """
    named = environ.get(CONFIG_VARIABLE, "").strip()
    if named == os.devnull:
        return [], []
    files: list[ConfigurationFile] = []
    if named:
        files.append(_read("variable", Path(named)))
    project, notices = _project_file(directory)
    files.append(project)
    places = [
        ("environment", Path(sys.prefix) / FILE_NAME),
        *(("user", path) for path in user_files(environ)),
        *(("machine", path) for path in machine_files(environ)),
    ]
    files += [
        _read(layer, path) if exists(path) else ConfigurationFile(layer, path)
        for layer, path in places
        if not (project.found and _is_same(path, project.path))
    ]
    return files, notices


def _comes_with_a_project(layer: str, path: Path) -> bool:
    """Whether somebody else may have written a file that lies where the user keeps their own."""
    if layer == "environment":  # a checked-out project can be made a virtual environment
        signs = (PYPROJECT, "setup.py", ".git", ".git/HEAD")
        return any(exists(path.parent / sign) for sign in signs)
    return layer in ("project", "variable")


def _project_file(directory: Path | None) -> tuple[ConfigurationFile, list[str]]:
    """The nearest file that says anything to us; variantsel.toml before pyproject.toml."""
    try:
        start = Path.cwd() if directory is None else directory.absolute()
    except OSError:  # the current directory was removed
        return ConfigurationFile("project", Path(FILE_NAME)), []
    for folder in (start, *start.parents):
        own, pyproject = folder / FILE_NAME, folder / PYPROJECT
        table = _table(pyproject) if exists(pyproject) else None
        if exists(own):
            notice = (
                f"{pyproject} has a table [tool.variantsel] that is ignored: {own} is beside it"
            )
            return _read("project", own), [notice] if table is not None else []
        if table is not None:
            return _read("project", pyproject), []
    return ConfigurationFile("project", start / FILE_NAME), []


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _read(layer: str, path: Path) -> ConfigurationFile:
    prefix = "tool.variantsel." if path.name == PYPROJECT else ""
    settings = {}
    for setting in read_table(_table(path) or {}, str(path), prefix):
        checked = setting
        is_bridge_file = setting.key.startswith(f"{BRIDGES}.") and setting.key.endswith(".file")
        if is_bridge_file or (setting.key == "target" and setting.value.endswith(".toml")):
            checked = setting._replace(value=str(path.parent / setting.value))
        if setting.key.startswith(f"{BRIDGES}.") and _comes_with_a_project(layer, path):
            raise InvalidConfiguration(
                f"{setting.place}: where packages are taken from is not for a file to say that "
                "may have come with somebody's project; put it into your own file "
                "('variantsel config' shows where that is)"
            )
        if setting.key == "trust" and _comes_with_a_project(layer, path):
            raise InvalidConfiguration(
                f"{setting.place}: which packages may be run on this machine is not for a file "
                "to say that may have come with somebody's project; set VARIANTSEL_TRUST, or "
                "'trust' in your own file ('variantsel config' shows where that is)"
            )
        settings[setting.key] = checked
    return ConfigurationFile(layer, path, found=True, settings=settings)


def _table(path: Path) -> Mapping[str, Any] | None:
    """Our table of a file; ``None`` for a pyproject.toml that has none.

    One that does not even hold our name need not be TOML: it may be a template, or a test's.
    """
    from variantsel.targets.target_file import read_toml

    try:
        if path.name == PYPROJECT and not may_mention_us(path):
            return None
        content = read_toml(path)
    except InvalidTarget as error:
        raise InvalidConfiguration(str(error)) from None
    except OSError as error:
        raise InvalidConfiguration(f"{path}: {error.strerror or error}") from None
    if path.name != PYPROJECT:
        return content
    tool = content.get("tool", {})
    table = tool.get("variantsel") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise InvalidConfiguration(
            f"{path}: tool.variantsel: found {table!r:.200}, expected a table"
        )
    return table
