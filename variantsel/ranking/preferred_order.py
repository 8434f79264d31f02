"""Applying preferences to a ranking, and saying which of them was decisive."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from variantsel.errors import UnmetPreference
from variantsel.ranking.enumeration import first_few, first_few_sentences
from variantsel.ranking.preferences import NON_VARIANT, Preferences, matching_entry
from variantsel.ranking.ranking import Ranking

__all__ = ["apply_preferences", "decisive_preference", "missing_label", "unmet_preference"]


def apply_preferences(ranking: Ranking, preferences: Preferences) -> Ranking:
    """A ranking reordered and narrowed; :attr:`Ranking.narrowed` says what was left out."""
    properties = {label: ranking.supported_properties(label) for label in ranking.labels}
    narrowed = {
        label: narrowing
        for label in ranking.labels
        if (
            narrowing := preferences.narrowing_of(label)
            or preferences.exclusion_of(properties[label])
        )
    }
    result = copy(ranking)
    result.compatible = ranking.labels
    result.narrowed = narrowed
    # sorted() is stable: among equals PEP 825's order stays.
    result.labels = sorted(
        (label for label in ranking.labels if label not in narrowed),
        key=lambda label: preferences.sort_key(label, properties[label]),
    )
    return result


def decisive_preference(ranking: Ranking, preferences: Preferences, label: str, other: str) -> str:
    """The preference that put a label before another that PEP 825 orders first.

    :param label: empty for a file without one.
    :returns: what was set, and where; empty when no preference did it.
    """
    if other in ranking.narrowed:
        return ranking.narrowed[other].setting
    if label not in ranking.labels or other not in ranking.labels:
        return ""
    mine, theirs = (
        preferences.sort_key(name, ranking.supported_properties(name)) for name in (label, other)
    )
    if mine >= theirs:
        return ""
    if mine[0] != theirs[0]:
        return preferences.describe("take", *preferences.take)
    decisive = next(
        entry
        for entry, preferred, rest in zip(preferences.prefer, mine[1:], theirs[1:], strict=True)
        if preferred != rest
    )
    return preferences.describe("prefer", decisive)


def unmet_preference(ranking: Ranking, preferences: Preferences) -> UnmetPreference | None:
    """The error when none of the labels to take can be had; ``None`` when one can, or none is set.

    :param ranking: the result of :func:`apply_preferences`.
    """
    take = preferences.take
    if not take or preferences.off or ranking.labels or NON_VARIANT in take:
        return None
    setting = preferences.describe("take", *take)
    reasons = [
        f"{label} {reason}"
        for label, reason in (*ranking.rejected.items(), *ranking.narrowed.items())
        if matching_entry(take, label)
    ]
    if reasons:
        return UnmetPreference(f"{setting}: {first_few_sentences(reasons)}")
    labels = [*ranking.compatible, *ranking.rejected]
    return UnmetPreference(f"{setting}: {missing_label(take, labels)}")


def missing_label(take: Sequence[str], labels: Sequence[str]) -> str:
    """A sentence about labels to take of which there is none among those there are."""
    there_are = first_few(labels, most=12) or "none"
    return f"there is no variant {' or '.join(take)}; there are {there_are}."
