"""What tells two targets apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from variantsel.targets.target import Target

__all__ = ["TargetDifference", "compare_targets"]


@dataclass(frozen=True)
class TargetDifference:
    """What tells two targets apart: in each place, what the first says and what the second says.

    :ivar environment: ``{marker variable: (text, text)}``.
    :ivar platforms: all platform tags of each; ``None`` where they are the same.
    :ivar properties: ``{(namespace, feature): (values, values)}``, all values of each, best first;
        nothing where one does not have the feature.
    :ivar orders: ``{namespace: (features, features)}`` where both have a feature in another order.
    """

    environment: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    platforms: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    properties: Mapping[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = field(
        default_factory=dict
    )
    orders: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.environment or self.platforms or self.properties or self.orders)


def compare_targets(first: Target, second: Target) -> TargetDifference:
    """Compare marker environments, platform tags and properties; for this machine this asks every
    provider variantsel ships.

    :raises InvalidTarget: when one of them cannot be used.
    """
    environments = first.environment, second.environment
    properties = first.all_properties(), second.all_properties()
    platforms = first.platforms, second.platforms
    namespaces = dict.fromkeys([*properties[0], *properties[1]])
    features = {name: [side.get(name, {}) for side in properties] for name in namespaces}
    return TargetDifference(
        environment={
            name: (environments[0][name], environments[1][name])
            for name in sorted(environments[0])
            if environments[0][name] != environments[1][name]
        },
        platforms=platforms if platforms[0] != platforms[1] else None,
        properties={
            (namespace, feature): (left.get(feature, ()), right.get(feature, ()))
            for namespace, (left, right) in features.items()
            for feature in dict.fromkeys([*left, *right])
            if left.get(feature) != right.get(feature)
        },
        orders={
            namespace: (tuple(left), tuple(right))
            for namespace, (left, right) in features.items()
            if [name for name in left if name in right] != [name for name in right if name in left]
        },
    )
