"""What is supported in one namespace: what providers, targets and ranking pass to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from variantsel.targets.rejection_kind import RejectionKind

__all__ = ["NamespaceSupport"]


class NamespaceSupport(NamedTuple):
    """What is supported in one namespace, or why nothing is.

    :ivar features: ``{feature: (value, ...)}``, features and values best first.
    :ivar absence: the rule that left ``features`` empty.
    :ivar detail: the marker, provider package or report that goes with ``absence``.
    """

    features: Mapping[str, tuple[str, ...]]
    absence: RejectionKind = RejectionKind.NAMESPACE
    detail: str = ""
