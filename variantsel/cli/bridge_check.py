"""``variantsel bridge check``: what bridges say, compared with what the indexes list today."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from variantsel.cli.arguments import add_format, examples
from variantsel.cli.exit_codes import DONE, FAILED, NEGATIVE
from variantsel.cli.output import print_error, print_json, print_note, without_password
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.check import CheckedBridge

__all__ = ["add_action"]


def add_action(actions: Any) -> None:
    """Add the action to the command's parser."""
    parser = actions.add_parser(
        "check",
        help="compare bridges with what the indexes list today; exit code 1 where they differ",
        description="For whoever maintains a bridge: compare every name, version range, platform, "
        "page, extra and CUDA version that it says with what the indexes list today, and print "
        "what differs, as a diff. Pages are kept for an hour in the user's cache folder. Exit code "
        "1 where something differs, 2 where an index could not be read.",
        epilog=examples(
            "variantsel bridge check",
            "variantsel bridge check torch jax",
            "variantsel bridge check cupy --index-url https://mirror.example/simple/",
        ),
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="a bridge; default: all there are")
    parser.add_argument(
        "--index-url", metavar="URL", help="the default index; default: the one pip is set to"
    )
    add_format(parser)
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    from variantsel.bridges.check import check_bridge
    from variantsel.configuration import load_configuration
    from variantsel.pip_plugin.index_pages import IndexPages

    bridges = load_configuration().find_bridges(arguments.names or None)
    indexes = IndexPages(arguments.index_url)
    checked = {}
    for bridge in bridges:
        print_note(f"reading what the indexes have of {bridge.name}")
        checked[bridge] = check_bridge(bridge, indexes)
    if arguments.format == "json":
        print_json([_as_object(bridge, result) for bridge, result in checked.items()])
    else:
        for bridge, result in checked.items():
            _print_result(bridge, result, without_password(indexes.default))
    unreadable = {text for result in checked.values() for text in result.unreadable}
    for text in sorted(unreadable):
        print_error(text)
    print_note(f"{indexes.requests} requests were made")
    if unreadable:
        return FAILED
    return NEGATIVE if any(result.differences for result in checked.values()) else DONE


def _as_object(bridge: Bridge, result: CheckedBridge) -> dict[str, Any]:
    return {
        "name": bridge.name,
        "file": bridge.path,
        "differences": [
            {
                "line": difference.source.line,
                "date": difference.source.date.isoformat(),
                "row": difference.row,
                "said": difference.said,
                "found": difference.found,
            }
            for difference in result.differences
        ],
        "unreadable": result.unreadable,
    }


def _print_result(bridge: Bridge, result: CheckedBridge, index: str) -> None:
    terminal = Terminal(sys.stdout)
    if not result.differences:
        if not result.unreadable:
            terminal.line(f"{bridge.name}: as the indexes have it.", "good")
        return
    terminal.line(f"--- {Path(bridge.path).name}", "bold")
    terminal.line(f"+++ {index}", "bold")
    for difference in result.differences:
        source = difference.source
        terminal.line(f"@@ line {source.line}: {difference.row}, read {source.date} @@", "dim")
        if difference.said:
            terminal.line(f"-{difference.said}", "bad")
        terminal.line(f"+{difference.found}", "good")
