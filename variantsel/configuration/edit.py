"""Changing one list of the user's file and nothing else of it: comments, order and spacing stay."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from variantsel.configuration.keys import KEYS, read_table
from variantsel.configuration.places import user_files
from variantsel.errors import InvalidConfiguration

__all__ = ["UserFile"]

_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')|(?P<comment>\#[^\n]*)|(?P<mark>[\[\],])|\s+""",
    re.VERBOSE,
)


class UserFile:
    """The user's own configuration file, be it there or not.

    :ivar path: where it is, or will be.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """
        :param environ: :data:`os.environ` where ``None``.
        :raises InvalidConfiguration: where nothing tells where the user's files are.
        """
        path = next(user_files(os.environ if environ is None else environ), None)
        if path is None:
            variable = "APPDATA" if sys.platform == "win32" else "HOME"
            raise InvalidConfiguration(
                f"there is no place for the user's settings: {variable} is not set"
            )
        self.path = path

    def value(self, key: str) -> tuple[str, ...]:
        """What it sets a list to; empty where it does not.

        :raises InvalidConfiguration: when the file cannot be used.
        """
        _, table = self._read()
        values: tuple[str, ...] = KEYS[key](table.get(key, []), f"{self.path}: {key}")
        return values

    def set(self, key: str, values: Sequence[str]) -> None:
        """Have it set a list to some values; the file is written whole, or not at all.

        :raises InvalidConfiguration: when the file cannot be used, or the list not be changed
            without changing anything else.
        :raises OSError: when it cannot be written.
        """
        text, table = self._read()
        changed = _with_list(text, key, table.get(key), values)
        with contextlib.suppress(ValueError, RecursionError):
            if _loads(changed) == {**table, key: [*values]}:
                self._write(changed)
                return
        raise InvalidConfiguration(
            f"{self.path}: {key} is not written in a way that can be changed safely; "
            f"please make it {key} = {_written(values)} yourself"
        )

    def _read(self) -> tuple[str, dict[str, Any]]:
        try:
            text = self.path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return "", {}
        except UnicodeDecodeError as error:
            raise InvalidConfiguration(f"{self.path}: not UTF-8: {error}") from None
        try:
            table = _loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidConfiguration(f"{self.path}: not TOML: {error}") from None
        list(read_table(table, str(self.path)))  # whoever reads it must get on with it, too
        return text, table

    def _write(self, text: str) -> None:
        path = self.path.resolve()  # a link stays one
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with open(handle, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _loads(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    return tomllib.loads(text)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _with_list(text: str, key: str, before: object, values: Sequence[str]) -> str:
    """A file's text with a list that was something else, or was not there."""
    top = _HEADER.search(text)
    end_of_top = top.start() if top else len(text)
    if before is None:
        return _with_new_key(text, end_of_top, f"{key} = {_written(values)}")
    named = re.compile(rf"""^[ \t]*(?:{key}|"{key}"|'{key}')[ \t]*=[ \t]*""", re.MULTILINE)
    found = named.search(text, 0, end_of_top)
    if found is None:
        return text
    value = _read_value(text, found.end())
    if "\n" not in text[value.start : value.end]:
        return f"{text[: value.start]}{_written(values)}{text[value.end :]}"
    for item in reversed(value.items):
        if item.text not in values:
            text = _without(text, item)
    value = _read_value(text, found.end())
    new = [other for other in values if other not in {item.text for item in value.items}]
    if not new:
        return text
    added = _written(new)[1:-1]
    if not value.items:
        return f"{text[: value.start + 1]}{added}{text[value.start + 1 :]}"
    last = value.items[-1]
    separator = " " if text[last.start : last.end].endswith(",") else ", "
    return f"{text[: last.end]}{separator}{added}{text[last.end :]}"


def _without(text: str, item: _Item) -> str:
    """A text without an item, and without its line where nothing else is on it."""
    head, tail = text[: item.start], text[item.end :]
    before, after = head.rpartition("\n")[2], tail.partition("\n")[0]
    if before.strip():
        return head.rstrip(" ") + tail
    if after.strip():
        return head + tail.lstrip(" ")
    return head.removesuffix(before) + tail.partition("\n")[2]


def _written(values: Sequence[str]) -> str:
    listed = ", ".join(f'"{value}"' for value in values)
    return f"[{listed}]"


def _with_new_key(text: str, end_of_top: int, line: str) -> str:
    """The key after the others of the file, before the first table and what is said of that."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text[:end_of_top].splitlines(keepends=True)
    after = len(lines)
    if end_of_top < len(text):
        while after and (not lines[after - 1].strip() or lines[after - 1].lstrip()[0] == "#"):
            after -= 1
    head, rest = "".join(lines[:after]), "".join(lines[after:]) + text[end_of_top:]
    if head and not head.endswith("\n"):
        head += newline
    gap = newline if rest and rest[0] not in "\r\n" else ""
    return f"{head}{line}{newline}{gap}{rest}"


class _Item(NamedTuple):
    """One text of a list.

    :ivar end: where it ends, its comma included where it has one.
    """

    text: str
    start: int
    end: int


class _Value(NamedTuple):
    """A text, or a list of texts, as it is written in a file."""

    start: int
    end: int
    items: list[_Item]


def _read_value(text: str, start: int) -> _Value:
    """The value that begins at a place."""
    position, depth = start, 0
    items: list[_Item] = []
    while (token := _TOKEN.match(text, position)) is not None:
        position = token.end()
        if token["string"]:
            items.append(_Item(token["string"][1:-1], token.start(), token.end()))
        elif token["mark"] == "," and items:
            items[-1] = items[-1]._replace(end=token.end())
        elif token["mark"]:
            depth += 1 if token["mark"] == "[" else -1
        if not depth:
            break
    return _Value(start, position, items)
