"""Timing on a machine that does other things too.

What is compared is measured in turns, one run of each a round, so that whatever slows the machine
down slows all of them. A time is the median of its runs; a difference or ratio is that of the
medians, and differences carry a confidence interval of the paired differences' median. Cyclic
garbage collection is off while something is timed, as in :mod:`timeit`, which favours those that
build many objects: the peers.
"""

from __future__ import annotations

import gc
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Difference", "Times", "fitted_exponent", "in_turns", "peak_memory", "time_in_turns"]


@dataclass(frozen=True)
class Times:
    """The runs of one thing, in seconds."""

    runs: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def fastest(self) -> float:
        return min(self.runs)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, relative to the median."""
        if len(self.runs) < 4:
            return (max(self.runs) - min(self.runs)) / 2 / self.median
        low, _, high = statistics.quantiles(self.runs, n=4)
        return (high - low) / 2 / self.median

    def to_dict(self) -> dict[str, Any]:
        return {
            "median_s": self.median,
            "fastest_s": self.fastest,
            "spread": self.spread,
            "runs": len(self.runs),
        }


@dataclass(frozen=True)
class Difference:
    """How much longer one thing took than another, round by round, in seconds."""

    runs: Sequence[float]

    @classmethod
    def between(cls, longer: Times, shorter: Times) -> Difference:
        """The differences of two that were measured in turns."""
        return cls([mine - other for mine, other in zip(longer.runs, shorter.runs, strict=True)])

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def interval(self) -> tuple[float, float]:
        """The median's 95 % confidence interval, from the order of the runs alone (sign test)."""
        ordered = sorted(self.runs)
        count = len(ordered)
        outside, tail = 0, 0.0
        while True:
            tail += math.comb(count, outside) / 2**count
            if tail > 0.025 or outside >= (count - 1) // 2:
                break
            outside += 1
        first = max(0, outside - 1)
        return ordered[first], ordered[count - 1 - first]

    def to_dict(self) -> dict[str, Any]:
        return {"median_s": self.median, "interval_s": self.interval, "runs": len(self.runs)}


def in_turns(
    actions: Mapping[str, Callable[[], float]], rounds: int, *, within: float = math.inf
) -> dict[str, Times]:
    """Measure several things in turns, every other round in reverse order.

    :param actions: each runs once and returns the seconds it took.
    :param rounds: how often, as a rule.
    :param within: seconds after which no round is started once ``LEAST_ROUNDS`` are done.
    """
    runs: dict[str, list[float]] = {name: [] for name in actions}
    started = time.monotonic()
    for number in range(rounds):
        if number >= LEAST_ROUNDS and time.monotonic() - started > within:
            break
        order = list(actions) if number % 2 == 0 else list(reversed(list(actions)))
        for name in order:
            runs[name].append(actions[name]())
    return {name: Times(found) for name, found in runs.items()}


def time_in_turns(
    functions: Mapping[str, Callable[[], object]], seconds: float
) -> dict[str, Times]:
    """Time functions in turns; short ones are called often enough in a run to be measurable.

    :param seconds: how long to go on, all functions together.
    """
    once = {name: _once(function) for name, function in functions.items()}
    actions = {
        name: _timed(function, math.ceil(SHORTEST_RUN / max(once[name], 1e-7)))
        for name, function in functions.items()
    }
    return in_turns(actions, MOST_ROUNDS, within=seconds)


LEAST_ROUNDS = 3
MOST_ROUNDS = 200
SHORTEST_RUN = 0.005
"""Seconds; what takes less is called several times a run."""


def _once(function: Callable[[], object]) -> float:
    """Roughly the seconds of one call; of the second where the first warms up what is short."""
    first = _timed(function, 1)()
    return first if first > 0.1 else min(first, _timed(function, 1)())


def _timed(function: Callable[[], object], loops: int) -> Callable[[], float]:
    def action() -> float:
        gc.collect()
        gc.disable()
        try:
            started = time.perf_counter()
            for _ in range(loops):
                function()
            return (time.perf_counter() - started) / loops
        finally:
            gc.enable()

    return action


def fitted_exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The k of cost = c * size^k, by least squares on the logarithms."""
    return statistics.linear_regression(
        [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    ).slope


_PEAK = """
import sys
def status(key):
    for line in open("/proc/self/status"):
        if line.startswith(key):
            return int(line.split()[1]) * 1024
sys.path[:] = {path!r}
{prepare}
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak so far is forgotten (man 5 proc)
before = status("VmRSS")
{act}
print(status("VmHWM") - before)
"""


def peak_memory(prepare: str, act: str) -> int:
    """The bytes by which a process's resident memory grows at most; Linux only.

    :param prepare: Python source that is run before, what it leaves behind not counted. It should
        free little: the allocator would use that again, unseen.
    :param act: Python source whose peak is measured.
    """
    source = _PEAK.format(path=sys.path, prepare=prepare, act=act)
    run = subprocess.run(
        [sys.executable, "-c", source], check=True, stdout=subprocess.PIPE, text=True
    )
    return int(run.stdout.splitlines()[-1])
