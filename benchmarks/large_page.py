"""How long is the way from a large page of an index to the chosen wheel?

A page of 100 to 50,000 wheels in 100 releases, all of them variants, as HTML and as JSON. Compared
with the time that pip itself takes to parse the same page, in processor time, since nothing here
waits for anything:

- what the plugin adds to pip's way from the page's bytes to the wheel it takes, where the same pip
  is given as many wheels that are no variants (given variants, it would refuse their names and have
  nothing to choose from);
- the same way through the library, as an installer of its own would go it.
"""

from __future__ import annotations

import pstats
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import REPOSITORY
from benchmarks.generator import wheel_names
from benchmarks.large_page_worker import METADATA_NAME, PAGE_NAMES, PROJECT
from benchmarks.measurement import Difference, Times, in_turns
from benchmarks.one_release import compact, one_release
from benchmarks.plotting import Plot
from benchmarks.profiling import profile_table
from benchmarks.report import Options, Reach, Report, Table, run_alone, seconds, size
from benchmarks.simple_pages import PageFile, html_page, json_page

__all__ = ["measure", "run"]

QUESTION = "From the bytes of a simple page, 100 releases with variants on it, to the chosen wheel."

RELEASES = 100
MOST_VARIANTS = 50
"""In one release; a page with more wheels than that a release has several for each variant."""


def run(options: Options) -> Report:
    """Answer the question."""
    if options.quick:
        return measure(options, (100, 1000, 5000), rounds=3)
    return measure(options, (100, 1000, 10_000, 50_000), rounds=7)


def measure(options: Options, sizes: Sequence[int], *, rounds: int) -> Report:
    """Measure pages of some sizes.

    :param sizes: numbers of wheels, multiples of 100.
    :param rounds: how often each is measured.
    """
    report = Report("large_page", QUESTION, options)
    added: dict[str, float] = {}
    profiles: dict[str, Table] = {}
    library: dict[str, float] = {}
    for kind, page_name in PAGE_NAMES.items():
        table = Table(
            f"{kind} page (pip's parsing, and how many times as long the rest takes)",
            (
                *("wheels", "page", "pip parses", "pip chooses", "with the plugin"),
                *("the plugin adds", "the library chooses"),
            ),
        )
        lines: dict[str, dict[float, float]] = {}
        for wheels in sizes:
            where = f"{kind}, {wheels:,} wheels"
            with tempfile.TemporaryDirectory() as folder:
                folders = [
                    *_write_indexes(Path(folder, "measured"), wheels, options.seed, 1),
                    *_write_indexes(Path(folder, "warm up"), RELEASES, options.seed, 1001),
                ]
                page_bytes = (folders[0] / page_name).stat().st_size
                pages = [path / page_name for path in folders]
                times = _measure_page(pages, rounds)
                profiles[where] = _profile(pages, where)
            parsing = times["parse"].median
            plugin = Difference.between(times["plugin"], times["ordinary"])
            added[where] = plugin.median / parsing
            library[where] = times["library"].median / parsing
            table.add(
                f"{wheels:,}",
                size(page_bytes),
                seconds(parsing),
                f"{times['ordinary'].median / parsing:.2f}x",
                f"{times['plugin'].median / parsing:.2f}x",
                f"{added[where]:.2f}x",
                f"{library[where]:.2f}x",
            )
            for name, cost in (
                ("pip parses", parsing),
                ("the plugin adds", plugin.median),
                ("the library chooses", times["library"].median),
            ):
                if cost > 0:
                    lines.setdefault(name, {})[wheels] = cost
            report.numbers[where] = {
                "page_bytes": page_bytes,
                "plugin_adds": plugin.to_dict(),
                **{name: found.to_dict() for name, found in times.items()},
            }
        report.tables.append(table)
        report.plots.append(Plot(kind, f"{kind} page", "wheels on the page", "seconds", lines))
    report.reaches += [
        Reach("the plugin adds / pip parses, worst page", max(added.values()), 1, "x"),
        Reach("the library chooses / pip parses, worst page", max(library.values()), 1, "x"),
    ]
    if report.wants_profile:
        report.profiles.append(profiles[max(added, key=lambda where: added[where])])
    return report


def _write_indexes(folder: Path, wheels: int, seed: int, first_version: int) -> tuple[Path, Path]:
    """Write the pages of a project of variants, with the newest release's metadata, and those of
    one without; returns the folders of both."""
    a_release = wheels // RELEASES
    variants = min(a_release, MOST_VARIANTS)
    metadata = one_release(variants, seed)
    document = compact(metadata)
    listed: list[PageFile] = []
    ordinary: list[PageFile] = []
    for number in range(RELEASES):
        version = f"{number // 10 + first_version}.{number % 10}.0"
        metadata_file = PageFile.of(METADATA_NAME.format(version=version), document)
        listed.append(metadata_file)
        ordinary.append(metadata_file)  # pip passes over it
        for build, label in enumerate(metadata["variants"]):
            count = a_release // variants
            names = wheel_names(PROJECT, version, label, count)
            listed += map(PageFile.of_no_content, names)
            names = wheel_names(PROJECT, f"{version}-{build}", "", count)
            ordinary += map(PageFile.of_no_content, names)
    folders = folder / "variants" / PROJECT, folder / "ordinary" / PROJECT
    for files, project in zip((listed, ordinary), folders, strict=True):
        project.mkdir(parents=True)
        (project / PAGE_NAMES["HTML"]).write_bytes(html_page(PROJECT, files))
        (project / PAGE_NAMES["JSON"]).write_bytes(json_page(PROJECT, files))
    (folders[0] / metadata_file.name).write_bytes(document)
    return folders


def _measure_page(pages: Sequence[Path], rounds: int) -> dict[str, Times]:
    with _worker("pip", *pages) as pip, _worker("pip with the plugin", *pages) as plugin:
        actions: dict[str, Callable[[], float]] = {
            "parse": lambda: float(pip("parse")),
            "ordinary": lambda: float(pip("choose ordinary")),
            "plugin": lambda: float(plugin("choose")),
            "library": lambda: float(pip("library")),
        }
        if plugin("chosen") != pip("chosen by the library"):
            raise RuntimeError("the plugin and the library choose different wheels")
        return in_turns(actions, rounds)


def _profile(pages: Sequence[Path], where: str) -> Table:
    with _worker("pip with the plugin", *pages) as plugin:
        path = Path(plugin("profile"))
        title = f"Where the plugin's time goes: {where}"
        table = profile_table(title, pstats.Stats(str(path)), only="variantsel")
        path.unlink()
        return table


@contextmanager
def _worker(which: str, *pages: Path) -> Iterator[Callable[[str], str]]:
    """A process that answers one question a line; see ``large_page_worker.py``."""
    command = [sys.executable, "-m", "benchmarks.large_page_worker", which, *map(str, pages)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(question: str) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            print(question, file=process.stdin, flush=True)
            return process.stdout.readline().strip()

        yield ask
        process.stdin.close()


if __name__ == "__main__":
    run_alone(run)
