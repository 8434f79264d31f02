"""The results in ``README.md`` of this folder: all from one run of the committed code."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import variantsel
from benchmarks import REPOSITORY
from benchmarks.report import Report

__all__ = ["PLOTS", "committed_code", "write_results"]

README = Path(__file__).with_name("README.md")
PLOTS = Path(__file__).with_name("plots")
HEADING = "## Results\n"
COMMAND = "python -m benchmarks --readme"


def committed_code() -> str:
    """The commit that is checked out, short.

    :raises RuntimeError: when files differ from it, or the variantsel that is installed, which is
        what is measured, does: nobody could repeat the run.
    """
    changed = _git("status", "--porcelain", "--untracked-files=no")
    if changed:
        raise RuntimeError(f"commit first: the results are to be those of a commit\n{changed}")
    installed = Path(variantsel.__file__).parent
    for path in (REPOSITORY / "variantsel").rglob("*.py"):
        copy = installed / path.relative_to(REPOSITORY / "variantsel")
        if not copy.is_file() or copy.read_bytes() != path.read_bytes():
            raise RuntimeError(
                f"install this commit first (pip install '.[bench]'): {copy} differs"
            )
    return _git("rev-parse", "--short=12", "HEAD")


def write_results(commit: str, machine: Mapping[str, str], reports: Sequence[Report]) -> None:
    """Replace everything from the heading "Results" on.

    :param commit: the code that was measured.
    """
    text, heading, _ = README.read_text().partition(HEADING)
    if not heading:
        raise RuntimeError(f"{README} has no line {HEADING.strip()!r}")
    plots = [f"![{report.question}](plots/{report.name}.svg)" for report in reports if report.plots]
    parts = [
        f"{text}{HEADING}",
        f"Written by `{COMMAND}` of commit {commit}; nothing here is typed by hand.\n",
        "\n".join(f"- {what}: {value}" for what, value in machine.items()) + "\n",
        "\n".join(plots) + "\n",
        *(report.to_markdown() for report in reports),
    ]
    README.write_text("\n".join(parts))


def _git(*arguments: str) -> str:
    run = subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True
    )
    return run.stdout.strip()
