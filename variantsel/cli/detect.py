"""``variantsel detect``: what a machine supports."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from variantsel.cli.arguments import add_format, add_target, examples, resolve_target
from variantsel.cli.exit_codes import DONE
from variantsel.cli.output import abbreviated, print_json, print_notices, save_target
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.targets.target import Target

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "detect",
        help="show what this machine, or another, supports",
        description="Show the variant properties that a machine supports, best first.",
        epilog=examples(
            "variantsel detect",
            "variantsel detect --target gh200@12.8",
            "variantsel detect --target machine.toml --format json",
            "variantsel detect --save machine.toml    # then, anywhere: --target machine.toml",
        ),
    )
    add_target(parser)
    add_format(parser)
    parser.add_argument(
        "--save",
        metavar="FILE",
        type=Path,
        help="also write the machine to a target file: this one whole, with its marker variables "
        "and platform tags, to be chosen for elsewhere",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE where it is there")
    parser.set_defaults(run=_detect)


def _detect(arguments: argparse.Namespace) -> int:
    target = resolve_target(arguments.target)
    properties = target.all_properties()
    if arguments.format == "json":
        print_json(properties)
    else:
        _print_properties(target, properties)
    print_notices(target)
    if arguments.save is not None:
        save_target(target, arguments.save, replace=arguments.force)
    return DONE


def _print_properties(target: Target, properties: dict[str, dict[str, tuple[str, ...]]]) -> None:
    terminal = Terminal(sys.stdout)
    terminal.line(f"Machine: {target.name}", "bold")
    rows = [
        (namespace, feature, abbreviated(values))
        for namespace, features in properties.items()
        for feature, values in features.items()
    ]
    terminal.line()
    if rows:
        terminal.table(rows, ("good", "bold", ""), header=("NAMESPACE", "FEATURE", "VALUES"))
    else:
        terminal.line(
            "Nothing that variants are built for was found. That is fine: the null variant and "
            "ordinary wheels fit every machine. A target file can name what is missing."
        )
