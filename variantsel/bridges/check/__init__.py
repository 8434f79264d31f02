"""Comparing what a bridge says with what the indexes list today."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantsel.bridges.check.difference import Difference
from variantsel.bridges.check.members import checks_of_members
from variantsel.bridges.check.projects import checks_of_projects
from variantsel.bridges.check.published import Unreadable

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.check.published import Indexes

__all__ = ["CheckedBridge", "check_bridge"]


class CheckedBridge(NamedTuple):
    """What came of a comparison.

    :ivar differences: by line.
    :ivar unreadable: what could not be compared, and why, a sentence each.
    """

    differences: list[Difference]
    unreadable: list[str]


def check_bridge(bridge: Bridge, indexes: Indexes) -> CheckedBridge:
    """Compare every name, version range, platform, page, toolkit and extra with the indexes."""
    differences: dict[Difference, None] = {}
    unreadable: dict[str, None] = {}
    for checks in (checks_of_projects, checks_of_members):
        for check in checks(bridge, indexes):
            try:
                differences.update(dict.fromkeys(check))
            except Unreadable as error:
                unreadable[str(error)] = None
    return CheckedBridge(sorted(differences, key=_place), [*unreadable])


def _place(difference: Difference) -> tuple[int, bool, str, str]:
    said = difference.said
    return difference.source.line, not said, said, difference.found
