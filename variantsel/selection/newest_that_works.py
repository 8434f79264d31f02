"""Which release of a bridged project to try first: the newest with a build for the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from variantsel.selection.selection import Selection

__all__ = ["newest_that_works", "uses_accelerator"]

ReleaseT = TypeVar("ReleaseT")
FileT = TypeVar("FileT")


def newest_that_works(
    releases: Sequence[ReleaseT], uses: Callable[[ReleaseT], bool]
) -> tuple[list[ReleaseT], ReleaseT | None]:
    """Put those last, that is first to be tried, whose best build uses the machine's accelerator;
    leave them as they are where none does.

    PEP 825 chooses the version first and the variant then. Of bridged projects the newest version
    often has no build at all for a machine's accelerator, and never will.

    :param releases: oldest first.
    :param uses: :func:`uses_accelerator` of a release's selection.
    :returns: the releases in the order to try them, the last first; and the newest, where it is
        not the one to try first.
    """
    using = [release for release in releases if uses(release)]
    if not using or using[-1] is releases[-1]:
        return list(releases), None
    others = [release for release in releases if release not in using]
    return [*others, *using], others[-1]


def uses_accelerator(selection: Selection[FileT]) -> bool:
    """Whether the first file of a selection is a build that fits and needs something."""
    if not selection.files:
        return False
    best = selection.files[0]
    source = selection.ranking_of(best)
    if source is None or best.label in source.ranking.rejected:
        return False
    return bool(source.metadata.variants[best.label])
