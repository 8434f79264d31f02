"""variantlib as a peer: the pure Python library that accompanies the drafts."""

from __future__ import annotations

import json
from collections.abc import Callable

__all__ = ["variantlib_ranking"]


def variantlib_ranking(document: bytes) -> Callable[[], list[str]] | None:
    """A function that ranks a release from its bytes, or ``None`` without variantlib.

    :param document: a variants.json whose providers are all static.
    """
    try:
        from variantlib.api import get_variants_by_priority
    except ImportError:
        return None

    def labels() -> list[str]:
        ranked = get_variants_by_priority(variants_json=json.loads(document))
        return [variant.label for variant in ranked]

    return labels
