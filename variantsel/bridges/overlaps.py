"""Finding rows of one bridge that contradict each other, or name what is not there."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING

from variantsel.bridges.rows import Scope
from variantsel.errors import InvalidBridge

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.rows import Source

__all__ = ["check_labels", "check_overlaps"]


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
        "names",
        [((row.project, row.label), row.scope, row.source) for row in bridge.names],
    )
    _check_same_scope(
        bridge,
        "extra",
        [((row.project, row.label), row.scope, row.source) for row in bridge.extras],
    )
    seen: dict[str, Source] = {}
    for exclusive in bridge.exclusives:
        for name in exclusive.names:
            if name in seen:
                raise _error(
                    bridge, exclusive.source, f"exclusive: {name} is in line {seen[name].line}, too"
                )
            seen[name] = exclusive.source


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
            raise _error(bridge, source, f"there is no [[label]] {label!r}; there are {there_are}")
    if bridge.members and bridge.index is None:
        first = next(iter(bridge.members.values()))
        raise _error(
            bridge, first.source, "a [[member]] has pages on an index: there is no [index]"
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
                bridge,
                source,
                f"{name} must not be mapped: {unmapped[name].why} "
                f"(line {unmapped[name].source.line})",
            )


def _check_same_scope(
    bridge: Bridge, header: str, rows: Iterable[tuple[tuple[str, ...], Scope, Source]]
) -> None:
    """Find two rows about the same thing of which the first leaves the second nothing to say, or
    which differ in nothing."""
    for (key, scope, source), (other_key, other, other_source) in combinations(rows, 2):
        if key == other_key and _contains(scope, other):
            raise _error(
                bridge,
                other_source,
                f"{header}: line {source.line} says it of all that this row is about",
            )


def _contains(scope: Scope, other: Scope) -> bool:
    """Whether a row that comes first covers all of one that comes later."""
    return (
        _all_of(scope.projects, other.projects)
        and _all_of(scope.platforms, other.platforms)
        and (scope.versions is None or scope.versions == other.versions)
    )


def _all_of(mine: frozenset[str] | None, theirs: frozenset[str] | None) -> bool:
    return mine is None or (theirs is not None and theirs <= mine)


def _error(bridge: Bridge, source: Source, problem: str) -> InvalidBridge:
    return InvalidBridge(f"{bridge.path}:{source.line}: {problem}")
