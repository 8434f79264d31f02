"""``variantsel list``: the variants that are installed in this environment."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from variantsel.cli.arguments import add_format, add_target, examples, resolve_target
from variantsel.cli.exit_codes import DONE, NEGATIVE
from variantsel.cli.output import abbreviated, print_json, print_note, print_notices
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.ranking.rejection import Rejection
    from variantsel.selection.installed_variants import InstalledVariant
    from variantsel.targets.target import Target

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "list",
        help="list the variants installed in this environment, and whether they fit",
        description="List the packages of this environment that were installed as a variant, what "
        "they were built for, and whether they fit the machine; exit code 1 where one does not.",
        epilog=examples(
            "variantsel list",
            "variantsel list --target gh200@12.8",
            "variantsel list --format json",
        ),
    )
    add_target(parser)
    add_format(parser)
    parser.set_defaults(run=_list)


def _list(arguments: argparse.Namespace) -> int:
    from variantsel.configuration import load_configuration
    from variantsel.selection.installed_variants import installed_variants

    target = resolve_target(arguments.target)
    enabled = load_configuration().enabled
    variants, problems = installed_variants()
    reasons = [variant.misfit(target, enabled=enabled) for variant in variants]
    rows = list(zip(variants, reasons, strict=True))
    if arguments.format == "json":
        print_json({"environment": sys.prefix, "target": target.name, "variants": _json(rows)})
    else:
        _print_table(target, rows)
    for problem in problems:
        print_note(problem)
    print_notices(target)
    return NEGATIVE if any(reasons) else DONE


def _json(rows: list[tuple[InstalledVariant, Rejection | None]]) -> list[dict[str, Any]]:
    return [
        {
            "name": variant.name,
            "version": variant.version,
            "label": variant.label,
            "properties": variant.properties,
            "fits": reason is None,
            "reason": str(reason) if reason is not None else None,
        }
        for variant, reason in rows
    ]


def _print_table(target: Target, rows: list[tuple[InstalledVariant, Rejection | None]]) -> None:
    terminal = Terminal(sys.stdout)
    if not rows:
        terminal.line(f"No package of {sys.prefix} was installed as a variant.")
        return
    terminal.line(f"Machine: {target.name}", "bold")
    terminal.line()
    terminal.table(
        [
            (
                variant.name,
                variant.version,
                variant.label,
                "yes" if reason is None else "no",
                _properties(variant) if reason is None else f"it {reason}",
            )
            for variant, reason in rows
        ],
        styles=("bold", "", "good", "", ""),
        header=("PACKAGE", "VERSION", "VARIANT", "FITS", "BUILT FOR, OR WHY NOT"),
    )
    unfit = [variant.name for variant, reason in rows if reason is not None]
    if unfit:
        terminal.line()
        terminal.line(f"'pip install --upgrade {' '.join(unfit)}' takes what fits.")


def _properties(variant: InstalledVariant) -> str:
    lines = [
        f"{namespace} :: {feature} :: {abbreviated(values)}"
        for namespace, features in variant.properties.items()
        for feature, values in features.items()
    ]
    return "\n".join(lines) or "every machine"
