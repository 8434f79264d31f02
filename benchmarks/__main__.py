"""All benchmarks: ``python -m benchmarks [--quick] [--only NAME] [--json FILE] [--plots DIR]``."""

from __future__ import annotations

import argparse

from benchmarks import detect, large_index, large_page, pip_overhead, rank, scaling
from benchmarks.report import add_arguments, run_and_print

BENCHMARKS = {
    "rank": rank.run,
    "large_page": large_page.run,
    "large_index": large_index.run,
    "pip_overhead": pip_overhead.run,
    "detect": detect.run,
    "scaling": scaling.run,
}


def main() -> None:
    """Run those that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=list(BENCHMARKS),
        metavar="NAME",
        help=f"one of {', '.join(BENCHMARKS)}; may be given several times",
    )
    add_arguments(parser)
    arguments = parser.parse_args()
    names = arguments.only or list(BENCHMARKS)
    run_and_print([BENCHMARKS[name] for name in names], arguments)


if __name__ == "__main__":
    main()
