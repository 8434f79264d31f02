"""The comparison of two runs of pip's suite finds what differs, and only that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pip_suite.compare import main


def write_results(path: Path, **outcomes: tuple[str, str]) -> str:
    lines = [
        json.dumps({"test": test, "phase": "call", "outcome": outcome, "failure": failure})
        for test, (outcome, failure) in outcomes.items()
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_the_same_results_are_no_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = write_results(
        tmp_path / "without", a=("passed", ""), b=("failed", "OSError: /tmp/x1: 2 bytes")
    )
    with_ = write_results(
        tmp_path / "with", b=("failed", "OSError: /tmp/y7: 31 bytes"), a=("passed", "")
    )
    assert main(without, with_) == 0
    assert capsys.readouterr().out.splitlines() == [
        "without  2 tests: 1 passed, 0 xfailed, 0 skipped, 1 failed",
        "with     2 tests: 1 passed, 0 xfailed, 0 skipped, 1 failed",
        "0 of 2 differ",
    ]


def test_another_outcome_and_a_test_that_did_not_run_are_differences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = write_results(
        tmp_path / "without", a=("passed", ""), b=("skipped", ""), c=("failed", "E: one")
    )
    with_ = write_results(tmp_path / "with", a=("failed", "E: ours"), c=("failed", "E: two"))
    assert main(without, with_) == 1
    assert capsys.readouterr().out.splitlines()[2:] == [
        "DIFFERENT a: passed without, failed with E: ours",
        "DIFFERENT b: skipped without, not run with ",
        "fails otherwise c:",
        "  without: E: one",
        "  with:    E: two",
        "2 of 3 differ",
    ]


def test_the_worst_phase_of_a_test_counts(tmp_path: Path) -> None:
    without = write_results(tmp_path / "without", a=("passed", ""))
    with_ = write_results(tmp_path / "with", a=("passed", ""))
    with Path(with_).open("a") as results:
        results.write(
            '{"test": "a", "phase": "teardown", "outcome": "failed", "failure": "files left"}\n'
        )
    assert main(without, with_) == 1
