"""The generator of large indexes keeps its word, and every benchmark runs and reports."""

from __future__ import annotations

import argparse
import filecmp
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from support.repository import REAL_INDEX, REPOSITORY, needs_real_index

sys.path.append(str(REPOSITORY))

import variantsel
from benchmarks import detect, large_index, large_page, pip_overhead, rank, results, scaling
from benchmarks.derive_listing import derive
from benchmarks.generator import generate, real_listing
from benchmarks.measurement import Difference, Times, fitted_exponent
from benchmarks.plotting import Plot
from benchmarks.profiling import profile
from benchmarks.report import Options, Reach, Report, run_and_print

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, as Linux has it")


# The generator


def write_index(folder: Path, seed: int) -> Path:
    command = [sys.executable, "-m", "benchmarks.generator", "--projects", "6"]
    subprocess.run(
        [*command, "--seed", str(seed), "--out", str(folder)], cwd=REPOSITORY, check=True
    )
    return folder


def all_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_same_seed_writes_the_same_index(tmp_path: Path) -> None:
    first, second = write_index(tmp_path / "first", 7), write_index(tmp_path / "second", 7)
    files = all_files(first)
    assert files == all_files(second)
    assert filecmp.cmpfiles(first, second, files, shallow=False) == (files, [], [])


def test_another_seed_draws_another_index() -> None:
    assert list(generate(3, 1)) != list(generate(3, 2))


def test_a_smaller_index_is_the_start_of_a_larger_one() -> None:
    assert list(generate(5, 1)) == list(islice(generate(50, 1), 5))


def test_an_index_of_today_has_the_distribution_of_the_real_listing() -> None:
    listing = real_listing()
    share = listing["releases_with_variants"] / listing["releases"]
    projects = list(generate(2000, 1, adoption=share, growth=1))
    releases = [release for project in projects for release in project.releases]
    found = [release for release in releases if release.metadata]
    numbers = Counter(len(release.metadata["variants"]) for release in found if release.metadata)
    expected: Counter[int] = Counter()
    for group in listing["releases_by_namespaces"]:
        expected.update({int(key): count for key, count in group["variants_per_release"].items()})
    per_project = len(listing["releases_per_project"])
    assert len(releases) / len(projects) == pytest.approx(
        listing["releases"] / per_project, rel=0.1
    )
    assert len(found) / len(releases) == pytest.approx(share, rel=0.05)
    for number, count in expected.items():
        assert numbers[number] / len(found) == pytest.approx(count / expected.total(), abs=0.03), (
            f"releases with {number} variants"
        )


def test_the_index_the_readme_describes_has_over_a_million_variants() -> None:
    projects = 400
    variants = sum(
        len(metadata["variants"])
        for project in generate(projects, 1)
        for metadata in project.metadata
    )
    assert variants / projects * 10_000 > 1_000_000


def test_generated_releases_are_valid_and_consistent() -> None:
    for project in generate(12, 1):
        for release in project.releases:
            names = [variantsel.WheelName.parse(wheel) for wheel in release.wheels]
            assert {str(name.version) for name in names} == {release.version}
            assert len(set(release.wheels)) == len(release.wheels)
            document = release.metadata
            assert document is not None
            metadata = variantsel.VariantMetadata.parse(json.dumps(document))
            assert {name.label for name in names} == set(metadata.variants)
            properties = [json.dumps(value) for value in document["variants"].values()]
            assert len(set(properties)) == len(properties), "two variants with the same properties"


@needs_real_index
def test_the_listing_written_down_is_what_is_counted() -> None:
    assert derive(REAL_INDEX) == real_listing()


# Measuring


def test_the_exponent_of_a_power_is_found() -> None:
    assert fitted_exponent([10, 100, 1000], [3 * 10**1.5, 3 * 100**1.5, 3 * 1000**1.5]) == (
        pytest.approx(1.5)
    )


def test_the_interval_of_a_difference_leaves_out_one_run_in_forty_a_side() -> None:
    # The sign test's limits for 40 runs: the 14th smallest and the 14th largest.
    difference = Difference.between(Times(list(range(1, 41))), Times([0.0] * 40))
    assert difference.median == 20.5
    assert difference.interval == (14, 27)


