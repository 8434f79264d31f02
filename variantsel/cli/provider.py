"""``variantsel provider``: tools for whoever writes a provider."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from variantsel.cli.arguments import Parser, add_format, examples
from variantsel.cli.exit_codes import DONE, NEGATIVE
from variantsel.cli.output import abbreviated, print_json, print_note
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.provider_host.check import ProviderReport

__all__ = ["add_command"]

_STYLES = {"passed": "good", "failed": "bad", "advice": "bold", "skipped": "dim"}


def add_command(commands: Any) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "provider",
        help="check a provider that you write",
        description="Tools for whoever writes a provider (providers/README.md teaches how).",
        epilog=examples("variantsel provider check my_provider"),
    )
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", parser_class=Parser, required=True
    )
    check = actions.add_parser(
        "check",
        help="whether a provider keeps to the plugin interface",
        description=(
            "Ask a provider in processes of their own, with a time limit, and check its answers: "
            "shape, names, order, the same each time, nothing printed, nothing run or written. "
            "Its code is run with your permissions. It is imported from this folder or from "
            "this Python's packages."
        ),
        epilog=examples(
            "variantsel provider check my_provider",
            "variantsel provider check my_provider.plugin:MyPlugin --format json",
            "variantsel provider check variantsel_providers.nvidia",
        ),
    )
    check.add_argument(
        "endpoint",
        metavar="MODULE[:ATTRIBUTE]",
        help="the provider's API endpoint, as plugin-api names it in variant metadata",
    )
    add_format(check)
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    from variantsel.provider_host.check import check_provider

    report = check_provider(arguments.endpoint, search_path=[str(Path.cwd()), *sys.path])
    if arguments.format == "json":
        print_json(_document(report))
    else:
        _print_report(report)
    return DONE if report.conforms else NEGATIVE


def _document(report: ProviderReport) -> dict[str, Any]:
    return {
        "endpoint": report.endpoint,
        "conforms": report.conforms,
        "seconds": None if report.seconds is None else round(report.seconds, 4),
        "checks": [
            {
                "name": result.name,
                "rule": result.rule,
                "outcome": result.outcome.value,
                "problems": list(result.problems),
            }
            for result in report.results
        ],
        "features": {name: list(values) for name, values in report.features.items()},
        "notices": list(report.notices),
    }


def _print_report(report: ProviderReport) -> None:
    terminal = Terminal(sys.stdout)
    terminal.line(f"Provider: {report.endpoint}", "bold")
    terminal.line()
    for result in report.results:
        outcome = result.outcome.value
        terminal.line(f"{outcome:8} {result.name:10} {result.rule}", _STYLES[outcome])
        for problem in result.problems:
            terminal.line(f"{'':19} {problem}")
    terminal.line()
    features = {name: values for name, values in report.features.items() if values}
    rows = [(feature, abbreviated(values)) for feature, values in features.items()]
    if rows:
        terminal.table(rows, ("bold", ""), header=("FEATURE", "SUPPORTED HERE"))
    else:
        terminal.line("This machine supports nothing of it.")
    terminal.line()
    took = "" if report.seconds is None else f", asked in {report.seconds * 1000:.0f} ms"
    if report.conforms:
        terminal.line(f"It keeps to the plugin interface{took}.", "good")
    else:
        terminal.line(f"It does not keep to the plugin interface{took}.", "bad")
    for notice in report.notices:
        print_note(notice)
