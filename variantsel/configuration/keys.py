"""The keys of a configuration, and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from variantsel.errors import InvalidConfiguration
from variantsel.formats.properties import NAMESPACE_PATTERN
from variantsel.ranking.preferences import PropertyPattern, checked_label

__all__ = [
    "BRIDGES",
    "BRIDGE_KEYS",
    "KEYS",
    "OWN_PLACES_ONLY",
    "PACKAGE_KEYS",
    "Setting",
    "bridge_key",
    "decided_by",
    "normalized_name",
    "package_key",
    "read_table",
]

_PACKAGE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_BRIDGE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_VERSION = re.compile(r"[0-9][A-Za-z0-9._+!-]*")


class Setting(NamedTuple):
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
        place = f"{source}: {prefix}{key:.80}"
        if key == PACKAGES:
            yield from _read_packages(value, source, place)
        elif key == BRIDGES:
            yield from _read_bridges(value, source, place)
        else:
            yield Setting(key, _checked(key, KEYS, value, place), source, place)


def decided_by(key: str) -> str:
    """What a key decides that a file may only say where it cannot have come with a project; empty
    for a key that may stand anywhere.

    :param key: its dotted name, ``trust`` or ``packages.torch.take``.
    """
    table, dot, rest = key.partition(".")
    return OWN_PLACES_ONLY.get(f"{table}.NAME.{rest.rpartition('.')[2]}" if dot else key, "")


def package_key(package: str, key: str) -> str:
    """The dotted name of a package's key.

    :param package: its normalized name.
    """
    return f"{PACKAGES}.{package}.{key}"


def _read_packages(tables: object, source: str, place: str) -> Iterator[Setting]:
    seen: dict[str, str] = {}
    for name, table in _table(tables, place).items():
        normalized = normalized_name(name)
        if not normalized:
            raise _unexpected(name, place, "the name of a package")
        if normalized in seen:
            raise InvalidConfiguration(
                f"{place}: {seen[normalized]:.80} and {name:.80} are the same package"
            )
        seen[normalized] = name
        package_place = f"{place}.{name:.80}"
        for key, value in _table(table, package_place).items():
            value_place = f"{package_place}.{key:.80}"
            checked = _checked(key, PACKAGE_KEYS, value, value_place)
            yield Setting(package_key(normalized, key), checked, source, value_place)


def bridge_key(bridge: str, key: str) -> str:
    """The dotted name of a bridge's key."""
    return f"{BRIDGES}.{bridge}.{key}"


def _read_bridges(tables: object, source: str, place: str) -> Iterator[Setting]:
    for name, table in _table(tables, place).items():
        if not _BRIDGE_NAME.fullmatch(name):
            raise _unexpected(name, place, "the name of a bridge")
        for key, value in _table(table, f"{place}.{name}").items():
            value_place = f"{place}.{name}.{key}"
            checked = _checked(key, BRIDGE_KEYS, value, value_place)
            yield Setting(bridge_key(name, key), checked, source, value_place)


def _table(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _unexpected(value, place, "a table")
    return value


def _checked(key: str, keys: Mapping[str, Reader], value: object, place: str) -> Any:
    if key not in keys:
        raise InvalidConfiguration(f"{place}: there is no such key here; {_hint(key, keys)}")
    return keys[key](value, place)


def _hint(key: str, keys: Mapping[str, Reader]) -> str:
    """What might have been meant by a key that is none."""
    if keys is KEYS and key in PACKAGE_KEYS:
        return f"it is for one package: put it into [{PACKAGES}.NAME]"
    if keys is PACKAGE_KEYS and key in KEYS:
        return f"it is for all packages: put it outside of {PACKAGES}"
    known = [*keys, PACKAGES, BRIDGES] if keys is KEYS else [*keys]
    from difflib import get_close_matches

    near = get_close_matches(key.lower(), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"


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


def _sources(value: object, place: str) -> str:
    if value is None:  # a variable that is set to nothing; TOML has no such value
        return ""
    if value != "first":
        raise _unexpected(value, place, '"first"')
    return "first"


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


def _bridges(value: object, place: str) -> tuple[str, ...]:
    expected = 'a list of bridges, such as ["torch", "jax"], or ["all"]'
    names = _texts([value] if isinstance(value, str) else value, place, expected)
    for name in names:
        if not _BRIDGE_NAME.fullmatch(name):
            raise _unexpected(name, place, expected)
    return tuple(dict.fromkeys(names))


def _address(value: object, place: str) -> str:
    text = _text(value, place)
    if not re.fullmatch(r"(https?|file)://[^{}\s]+", text):
        raise _unexpected(value, place, "an address, https://…")
    return text.rstrip("/")


def _labels(value: object, place: str) -> tuple[str, ...]:
    return tuple(checked_label(text, place) for text in _text_or_texts(value, place, "labels"))


def _properties(value: object, place: str) -> tuple[str, ...]:
    texts = _text_or_texts(value, place, "namespaces, features or properties")
    return tuple(str(PropertyPattern.parse(text, place)) for text in texts)


def _text_or_texts(value: object, place: str, what: str) -> list[str]:
    """A list; one text stands for a list of one."""
    texts = _texts([value] if isinstance(value, str) else value, place, f"a list of {what}")
    return list(dict.fromkeys(texts))


def _unexpected(value: object, place: str, expected: str) -> InvalidConfiguration:
    return InvalidConfiguration(f"{place}: found {value!r:.200}, expected {expected}")


Reader = Callable[[object, str], Any]
"""Reads the value of a key: given the value and its place, returns it checked."""

PACKAGES = "packages"
"""The table that holds a table for each package."""

BRIDGES = "bridges"
"""The table that holds a table for each bridge."""

KEYS: dict[str, Reader] = {
    "target": _text,
    "bridge": _bridges,
    "version-first": _flag,
    "hints": _flag,
    "enable": _namespaces,
    "disable": _namespaces,
    "trust": _packages_trusted,
    "strict": _flag,
    "sources": _sources,
    "prefer": _properties,
    "exclude": _properties,
}
OWN_PLACES_ONLY: dict[str, str] = {
    "trust": "which packages may be run on this machine",
    f"{BRIDGES}.NAME.base": "where packages are taken from",
    f"{BRIDGES}.NAME.file": "where packages are taken from",
}
"""The keys that only count in places which nobody's project can bring, each with what it decides:
what may be run, or where packages come from. They are spelled as the documentation does:
``packages.NAME.take``."""
PACKAGE_KEYS: dict[str, Reader] = {
    "take": _labels,
    "never": _labels,
    "prefer": _properties,
    "exclude": _properties,
    "off": _flag,
}
BRIDGE_KEYS: dict[str, Reader] = {
    "base": _address,
    "file": _text,
}
