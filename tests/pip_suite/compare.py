"""Compare two runs of pip's test suite, test by test.

    python tests/pip_suite/compare.py WITHOUT WITH

Both are files that ``run.py`` wrote. Prints the counts and every test that differs; exits with 1
where one does.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

SEVERITY = ("passed", "xfailed", "skipped", "failed")


def outcomes(results: Path) -> dict[str, tuple[str, str]]:
    """The outcome of every test in a file, the worst of its phases, and how it failed."""
    found: dict[str, tuple[str, str]] = {}
    for line in results.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        new = entry["outcome"], _without_places(entry["failure"])
        old = found.get(entry["test"], ("passed", ""))
        found[entry["test"]] = max(new, old, key=lambda pair: SEVERITY.index(pair[0]))
    return found


def _without_places(failure: str) -> str:
    """A failure's first line without what differs between any two runs: paths, numbers."""
    return re.sub(r"(/[^\s'\"]+)|(0x[0-9a-f]+)|\d+", "…", failure)


def main(without_file: str, with_file: str) -> int:
    """Print the comparison; 1 where an outcome differs."""
    without, with_ = outcomes(Path(without_file)), outcomes(Path(with_file))
    for title, found in (("without", without), ("with", with_)):
        counts = Counter(outcome for outcome, _ in found.values())
        total = ", ".join(f"{counts[outcome]} {outcome}" for outcome in SEVERITY)
        print(f"{title:8} {len(found)} tests: {total}")
    missing = "not run", ""
    different = 0
    for test in sorted(without.keys() | with_.keys()):
        before, after = without.get(test, missing), with_.get(test, missing)
        if before[0] != after[0]:
            different += 1
            print(f"DIFFERENT {test}: {before[0]} without, {after[0]} with {after[1]}")
        elif before[1] != after[1]:
            print(f"fails otherwise {test}:\n  without: {before[1]}\n  with:    {after[1]}")
    print(f"{different} of {len(without.keys() | with_.keys())} differ")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
