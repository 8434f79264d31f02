"""What variant metadata says of the provider of one namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["ProviderInfo"]


class ProviderInfo(NamedTuple):
    """What the metadata says of the provider of one namespace (providers draft).

    :ivar requires: the provider package's requirements; the first one names it.
    :ivar plugin_api: the object reference of the plugin, where the metadata spells it out.
    :ivar builtin: the name of a provider that tools are expected to bring themselves.
    :ivar static_properties: ``{feature: (value, ...)}``, features and values best first, where
        the metadata itself says what is compatible; ``None`` where a provider has to be asked.
    :ivar enable_if: environment marker outside of which the namespace is incompatible (0.0.x).
    :ivar optional: whether the provider is disabled unless the user enables it.
    """

    requires: tuple[str, ...] = ()
    plugin_api: str | None = None
    builtin: str | None = None
    static_properties: Mapping[str, tuple[str, ...]] | None = None
    enable_if: str | None = None
    optional: bool = False
