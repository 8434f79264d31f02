"""Checking what a provider package answered (providers draft, Plugin interface).

It is somebody else's word: every name, type and size is looked at before anything else sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from variantsel.formats.properties import FEATURE_PATTERN, NAMESPACE_PATTERN, VALUE_PATTERN
from variantsel.terminal import printable

__all__ = ["InvalidAnswer", "PluginAnswer", "one_line", "read_answer"]

_MAX_FEATURES = 1_000
_MAX_VALUES = 10_000
_MAX_LENGTH = 200
_MAX_NOTICES = 5


class InvalidAnswer(ValueError):
    """An answer breaks the rules; the text completes "The provider ..."."""


@dataclass(frozen=True)
class PluginAnswer:
    """What a provider package said of one namespace.

    :ivar namespace: the one it calls its own, as older plugins do; ``None`` where it has none.
    :ivar features: ``{feature: (value, ...)}``, best first; a feature without values is left out.
    :ivar multi_value: the features of which one variant may list several values.
    :ivar notices: its warnings.
    """

    namespace: str | None
    features: Mapping[str, tuple[str, ...]]
    multi_value: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()


def one_line(text: str) -> str:
    """What somebody else wrote, as a line that steers no terminal."""
    return printable(" ".join(text.split()))


def read_answer(document: Any) -> list[PluginAnswer]:
    """Read what the worker wrote, ``{"plugins": [...], "notices": [...]}``.

    :raises InvalidAnswer: when anything in it is not what it has to be.
    """
    if not isinstance(document, dict):
        raise InvalidAnswer(f"answered with {_kind(document)}")
    notices = tuple(
        one_line(notice)[:_MAX_LENGTH]
        for notice in _list(document.get("notices"), "its notices")[:_MAX_NOTICES]
        if isinstance(notice, str)
    )
    return [_plugin(plugin, notices) for plugin in _list(document.get("plugins"), "its plugins")]


def _plugin(document: Any, notices: tuple[str, ...]) -> PluginAnswer:
    if not isinstance(document, dict):
        raise InvalidAnswer(f"answered with {_kind(document)}")
    namespace = document.get("namespace")
    if namespace is not None:
        _word(namespace, NAMESPACE_PATTERN, "the namespace")
    configs = _list(document.get("configs"), "get_supported_configs()")
    if len(configs) > _MAX_FEATURES:
        raise InvalidAnswer(f"answered with {len(configs)} features, more than {_MAX_FEATURES}")
    features: dict[str, tuple[str, ...]] = {}
    multi_value = set()
    for config in configs:
        if not isinstance(config, dict):
            raise InvalidAnswer(f"answered with {_kind(config)} among its features")
        name = _word(config.get("name"), FEATURE_PATTERN, "the feature")
        if name in features:
            raise InvalidAnswer(f"answered with the feature {name!r} twice")
        values = _list(config.get("values"), f"the values of {name}")
        if len(values) > _MAX_VALUES:
            raise InvalidAnswer(f"answered with {len(values)} values of {name}")
        # Eight devices of a kind make published providers name it eight times.
        features[name] = tuple(
            dict.fromkeys(_word(value, VALUE_PATTERN, f"the value of {name}") for value in values)
        )
        several = config.get("multi_value")
        if not isinstance(several, bool):
            raise InvalidAnswer(
                f"answered with {_kind(several)} as multi_value of {name}, expected True or False"
            )
        if several:
            multi_value.add(name)
    with_values = {name: values for name, values in features.items() if values}
    return PluginAnswer(namespace, with_values, frozenset(multi_value & set(with_values)), notices)


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidAnswer(f"answered with {_kind(value)} as {what}, expected a list")
    return value


def _word(value: Any, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(value, str):
        raise InvalidAnswer(f"answered with {_kind(value)} as {what}, expected text")
    if len(value) > _MAX_LENGTH or not pattern.fullmatch(value):
        raise InvalidAnswer(
            f"answered with {value!r:.60} as {what}, expected text that matches {pattern.pattern}"
        )
    return value


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"{value!r:.60}"
