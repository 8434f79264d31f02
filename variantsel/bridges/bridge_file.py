"""Reading a bridge's file: TOML, every key and value checked, errors with their line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from variantsel.bridges.bridge import Bridge
from variantsel.bridges.overlaps import check_labels, check_members, check_overlaps
from variantsel.bridges.platforms import PLATFORMS
from variantsel.bridges.rows import (
    Default,
    Exclusive,
    Extra,
    Index,
    Label,
    Member,
    Name,
    Scope,
    Source,
    Unmapped,
)
from variantsel.bridges.vocabulary import VALUES
from variantsel.errors import InvalidBridge
from variantsel.formats.properties import LABEL_PATTERN
from variantsel.formats.toml_file import MAX_BYTES, InvalidToml, parse_toml
from variantsel.regular_file import UnusableFile, read_regular_file

__all__ = ["FORMAT", "parse_bridge", "read_bridge"]

FORMAT = 1
"""The version of the format that is read."""

RowT = TypeVar("RowT")

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_TOOLKIT = re.compile(r"[a-z]{1,8}[0-9]{1,2}")
_PAGE_FIELD = re.compile(r"\{([^{}]*)\}")
_HEADER = re.compile(r"\s*\[+\s*([\w-]+)\s*\]+")
_REQUIRED = object()


def read_bridge(path: Path) -> Bridge:
    """Read a file.

    :raises InvalidBridge: when it cannot be read, or says something that no bridge can, naming
        the file, the line and the key.
    """
    try:
        content = read_regular_file(path, MAX_BYTES).content
    except OSError as error:
        raise InvalidBridge(f"{path!s:.1000}: {error.strerror or error}") from None
    except UnusableFile as error:
        raise InvalidBridge(f"{path!s:.1000}: {error}") from None
    return _bridge(content, path)


def parse_bridge(text: str, path: str) -> Bridge:
    """Take a file's text.

    :param path: what messages call it.
    :raises InvalidBridge: as :func:`read_bridge`.
    """
    return _bridge(text.encode("utf-8", "surrogatepass"), Path(path))


def _bridge(content: bytes, path: Path) -> Bridge:
    try:
        tables = parse_toml(content, path)
    except InvalidToml as error:
        raise InvalidBridge(str(error)) from None
    bridge = _File(tables, content.decode("utf-8"), str(path)).bridge()
    check_overlaps(bridge)
    if not bridge.extends:
        check_labels(bridge)
    return bridge


class _File:
    """The tables of one file, and where in its text they are."""

    def __init__(self, tables: Mapping[str, Any], text: str, path: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._headers: dict[str, list[int]] = {}
        for line, text_of_line in enumerate(self._lines, 1):
            if found := _HEADER.match(text_of_line):
                self._headers.setdefault(found[1], []).append(line)
        self._top = _Table(self, "", 1, tables)

    def bridge(self) -> Bridge:
        top = self._top
        if top.take("format", _whole, None) != FORMAT:
            raise top.error("format", f"expected {FORMAT}, the version that is known here")
        name = top.take("bridge", _pattern(_NAME, "a name of small letters, digits and hyphens"))
        members = self._rows("member", _member)
        check_members(members, self._path)
        bridge = Bridge(
            name,
            top.take("about", _text),
            in_all=top.take("in-all", _flag, True),
            extends=top.take("extends", _text, ""),
            path=self._path,
            labels=self._rows("label", _label),
            index=self._index(),
            members=members,
            defaults=self._rows("default", _default),
            names=self._rows("name", _name),
            extras=self._rows("extra", _extra),
            exclusives=self._rows("exclusive", _exclusive),
            unmapped=self._rows("unmapped", _unmapped),
        )
        top.end()
        return bridge

    def line_of(self, header: str, number: int) -> int:
        """The line of the ``number``-th table of a name."""
        lines = self._headers.get(header, [])
        return lines[number] if number < len(lines) else 1

    def line_of_key(self, key: str, start: int) -> int:
        """The line that sets a key, at or after the start of its table; or that of the key's own
        table."""
        wanted = re.compile(rf"\s*['\"]?{re.escape(key)}['\"]?\s*[.=]")
        for line in range(start, len(self._lines) + 1):
            text = self._lines[line - 1]
            if wanted.match(text):
                return line
            if line > start and text.lstrip().startswith("["):
                break
        return self.line_of(key, 0) if start == 1 else start

    @property
    def path(self) -> str:
        return self._path

    def _index(self) -> Index | None:
        tables = self._top.take("index", _table, None)
        if tables is None:
            return None
        table = _Table(self, "index", self.line_of("index", 0), tables)
        told_by = table.take("told-by", _one_of("local-version", "page"))
        index = Index(
            table.take("base", _address),
            table.take("page", _page("base", "label", "project")),
            told_by == "page",
        )
        table.end()
        return index

    def _rows(self, header: str, read: Callable[[_Table], RowT]) -> tuple[RowT, ...]:
        rows = []
        for number, values in enumerate(self._top.take(header, _tables, ())):
            table = _Table(self, header, self.line_of(header, number), values)
            rows.append(read(table))
            table.end()
        return tuple(rows)


class _Table:
    """One table, whose keys are taken one by one; what is left at the end is not known."""

    def __init__(self, file: _File, header: str, line: int, values: Mapping[str, Any]) -> None:
        self._file = file
        self._header = header
        self._line = line
        self._values = dict(values)

    def take(self, key: str, check: Callable[[object], Any], default: Any = _REQUIRED) -> Any:
        """A key's value, checked.

        :param check: returns it as it is used; raises :class:`ValueError` with what was expected.
        """
        if key not in self._values:
            if default is _REQUIRED:
                raise self.error("", f"there is no {key!r}, which every {self._header} has")
            return default
        value = self._values.pop(key)
        try:
            return check(value)
        except ValueError as error:
            raise self.error(key, f"found {value!r:.200}, expected {error}") from None

    def source(self) -> Source:
        """Where the row's facts are from."""
        return Source(self.take("source", _text), self.take("date", _date), self._line)

    def scope(self, *, projects: bool = True) -> Scope:
        """What the row is about."""
        return Scope(
            self.take("projects", _projects, None) if projects else None,
            self.take("versions", _versions, None),
            self.take("platforms", _platforms, None),
        )

    def end(self) -> None:
        """Find what nobody asked for."""
        for key in self._values:
            raise self.error(key, "there is no such key here")

    def error(self, key: str, problem: str) -> InvalidBridge:
        """What is wrong with a key, or with the table."""
        line = self._file.line_of_key(key, self._line) if key else self._line
        place = ".".join(part for part in (self._header, key) if part)
        return InvalidBridge(f"{self._file.path}:{line}: {place + ': ' if place else ''}{problem}")


