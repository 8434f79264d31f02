"""Configuration files: where they are looked for, and what they set.

A file that somebody else may have put there does not count: it is passed over, and that is said.
One that is the user's and cannot be used is an error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from variantsel.configuration.keys import BRIDGES, Setting, decided_by, read_table
from variantsel.configuration.origin import anyone_may_write, brought_by_a_checkout
from variantsel.configuration.places import (
    CONFIG_VARIABLE,
    FILE_NAME,
    PYPROJECT,
    exists,
    machine_files,
    may_mention_us,
    user_files,
)
from variantsel.errors import InvalidConfiguration
from variantsel.regular_file import Link, RegularFile, UnusableFile, is_ours, read_regular_file

__all__ = ["ConfigurationFile", "find_files"]


class ConfigurationFile(NamedTuple):
    """A file that was looked for.

    :ivar layer: whose it is: ``variable``, ``project``, ``environment``, ``user``, ``machine``.
    :ivar path: where it is, or would be; a project's that is not there could also be further up.
    :ivar found: whether it is there, and counts.
    :ivar settings: what it sets, by key.
    :ivar is_passed_over: whether it is there, and does not count.
    """

    layer: str
    path: Path
    found: bool = False
    settings: Mapping[str, Setting] = {}
    is_passed_over: bool = False


class _Table(NamedTuple):
    """What a file says to us, and whose it is."""

    content: Mapping[str, Any]
    owner: int | None


class _PassedOver(Exception):
    """A file is there and does not count; the text says why, and stands behind its path."""


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
    places = [
        ("environment", Path(sys.prefix) / FILE_NAME),
        *(("user", path) for path in user_files(environ)),
        *(("machine", path) for path in machine_files(environ)),
    ]
    own = [path for layer, path in places if layer != "environment"]
    search = _Search(own)
    files: list[ConfigurationFile] = []
    if named:
        files.append(search.read("variable", Path(named)))
    project = search.project_file(directory)
    files.append(project)
    files += [
        search.read(layer, path) if exists(path) else ConfigurationFile(layer, path)
        for layer, path in places
        if not (project.found and _is_same(path, project.path))
    ]
    return files, search.notices


class _Search:
    """Reads files, and notes what deserves to be said.

    :ivar notices: a sentence each.
    """

    def __init__(self, own: list[Path]) -> None:
        """Nothing is read yet.

        :param own: the user's files and the machine's, which are no project's wherever one looks
            for that from.
        """
        self.notices: list[str] = []
        self._own = own
        self._passed_over: set[Path] = set()

    def project_file(self, directory: Path | None) -> ConfigurationFile:
        """The nearest file that says anything to us; variantsel.toml before pyproject.toml."""
        try:
            start = Path.cwd() if directory is None else directory.absolute()
        except OSError:  # the current directory was removed
            return ConfigurationFile("project", Path(FILE_NAME))
        for folder in (start, *start.parents):
            own, pyproject = folder / FILE_NAME, folder / PYPROJECT
            mentions_us = exists(pyproject) and may_mention_us(pyproject)
            if exists(own) and not any(_is_same(own, path) for path in self._own):
                found = self.read("project", own)
                if found.found:
                    if mentions_us and self._table("project", pyproject) is not None:
                        self.notices.append(
                            f"{pyproject} has a table [tool.variantsel] that is ignored: {own} is "
                            "beside it"
                        )
                    return found
            if mentions_us:
                found = self.read("project", pyproject)
                if found.found:
                    return found
        return ConfigurationFile("project", start / FILE_NAME)

    def read(self, layer: str, path: Path) -> ConfigurationFile:
        """A file that is there, with what it sets; not found, where it says nothing to us.

        :raises InvalidConfiguration: when it cannot be used.
        """
        table = self._table(layer, path)
        if table is None:
            return ConfigurationFile(layer, path, is_passed_over=path in self._passed_over)
        settings = {}
        prefix = "tool.variantsel." if path.name == PYPROJECT else ""
        for setting in read_table(table.content, str(path), prefix):
            checked = setting
            is_bridge_file = setting.key.startswith(f"{BRIDGES}.") and setting.key.endswith(".file")
            if is_bridge_file or (setting.key == "target" and setting.value.endswith(".toml")):
                checked = setting._replace(value=str(path.parent / setting.value))
            if decided := decided_by(setting.key):
                why = _may_be_somebody_elses(layer, path, table.owner)
                if why:
                    raise self._misplaced(setting, decided, why)
            settings[setting.key] = checked
        return ConfigurationFile(layer, path, found=True, settings=settings)

    def _table(self, layer: str, path: Path) -> _Table | None:
        """What a file says to us; ``None`` where that is nothing, or does not count."""
        try:
            file = _opened(layer, path)
        except _PassedOver as reason:
            self._passed_over.add(path)
            self.notices.append(f"{path} is passed over: {reason}")
            return None
        content = _our_table(path, file.content)
        return _Table(content, file.owner) if content is not None else None

    def _misplaced(self, setting: Setting, decided: str, why: str) -> InvalidConfiguration:
        from variantsel.configuration.variables import variable_for

        variable = variable_for(setting.key)
        own = "".join(f", {path}" for path in self._own[:1])
        remedy = f"set {variable}, or put {setting.key} into" if variable else "put it into"
        return InvalidConfiguration(
            f"{setting.place}: {decided} is not for a file to say that may have come with "
            f"somebody's project ({why}); {remedy} your own file{own}"
        )


def _opened(layer: str, path: Path) -> RegularFile:
    """A file's content, where it counts.

    What stands where only its user, or the machine's, should write has to be theirs, itself and not
    by a link. A project's may be anyone's whose folder it is, but not of a stranger in a folder
    that is open to all.
    """
    from variantsel.formats.toml_file import MAX_BYTES

    is_open_to_all = layer == "project" and anyone_may_write(path.parent)
    follows_links = layer in ("variable", "project") and not is_open_to_all
    try:
        file = read_regular_file(path, MAX_BYTES, follow_links=follows_links)
    except Link:
        raise _PassedOver("it is a symbolic link, and only the file itself counts there") from None
    except UnusableFile as error:
        if is_open_to_all and not _is_ours(path):
            raise _PassedOver(_OPEN_TO_ALL) from None
        raise InvalidConfiguration(f"{path!s:.1000}: {error}") from None
    except OSError as error:
        reason = error.strerror or str(error)
        if layer == "project" and (path.name == PYPROJECT or not _is_ours(path)):
            raise _PassedOver(f"it cannot be read ({reason})") from None
        raise InvalidConfiguration(f"{path!s:.1000}: {reason}") from None
    if is_ours(file.owner):
        return file
    if is_open_to_all:
        raise _PassedOver(_OPEN_TO_ALL)
    if layer in ("user", "machine"):
        raise _PassedOver(f"it belongs to user {file.owner}, neither to you nor to root")
    return file


_OPEN_TO_ALL = "it belongs to somebody else, in a folder that everyone can write to"


def _may_be_somebody_elses(layer: str, path: Path, owner: int | None) -> str:
    """Why somebody else may have written a file; empty where it is the user's, or the machine's."""
    if layer == "project":
        return "it is one's file"
    if layer == "variable":
        return f"{CONFIG_VARIABLE} can name one's file"
    if not is_ours(owner):
        return f"it belongs to user {owner}, neither to you nor to root"
    return brought_by_a_checkout(path) if layer == "environment" else ""


def _is_ours(path: Path) -> bool:
    try:
        return is_ours(path.lstat().st_uid)
    except OSError:
        return False


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _our_table(path: Path, content: bytes) -> Mapping[str, Any] | None:
    """Our table of a file; ``None`` for a pyproject.toml that has none."""
    from variantsel.formats.toml_file import InvalidToml, parse_toml

    try:
        table = parse_toml(content, path)
    except InvalidToml as error:
        raise InvalidConfiguration(str(error)) from None
    if path.name != PYPROJECT:
        return table
    tool = table.get("tool", {})
    ours = tool.get("variantsel") if isinstance(tool, dict) else None
    if ours is not None and not isinstance(ours, dict):
        raise InvalidConfiguration(
            f"{path}: tool.variantsel: found {ours!r:.200}, expected a table"
        )
    return ours
