"""Do time and memory grow in proportion as variants, files, releases and machines each grow?

Each grows by 10x at a time while the others stay. The k of cost = c * size^k is fitted over all
sizes; "last step" is the k of the two largest alone, where what is fixed weighs least. Memory that
no cache holds is slow, so nothing that reads grows quite in proportion: the k of ``json.loads`` on
the same bytes stands below that of what reads them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import variantsel
from benchmarks.generator import VOCABULARY, generate
from benchmarks.measurement import fitted_exponent, peak_memory, time_in_turns
from benchmarks.one_release import compact, one_release
from benchmarks.plotting import Plot
from benchmarks.profiling import profile
from benchmarks.report import Options, Reach, Report, Table, run_alone, seconds, size
from variantsel.selection.selection import Release, ReleaseFile, select

__all__ = ["AXES", "Axis", "measure", "run"]

QUESTION = "Variants, files, releases and machines, each growing by 10x at a time."

LEAST_MEMORY = 2_000_000
"""Bytes; a smaller growth of a process's peak says more of the allocator than of us."""


Work = Callable[[], object]


@dataclass(frozen=True)
class Axis:
    """One thing that grows.

    :ivar documents: makes the variants.json files of a size, from the size and a seed.
    :ivar work: makes what is to be done with them, from the files and the size.
    :ivar reads_all: whether that reads all of their bytes.
    """

    what: str
    documents: Callable[[int, int], Iterable[bytes]]
    work: Callable[[list[bytes], int], Work]
    reads_all: bool = False


def release_with_variants(count: int, seed: int) -> Iterable[bytes]:
    """One release of ``count`` variants."""
    return [compact(one_release(count, seed))]


def rank_release(documents: list[bytes], _: int) -> Work:
    """Rank it from its bytes."""
    target = variantsel.Target.from_properties({})
    return lambda: variantsel.rank(documents[0], target).labels


def release_with_files(_: int, seed: int) -> Iterable[bytes]:
    """One release of 50 variants."""
    return [compact(one_release(50, seed))]


def select_files(documents: list[bytes], count: int) -> Work:
    """Put ``count`` wheels of it in order."""
    metadata = variantsel.VariantMetadata.parse(documents[0])
    target = variantsel.Target.from_properties({})
    labels = list(metadata.variants)
    files = [
        ReleaseFile(f"a-1-{number}-py3-none-any-{labels[number % 50]}.whl", "page", number)
        for number in range(count)
    ]
    release = Release("a", "1", files)
    return lambda: select(release, target, lambda _: metadata)


def releases_of_an_index(count: int, seed: int) -> Iterable[bytes]:
    """The first ``count`` releases of a generated index."""
    releases = (metadata for project in generate(count, seed) for metadata in project.metadata)
    return map(compact, islice(releases, count))


def rank_releases(documents: list[bytes], _: int) -> Work:
    """Rank all of them for one machine."""
    target = variantsel.Target.named("gh200")
    return lambda: variantsel.rank_many(documents, target)


def release_for_machines(_: int, seed: int) -> Iterable[bytes]:
    """One release of 100 variants that names provider packages."""
    metadata = one_release(100, seed)
    metadata["providers"] = {
        namespace: {"requires": [f"{namespace}-provider"]} for namespace in metadata["providers"]
    }
    return [compact(metadata)]


