"""Reading every generation of variant metadata into one model.

The differences between the generations end here; the table is in ``spec/README.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from variantsel.errors import InvalidMetadata
from variantsel.formats.json_reader import read_json
from variantsel.formats.properties import (
    FEATURE_PATTERN,
    LABEL_PATTERN,
    NAMESPACE_PATTERN,
    VALUE_PATTERN,
    Variants,
)
from variantsel.formats.provider_info import ProviderInfo
from variantsel.formats.schema import Generation, read_generation
from variantsel.formats.text_limits import excess
from variantsel.formats.wheel_label import NULL_LABEL, OLD_NULL_LABEL

__all__ = ["read_metadata"]

_PLUGIN_USE = ("all", "build", "none")


Place = tuple[str, ...]
"""Where in the document, key by key; written out where something is wrong there, as it is long when
the keys are."""


def read_metadata(document: bytes | str | Mapping[str, Any]) -> dict[str, Any]:
    """Read metadata for :meth:`variantsel.VariantMetadata.parse`.

    :returns: the model's fields by their names.
    """
    root = document if isinstance(document, Mapping) else read_json(document)
    root = _table(root, ())
    generation = read_generation(root.get("$schema"))
    priorities = _table(_required(root, "default-priorities", ()), ("default-priorities",))
    place = ("default-priorities", "namespace")
    namespaces = _words(_required(priorities, "namespace", place[:1]), NAMESPACE_PATTERN, place)
    if not namespaces:
        raise _invalid("found an empty list, expected every namespace used", place)
    feature_priorities: Mapping[str, tuple[str, ...]] = {}
    value_priorities: Mapping[str, Mapping[str, tuple[str, ...]]] = {}
    if generation.has_feature_priorities:
        feature_priorities = _feature_priorities(priorities)
        value_priorities = _value_priorities(priorities)
    providers: dict[str, ProviderInfo] | None = None
    names_none = generation.may_name_no_providers and "providers" not in root
    if not generation.names_no_providers and not names_none:
        reader = _ProviderReader(root, generation, priorities, value_priorities)
        table = _table(root.get("providers", {}), ("providers",))
        providers = {}
        for namespace, value in table.items():
            place = ("providers", namespace)
            _word(namespace, NAMESPACE_PATTERN, place[:1])
            providers[namespace] = reader.read(namespace, _table(value, place), place)
    return {
        "generation": generation,
        "namespaces": namespaces,
        "variants": _variants(_required(root, "variants", ())),
        "providers": providers,
        "feature_priorities": feature_priorities,
        "value_priorities": value_priorities,
    }


def _feature_priorities(priorities: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    place = ("default-priorities", "feature")
    table = _table(priorities.get("feature", {}), place)
    return {
        _word(namespace, NAMESPACE_PATTERN, place): _words(
            features, FEATURE_PATTERN, (*place, namespace)
        )
        for namespace, features in table.items()
    }


def _value_priorities(priorities: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, ...]]]:
    place = ("default-priorities", "property")
    table = _table(priorities.get("property", {}), place)
    return {
        _word(namespace, NAMESPACE_PATTERN, place): _features(features, (*place, namespace))
        for namespace, features in table.items()
    }


class _ProviderReader:
    """Reads one entry of ``providers``, as the document's generation spells it.

    What stands elsewhere in the document is read once, when the first entry needs it.
    """

    def __init__(
        self,
        root: Mapping[str, Any],
        generation: Generation,
        priorities: Mapping[str, Any],
        value_priorities: Mapping[str, Mapping[str, tuple[str, ...]]],
    ) -> None:
        self._root = root
        self._generation = generation
        self._priorities = priorities
        self._value_priorities = value_priorities

    def read(self, namespace: str, table: Mapping[str, Any], place: Place) -> ProviderInfo:
        if self._generation.is_0_0_2:
            static = self._static_0_0_2(namespace, table, place)
        elif self._generation.is_0_0_3:
            static = self._static_0_0_3(namespace, table, place)
        else:
            static = self._static_0_2_0(namespace, table, place)
        return ProviderInfo(
            requires=_requires(table, (*place, "requires")),
            plugin_api=_text_or_none(table, "plugin-api", place),
            builtin=_text_or_none(table, "builtin", place),
            static_properties=static,
            enable_if=_enable_if(table, place) if self._generation[:2] == (0, 0) else None,
            optional=_flag(table, "optional", False, place),
        )

    @cached_property
    def _static_properties(self) -> Mapping[str, Any]:
        return _table(self._root.get("static-properties", {}), ("static-properties",))

    @cached_property
    def _feature_orders(self) -> Mapping[str, tuple[str, ...]]:
        """``feature-order`` as the first texts of the providers draft had it."""
        return _feature_priorities(self._priorities)

    def _static_0_0_2(
        self, namespace: str, table: Mapping[str, Any], place: Place
    ) -> Mapping[str, tuple[str, ...]] | None:
        use = table.get("plugin-use", "all")
        if use not in _PLUGIN_USE:
            raise _invalid(
                f"found {use!r:.200}, expected one of {', '.join(_PLUGIN_USE)}",
                (*place, "plugin-use"),
            )
        return None if use == "all" else _sorted(self._value_priorities.get(namespace, {}))

    def _static_0_0_3(
        self, namespace: str, table: Mapping[str, Any], place: Place
    ) -> Mapping[str, tuple[str, ...]] | None:
        if _flag(table, "install-time", True, place):
            return None
        static = self._static_properties.get(namespace, {})
        return _sorted(_features(static, ("static-properties", namespace)))

    def _static_0_2_0(
        self, namespace: str, table: Mapping[str, Any], place: Place
    ) -> Mapping[str, tuple[str, ...]] | None:
        sources = [key for key in ("requires", "static-properties", "builtin") if key in table]
        if len(sources) != 1:
            raise _invalid(
                f"found {' and '.join(sources) or 'none'}, expected exactly one of requires, "
                "static-properties, builtin",
                place,
            )
        if sources != ["static-properties"]:
            return None
        static = _features(table["static-properties"], (*place, "static-properties"))
        if "feature-order" in table:
            order = _words(table["feature-order"], FEATURE_PATTERN, (*place, "feature-order"))
        else:
            order = self._feature_orders.get(namespace, ())
        if len(static) > 1 and set(order) != set(static):
            raise _invalid(
                f"found {sorted(order)!s:.200}, expected an order of exactly the features of "
                f"static-properties, {sorted(static)!s:.200}",
                (*place, "feature-order"),
            )
        return {feature: static[feature] for feature in order} if len(static) > 1 else static


def _variants(value: Any) -> Variants:
    variants: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {}
    for label, namespaces in _table(value, ("variants",)).items():
        _word(label, LABEL_PATTERN, ("variants",))
        place = ("variants", label)
        variants[label] = properties = {}
        for namespace, features in _table(namespaces, place).items():
            _word(namespace, NAMESPACE_PATTERN, place)
            listed = _features(features, (*place, namespace))
            for feature, values in listed.items():
                if not values:
                    raise _invalid(
                        "found an empty list, expected at least one value",
                        (*place, namespace, feature),
                    )
            if listed:
                properties[namespace] = {
                    feature: tuple(sorted(values)) for feature, values in listed.items()
                }
        _check_null(label, properties)
    return variants


def _check_null(label: str, properties: Mapping[str, Mapping[str, Any]]) -> None:
    is_null = not properties
    if is_null and label not in (NULL_LABEL, OLD_NULL_LABEL):
        raise _invalid(
            f"found a variant without properties, whose label can only be {NULL_LABEL!r}",
            ("variants", label),
        )
    if not is_null and label == NULL_LABEL:
        raise _invalid(
            f"found properties under {NULL_LABEL!r}, the label of the variant that has none",
            ("variants", label),
        )


def _features(value: Any, place: Place) -> dict[str, tuple[str, ...]]:
    return {
        _word(feature, FEATURE_PATTERN, place): _words(values, VALUE_PATTERN, (*place, feature))
        for feature, values in _table(value, place).items()
    }


def _sorted(features: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Order features that nobody ordered by name: the keys of a JSON object have no order."""
    return dict(sorted(features.items()))


