"""``variantsel bridge``: how today's builds encode hardware, and what a machine gets with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from variantsel.cli import bridge_check, bridge_show
from variantsel.cli.arguments import Parser, add_format, examples
from variantsel.cli.exit_codes import DONE, NEGATIVE
from variantsel.cli.output import print_json, print_note
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.configuration import Configuration

__all__ = ["add_command"]

_KEY = "bridge"


def add_command(commands: Any) -> None:
    """Add the command and its own commands to the program's parser."""
    parser = commands.add_parser(
        "bridge",
        help="list, show, check and switch on what is known of today's builds",
        description="A bridge is what is known of one family of projects that encode hardware in "
        "other ways than variants: by an index for each backend, a suffix of the name, an extra, "
        "the version. With one switched on, pip takes the build that fits, as it does of variants.",
        epilog=examples(
            "variantsel bridge list",
            "variantsel bridge show torch --target gh200@13.0",
            "variantsel bridge enable torch jax",
            "variantsel bridge check torch",
        ),
    )
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", parser_class=Parser, required=True
    )
    _add_list(actions)
    bridge_show.add_action(actions)
    bridge_check.add_action(actions)
    _add_switches(actions)


# -- list


def _add_list(actions: Any) -> None:
    parser = actions.add_parser(
        "list",
        help="list the bridges there are, and which are on",
        description="List the bridges there are, the user's own among them: the family, how it "
        "encodes hardware, how many projects are known, and where the bridge is switched on.",
        epilog=examples("variantsel bridge list", "variantsel bridge list --format json"),
    )
    add_format(parser)
    parser.set_defaults(run=_list)


def _list(arguments: argparse.Namespace) -> int:
    from variantsel.configuration import load_configuration

    configuration = load_configuration()
    on = {bridge.name for bridge in configuration.bridges}
    where = configuration.settings[_KEY].source if on else ""
    bridges = configuration.find_bridges()
    if arguments.format == "json":
        print_json([_as_object(bridge, where if bridge.name in on else "") for bridge in bridges])
        return DONE
    terminal = Terminal(sys.stdout)
    terminal.table(
        [
            (
                bridge.name,
                f"on, {where}" if bridge.name in on else "off",
                ", ".join(bridge.mechanisms),
                str(len(bridge.projects)),
                bridge.about,
            )
            for bridge in bridges
        ],
        ("good", "bold", "", "", ""),
        header=("BRIDGE", "STATE", "TOLD APART BY", "PROJECTS", "WHAT"),
    )
    terminal.line()
    terminal.line(
        "'variantsel bridge show NAME' tells what this machine gets, "
        "'variantsel bridge enable NAME' switches one on."
    )
    return DONE


def _as_object(bridge: Bridge, where: str) -> dict[str, Any]:
    return {
        "name": bridge.name,
        "about": bridge.about,
        "mechanisms": list(bridge.mechanisms),
        "projects": sorted(bridge.projects),
        "labels": list(bridge.label_names),
        "in_all": bridge.in_all,
        "on": bool(where),
        "set_in": where or None,
        "file": bridge.path,
    }


# -- enable, disable


def _add_switches(actions: Any) -> None:
    for name, run, what, more in (
        (
            "enable",
            _enable,
            "switch bridges on for the user",
            "Write into the user's configuration file that bridges are on, and say which file "
            "that is; nothing else of it changes. 'all' stands for every bridge.",
        ),
        (
            "disable",
            _disable,
            "switch bridges off that the user switched on",
            "Take bridges out of the list in the user's configuration file; 'all' empties it. Exit "
            "code 1 where one is still on, since another file or a variable says so.",
        ),
    ):
        parser = actions.add_parser(
            name,
            help=what,
            description=more,
            epilog=examples(f"variantsel bridge {name} torch", f"variantsel bridge {name} all"),
        )
        parser.add_argument("names", metavar="NAME", nargs="+", help="a bridge, or 'all'")
        parser.set_defaults(run=run)


def _enable(arguments: argparse.Namespace) -> int:
    from variantsel.configuration import load_configuration
    from variantsel.configuration.edit import UserFile

    configuration = load_configuration()
    configuration.find_bridges(arguments.names)  # a name that there is not must come out here
    file = UserFile()
    before = file.value(_KEY)
    names = tuple(dict.fromkeys((*before, *arguments.names)))
    file.set(_KEY, names)
    listed = ", ".join(dict.fromkeys(arguments.names))
    Terminal(sys.stdout).line(f"On from now on: {listed} ({file.path}).", "good")
    after = load_configuration()
    off = _missing(after, arguments.names)
    if off:
        print_note(f"{', '.join(off)} is not on here: {_what_counts(after)}")
    return NEGATIVE if off else DONE


def _disable(arguments: argparse.Namespace) -> int:
    from variantsel.bridges.catalogue import ALL
    from variantsel.configuration import load_configuration
    from variantsel.configuration.edit import UserFile

    configuration = load_configuration()
    file = UserFile()
    before = file.value(_KEY)
    unknown = [name for name in arguments.names if name not in before]
    configuration.find_bridges(unknown)
    left = before
    if ALL in before and ALL not in arguments.names:
        every = [bridge.name for bridge in configuration.find_bridges([ALL])]
        left = tuple(dict.fromkeys((*(name for name in before if name != ALL), *every)))
    taken_out = {*left} if ALL in arguments.names else {*arguments.names}
    left = tuple(name for name in left if name not in taken_out)
    terminal = Terminal(sys.stdout)
    if left != before:
        file.set(_KEY, left)
        terminal.line(f"On in {file.path}: {', '.join(left) or 'none'}.", "good")
    else:
        terminal.line(f"{', '.join(arguments.names)} was not on in {file.path}.")
    after = load_configuration()
    still = [bridge.name for bridge in after.bridges]
    if ALL not in arguments.names:
        still = [name for name in still if name in arguments.names]
    if still:
        print_note(f"{', '.join(still)} is still on here: {_what_counts(after)}")
    return NEGATIVE if still else DONE


def _missing(configuration: Configuration, names: Sequence[str]) -> list[str]:
    on = {bridge.name for bridge in configuration.bridges}
    return [
        name
        for name in dict.fromkeys(names)
        if not {bridge.name for bridge in configuration.find_bridges([name])} <= on
    ]


def _what_counts(configuration: Configuration) -> str:
    setting = configuration.settings.get(_KEY)
    if setting is None:
        return "the user's file is not looked at, as VARIANTSEL_CONFIG says"
    return f"{setting.source} sets 'bridge', and counts before the user's file"
