"""Where namespaces, features and values stand in what a machine supports (PEP 825, Variant
ordering)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Rank", "Supported", "SupportedRanks"]

Supported = Mapping[str, Mapping[str, Sequence[str]]]
"""``{namespace: {feature: [value, ...]}}``: namespaces, features and values each best first."""

Rank = tuple[int, int, int]
"""Positions of the namespace, the feature, and its best supported value; lower is better."""


class SupportedRanks:
    """The positions of what a machine supports, each looked up at once: there may be many."""

    def __init__(self, supported: Supported) -> None:
        self._namespaces = _positions(supported)
        self._features = {
            namespace: _positions(features) for namespace, features in supported.items()
        }
        self._values = {
            (namespace, feature): _positions(values)
            for namespace, features in supported.items()
            for feature, values in features.items()
        }

    def feature_rank(self, namespace: str, feature: str, values: Iterable[str]) -> Rank | None:
        """The rank of the best of ``values`` that is supported, or ``None`` when none is."""
        positions = self._values.get((namespace, feature), {})
        supported = [positions[value] for value in values if value in positions]
        if not supported:
            return None
        return (
            self.namespace_rank(namespace),
            self._features[namespace][feature],
            min(supported),
        )

    def namespace_rank(self, namespace: str) -> int:
        """The position of a namespace, one past the last for those that are not listed."""
        return self._namespaces.get(namespace, len(self._namespaces))


def _positions(words: Iterable[str]) -> dict[str, int]:
    """Where each word stands, where it does so for the first time."""
    return {word: position for position, word in reversed(list(enumerate(words)))}
