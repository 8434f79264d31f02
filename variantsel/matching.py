"""The matcher in use: the C extension where it was built, the reference where it was not."""

from __future__ import annotations

__all__ = ["is_native", "order_variants"]

try:
    from variantsel._native import order_variants

    is_native = True
except ImportError:
    from variantsel.reference import order_variants

    is_native = False
