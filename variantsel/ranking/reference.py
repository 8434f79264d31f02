"""Compatibility and order of variants: PEP 825 as Python that is read to know the rule.

``variantsel.ranking._native`` holds the same function in C; both agree on every input.
"""

from __future__ import annotations

from variantsel.formats.properties import Variants
from variantsel.ranking.supported_ranks import Rank, Supported, SupportedRanks

__all__ = ["order_variants"]


def order_variants(
    variants: Variants, supported: Supported
) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Order the compatible variants of a release (PEP 825, Variant ordering).

    :param variants: ``{label: {namespace: {feature: values}}}``, what each variant was built for.
    :param supported: what the machine supports, in order of preference.
    :returns: the labels of the compatible variants, best first; and for each other label
        ``(label, namespace, feature)``, the first feature none of whose values is supported, by
        the rank of its namespace, then by name. The latter are sorted by label.
    """
    machine = SupportedRanks(supported)
    compatible: list[tuple[VariantKey, str]] = []
    rejected: list[tuple[str, str, str]] = []
    for label, properties in variants.items():
        ranks = [
            (machine.feature_rank(namespace, feature, values), namespace, feature)
            for namespace, features in properties.items()
            for feature, values in features.items()
        ]
        missing = [(namespace, feature) for rank, namespace, feature in ranks if rank is None]
        if missing:
            namespace, feature = min(
                missing, key=lambda item: (machine.namespace_rank(item[0]), *item)
            )
            rejected.append((label, namespace, feature))
        else:
            compatible.append((VariantKey([rank for rank, _, _ in ranks if rank]), label))
    compatible.sort()
    rejected.sort()
    return [label for _, label in compatible], rejected


class VariantKey:
    """Sorts variants by their features' ranks, steps 5 to 7 of PEP 825's algorithm."""

    def __init__(self, ranks: list[Rank]) -> None:
        self.ranks = sorted(ranks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VariantKey) and self.ranks == other.ranks

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: VariantKey) -> bool:
        for mine, theirs in zip(self.ranks, other.ranks, strict=False):
            if mine != theirs:
                return mine < theirs
        return len(self.ranks) > len(other.ranks)
