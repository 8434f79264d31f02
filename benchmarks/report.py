"""What a benchmark found: tables, and whether the reaches are met; as text and as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.plotting import Plot, draw

__all__ = [
    "Options",
    "Reach",
    "Report",
    "Table",
    "add_arguments",
    "number",
    "run_alone",
    "run_and_print",
    "seconds",
    "size",
]


@dataclass(frozen=True)
class Options:
    """What the command line asks of every benchmark.

    :ivar quick: smaller sizes and fewer rounds; fit for CI.
    :ivar seed: of whatever is generated.
    :ivar profile: whether to show where the time goes although every reach is met.
    """

    quick: bool = False
    seed: int = 1
    profile: bool = False


@dataclass
class Table:
    """Rows of what was measured."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def to_markdown(self) -> str:
        """A table for people and for README.md alike; all columns but the first are numbers."""
        widths = [
            max(len(row[column]) for row in (self.columns, *self.rows))
            for column in range(len(self.columns))
        ]
        rule = [
            "-" * widths[0],
            *("-" * (width - 1) + ":" for width in widths[1:]),
        ]
        lines = [
            "| " + " | ".join(_aligned(row, widths)) + " |"
            for row in (self.columns, rule, *self.rows)
        ]
        return "\n".join([f"**{self.title}**", "", *lines])


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first = row[0].ljust(widths[0])
    return [first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


@dataclass(frozen=True)
class Reach:
    """What a benchmark is to reach.

    :ivar what: of which number.
    :ivar measured: the number; ``None`` where it could not be measured here.
    :ivar limit: what it is to be at most, or at least where ``at_least``.
    :ivar interval: where the number surely lies, if that is known; when the limit lies within,
        nothing is decided.
    """

    what: str
    measured: float | None
    limit: float
    unit: str = ""
    at_least: bool = False
    note: str = ""
    interval: tuple[float, float] | None = None

    @property
    def is_met(self) -> bool | None:
        if self.measured is None:
            return None
        if self.interval is not None and self.interval[0] <= self.limit <= self.interval[1]:
            return None
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def verdict(self) -> str:
        unknown = "not measured" if self.measured is None else "undecided"
        verdict = {True: "met", False: "MISSED", None: unknown}[self.is_met]
        notes = [self.note] if self.note else []
        if self.interval is not None:
            low, high = map(number, self.interval)
            notes.append(f"{low} to {high}{self.unit}")
        return f"{verdict} ({', '.join(notes)})" if notes else verdict


@dataclass
class Report:
    """What one benchmark found.

    :ivar question: what it answers.
    :ivar numbers: everything measured, for JSON.
    :ivar notes: what to know when reading the tables, a sentence each.
    :ivar profiles: where the time goes.
    """

    name: str
    question: str
    options: Options
    tables: list[Table] = field(default_factory=list)
    reaches: list[Reach] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    profiles: list[Table] = field(default_factory=list)

    @property
    def wants_profile(self) -> bool:
        """Whether a reach is missed or undecided, or a profile is asked for anyway."""
        measured = [reach for reach in self.reaches if reach.measured is not None]
        return self.options.profile or not all(reach.is_met for reach in measured)

    def to_markdown(self) -> str:
        parts = [f"### {self.name}", self.question]
        parts += [table.to_markdown() for table in self.tables]
        reaches = Table("Reach", ("number", "reach", "measured", "verdict"))
        for reach in self.reaches:
            word = "at least" if reach.at_least else "at most"
            measured = "-" if reach.measured is None else number(reach.measured) + reach.unit
            reaches.add(
                reach.what,
                f"{word} {number(reach.limit)}{reach.unit}",
                measured,
                reach.verdict,
            )
        if self.reaches:
            parts.append(reaches.to_markdown())
        if self.notes:
            parts.append("\n".join(f"- {note}" for note in self.notes))
        parts += [table.to_markdown() for table in self.profiles]
        return "\n\n".join(parts) + "\n"

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "question": self.question,
            "quick": self.options.quick,
            "seed": self.options.seed,
            "tables": [
                {"title": table.title, "columns": table.columns, "rows": table.rows}
                for table in self.tables
            ],
            "reaches": [
                {
                    "what": reach.what,
                    "measured": reach.measured,
                    "limit": reach.limit,
                    "unit": reach.unit.strip(),
                    "at_least": reach.at_least,
                    "met": reach.is_met,
                    "note": reach.note,
                    "interval": reach.interval,
                }
                for reach in self.reaches
            ],
            "numbers": self.numbers,
            "notes": self.notes,
            "profiles": [
                {"title": table.title, "columns": table.columns, "rows": table.rows}
                for table in self.profiles
            ],
        }


def number(value: float) -> str:
    """A number with three digits that count."""
    if value == 0 or not 0.001 <= abs(value) < 1e15:
        return f"{value:.3g}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}" if value < 1000 else f"{value:,.0f} s"
    return f"{value / 1e-9:.3g} ns"


def size(value: float) -> str:
    """Bytes in the unit that suits them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(value) >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value:.0f} B"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that every benchmark has."""
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds: for CI")
    parser.add_argument("--seed", type=int, default=1, help="of what is generated (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to a file")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="draw plots into a folder (SVG)")
    parser.add_argument(
        "--profile",
        action="store_true",
        help="show where the time goes also where every reach is met",
    )


def run_alone(benchmark: Callable[[Options], Report]) -> None:
    """The command line of one benchmark."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    arguments = parser.parse_args()
    run_and_print([benchmark], arguments)


def run_and_print(
    benchmarks: Sequence[Callable[[Options], Report]], arguments: argparse.Namespace
) -> tuple[dict[str, str], list[Report]]:
    """Run benchmarks as the command line says; print, write and draw what they found.

    :returns: the machine in words, and the reports.
    """
    machine = describe_machine()
    print("\n".join(f"- {what}: {value}" for what, value in machine.items()) + "\n")
    options = Options(arguments.quick, arguments.seed, arguments.profile)
    reports = []
    for benchmark in benchmarks:
        report = benchmark(options)
        print(report.to_markdown(), flush=True)
        reports.append(report)
    if arguments.json is not None:
        content = {"machine": machine, "benchmarks": [report.to_dict() for report in reports]}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    if arguments.plots is not None:
        for report in reports:
            if report.plots:
                draw(report.plots, arguments.plots / f"{report.name}.svg")
    return machine, reports
