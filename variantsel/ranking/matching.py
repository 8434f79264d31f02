"""The matcher in use: the C extension where it was built, the reference where it was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from variantsel.ranking._native import Document

__all__ = ["is_native", "order_variants", "read_document"]

try:
    from variantsel.ranking._native import order_variants, read_document

    is_native = True
except ImportError:
    from variantsel.ranking.reference import order_variants

    is_native = False

    def read_document(_: bytes, __: Document | None = None, /) -> Document | None:
        """Leave every document to the reader in Python."""
        return None
