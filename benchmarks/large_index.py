"""How long does a whole index take, ranked for 20 machines in one pass, and how much memory?

The index is generated (see ``generator.py``): 10,000 projects, over a million variants. A pass
reads the bytes of every variants.json once, ranks it for all machines, and keeps each machine's
best label of each release. It runs in one thread; its time is that which this thread had a core.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import variantsel
from benchmarks.generator import generate
from benchmarks.measurement import peak_memory, time_in_turns
from benchmarks.one_release import compact
from benchmarks.profiling import profile
from benchmarks.report import Options, Reach, Report, Table, number, run_alone, seconds, size

__all__ = ["TARGETS", "best_labels", "measure", "read_documents", "run"]

QUESTION = "A whole index, ranked for 20 machines in one pass."

TARGETS = (
    *("cpu-x86-64-v1", "cpu-x86-64-v2", "cpu-x86-64-v3", "cpu-x86-64-v4", "cpu-aarch64"),
    *("gh200", "gh200@12.4", "gh200@12.6", "gh200@13.0", "gb200", "gb300", "h100", "h100@12.2"),
    *("h200", "h200@12.6", "b200", "rtx-4090", "rtx-4090@12.4", "rtx-5090", "mi300x"),
)

_PREPARE = """
from benchmarks.large_index import TARGETS, best_labels, read_documents
import variantsel
targets = [variantsel.Target.named(name) for name in TARGETS]
warm_up = best_labels([open({path!r}, "rb").readline()], targets)
"""
_ACT = """
documents = read_documents({path!r})
best = best_labels(documents, targets)
"""


def run(options: Options) -> Report:
    """Answer the question."""
    if options.quick:
        return measure(options, projects=200, budget=2)
    return measure(options, projects=10_000, budget=10)


def measure(options: Options, *, projects: int, budget: float) -> Report:
    """Measure an index with a number of projects.

    :param budget: seconds for the comparison of a sample.
    """
    report = Report("large_index", QUESTION, options)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents"
        variants = _write_documents(path, projects, options.seed)
        documents = read_documents(path)
        json_bytes = sum(map(len, documents))
        targets = [variantsel.Target.named(name) for name in TARGETS]
        started, started_cpu = time.perf_counter(), time.process_time()
        best_labels(documents, targets)
        pass_seconds = time.process_time() - started_cpu
        wall_seconds = time.perf_counter() - started
        memory = peak_memory(_PREPARE.format(path=str(path)), _ACT.format(path=str(path)))
    a_target = pass_seconds / len(targets)
    a_million = a_target * 1e6 / variants
    table = Table(
        f"One pass over {projects:,} projects (seed {options.seed}), {len(targets)} machines",
        ("what", "number"),
    )
    table.add("releases with variants", f"{len(documents):,}")
    table.add("variants", f"{variants:,}")
    table.add("JSON", size(json_bytes))
    table.add("the pass, on the clock", seconds(wall_seconds))
    table.add("the pass, on its core", seconds(pass_seconds))
    table.add("a machine", seconds(a_target))
    table.add("a machine, a million variants", seconds(a_million))
    table.add("variants x machines a second", number(variants * len(targets) / pass_seconds))
    table.add("peak memory, JSON included", size(memory))
    table.add("peak memory / JSON", f"{memory / json_bytes:.2f}x")
    report.tables += [table, _against_peers(documents, targets, budget, report)]
    is_large = variants >= 1_000_000
    report.reaches += [
        Reach(
            "seconds a machine, a million variants",
            a_million,
            2,
            " s",
            note="" if is_large else f"scaled up from {variants:,}",
        ),
        Reach(
            "peak memory / JSON",
            memory / json_bytes if is_large else None,
            3,
            "x",
            note="" if is_large else "the index is too small to tell",
        ),
    ]
    if report.wants_profile:
        sample = documents[:: max(1, len(documents) // 2000)]
        title = f"Where the time goes: {len(sample):,} of the releases, {len(targets)} machines"
        report.profiles.append(profile(title, lambda: best_labels(sample, targets)))
    report.numbers |= {
        "projects": projects,
        "releases": len(documents),
        "variants": variants,
        "json_bytes": json_bytes,
        "targets": len(targets),
        "pass_s": wall_seconds,
        "pass_cpu_s": pass_seconds,
        "peak_memory_bytes": memory,
    }
    return report


def best_labels(
    documents: Iterable[bytes], targets: Sequence[variantsel.Target]
) -> list[list[str | None]]:
    """Each machine's best label of each release, ``None`` where nothing fits."""
    return [
        [
            ranking.labels[0] if ranking.labels else None
            for ranking in variantsel.rank_for_targets(document, targets)
        ]
        for document in documents
    ]


def read_documents(path: Path | str) -> list[bytes]:
    """The documents in a file, one a line."""
    with Path(path).open("rb") as file:
        return list(file)


def _write_documents(path: Path, projects: int, seed: int) -> int:
    """Write the variants.json of every release, one a line; returns how many variants."""
    variants = 0
    with path.open("wb") as file:
        for project in generate(projects, seed):
            for metadata in project.metadata:
                file.write(compact(metadata) + b"\n")
                variants += len(metadata["variants"])
    return variants


def _against_peers(
    documents: Sequence[bytes],
    targets: Sequence[variantsel.Target],
    budget: float,
    report: Report,
) -> Table:
    """A sample of the releases, ranked in each way there is, and parsed by ``json.loads``."""
    step = max(1, len(documents) // 500)
    sample = list(islice(documents, 0, None, step))
    times = time_in_turns(
        {
            "rank_for_targets, a machine": lambda: best_labels(sample, targets),
            "rank_many, one machine": lambda: list(variantsel.rank_many(sample, targets[0])),
            "rank in a loop, one machine": lambda: [
                variantsel.rank(document, targets[0]) for document in sample
            ],
            "json.loads alone": lambda: [json.loads(document) for document in sample],
        },
        budget,
    )
    table = Table(
        f"{len(sample)} of the releases in turns, relative to json.loads",
        ("what", "a release", "relative"),
    )
    parsing = times["json.loads alone"].median
    for name, found in times.items():
        median = found.median / (len(targets) if name.endswith("a machine") else 1)
        table.add(name, seconds(median / len(sample)), f"{median / parsing:.2f}x")
    report.numbers["sample"] = {name: found.to_dict() for name, found in times.items()}
    return table


if __name__ == "__main__":
    run_alone(run)
