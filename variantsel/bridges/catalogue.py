"""The bridges there are: those of ``families/``, and the user's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from variantsel.bridges.bridge import Bridge
from variantsel.bridges.bridge_file import read_bridge
from variantsel.bridges.overlaps import check_labels
from variantsel.errors import InvalidBridge

__all__ = ["ALL", "find_bridges", "known_names", "shipped_bridge", "shipped_names"]

ALL = "all"
"""Switches on every bridge that does not say otherwise."""

_FAMILIES = Path(__file__).parent / "families"


@lru_cache(maxsize=1)
def shipped_names() -> tuple[str, ...]:
    """The names of our own, sorted."""
    return tuple(sorted(path.stem for path in _FAMILIES.glob("*.toml")))


@lru_cache(maxsize=64)
def shipped_bridge(name: str) -> Bridge:
    """One of our own.

    :raises InvalidBridge: when there is none of that name.
    """
    if name not in shipped_names():
        raise InvalidBridge(f"there is no bridge {name!r}{_hint(name, shipped_names())}")
    return read_bridge(_FAMILIES / f"{name}.toml")


def known_names(files: Iterable[str] = ()) -> tuple[str, ...]:
    """The names of all bridges there are, the user's own first.

    :param files: the names of the user's own.
    """
    return tuple(dict.fromkeys((*files, *shipped_names())))


def find_bridges(
    names: Iterable[str],
    *,
    files: Mapping[str, str] | None = None,
    bases: Mapping[str, str] | None = None,
) -> tuple[Bridge, ...]:
    """The bridges that are switched on, in that order; ``all`` for every one.

    :param files: ``{name: path}`` of the user's own, which take the place of ours of that name.
    :param bases: ``{name: address}`` of mirrors of their indexes.
    :raises InvalidBridge: when there is none of a name, a file cannot be used, or an address is
        given for one that has no index.
    """
    files = files or {}
    known = known_names(files)
    found: dict[str, Bridge] = {}
    for name in names:
        if name == ALL:
            bridges = [_find(other, files) for other in known]
            found.update((item.name, item) for item in bridges if item.in_all)
            continue
        if name not in known:
            raise InvalidBridge(f"there is no bridge {name!r}{_hint(name, (*known, ALL))}")
        found[name] = _find(name, files)
    bases = bases or {}
    for name in bases:
        if name not in known:
            raise InvalidBridge(f"bridges.{name}.base: there is no such bridge{_hint(name, known)}")
    return tuple(bridge.at(bases.get(name, "")) for name, bridge in found.items())


def _find(name: str, files: Mapping[str, str]) -> Bridge:
    if name not in files:
        return shipped_bridge(name)
    bridge = read_bridge(Path(files[name]))
    if bridge.name != name:
        raise InvalidBridge(
            f"{files[name]}: is the bridge {bridge.name!r}, and was given as {name!r}"
        )
    if not bridge.extends:
        return bridge
    if bridge.extends not in shipped_names():
        raise InvalidBridge(
            f"{files[name]}: extends {bridge.extends!r}, which there is not"
            f"{_hint(bridge.extends, shipped_names())}"
        )
    extended = bridge.extending(shipped_bridge(bridge.extends))
    check_labels(extended)
    return extended


def _hint(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    names = tuple(known)
    near = get_close_matches(name.lower(), names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names)}"
