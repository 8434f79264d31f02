"""The variants of one release, ordered for one target: what :func:`variantsel.rank` returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from variantsel.formats.metadata import VariantMetadata
from variantsel.formats.properties import VariantProperty
from variantsel.ranking.matching import order_variants
from variantsel.ranking.rejection import Rejection
from variantsel.targets.namespace_support import NamespaceSupport
from variantsel.targets.rejection_kind import RejectionKind

if TYPE_CHECKING:
    from typing import TypeAlias

    from variantsel.ranking._native import Document
    from variantsel.ranking.preferences import Narrowing
    from variantsel.ranking.supported_ranks import Supported, SupportedRanks

    Release: TypeAlias = "ParsedRelease | Document"

__all__ = ["ParsedRelease", "Ranking", "Support"]


class Ranking:
    """The variants of one release, ordered for one target.

    :ivar labels: the labels of the compatible variants as published, best first; without those
        that preferences leave out, in the order the preferences give them.
    :ivar compatible: the labels of all compatible variants, in PEP 825's order.
    :ivar narrowed: ``{label: why}`` of the compatible variants that preferences leave out.
    """

    narrowed: Mapping[str, Narrowing] = MappingProxyType({})

    def __init__(self, release: Release, support: Support) -> None:
        self.labels = self.compatible = release.order(support.matched)
        self._release = release
        self._support = support

    @cached_property
    def rejected(self) -> dict[str, Rejection]:
        """``{label: reason}`` of the variants that are not compatible, sorted by label."""
        return {
            label: self._rejection(label, namespace, feature)
            for label, namespace, feature in self._release.rejected(self._support.matched)
        }

    def supported_properties(self, label: str) -> list[VariantProperty]:
        """The properties of a variant that the target supports, in order of their rank.

        This is what the marker variable ``variant_properties`` holds (PEP 825, Evaluating
        variant markers).

        :raises KeyError: when the release has no such label.
        """
        rank_of = self._support.ranks.feature_rank
        ranked = [
            (rank, VariantProperty(namespace, feature, value))
            for namespace, features in self._release.properties(label).items()
            for feature, values in features.items()
            for value in values
            if (rank := rank_of(namespace, feature, (value,))) is not None
        ]
        return [item for _, item in sorted(ranked)]

    def _rejection(self, label: str, namespace: str, feature: str) -> Rejection:
        support = self._support.namespaces[namespace]
        supported = tuple(support.features.get(feature, ()))
        if supported:
            kind = RejectionKind.VALUE
        elif support.features:
            kind = RejectionKind.FEATURE
        else:
            kind = support.absence
        wanted = self._release.properties(label)[namespace][feature]
        detail = support.detail if not support.features else ""
        return Rejection(kind, namespace, feature, wanted, supported, detail)

    def __repr__(self) -> str:
        return f"<Ranking {self.labels} rejected={sorted(self.rejected)}>"


class ParsedRelease:
    """A release that was read into Python objects, with the methods of a ``_native.Document``.

    :ivar namespaces: the namespaces of which variants list features.
    """

    def __init__(self, metadata: VariantMetadata) -> None:
        self.metadata = metadata
        self.namespaces = tuple(
            {namespace: None for variant in metadata.variants.values() for namespace in variant}
        )

    def order(self, supported: Supported, /) -> list[str]:
        """The labels of the compatible variants, best first."""
        return order_variants(self.metadata.variants, supported)[0]

    def rejected(self, supported: Supported, /) -> list[tuple[str, str, str]]:
        """``(label, namespace, feature)`` of the others, as ``order_variants`` returns them."""
        return order_variants(self.metadata.variants, supported)[1]

    def properties(self, label: str, /) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """What one variant was built for; :class:`KeyError` when there is no such label."""
        return self.metadata.variants[label]


class Support:
    """What a target supports of the namespaces that a release uses.

    :ivar matched: the features of the namespaces that the release gives a rank, in the form that
        the release's methods take.
    """

    def __init__(self, matched: Any, read: Callable[[], dict[str, NamespaceSupport]]) -> None:
        self.matched = matched
        self._read = read

    @cached_property
    def namespaces(self) -> dict[str, NamespaceSupport]:
        """``{namespace: support}``, by rank, those that have none last."""
        return self._read()

    @cached_property
    def ranks(self) -> SupportedRanks:
        """Where everything in :attr:`namespaces` stands."""
        from variantsel.ranking.supported_ranks import SupportedRanks

        return SupportedRanks(
            {namespace: support.features for namespace, support in self.namespaces.items()}
        )
