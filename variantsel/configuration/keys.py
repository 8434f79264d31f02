"""The keys of a configuration, and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from variantsel.errors import InvalidConfiguration
from variantsel.properties import NAMESPACE_PATTERN

__all__ = ["KEYS", "Setting", "normalized_name", "read_table", "suggestion"]

_PACKAGE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9][A-Za-z0-9._+!-]*")


@dataclass(frozen=True)
class Setting:
    """A key with its value.

    :ivar key: its dotted name, ``target`` or ``packages.torch.take``.
    :ivar value: text, true or false, or a tuple.
    :ivar source: the file or the variable it is set in.
    :ivar place: the same with the key as it is spelled there, for errors.
    """

    key: str
    value: Any
    source: str
    place: str


def read_table(table: Mapping[str, Any], source: str, prefix: str = "") -> Iterator[Setting]:
    """The settings of a file, checked.

    :param source: the file's path.
    :param prefix: what stands before every key in that file, ``tool.variantsel.``.
    :raises InvalidConfiguration: naming the file, the key, and what was expected.
    """
    for key, value in table.items():
        place = f"{source}: {prefix}{key}"
        if key not in KEYS:
            raise InvalidConfiguration(f"{place}: there is no such key{suggestion(key, KEYS)}")
        yield Setting(key, KEYS[key](value, place), source, place)


def suggestion(word: str, known: Iterable[str]) -> str:
    """How a sentence about a word that is not known ends: the nearest one, or all there are."""
    names = sorted(known)
    near = get_close_matches(word.lower(), names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names)}"


def normalized_name(text: str) -> str:
    """The normalized name of a package; empty when the text is no such name."""
    if not _PACKAGE_NAME.fullmatch(text):
        return ""
    return re.sub(r"[-_.]+", "-", text).lower()


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise _unexpected(value, place, "text")
    return value.strip()


def _flag(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise _unexpected(value, place, "true or false")
    return value


def _texts(value: object, place: str, expected: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _unexpected(value, place, expected)
    return [item.strip() for item in value]


def _namespaces(value: object, place: str) -> tuple[str, ...]:
    expected = 'a list of namespaces, such as ["nvidia"]'
    names = _texts(value, place, expected)
    for name in names:
        if not NAMESPACE_PATTERN.fullmatch(name):
            raise _unexpected(name, place, expected)
    return tuple(dict.fromkeys(names))


def _packages_trusted(value: object, place: str) -> tuple[str, ...]:
    expected = (
        'a list of provider packages, NAME or NAME==VERSION, such as ["intel-variant-provider"]'
    )
    packages = []
    for text in _texts(value, place, expected):
        name, pinned, version = (part.strip() for part in text.partition("=="))
        normalized = normalized_name(name)
        if not normalized or (pinned and not _VERSION.fullmatch(version)):
            raise _unexpected(text, place, expected)
        packages.append(f"{normalized}{pinned}{version}")
    return tuple(dict.fromkeys(packages))


def _unexpected(value: object, place: str, expected: str) -> InvalidConfiguration:
    return InvalidConfiguration(f"{place}: found {value!r:.200}, expected {expected}")


KEYS: dict[str, Callable[[object, str], Any]] = {
    "disable": _namespaces,
    "enable": _namespaces,
    "strict": _flag,
    "target": _text,
    "trust": _packages_trusted,
}
"""What reads the value of each key: given the value and its place, returns it checked."""