def rank_for_machines(documents: list[bytes], count: int) -> Work:
    """Rank it for ``count`` machines."""
    supported = {
        namespace: {feature: values[: len(values) // 2] for feature, values in features.items()}
        for namespace, features in VOCABULARY.items()
    }
    targets = [variantsel.Target.from_properties(supported) for _ in range(count)]
    return lambda: variantsel.rank_for_targets(documents[0], targets)


AXES = {
    axis.what: axis
    for axis in (
        Axis("variants", release_with_variants, rank_release, reads_all=True),
        Axis("files", release_with_files, select_files),
        Axis("releases", releases_of_an_index, rank_releases, reads_all=True),
        Axis("machines", release_for_machines, rank_for_machines),
    )
}

_PREPARE = """
from benchmarks.scaling import AXES
documents = list(open({path!r}, "rb"))
work = AXES[{what!r}].work(documents, {count})
AXES[{what!r}].work(documents[:1], 1)()
"""


@dataclass
class _Growth:
    """What was measured along one axis, ``{size: cost}``.

    :ivar parsing: the time of ``json.loads`` on the same bytes.
    """

    times: dict[float, float] = field(default_factory=dict)
    parsing: dict[float, float] = field(default_factory=dict)
    memory: dict[float, float] = field(default_factory=dict)

    @property
    def memory_that_counts(self) -> dict[float, float]:
        return {size: cost for size, cost in self.memory.items() if cost >= LEAST_MEMORY}


def run(options: Options) -> Report:
    """Answer the question."""
    if options.quick:
        return measure(options, (100, 1000, 10_000), budget=0.6)
    return measure(options, (100, 1000, 10_000, 100_000), budget=5)


def measure(options: Options, sizes: Sequence[int], *, budget: float) -> Report:
    """Measure all axes at some sizes.

    :param budget: seconds for each size of each axis.
    """
    report = Report("scaling", QUESTION, options)
    times = Table("Time", ("what grows", *(f"{count:,}" for count in sizes), "fitted", "last step"))
    memory = Table("Peak memory", times.columns)
    growths = {
        axis.what: _measure_axis(axis, sizes, options.seed, budget) for axis in AXES.values()
    }
    for what, growth in growths.items():
        times.add(what, *map(seconds, growth.times.values()), *_exponents(growth.times))
        if growth.parsing:
            parsing = growth.parsing
            title = f"{what}: json.loads of the same"
            times.add(title, *map(seconds, parsing.values()), *_exponents(parsing))
        in_memory = growth.memory_that_counts
        memory.add(what, *map(size, growth.memory.values()), *_exponents(in_memory))
        for cost, line in (("time", growth.times), ("memory", in_memory)):
            exponent = fitted_exponent(list(line), list(line.values())) if len(line) > 1 else None
            report.reaches.append(Reach(f"{what}: exponent of {cost}", exponent, 1.05))
        report.numbers[what] = {
            "times_s": growth.times,
            "json_loads_s": growth.parsing,
            "memory_bytes": growth.memory,
        }
    report.tables += [times, memory]
    report.plots += [
        Plot(
            "time",
            "Time as one thing grows",
            "how many",
            "seconds",
            {what: growth.times for what, growth in growths.items()},
        ),
        Plot(
            "memory",
            "Peak memory as one thing grows",
            "how many",
            "bytes",
            {
                what: growth.memory_that_counts
                for what, growth in growths.items()
                if growth.memory_that_counts
            },
        ),
    ]
    if report.wants_profile:
        for axis in AXES.values():
            documents = list(axis.documents(sizes[-1], options.seed))
            work = axis.work(documents, sizes[-1])
            report.profiles.append(profile(f"Where the time goes: {sizes[-1]:,} {axis.what}", work))
    report.notes.append(
        "memory: by how much the peak of a process grows while it does the work, its input already "
        f"there; less than {size(LEAST_MEMORY)} is left out of the fit"
    )
    return report


def _exponents(line: dict[float, float]) -> tuple[str, str]:
    """The fitted exponent, and that of the last step."""
    sizes, costs = list(line), list(line.values())
    if len(line) < 2:
        return "-", "-"
    return (
        f"{fitted_exponent(sizes, costs):.3f}",
        f"{fitted_exponent(sizes[-2:], costs[-2:]):.3f}",
    )


def _measure_axis(axis: Axis, sizes: Sequence[int], seed: int, budget: float) -> _Growth:
    growth = _Growth()
    for count in sizes:
        documents = list(axis.documents(count, seed))
        work = axis.work(documents, count)
        growth.times[count] = time_in_turns({"work": work}, budget)["work"].median
        if axis.reads_all:  # not in turns: each would empty the other's caches
            growth.parsing[count] = _parsing_time(documents, budget)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "documents"
            path.write_bytes(b"".join(document + b"\n" for document in documents))
            prepare = _PREPARE.format(path=str(path), what=axis.what, count=count)
            growth.memory[count] = max(1, peak_memory(prepare, "result = work()"))
    return growth


def _parsing_time(documents: Sequence[bytes], budget: float) -> float:
    def parse() -> None:
        for document in documents:
            json.loads(document)

    return time_in_turns({"parse": parse}, budget / 2)["parse"].median


if __name__ == "__main__":
    run_alone(run)
