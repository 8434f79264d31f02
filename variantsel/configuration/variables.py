"""Environment variables that set what the keys of a file set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from variantsel.configuration.keys import (
    KEYS,
    PACKAGE_KEYS,
    Setting,
    normalized_name,
    package_key,
)
from variantsel.configuration.places import CONFIG_VARIABLE
from variantsel.errors import InvalidConfiguration

__all__ = ["VARIABLES", "misspelled_variables", "read_variables", "variable_for"]


def read_variables(environ: Mapping[str, str]) -> dict[str, Setting]:
    """The settings that stand in environment variables, by key.

    Lists are separated by commas; ``0`` and nothing mean no, anything else yes. Labels stand as
    ``package=label``, a package once for each of its labels; ``package=`` is a list of none.

    :raises InvalidConfiguration: naming the variable.
    """
    settings = {}
    for name, (key, value_of) in _VARIABLES.items():
        if name in environ:
            value = KEYS[key](value_of(environ[name]), name)
            settings[key] = Setting(key, value, name, name)
    for name, (rule, values_of) in _PACKAGE_VARIABLES.items():
        for package, entry in values_of(environ.get(name, ""), name).items():
            key = package_key(package, rule)
            settings[key] = Setting(key, PACKAGE_KEYS[rule](entry, name), name, name)
    return settings


def misspelled_variables(environ: Mapping[str, str]) -> list[str]:
    """A sentence for every variable that looks like a mistake in the name of one of ours."""
    sentences = []
    for name in sorted(environ):
        if name.startswith("VARIANTSEL_") and name not in VARIABLES:
            from difflib import get_close_matches

            near = get_close_matches(name, VARIABLES, n=1, cutoff=0.9)
            if near:
                sentences.append(f"{name} means nothing to variantsel; did you mean {near[0]}?")
    return sentences


def variable_for(key: str) -> str:
    """The variable that sets a key; empty where there is none."""
    return next((name for name, (set_key, _) in _VARIABLES.items() if set_key == key), "")


def _items(text: str) -> list[str]:
    return [item for item in map(str.strip, text.split(",")) if item]


def _yes(text: str) -> bool:
    return text.strip() not in ("", "0")


def _labels(text: str, name: str) -> dict[str, object]:
    labels: dict[str, list[str]] = {}
    for item in _items(text):
        package, equals, label = item.partition("=")
        if not equals:
            raise InvalidConfiguration(f"{name}: found {item!r:.200}, expected package=label")
        found = labels.setdefault(_package(package, name), [])
        if label.strip():
            found.append(label.strip())
    return {**labels}


def _packages(text: str, name: str) -> dict[str, object]:
    return {_package(item, name): True for item in _items(text)}


def _package(text: str, name: str) -> str:
    package = normalized_name(text.strip())
    if not package:
        raise InvalidConfiguration(f"{name}: found {text!r:.200}, expected the name of a package")
    return package


_VARIABLES: dict[str, tuple[str, Callable[[str], object]]] = {
    "VARIANTSEL_TARGET": ("target", str),
    "VARIANTSEL_ENABLE": ("enable", _items),
    "VARIANTSEL_DISABLE": ("disable", _items),
    "VARIANTSEL_TRUST": ("trust", _items),
    "VARIANTSEL_STRICT": ("strict", _yes),
    "VARIANTSEL_SOURCES": ("sources", lambda text: text.strip() or None),
    "VARIANTSEL_PREFER": ("prefer", _items),
    "VARIANTSEL_EXCLUDE": ("exclude", _items),
    "VARIANTSEL_BRIDGE": ("bridge", _items),
    "VARIANTSEL_VERSION_FIRST": ("version-first", _yes),
    "VARIANTSEL_HINTS": ("hints", _yes),
}
"""The key that each sets, and how its text becomes the value that a file would have."""

_PACKAGE_VARIABLES: dict[str, tuple[str, Callable[[str, str], dict[str, object]]]] = {
    "VARIANTSEL_TAKE": ("take", _labels),
    "VARIANTSEL_NEVER": ("never", _labels),
    "VARIANTSEL_OFF": ("off", _packages),
}
"""The same for the keys of packages: the text becomes ``{package: value}``."""

VARIABLES = (CONFIG_VARIABLE, *_VARIABLES, *_PACKAGE_VARIABLES)
"""The names of all of them."""