def _required(table: Mapping[str, Any], key: str, place: Place) -> Any:
    if key not in table:
        raise _invalid(f"the key {key!r} is missing", place)
    return table[key]


def _table(value: Any, place: Place) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _invalid(f"found {value!r:.200}, expected an object", place)
    return value


def _word(value: Any, pattern: re.Pattern[str], place: Place) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _invalid(f"found {value!r:.200}, expected text that matches {pattern.pattern}", place)
    return value


def _words(value: Any, pattern: re.Pattern[str], place: Place) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise _invalid(f"found {value!r:.200}, expected a list of text", place)
    return tuple(dict.fromkeys(_word(item, pattern, place) for item in value))


def _text_or_none(table: Mapping[str, Any], key: str, place: Place) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise _invalid(f"found {value!r:.200}, expected text", (*place, key))
    return value


def _flag(table: Mapping[str, Any], key: str, default: bool, place: Place) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise _invalid(f"found {value!r:.200}, expected true or false", (*place, key))
    return value


def _requires(table: Mapping[str, Any], place: Place) -> tuple[str, ...]:
    """Requirements, of which only is looked at whether they may be read; they may be anything."""
    requires = table.get("requires", [])
    if not isinstance(requires, list) or not all(isinstance(item, str) for item in requires):
        raise _invalid(f"found {requires!r:.200}, expected a list of requirements", place)
    for item in requires:
        too_large = excess(item)
        if too_large:
            raise _invalid(f"found {item!r:.200}, expected a requirement; {too_large}", place)
    return tuple(requires)


def _enable_if(table: Mapping[str, Any], place: Place) -> str | None:
    text = _text_or_none(table, "enable-if", place)
    if text is not None:
        # packaging takes long to load, and few need it
        from packaging.markers import InvalidMarker

        from variantsel.formats.markers import parse_marker

        try:
            parse_marker(text)
        except InvalidMarker as error:
            reason = str(error).partition("\n")[0]
            raise _invalid(
                f"found {text!r:.200}, expected an environment marker ({reason:.200})",
                (*place, "enable-if"),
            ) from None
    return text


def _invalid(problem: str, place: Place) -> InvalidMetadata:
    return InvalidMetadata(problem, place=".".join(f"{key:.200}" for key in place))
