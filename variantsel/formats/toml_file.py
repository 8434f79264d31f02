"""TOML that people write: read as long as it is what a person might have written."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from variantsel.errors import VariantselError
from variantsel.regular_file import UnusableFile, read_regular_file

__all__ = ["MAX_BYTES", "InvalidToml", "parse_toml", "read_toml"]

MAX_BYTES = 1024 * 1024
"""The largest file that is read."""

MAX_KEY_PARTS = 32
"""The most parts of a dotted key: tables as deep as that mean nothing to anyone, and take the
reader of TOML a time that grows with their square."""

_LARGEST_INTEGER = 2**63
_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_LONG_KEY = re.compile(
    # Where a key may begin: a line, a table's name, within an inline table.
    rf"(?:^|(?<=[\[{{,]))[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART}){{{MAX_KEY_PARTS}}})",
    re.ASCII | re.MULTILINE,
)


class InvalidToml(VariantselError, ValueError):
    """A file cannot be read, or is not TOML that could mean something; names the file."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    :raises InvalidToml: when it cannot be read or used.
    """
    try:
        content = read_regular_file(path, MAX_BYTES).content
    except OSError as error:
        raise InvalidToml(f"{path!s:.1000}: {error.strerror or error}") from None
    except UnusableFile as error:
        raise InvalidToml(f"{path!s:.1000}: {error}") from None
    return parse_toml(content, path)


def parse_toml(content: bytes, path: Path) -> dict[str, Any]:
    """Parse what a TOML file holds.

    :param path: of the file, for errors.
    :raises InvalidToml: when it cannot be used.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidToml(f"{path}: byte {error.start} is not UTF-8") from None
    found = _LONG_KEY.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise InvalidToml(
            f"{path}: line {line}: found a key of more than {MAX_KEY_PARTS} parts, {found[1]!r:.60}"
        )
    try:
        table = tomllib.loads(text)
        _refuse_huge_integers(table)
    except tomllib.TOMLDecodeError as error:
        raise InvalidToml(f"{path}: not TOML: {error!s:.300}") from None
    except RecursionError:
        raise InvalidToml(f"{path}: found tables or arrays too deep to be read") from None
    except ValueError as error:  # of a number, or a date: Python's own complaint
        raise InvalidToml(f"{path}: not TOML: {error!s:.300}") from None
    return table


def _refuse_huge_integers(value: Any) -> None:
    """TOML's are of 64 bits; longer ones cannot even be shown in an error."""
    if isinstance(value, dict):
        for item in value.values():
            _refuse_huge_integers(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_huge_integers(item)
    elif isinstance(value, int) and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        raise ValueError("found an integer of more than 64 bits")
