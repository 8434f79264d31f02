"""``variantsel activate``, ``deactivate`` and ``status``: pip's hook in an environment."""

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
            "variant wheels. Exit code 1 where its pip does not, all the same.",
        ),
        (
            "deactivate",
            _deactivate,
            "undo activate",
            "Remove the start-up hook from this environment; exit code 1 where another hook, of "
            "the user or of the Python below, is still active.",
        ),
        (
            "status",
            _status,
            "tell whether pip takes variants in this environment",
            "Tell whether pip takes variants in this environment; exit code 1 where not.",
        ),
    ):
        parser = commands.add_parser(
            name,
            help=what,
            description=more,
            epilog=examples(f"variantsel {name}", f"variantsel {name} --python .venv"),
        )
        parser.set_defaults(run=run)
        parser.add_argument(
            "--python",
            metavar="PYTHON",
            help="another environment: its folder or its Python; variantsel need not be there",
        )
        if name == "status":
            add_format(parser)
        else:
            parser.add_argument(
                "--user", action="store_true", help="for the user's own packages (pip's --user)"
            )


def _activate(arguments: argparse.Namespace) -> int:
    from variantsel.pip_plugin import activation
    from variantsel.pip_plugin.front_door import meant_python

    python = meant_python(arguments.python)
    paths = activation.activate(python, user=arguments.user)
    status = activation.status(python)
    terminal = Terminal(sys.stdout)
    if status.active:
        terminal.line(
            f"variantsel is active in {status.prefix}: pip now sees variant wheels.", "good"
        )
    else:
        terminal.line(f"variantsel is not active in {status.prefix} yet: {status.why_not}", "bold")
    for path in paths:
        terminal.line(f"  added {path}")
    if status.lent_by is not None:
        terminal.line(f"  variantsel is lent by {status.lent_by}")
    if status.active:
        terminal.line(
            "'variantsel deactivate' removes it; VARIANTSEL=0 switches it off for one run."
        )
        bridges = _bridges_line()
        if bridges:
            terminal.line(bridges)
    return DONE if status.active else NEGATIVE


def _bridges_line() -> str:
    """Which bridges that are off would have pip take other builds; empty where none would."""
    from variantsel.bridges.catalogue import ALL
    from variantsel.configuration import load_configuration
    from variantsel.errors import VariantselError
    from variantsel.ranking.enumeration import first_few
    from variantsel.selection.bridge_overview import bridges_that_change

    try:
        configuration = load_configuration()
        if not configuration.hints:
            return ""
        on = {bridge.name for bridge in configuration.bridges}
        off = [item for item in configuration.find_bridges([ALL]) if item.name not in on]
        target = configuration.target
        names = [
            bridge.name
            for bridge in bridges_that_change(off, target, enabled=configuration.enabled)
        ]
    except VariantselError as error:  # it is active all the same
        return f"The settings cannot be used: {error}"
    if not names:
        return ""
    return (
        f"With bridges, pip would take better builds for {target.name} of {first_few(names)}: "
        f"'variantsel bridge show {names[0]}' shows them, 'variantsel bridge enable {names[0]}', "
        "or 'all', has pip take them."
    )


def _deactivate(arguments: argparse.Namespace) -> int:
    from variantsel.pip_plugin import activation
    from variantsel.pip_plugin.front_door import meant_python

    python = meant_python(arguments.python)
    paths = activation.deactivate(python, user=arguments.user)
    status = activation.status(python)
    terminal = Terminal(sys.stdout)
    if status.active:
        print_note(f"another hook is still active in {status.prefix}: {status.files[0]}")
    elif not paths:
        terminal.line(f"variantsel was not active in {status.prefix}.")
    else:
        terminal.line(f"variantsel is no longer active in {status.prefix}.", "good")
    for path in paths:
        terminal.line(f"  removed {path}")
    return NEGATIVE if status.active else DONE


def _status(arguments: argparse.Namespace) -> int:
    from variantsel.pip_plugin import activation
    from variantsel.pip_plugin.front_door import meant_python

    status = activation.status(meant_python(arguments.python))
    files = [str(path) for path in status.files]
    if arguments.format == "json":
        print_json(
            {
                "prefix": status.prefix,
                "active": status.active,
                "why_not": status.why_not,
                "files": files,
                "lent_by": status.lent_by,
                "pip_version": status.pip_version,
                "pip_supported": status.pip_supported,
                "python": status.python,
            }
        )
    else:
        state = "active" if status.active else "not active"
        terminal = Terminal(sys.stdout)
        terminal.line(
            f"variantsel is {state} in {status.prefix}.", "good" if status.active else "bold"
        )
        rows = [
            ("pip", _pip_text(status.pip_version, status.pip_supported)),
            ("python", status.python),
            ("files", files or ["none"]),
        ]
        if status.lent_by is not None:
            rows.append(("lent by", status.lent_by))
        if status.why_not:
            rows.append(("to do", status.why_not))
        terminal.table(rows, styles=("dim", ""))
    return DONE if status.active else NEGATIVE


def _pip_text(version: str | None, supported: bool) -> str:
    if version is None:
        return "there is no pip in this environment"
    return version if supported else f"{version}, not a pip that variantsel knows"
