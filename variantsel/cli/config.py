"""``variantsel config``: every setting in force, and where it comes from."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from variantsel.cli.arguments import add_format, examples
from variantsel.cli.exit_codes import DONE
from variantsel.cli.output import print_json, print_note, without_password
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.configuration import Configuration
    from variantsel.configuration.files import ConfigurationFile

__all__ = ["add_command"]

_LAYERS = {
    "variable": "VARIANTSEL_CONFIG",
    "project": "the project",
    "environment": "this Python environment",
    "user": "the user",
    "machine": "all users of the machine",
}


def add_command(commands: Any) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "config",
        help="show every setting in force, and where it comes from",
        description="Show every setting that is in force here, where it is set, and the files "
        "that are looked at, strongest first; environment variables come before them all. A "
        "setting that cannot be used is an error.",
        epilog=examples(
            "variantsel config",
            "VARIANTSEL_TAKE=torch=cuda12.8 variantsel config",
            "variantsel config --format json",
        ),
    )
    add_format(parser)
    parser.set_defaults(run=_config)


def _config(arguments: argparse.Namespace) -> int:
    from variantsel.configuration import load_configuration

    configuration = load_configuration()
    if arguments.format == "json":
        print_json(_as_json(configuration))
    else:
        _print_configuration(configuration)
    for notice in configuration.notices:
        print_note(notice)
    configuration.target  # noqa: B018  a machine that there is not must come out here
    return DONE


def _as_json(configuration: Configuration) -> dict[str, Any]:
    return {
        "settings": {
            key: {"value": _safe(setting.value), "source": setting.source}
            for key, setting in sorted(configuration.settings.items())
        },
        "files": [
            {"layer": file.layer, "path": str(file.path), "found": file.found}
            for file in configuration.files
        ],
        "notices": configuration.notices,
    }


def _print_configuration(configuration: Configuration) -> None:
    terminal = Terminal(sys.stdout)
    rows = [
        (key, _shown(setting.value), setting.source)
        for key, setting in sorted(configuration.settings.items())
    ]
    if rows:
        terminal.table(rows, ("bold", "good", ""), header=("SETTING", "VALUE", "SET IN"))
    else:
        terminal.line("Nothing is set: variants are chosen for this machine, as PEP 825 says.")
    terminal.line()
    if not configuration.files:
        terminal.line("No file is looked at, as VARIANTSEL_CONFIG says.")
        return
    terminal.table(
        [(_LAYERS[file.layer], str(file.path), _state(file)) for file in configuration.files],
        ("", "bold", "dim"),
        header=("SETS FOR", "FILE", ""),
    )


def _state(file: ConfigurationFile) -> str:
    if file.found:
        return "read"
    if file.is_passed_over:
        return "passed over"
    return "no such file, here or above" if file.layer == "project" else "no such file"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value) or "(none)"
    return str(_safe(value)) or "(this machine)"


def _safe(value: Any) -> Any:
    """A mirror's address may hold a password."""
    return without_password(value) if isinstance(value, str) else value
