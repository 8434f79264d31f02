"""Comparing what a bridge says of the pages of its own index with what these list today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from variantsel.bridges.check.difference import Difference
from variantsel.bridges.check.published import Wheel, wheels_of
from variantsel.bridges.platforms import PLATFORMS

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.check.published import Indexes
    from variantsel.bridges.rows import Member

__all__ = ["checks_of_members"]

_LATEST = 5
"""How many of the latest versions are looked at for builds that no row is about."""


def checks_of_members(bridge: Bridge, indexes: Indexes) -> Iterator[Iterator[Difference]]:
    """A check for each member, which reads its pages when it is begun."""
    for member in bridge.members.values():
        yield _check_member(bridge, indexes, member)


def _check_member(bridge: Bridge, indexes: Indexes, member: Member) -> Iterator[Difference]:
    wheels = _builds(bridge, indexes, member)
    for label in _labels(bridge, member):
        if not wheels.get(label):
            said = f"{member.project} on the page of {label}"
            yield Difference(member.source, "member", said, "no wheels, or no such page")
    yield from _check_unknown(bridge, member, wheels)


def _labels(bridge: Bridge, member: Member) -> list[str]:
    return [
        label
        for label in bridge.label_names
        if any(bridge.page_of(label, member.project, platform) for platform in PLATFORMS)
    ]


def _builds(bridge: Bridge, indexes: Indexes, member: Member) -> dict[str, list[Wheel]]:
    """The wheels of a member by what tells which build each is: its page, or its local version.

    Where the local version tells, an index may have a page with all of them: one request.
    """
    project = member.project
    assert bridge.index is not None, "the reader makes sure that members have an index"
    builds: dict[str, list[Wheel]] = {}
    if not bridge.index.told_by_page:
        everything = bridge.index.page.replace("{label}/", "")
        address = everything.format(base=bridge.index.base.rstrip("/"), label="", project=project)
        filenames = indexes.filenames(address) if "{label}" not in everything else None
        if filenames:
            for wheel in wheels_of(project, filenames):
                builds.setdefault(wheel.version.local or "", []).append(wheel)
            return _by_label(bridge, builds)
    for label in _labels(bridge, member):
        pages = dict.fromkeys(bridge.page_of(label, project, name) for name in PLATFORMS)
        for address in filter(None, pages):
            filenames = indexes.filenames(address)
            if filenames:
                builds.setdefault(label, []).extend(wheels_of(project, filenames))
    return builds


def _by_label(bridge: Bridge, builds: dict[str, list[Wheel]]) -> dict[str, list[Wheel]]:
    found: dict[str, list[Wheel]] = {}
    for local, wheels in builds.items():
        label = bridge.label_in(local) or local
        found.setdefault(label, []).extend(wheels)
    return found


def _check_unknown(
    bridge: Bridge, member: Member, builds: dict[str, list[Wheel]]
) -> Iterator[Difference]:
    """Find builds of the latest versions that no row is about."""
    latest = _latest(builds.values())
    labels = _labels(bridge, member)
    for label, wheels in builds.items():
        recent = [wheel for wheel in wheels if wheel.version.public in latest]
        if not label or not recent:
            continue
        newest = max(recent, key=lambda wheel: wheel.version)
        if label not in labels:
            found = f"{member.project} {newest.version} ({label})"
            yield Difference(member.source, "member", "", found)
            continue
        for platform in sorted(newest.platforms.intersection(PLATFORMS)):
            if bridge.label_row(label, member.project, newest.version, platform) is None:
                found = f"{member.project} {newest.version} on {platform}"
                yield Difference(member.source, "member", "", found)


def _latest(builds: Iterable[Sequence[Wheel]]) -> set[str]:
    versions = {wheel.version.public: wheel.version for wheels in builds for wheel in wheels}
    return {*sorted(versions, key=lambda text: versions[text], reverse=True)[:_LATEST]}
