"""Where the time goes: the functions that take most of it, for reaches that are not met."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.report import Table, seconds

__all__ = ["profile", "profile_table"]

SHOWN = 15
"""Functions in a table."""


def profile(title: str, function: Callable[[], object]) -> Table:
    """Run a function under :mod:`cProfile`.

    The profiler makes every Python call dearer and no C code: proportions among functions of one
    kind are right, times are not.
    """
    profiler = cProfile.Profile()
    profiler.runcall(function)
    return profile_table(title, pstats.Stats(profiler))


def profile_table(title: str, stats: pstats.Stats, only: str = "") -> Table:
    """The functions in which most time is spent, what they call left out.

    :param only: leave out functions in files whose path does not hold this, and sort by all the
        time spent in them, what they call included.
    """
    functions: dict[tuple[str, int, str], Any] = stats.stats  # type: ignore[attr-defined]
    found = [(*function, *numbers[1:4]) for function, numbers in functions.items()]
    found = [entry for entry in found if only in entry[0]]
    found.sort(key=lambda entry: entry[5] if only else entry[4], reverse=True)
    table = Table(title, ("function", "calls", "own time", "with what it calls"))
    for path, line, name, calls, own, cumulative in found[:SHOWN]:
        where = f"{Path(path).parent.name}/{Path(path).name}:{line}({name})" if line else name
        table.add(where.replace("|", "/"), f"{calls:,}", seconds(own), seconds(cumulative))
    return table
