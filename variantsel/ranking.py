"""Ranking the variants of a release for a target: what every front end calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from variantsel.matching import order_variants
from variantsel.metadata import VariantMetadata
from variantsel.properties import VariantProperty
from variantsel.rejection import Rejection, RejectionKind
from variantsel.support import NamespaceSupport, namespace_support
from variantsel.target import Target

__all__ = ["Ranking", "rank"]


def rank(
    metadata: bytes | str | Mapping[str, Any] | VariantMetadata,
    target: Target,
    *,
    enabled: Collection[str] = (),
) -> Ranking:
    """Order the variants of a release by how well they fit a target.

    Implements PEP 825 (Variant properties, Variant ordering) and the providers draft.

    :param metadata: a release's variant metadata: JSON as bytes or text, the parsed object, or
        :class:`~variantsel.VariantMetadata`.
    :param target: the machine to install for.
    :param enabled: namespaces whose optional providers are enabled.
    :raises InvalidMetadata: when the metadata cannot be used.
    """
    if not isinstance(metadata, VariantMetadata):
        metadata = VariantMetadata.parse(metadata)
    used = {namespace for properties in metadata.variants.values() for namespace in properties}
    listed = [namespace for namespace in metadata.namespaces if namespace in used]
    unlisted = sorted(used.difference(listed))
    support = {
        namespace: namespace_support(metadata, namespace, target, enabled)
        for namespace in (*listed, *unlisted)
    }
    labels, rejected = order_variants(
        metadata.variants, {namespace: support[namespace].features for namespace in listed}
    )
    return Ranking(metadata, support, labels, rejected)


class Ranking:
    """The variants of one release, ordered for one target.

    :ivar labels: the labels of the compatible variants as published, best first.
    """

    def __init__(
        self,
        metadata: VariantMetadata,
        support: Mapping[str, NamespaceSupport],
        labels: list[str],
        rejected: list[tuple[str, str, str]],
    ) -> None:
        self.labels = labels
        self._metadata = metadata
        self._support = support
        self._rejected = rejected

    @cached_property
    def rejected(self) -> dict[str, Rejection]:
        """``{label: reason}`` of the variants that are not compatible, sorted by label."""
        return {
            label: self._rejection(label, namespace, feature)
            for label, namespace, feature in self._rejected
        }

    def supported_properties(self, label: str) -> list[VariantProperty]:
        """The properties of a variant that the target supports, in order of their rank.

        This is what the marker variable ``variant_properties`` holds (PEP 825, Evaluating
        variant markers).

        :raises KeyError: when the release has no such label.
        """
        properties = self._metadata.variants[label]
        return [
            VariantProperty(namespace, feature, value)
            for namespace, support in self._support.items()
            for feature, values in support.features.items()
            for value in values
            if value in properties.get(namespace, {}).get(feature, ())
        ]

    def _rejection(self, label: str, namespace: str, feature: str) -> Rejection:
        support = self._support[namespace]
        supported = tuple(support.features.get(feature, ()))
        if supported:
            kind = RejectionKind.VALUE
        elif support.features:
            kind = RejectionKind.FEATURE
        else:
            kind = support.absence
        wanted = self._metadata.variants[label][namespace][feature]
        detail = support.detail if not support.features else ""
        return Rejection(kind, namespace, feature, wanted, supported, detail)

    def __repr__(self) -> str:
        return f"<Ranking {self.labels} rejected={sorted(self.rejected)}>"