@pytest.mark.parametrize(
    ("measured", "at_least", "verdict"),
    [(1.0, False, "met"), (3.0, False, "MISSED"), (3.0, True, "met"), (None, True, "not measured")],
)
def test_a_reach_says_whether_it_is_met(
    measured: float | None, at_least: bool, verdict: str
) -> None:
    assert Reach("a number", measured, 2, at_least=at_least).verdict == verdict


def test_a_reach_within_the_interval_is_undecided() -> None:
    reach = Reach("a number", 1.0, 2, " ms", interval=(0.5, 3.0))
    assert reach.is_met is None
    assert reach.verdict == "undecided (0.5 to 3 ms)"


# Every benchmark, at a size that says nothing about speed

TINY: dict[str, Callable[[Options], Report]] = {
    "rank": lambda options: rank.measure(options, (10, 40), budget=0.05, uv_rounds=2),
    "large_page": lambda options: large_page.measure(options, (100,), rounds=2),
    "large_index": lambda options: large_index.measure(options, projects=2, budget=0.1),
    "pip_overhead": lambda options: pip_overhead.measure(options, pip_rounds=2, startup_rounds=2),
    "detect": lambda options: detect.measure(options, (0,), rounds=1),
    "scaling": lambda options: scaling.measure(options, (10, 100), budget=0.01),
}


@needs_linux
@pytest.mark.parametrize("name", TINY)
def test_a_benchmark_reports_what_it_measured(name: str) -> None:
    report = TINY[name](Options(quick=True, seed=1, profile=True))
    content: dict[str, Any] = json.loads(json.dumps(report.to_dict()))
    assert content["name"] == name
    assert content["tables"]
    assert content["numbers"]
    assert content["reaches"]
    assert content["profiles"] or name == "detect"  # which waits for others
    text = report.to_markdown()
    for table in content["tables"] + content["profiles"]:
        assert table["title"] in text
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
    for reach in content["reaches"]:
        assert reach["what"] in text


def a_report(options: Options) -> Report:
    plot = Plot("plot", "Something grows", "how many", "seconds", {"it": {1: 1.0, 10: 10.0}})
    return Report("one", "What is it?", options, plots=[plot], reaches=[Reach("a number", 1, 2)])


def test_numbers_and_plots_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    arguments = argparse.Namespace(
        quick=True,
        seed=1,
        profile=False,
        json=tmp_path / "numbers.json",
        plots=tmp_path / "plots",
    )
    run_and_print([a_report], arguments)
    content = json.loads(arguments.json.read_bytes())
    assert [benchmark["name"] for benchmark in content["benchmarks"]] == ["one"]
    printed = capsys.readouterr().out
    for what, value in content["machine"].items():
        assert f"- {what}: {value}" in printed
    assert (tmp_path / "plots" / "one.svg").read_text().startswith("<?xml")


def test_a_reach_that_is_missed_asks_for_a_profile() -> None:
    missed = Report("name", "question", Options(), reaches=[Reach("a number", 3, 2)])
    assert missed.wants_profile
    assert not Report("name", "question", Options(), reaches=[Reach("it", 1, 2)]).wants_profile


def test_a_profile_names_what_takes_the_time() -> None:
    table = profile("Where", lambda: sorted(range(1000), key=lambda number: -number))
    assert any("sorted" in row[0] for row in table.rows)


def test_the_results_of_a_run_replace_those_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Benchmarks\n\nText.\n\n## Results\n\nOld ones.\n")
    monkeypatch.setattr(results, "README", readme)
    report = a_report(Options())
    results.write_results("0123abc", {"machine": "this one"}, [report])
    text = readme.read_text()
    assert text.startswith("# Benchmarks\n\nText.\n\n## Results\n")
    assert "Old ones" not in text
    for part in ("of commit 0123abc", "- machine: this one", "### one", "| a number |"):
        assert part in text


def test_the_command_line_knows_every_benchmark() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"],
        cwd=REPOSITORY,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    for name in TINY:
        assert name in run.stdout
