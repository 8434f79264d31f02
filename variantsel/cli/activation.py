"""``variantsel activate``, ``deactivate`` and ``status``: pip's hook in this environment."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from variantsel.cli.arguments import add_format, examples
from variantsel.cli.exit_codes import DONE, NEGATIVE
from variantsel.cli.output import print_json, print_note
from variantsel.terminal import Terminal

__all__ = ["add_commands"]


def add_commands(commands: Any) -> None:
    """Add the commands to the program's parser."""
    for name, run, what, more in (
        (
            "activate",
            _activate,
            "let pip take variants in this environment",
            "Install a start-up hook into this environment: every pip that runs in it sees "
            "variant wheels.",
        ),
        (
            "deactivate",
            _deactivate,
            "undo activate",
            "Remove the start-up hook from this environment.",
        ),
        (
            "status",
            _status,
            "tell whether pip takes variants in this environment",
            "Tell whether pip takes variants in this environment; exit code 1 where not.",
        ),
    ):
        parser = commands.add_parser(
            name, help=what, description=more, epilog=examples(f"variantsel {name}")
        )
        parser.set_defaults(run=run)
        if name == "status":
            add_format(parser)


def _activate(arguments: argparse.Namespace) -> int:
    del arguments
    from variantsel.pip_plugin import activation

    paths = activation.activate()
    terminal = Terminal(sys.stdout)
    terminal.line(f"variantsel is active in {sys.prefix}: pip now sees variant wheels.", "good")
    for path in paths:
        terminal.line(f"  added {path}")
    terminal.line("'variantsel deactivate' removes it; VARIANTSEL=0 switches it off for one run.")
    status = activation.status()
    if not status.pip_supported:
        print_note(_pip_text(status.pip_version, status.pip_supported))
    return DONE


def _deactivate(arguments: argparse.Namespace) -> int:
    del arguments
    from variantsel.pip_plugin import activation

    paths = activation.deactivate()
    terminal = Terminal(sys.stdout)
    if not paths:
        terminal.line(f"variantsel was not active in {sys.prefix}.")
        return DONE
    terminal.line(f"variantsel is no longer active in {sys.prefix}.", "good")
    for path in paths:
        terminal.line(f"  removed {path}")
    return DONE


def _status(arguments: argparse.Namespace) -> int:
    from variantsel.pip_plugin import activation

    status = activation.status()
    files = [str(path) for path in status.files]
    if arguments.format == "json":
        print_json(
            {
                "active": status.active,
                "files": files,
                "pip_version": status.pip_version,
                "pip_supported": status.pip_supported,
                "python": status.python,
            }
        )
    else:
        state = "active" if status.active else "not active"
        terminal = Terminal(sys.stdout)
        terminal.line(
            f"variantsel is {state} in {sys.prefix}.", "good" if status.active else "bold"
        )
        terminal.table(
            [
                ("pip", _pip_text(status.pip_version, status.pip_supported)),
                ("python", status.python),
                ("files", "\n".join(files) or "none; 'variantsel activate' adds them"),
            ],
            styles=("dim", ""),
        )
    return DONE if status.active else NEGATIVE


def _pip_text(version: str | None, supported: bool) -> str:
    if version is None:
        return "there is no pip in this environment"
    if supported:
        return version
    return f"{version} is not a pip that variantsel knows: it stands aside there"