def _label(table: _Table) -> Label:
    return Label(
        table.take("label", _label_text),
        table.scope(),
        table.take("needs", _needs, {}),
        table.take("toolkit", _pattern(_TOOLKIT, "a name and a number, cu12"), ""),
        table.take("page", _page("base", "label", "project"), ""),
        table.source(),
    )


def _member(table: _Table) -> Member:
    return Member(
        table.take("project", _project),
        table.take("labels", _labels, None),
        table.take("only-here", _flag, False),
        table.source(),
    )


def _default(table: _Table) -> Default:
    return Default(table.scope(), table.take("label", _label_text), table.source())


def _name(table: _Table) -> Name:
    return Name(
        table.take("project", _project),
        table.take("label", _label_text),
        table.take("name", _project),
        table.scope(projects=False),
        table.source(),
    )


def _extra(table: _Table) -> Extra:
    return Extra(
        table.take("project", _project),
        table.take("label", _label_text),
        table.take("extras", _extras),
        table.take("every", _flag, False),
        table.scope(projects=False),
        table.source(),
    )


def _exclusive(table: _Table) -> Exclusive:
    return Exclusive(tuple(table.take("names", _project_list)), table.source())


def _unmapped(table: _Table) -> Unmapped:
    return Unmapped(table.take("name", _project), table.take("why", _text), table.source())


# -- values: each returns what it is given as it is used, or raises ValueError with what it expects


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("a whole number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("text")
    return value


def _date(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("a date, 2026-11-25")
    return value


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("a table")
    return value


def _tables(value: object) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ValueError("tables, in double brackets")
    return value


def _list(value: object, expected: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise ValueError(expected)
    return value


def _pattern(pattern: re.Pattern[str], expected: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(expected)
        return value

    return check


def _one_of(*words: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in words:
            raise ValueError(" or ".join(map(repr, words)))
        return str(value)

    return check


def _label_text(value: object) -> str:
    if not isinstance(value, str) or not LABEL_PATTERN.fullmatch(value):
        raise ValueError("a label: small letters, digits, '_' and '.'")
    return value


def _labels(value: object) -> frozenset[str]:
    return frozenset(map(_label_text, _list(value, "a list of labels")))


def _project(value: object) -> str:
    if not isinstance(value, str) or not _PROJECT.fullmatch(value):
        raise ValueError("the name of a project")
    return canonicalize_name(value)


def _project_list(value: object) -> list[str]:
    return [_project(item) for item in _list(value, "a list of projects")]


def _projects(value: object) -> frozenset[str]:
    return frozenset(_project_list(value))


def _extras(value: object) -> tuple[str, ...]:
    return tuple(_project(item) for item in _list(value, "a list of extras"))


def _versions(value: object) -> SpecifierSet:
    try:
        return SpecifierSet(_text(value))
    except InvalidSpecifier:
        raise ValueError("version specifiers, '>=2.11,<2.15'") from None


def _platforms(value: object) -> frozenset[str]:
    platforms = frozenset(_list(value, "a list of platforms"))
    if not platforms.issubset(PLATFORMS):
        raise ValueError(f"platforms among {', '.join(PLATFORMS)}")
    return platforms


def _address(value: object) -> str:
    if not isinstance(value, str) or not re.match(r"(https?|file)://", value):
        raise ValueError("an address, https://…")
    return value


def _page(*fields: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        known = ", ".join(f"{{{field}}}" for field in fields)
        if not isinstance(value, str) or "{project}" not in value:
            raise ValueError(f"an address with {{project}} in it, and {known}")
        rest = _PAGE_FIELD.sub(lambda found: "" if found[1] in fields else found[0], value)
        if "{" in rest or "}" in rest:
            raise ValueError(f"an address with nothing but {known} in braces")
        return value

    return check


def _needs(value: object) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        namespace: {
            feature: tuple(_values(namespace, feature, values))
            for feature, values in _known(features, VALUES[namespace], f"{namespace}.").items()
        }
        for namespace, features in _known(value, VALUES, "").items()
    }


def _known(value: object, words: Mapping[str, Any], prefix: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not value or not value.keys() <= words.keys():
        raise ValueError(f"a table with {' or '.join(prefix + word for word in words)}")
    return value


def _values(namespace: str, feature: str, value: object) -> Iterator[str]:
    pattern = VALUES[namespace][feature]
    place = f"needs.{namespace}.{feature}"
    for item in _list(value, f"a list of values in {place}"):
        if not pattern.fullmatch(item):
            raise ValueError(f"values in {place} of the form {pattern.pattern}")
        yield item
