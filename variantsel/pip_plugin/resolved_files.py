"""The two files of an installed wheel that are other than in it: METADATA, its variant markers
resolved, and RECORD, which has the hash of that.

Imported when a wheel turns out to have variant markers, before it is installed: pip 26.3 lets
nothing be imported as it installs.
"""

from __future__ import annotations

from variantsel.formats.core_metadata import resolve_metadata
from variantsel.formats.variant_markers import InvalidVariantMarker, VariantContext
from variantsel.pip_plugin.record import row_of, with_row

__all__ = ["record_of_resolved", "resolved_text"]


def resolved_text(metadata: str, context: VariantContext) -> str:
    """The text of a METADATA, variant markers resolved; as it is where one cannot be understood."""
    try:
        return resolve_metadata(metadata, context)
    except InvalidVariantMarker:
        return metadata


def record_of_resolved(record: str, dist_info: str, metadata: bytes) -> str:
    """A wheel's RECORD with the hash of another METADATA.

    :param dist_info: the name of its ``.dist-info`` folder.
    """
    name = f"{dist_info}/METADATA"
    return with_row(record, name, row_of(name, metadata))
