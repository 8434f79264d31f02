"""``variantsel demo``: the whole journey on an index of its own."""

from __future__ import annotations

import argparse
from typing import Any

from variantsel.cli.arguments import examples

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "demo",
        help="see it all on an index of its own, offline",
        description="Build a small package with variants, serve it on 127.0.0.1, and install it "
        "for this machine and for a Grace Hopper machine, in a folder that is removed again.",
        epilog=examples("variantsel demo"),
    )
    parser.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    del arguments
    from variantsel.cli.demo_index import main as run_demo

    return run_demo()
