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
    from variantsel.formats.metadata import VariantMetadata
    from variantsel.formats.properties import VariantProperty
    from variantsel.formats.provider_info import ProviderInfo
    from variantsel.formats.wheel_name import WheelName
    from variantsel.ranking.preferences import Narrowing, Preferences
    from variantsel.ranking.rank import rank, rank_for_targets, rank_many
    from variantsel.ranking.ranking import Ranking
    from variantsel.ranking.rejection import Rejection
    from variantsel.targets.rejection_kind import RejectionKind
    from variantsel.targets.target import Target

__version__ = "0.1.0"

_HOMES = {
    "InconsistentMetadata": "errors",
    "InvalidConfiguration": "errors",
    "InvalidMetadata": "errors",
    "InvalidTarget": "errors",
    "InvalidWheelName": "errors",
    "Narrowing": "ranking.preferences",
    "Preferences": "ranking.preferences",
    "ProviderInfo": "formats.provider_info",
    "Ranking": "ranking.ranking",
    "Rejection": "ranking.rejection",
    "RejectionKind": "targets.rejection_kind",
    "Target": "targets.target",
    "UnmetPreference": "errors",
    "UnsupportedSchema": "errors",
    "VariantMetadata": "formats.metadata",
    "VariantProperty": "formats.properties",
    "VariantselError": "errors",
    "WheelName": "formats.wheel_name",
    "rank": "ranking.rank",
    "rank_for_targets": "ranking.rank",
    "rank_many": "ranking.rank",
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
