"""All benchmarks: ``python -m benchmarks [--quick] [--only NAME] [--json FILE] [--plots DIR]``.

``python -m benchmarks --readme`` runs all of them in full and writes the results into README.md.
"""

from __future__ import annotations

import argparse

from benchmarks import detect, large_index, large_page, pip_overhead, rank, scaling
from benchmarks.report import add_arguments, run_and_print
from benchmarks.results import PLOTS, committed_code, write_results

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
    parser.add_argument(
        "--readme",
        action="store_true",
        help="write the results of a full run into benchmarks/README.md, plots beside it",
    )
    add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.readme:
        if arguments.only or arguments.quick or arguments.plots:
            parser.error("--readme is of a full run: without --only, --quick and --plots")
        commit = committed_code()
        arguments.plots = PLOTS
        write_results(commit, *run_and_print(list(BENCHMARKS.values()), arguments))
        return
    names = arguments.only or list(BENCHMARKS)
    run_and_print([BENCHMARKS[name] for name in names], arguments)


if __name__ == "__main__":
    main()
