"""How fast is one release ranked, from the bytes of its variants.json to the labels?

Against ``json.loads`` alone on the same bytes, variantlib from the same bytes, and what uv's
preview adds to a whole run of uv on an index with the same release.

variantsel remembers what a machine supports of a release for those that say the same outside of
their variants, such as the next release of a project. So small releases are measured twice: as one
of that kind, and as the first of its kind, which no document before resembled.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path

import variantsel
from benchmarks.measurement import Difference, Times, time_in_turns
from benchmarks.one_release import compact, one_release
from benchmarks.plotting import Plot
from benchmarks.profiling import profile
from benchmarks.report import Options, Reach, Report, Table, number, run_alone, seconds, size
from benchmarks.uv_peer import publish, uv_difference, uv_label
from benchmarks.variantlib_peer import variantlib_ranking

__all__ = ["measure", "run"]

LARGEST_FIRST = 100
"""The largest number of variants that is measured as the first of its kind too."""
QUESTION = "From the bytes of one variants.json to the ranking, for one machine."


def run(options: Options) -> Report:
    """Answer the question."""
    if options.quick:
        return measure(options, (10, 100, 1000), budget=1.5, uv_rounds=9)
    return measure(options, (10, 100, 1000, 10_000, 100_000), budget=10, uv_rounds=25)


def measure(options: Options, sizes: Sequence[int], *, budget: float, uv_rounds: int) -> Report:
    """Measure releases of some sizes.

    :param sizes: numbers of variants.
    :param budget: seconds a size, for everything that runs in this process.
    :param uv_rounds: runs of uv with and without its preview, each.
    """
    report = Report("rank", QUESTION, options)
    table = Table(
        "Ranking one release (times of variantsel, and how many times as long the others take)",
        (
            *("variants", "JSON", "variantsel", "a variant"),
            *("first of its kind", "json.loads", "variantlib", "uv preview"),
        ),
    )
    found = {count: _measure_one(count, options.seed, budget, uv_rounds) for count in sizes}
    for count, one in found.items():
        mine = one.times["variantsel"].median
        table.add(
            f"{count:,}",
            size(one.document_bytes),
            seconds(mine),
            seconds(mine / count),
            *(
                _times_as_long(one.times[other].median / mine if other in one.times else None)
                for other in ("first of its kind", "json.loads", "variantlib")
            ),
            _times_as_long(one.uv_ratio),
        )
    report.tables.append(table)
    report.reaches += _reaches(found)
    report.plots.append(_plot(found))
    if report.wants_profile:
        report.profiles += _profiles(max(sizes), options.seed)
    report.numbers = {str(count): one.to_dict() for count, one in found.items()}
    report.notes.append(
        "uv preview: the difference of two whole processes; '-' where it drowns in the noise of "
        "starting them"
    )
    return report


class _Measured:
    """What was measured of one release."""

    def __init__(
        self, document_bytes: int, times: dict[str, Times], uv: Difference | None, agrees: bool
    ) -> None:
        self.document_bytes = document_bytes
        self.times = times
        self.uv = uv
        self.peers_agree = agrees

    def json_ratio(self, which: str) -> float | None:
        """variantsel's time as a part of that of ``json.loads``."""
        if which not in self.times:
            return None
        return self.times[which].median / self.times["json.loads"].median

    @property
    def variantlib_ratio(self) -> float | None:
        """How many times as long variantlib takes."""
        if "variantlib" not in self.times:
            return None
        return self.times["variantlib"].median / self.times["variantsel"].median

    @property
    def uv_ratio(self) -> float | None:
        """How many times as long uv's preview takes, where that is surely more than nothing."""
        if self.uv is None or self.uv.interval[0] <= 0:
            return None
        return self.uv.median / self.times["variantsel"].median

    def to_dict(self) -> dict[str, object]:
        return {
            "document_bytes": self.document_bytes,
            "times": {name: times.to_dict() for name, times in self.times.items()},
            "uv_preview": self.uv.to_dict() if self.uv else None,
            "peers_agree": self.peers_agree,
        }


def _measure_one(count: int, seed: int, budget: float, uv_rounds: int) -> _Measured:
    metadata = one_release(count, seed)
    document = compact(metadata)
    nobody = variantsel.Target.from_properties({})

    def labels() -> list[str]:
        return variantsel.rank(document, nobody).labels

    functions = {"variantsel": labels, "json.loads": lambda: json.loads(document)}
    if count <= LARGEST_FIRST:
        unlike = cycle(_unlike_each_other(document))
        functions["first of its kind"] = lambda: variantsel.rank(next(unlike), nobody).labels
    peer = variantlib_ranking(document)
    if peer is not None:
        functions["variantlib"] = peer
    best = labels()
    agrees = peer is None or peer() == best
    times = time_in_turns(functions, budget)
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        publish(index, metadata, document, best[0])
        uv = uv_difference(index, uv_rounds)
        agrees = agrees and (uv is None or uv_label(index) == best[0])
    if not agrees:
        raise RuntimeError(f"the peers rank {count} variants (seed {seed}) in another order")
    return _Measured(len(document), times, uv, agrees)


def _profiles(count: int, seed: int) -> list[Table]:
    document = compact(one_release(count, seed))
    first_of_its_kind = _unlike_each_other(compact(one_release(10, seed)))
    nobody = variantsel.Target.from_properties({})
    return [
        profile(
            f"Where the time goes: {count:,} variants",
            lambda: variantsel.rank(document, nobody).labels,
        ),
        profile(
            f"Where the time goes: {len(first_of_its_kind):,} releases of 10 variants, each the "
            "first of its kind",
            lambda: variantsel.rank_many(first_of_its_kind, nobody),
        ),
    ]


def _unlike_each_other(document: bytes) -> list[bytes]:
    """The same release in more ways to say what surrounds the variants than anyone remembers."""
    name = b"v0.2.0.json"
    assert document.count(name) == 1
    return [document.replace(name, b"%d/%s" % (number, name)) for number in range(1000)]


def _reaches(found: dict[int, _Measured]) -> list[Reach]:
    def worst(ratios: list[float | None], choose: Callable[[list[float]], float]) -> float | None:
        known = [ratio for ratio in ratios if ratio is not None]
        return choose(known) if known else None

    return [
        *(
            Reach(
                f"{which} / json.loads, worst size",
                worst([one.json_ratio(which) for one in found.values()], max),
                0.5,
                "x",
            )
            for which in ("variantsel", "first of its kind")
        ),
        Reach(
            "variantlib / variantsel, worst size",
            worst([one.variantlib_ratio for one in found.values()], min),
            200,
            "x",
            at_least=True,
        ),
        Reach(
            "uv preview / variantsel, worst size",
            worst([one.uv_ratio for one in found.values()], min),
            10,
            "x",
            at_least=True,
        ),
    ]


def _plot(found: dict[int, _Measured]) -> Plot:
    lines: dict[str, dict[float, float]] = {}
    for count, one in found.items():
        for name, times in one.times.items():
            lines.setdefault(name, {})[count] = times.median
        if one.uv is not None and one.uv_ratio is not None:
            lines.setdefault("uv preview", {})[count] = one.uv.median
    return Plot("rank", "Ranking one release", "variants", "seconds", lines)


def _times_as_long(ratio: float | None) -> str:
    return "-" if ratio is None else f"{number(ratio)}x"


if __name__ == "__main__":
    run_alone(run)
