"""Whether one range of versions holds all of another, or any of it."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

__all__ = ["holds_all_of", "holds_any_of"]

_FIRST, _LAST = Version("0"), Version("99999")


def holds_all_of(mine: SpecifierSet | None, theirs: SpecifierSet | None) -> bool:
    """Whether a range holds every version that another one holds.

    A range changes at the versions that it names and nowhere else, so those, with what lies next
    to them, tell.

    :param mine: ``None`` for every version.
    """
    if mine is None or mine == theirs:
        return True
    if theirs is None:
        return False
    held = _held(mine, theirs)
    return bool(held) and all(mine.contains(point, prereleases=True) for point in held)


def holds_any_of(mine: SpecifierSet | None, theirs: SpecifierSet | None) -> bool:
    """Whether there may be a version that both ranges hold.

    :param mine: ``None`` for every version.
    """
    if mine is None or theirs is None:
        return True
    return any(mine.contains(point, prereleases=True) for point in _held(mine, theirs))


def _held(mine: SpecifierSet, theirs: SpecifierSet) -> list[Version]:
    """Those of the versions at which either range changes that the second holds."""
    points = [_FIRST, _LAST, *_points(mine), *_points(theirs)]
    return [point for point in points if theirs.contains(point, prereleases=True)]


def _points(specifiers: SpecifierSet) -> Iterator[Version]:
    """The versions that a range names, the next below each, and the next above."""
    for specifier in specifiers:
        try:
            named = Version(specifier.version.removesuffix(".*"))
        except InvalidVersion:  # of "===", which takes any text
            continue
        yield named
        release = named.release
        yield Version(".".join(map(str, (*release, 0, 1))))
        yield Version(".".join(map(str, (*release[:-1], release[-1] + 1))))
        if release[-1]:
            yield Version(".".join(map(str, (*release[:-1], release[-1] - 1, 99999))))
