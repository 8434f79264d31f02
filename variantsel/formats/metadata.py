"""Variant metadata: ``variant.json`` of a wheel and ``{name}-{version}-variants.json`` of an index.

Every published generation is read into one model (PEP 825, Variant metadata and Index-level
metadata; PEP 817 for 0.0.x; the providers draft for 0.2.0) and written back as the newest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from variantsel.errors import InconsistentMetadata, InvalidMetadata
from variantsel.formats.properties import Variants
from variantsel.formats.provider_info import ProviderInfo
from variantsel.formats.schema import NEWEST_SCHEMA, WITHOUT_PROVIDERS_SCHEMA, Generation

__all__ = ["VariantMetadata"]


class VariantMetadata(NamedTuple):
    """What one release, or one wheel of it, says about its variants.

    :ivar generation: the version of the format it was read from.
    :ivar namespaces: ``default-priorities.namespace``, best first.
    :ivar variants: ``{label: {namespace: {feature: (value, ...)}}}``, values sorted; the null
        variant's properties are empty.
    :ivar providers: what is said of each namespace's provider; ``None`` in 0.1.x, where the tool
        brings its own.
    :ivar feature_priorities: ``{namespace: (feature, ...)}`` of 0.0.x and 0.1.0.
    :ivar value_priorities: ``{namespace: {feature: (value, ...)}}`` of 0.0.x and 0.1.0.
    """

    generation: Generation
    namespaces: tuple[str, ...]
    variants: Variants
    providers: Mapping[str, ProviderInfo] | None = None
    feature_priorities: Mapping[str, tuple[str, ...]] = {}
    value_priorities: Mapping[str, Mapping[str, tuple[str, ...]]] = {}

    @classmethod
    def parse(
        cls, document: bytes | str | Mapping[str, Any], *, source: str = ""
    ) -> VariantMetadata:
        """Read metadata of any known generation.

        :param document: JSON as bytes (UTF-8) or text, or the already parsed object.
        :param source: the file's name or URL, for error messages.
        :raises InvalidMetadata: when it is not valid variant metadata;
            :class:`UnsupportedSchema` when its version is not known here.
        """
        from variantsel.formats.metadata_reader import read_metadata

        try:
            return cls(**read_metadata(document))
        except InvalidMetadata as error:
            error.source = error.source or source
            raise

    @classmethod
    def merge(cls, parts: Iterable[VariantMetadata]) -> VariantMetadata:
        """Combine the metadata of the wheels of one release (PEP 825, Metadata consistency).

        The result does not depend on the order of the parts.

        :raises InconsistentMetadata: when two parts contradict each other, naming where.
        :raises ValueError: when there is no part.
        """
        merger: _Merger | None = None
        for part in parts:
            if merger is None:
                merger = _Merger(part)
            else:
                merger.add(part)
        if merger is None:
            raise ValueError("no metadata to merge")
        return merger.merged()

    def check_wheel(self, wheel: VariantMetadata, label: str) -> None:
        """Compare a wheel's own ``variant.json`` with this, its release's metadata.

        :param label: the label in the wheel's file name.
        :raises InconsistentMetadata: when the wheel says something else of its label than the
            release does (PEP 825, Metadata consistency), or holds another label.
        """
        if list(wheel.variants) != [label]:
            raise InconsistentMetadata(
                f"found the labels {sorted(wheel.variants)!s:.300}, expected exactly {label!r}, "
                "the label in the wheel's file name",
                place="variants",
            )
        if label not in self.variants:
            raise InconsistentMetadata(
                f"the release lists {sorted(self.variants)!s:.300}, not the wheel's label "
                f"{label!r}",
                place="variants",
            )
        _unite({label: self.variants[label]}, wheel.variants, "variants")

    def to_dict(self) -> dict[str, Any]:
        """The same as an object of the newest generation: 0.2.0, or 0.1.1 where tools are to bring
        the providers.

        What that has no words for is left out: ``enable-if``, and the feature and value priorities
        of namespaces whose provider has to be asked. ``builtin`` is in no draft: providers of which
        nothing else is known are left out, and where there is no other, 0.1.1 says the same.
        """
        providers = {
            namespace: written
            for namespace in self.namespaces
            if (written := self._provider_to_dict(namespace))
        }
        names_providers = bool(providers) or self.providers == {}
        return {
            "$schema": NEWEST_SCHEMA if names_providers else WITHOUT_PROVIDERS_SCHEMA,
            "default-priorities": {"namespace": list(self.namespaces)},
            **({"providers": providers} if names_providers else {}),
            "variants": {
                label: {
                    namespace: {feature: sorted(values) for feature, values in features.items()}
                    for namespace, features in properties.items()
                }
                for label, properties in sorted(self.variants.items())
            },
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as JSON text, keys sorted, ending in a newline."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True) + "\n"

    def _provider_to_dict(self, namespace: str) -> dict[str, Any]:
        provider = (self.providers or {}).get(namespace, ProviderInfo())
        result: dict[str, Any] = {}
        if provider.static_properties is not None:
            static = self.prioritized(namespace, provider.static_properties)
            result["static-properties"] = {
                feature: list(values) for feature, values in static.items()
            }
            if len(static) > 1:
                result["feature-order"] = list(static)
        elif provider.requires:
            result["requires"] = list(provider.requires)
            if provider.plugin_api is not None:
                result["plugin-api"] = provider.plugin_api
        if provider.optional and result:
            result["optional"] = True
        return result

    def prioritized(
        self, namespace: str, supported: Mapping[str, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        """Put a namespace's supported features and values into the release's own order.

        What ``default-priorities.feature`` and ``.property`` list comes first, the rest follows
        in the provider's order; what is listed but not supported stays unsupported.

        :param supported: ``{feature: (value, ...)}``, best first.
        """
        features = _listed_first(self.feature_priorities.get(namespace, ()), supported)
        values = self.value_priorities.get(namespace, {})
        return {
            feature: tuple(_listed_first(values.get(feature, ()), supported[feature]))
            for feature in features
        }


def _listed_first(listed: Iterable[str], supported: Iterable[str]) -> list[str]:
    remaining = dict.fromkeys(supported)
    first = [name for name in listed if name in remaining]
    for name in first:
        remaining.pop(name, None)
    return [*dict.fromkeys(first), *remaining]


class _Merger:
    """Metadata to which that of more files is added; what was there is not copied each time."""

    def __init__(self, first: VariantMetadata) -> None:
        self._generation = first.generation
        self._namespaces = first.namespaces
        self._variants = dict(first.variants)
        self._providers = None if first.providers is None else dict(first.providers)
        self._feature_priorities = dict(first.feature_priorities)
        self._value_priorities = dict(first.value_priorities)

    def add(self, other: VariantMetadata) -> None:
        """Add a part that agrees with the others.

        :raises InconsistentMetadata: when it does not.
        """
        shorter, longer = sorted((self._namespaces, other.namespaces), key=len)
        if longer[: len(shorter)] != shorter:
            raise InconsistentMetadata(
                f"{list(self._namespaces)!s:.300} and {list(other.namespaces)!s:.300}: expected "
                "equal lists, or one that starts with the other",
                place="default-priorities.namespace",
            )
        if (self._providers is None) != (other.providers is None):
            raise InconsistentMetadata(
                "one file names providers and another is of a generation that names none",
                place="providers",
            )
        self._generation = max(self._generation, other.generation)
        self._namespaces = longer
        _unite(self._variants, other.variants, "variants")
        if self._providers is not None and other.providers is not None:
            _unite(self._providers, other.providers, "providers")
        _unite(self._feature_priorities, other.feature_priorities, "default-priorities.feature")
        _unite(self._value_priorities, other.value_priorities, "default-priorities.property")

    def merged(self) -> VariantMetadata:
        """All parts as one."""
        return VariantMetadata(
            generation=self._generation,
            namespaces=self._namespaces,
            variants=dict(sorted(self._variants.items())),
            providers=self._providers,
            feature_priorities=self._feature_priorities,
            value_priorities=self._value_priorities,
        )


def _unite(mine: dict[str, Any], theirs: Mapping[str, Any], place: str) -> None:
    """Add to a table what another has, which must not say something else of the same."""
    for key, value in theirs.items():
        if not _same(mine.setdefault(key, value), value):
            raise InconsistentMetadata(
                f"found {_shown(mine[key])} and {_shown(value)}; expected the same wherever "
                f"{key!r:.200} is listed",
                place=f"{place}.{key:.200}",
            )


def _same(mine: Any, theirs: Any) -> bool:
    """Equality, in which the order of static features counts: it ranks variants."""
    if isinstance(mine, ProviderInfo) and isinstance(theirs, ProviderInfo):
        orders = [list(provider.static_properties or ()) for provider in (mine, theirs)]
        return mine == theirs and orders[0] == orders[1]
    return bool(mine == theirs)


def _shown(value: Any) -> str:
    """Text of a value for messages, the same whichever of two files came first."""
    text = str(value) if isinstance(value, ProviderInfo) else json.dumps(value, sort_keys=True)
    return text if len(text) <= 300 else f"{text[:300]}…"
