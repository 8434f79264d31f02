"""Finding rows of one bridge that contradict each other, or name what is not there."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING

from variantsel.bridges.rows import Scope
from variantsel.bridges.version_ranges import holds_all_of
from variantsel.errors import InvalidBridge

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.rows import Member, Source

__all__ = ["check_labels", "check_members", "check_overlaps"]


def check_overlaps(bridge: Bridge) -> None:
    """Check that no two rows claim the same, and that no row maps what must not be mapped.

    :raises InvalidBridge: naming the file and the line.
    """
    _check_unmapped(bridge)
    _check_same_scope(
        bridge, "label", [((row.label,), row.scope, row.source) for row in bridge.labels]
    )
    _check_same_scope(bridge, "default", [((), row.scope, row.source) for row in bridge.defaults])
    _check_same_scope(
        bridge,
        "name",
        [((row.project, row.label), row.scope, row.source) for row in bridge.names],
    )
    _check_same_scope(
        bridge,
        "extra",
        [((row.project, row.label), row.scope, row.source) for row in bridge.extras],
    )
    exclusive = [(name, row.source) for row in bridge.exclusives for name in row.names]
    _check_once(bridge.path, "exclusive", exclusive)
    _check_once(bridge.path, "unmapped", [(row.name, row.source) for row in bridge.unmapped])


def check_members(members: Iterable[Member], path: str) -> None:
    """Check that no project is a member twice.

    :param path: the file.
    :raises InvalidBridge: naming the file and the line.
    """
    rows = [(row.project, row.source) for row in members]
    _check_once(path, "member", rows)


def check_labels(bridge: Bridge) -> None:
    """Check that every label that rows name is there, and the index that members have pages on.

    :raises InvalidBridge: naming the file and the line.
    """
    known = {*bridge.label_names}
    named = [
        *((row.label, row.source) for row in bridge.defaults),
        *((row.label, row.source) for row in bridge.names),
        *((row.label, row.source) for row in bridge.extras),
        *((label, row.source) for row in bridge.members.values() for label in row.labels or ()),
    ]
    for label, source in named:
        if label not in known:
            there_are = ", ".join(bridge.label_names) or "none"
            raise _error(
                bridge.path, source, f"there is no [[label]] {label!r}; there are {there_are}"
            )
    if bridge.members and bridge.index is None:
        first = next(iter(bridge.members.values()))
        raise _error(
            bridge.path, first.source, "a [[member]] has pages on an index: there is no [index]"
        )


def _check_unmapped(bridge: Bridge) -> None:
    unmapped = {row.name: row for row in bridge.unmapped}
    taken = [
        *((row.project, row.source) for row in bridge.members.values()),
        *((row.name, row.source) for row in bridge.names),
        *((row.project, row.source) for row in bridge.extras),
        *((name, row.source) for row in bridge.defaults for name in row.scope.projects or ()),
        *((name, row.source) for row in bridge.exclusives for name in row.names),
    ]
    for name, source in taken:
        if name in unmapped:
            raise _error(
                bridge.path,
                source,
                f"{name} must not be mapped: {unmapped[name].why} "
                f"(line {unmapped[name].source.line})",
            )


def _check_once(path: str, header: str, rows: Iterable[tuple[str, Source]]) -> None:
    seen: dict[str, Source] = {}
    for name, source in rows:
        if name in seen:
            raise _error(path, source, f"{header}: {name} is in line {seen[name].line}, too")
        seen[name] = source


def _check_same_scope(
    bridge: Bridge, header: str, rows: Iterable[tuple[tuple[str, ...], Scope, Source]]
) -> None:
    """Find two rows about the same thing of which the first leaves the second nothing to say, or
    which differ in nothing."""
    for (key, scope, source), (other_key, other, other_source) in combinations(rows, 2):
        if key == other_key and _contains(scope, other):
            raise _error(
                bridge.path,
                other_source,
                f"{header}: line {source.line} says it of all that this row is about",
            )


def _contains(scope: Scope, other: Scope) -> bool:
    """Whether a row that comes first covers all of one that comes later."""
    return (
        _all_of(scope.projects, other.projects)
        and _all_of(scope.platforms, other.platforms)
        and holds_all_of(scope.versions, other.versions)
    )


def _all_of(mine: frozenset[str] | None, theirs: frozenset[str] | None) -> bool:
    return mine is None or (theirs is not None and theirs <= mine)


def _error(path: str, source: Source, problem: str) -> InvalidBridge:
    return InvalidBridge(f"{path}:{source.line}: {problem}")
