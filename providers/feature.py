"""What a provider answers with."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["VariantFeatureConfig"]


@dataclass(frozen=True)
class VariantFeatureConfig:
    """One feature of a namespace (providers draft, "Variant feature config class").

    ``name`` is the feature's name, without the namespace. ``values`` are its values, never empty;
    from ``get_supported_configs`` they come best first. ``multi_value`` says whether one variant
    may list several values of the feature.
    """

    name: str
    values: list[str]
    multi_value: bool
