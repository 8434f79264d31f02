"""pip's distributions, installed or prepared, as builds and variants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from variantsel.selection.build import Build
    from variantsel.selection.installed_variants import InstalledVariant

__all__ = ["build_of", "installed_variant", "is_worth_a_look"]


def installed_variant(distribution: Any) -> InstalledVariant | None:
    """What is known of one of pip's distributions as a variant; ``None`` where it is none."""
    try:
        text = distribution.read_text("variant.json")
    except Exception:  # whichever of pip's backends it is: there is none, or it cannot be read
        return None
    from variantsel.errors import InvalidMetadata
    from variantsel.selection.installed_variants import InstalledVariant

    try:
        return InstalledVariant.read(distribution.raw_name, str(distribution.version), text)
    except InvalidMetadata:
        return None


def build_of(distribution: Any, environment: Mapping[str, str] | None = None) -> Build:
    """What one of pip's distributions uses of a machine.

    :param environment: the machine's marker variables; this interpreter's where left out.
    """
    from variantsel.selection.build import Build

    variant = installed_variant(distribution)
    return Build.read(
        distribution.canonical_name,
        str(distribution.version),
        distribution.metadata.get_all("Requires-Dist", []),
        metadata=variant.metadata if variant is not None else None,
        environment=environment,
    )


def is_worth_a_look(distribution: Any) -> bool:
    """Whether something may be to be said of an installed distribution.

    A cheap look, since every pip run passes here: of most packages nothing is known.
    """
    if "cpu" in str(distribution.version) or installed_variant(distribution) is not None:
        return True
    from variantsel.selection.accelerated_projects import PUBLISHED_FOR

    return distribution.canonical_name in PUBLISHED_FOR
