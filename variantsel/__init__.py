"""variantsel: choose the wheel variant that fits a machine (PEP 825).

The public API; everything else is private. Importing it loads nothing, not even :mod:`typing`: each
name is imported on first use, since the pip plugin's start-up hook passes through here.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what type checkers take for typing's, which takes long to load
if TYPE_CHECKING:
    from typing import Any

    from variantsel.errors import (
        InconsistentMetadata,
        InvalidConfiguration,
        InvalidMetadata,
        InvalidTarget,
        InvalidWheelName,
        UnmetPreference,
        UnsupportedSchema,
        VariantselError,
    )
    from variantsel.metadata import ProviderInfo, VariantMetadata
    from variantsel.preferences import Narrowing, Preferences
    from variantsel.properties import VariantProperty
    from variantsel.ranking import Ranking, rank, rank_for_targets, rank_many
    from variantsel.rejection import Rejection, RejectionKind
    from variantsel.target import Target
    from variantsel.wheel_name import WheelName

__version__ = "0.1.0"

_HOMES = {
    "InconsistentMetadata": "errors",
    "InvalidConfiguration": "errors",
    "InvalidMetadata": "errors",
    "InvalidTarget": "errors",
    "InvalidWheelName": "errors",
    "Narrowing": "preferences",
    "Preferences": "preferences",
    "ProviderInfo": "metadata",
    "Ranking": "ranking",
    "Rejection": "rejection",
    "RejectionKind": "rejection",
    "Target": "target",
    "UnmetPreference": "errors",
    "UnsupportedSchema": "errors",
    "VariantMetadata": "metadata",
    "VariantProperty": "properties",
    "VariantselError": "errors",
    "WheelName": "wheel_name",
    "rank": "ranking",
    "rank_for_targets": "ranking",
    "rank_many": "ranking",
}

__all__ = [
    "InconsistentMetadata",
    "InvalidConfiguration",
    "InvalidMetadata",
    "InvalidTarget",
    "InvalidWheelName",
    "Narrowing",
    "Preferences",
    "ProviderInfo",
    "Ranking",
    "Rejection",
    "RejectionKind",
    "Target",
    "UnmetPreference",
    "UnsupportedSchema",
    "VariantMetadata",
    "VariantProperty",
    "VariantselError",
    "WheelName",
    "__version__",
    "rank",
    "rank_for_targets",
    "rank_many",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
