"""One difference between a row of a bridge and what an index lists."""

from __future__ import annotations

from typing import NamedTuple

from variantsel.bridges.rows import Source

__all__ = ["Difference"]


class Difference(NamedTuple):
    """What a row says and an index does not, or the other way round.

    :ivar source: the row's.
    :ivar row: its kind, ``name``.
    :ivar said: what the row says; empty where it is what the row does not say.
    :ivar found: what the index says.
    """

    source: Source
    row: str
    said: str
    found: str
