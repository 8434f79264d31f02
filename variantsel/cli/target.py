"""``variantsel target``: the machines that wheels can be chosen for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from variantsel.cli.arguments import add_format, examples
from variantsel.cli.exit_codes import DONE, NEGATIVE
from variantsel.cli.output import abbreviated, print_json, print_notices, save_target
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.targets.target import Target
    from variantsel.targets.target_difference import TargetDifference

__all__ = ["add_command"]

_TARGET = "a name such as gh200 or gh200@12.8, an instance type such as aws:p5.48xlarge, "
_OR = "'host' for this machine, or a target file ending in .toml"


def add_command(commands: Any) -> None:
    """Add the command and its own commands to the program's parser."""
    parser = commands.add_parser(
        "target",
        help="list, show, save and compare the machines that wheels can be chosen for",
        description="The machines that wheels can be chosen for: those variantsel knows by name, "
        "clouds' instance types, target files, this one.",
        epilog=examples(
            "variantsel target list",
            "variantsel target show gh200@13.0",
            "variantsel target save gh200 machine.toml",
            "variantsel target diff host machine.toml",
        ),
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_list(actions)
    _add_show(actions)
    _add_save(actions)
    _add_diff(actions)


# -- list


def _add_list(actions: Any) -> None:
    parser = actions.add_parser(
        "list",
        help="list the machines known by name, or a cloud's instance types",
        description="List the machines known by name with the driver each is taken to have, or "
        "the instance types of a cloud with the machine each is.",
        epilog=examples("variantsel target list", "variantsel target list aws --format json"),
    )
    parser.add_argument("cloud", metavar="CLOUD", nargs="?", help="aws, azure, gcp or oci")
    add_format(parser)
    parser.set_defaults(run=_list)


def _list(arguments: argparse.Namespace) -> int:
    if arguments.cloud is None:
        return _list_machines(arguments)
    from variantsel.targets.machines.clouds import instances

    found = instances(arguments.cloud)
    if arguments.format == "json":
        print_json(
            {item.name: {"machine": item.machine, "cpu": item.cpu} for item in found.values()}
        )
        return DONE
    rows = [(item.name, item.machine, item.cpu) for item in found.values()]
    Terminal(sys.stdout).table(rows, ("bold", "", "dim"), header=("NAME", "MACHINE", "CPU"))
    return DONE


def _list_machines(arguments: argparse.Namespace) -> int:
    from variantsel.targets.machines import find_machine, machine_names
    from variantsel.targets.machines.clouds import cloud_names

    machines = [find_machine(name) for name in machine_names()]
    if arguments.format == "json":
        print_json(
            {
                item.name: {
                    "description": item.description,
                    "platform_machine": item.platform_machine,
                    "driver": item.driver,
                }
                for item in machines
            }
        )
        return DONE
    rows = [(item.name, item.driver, item.description) for item in machines]
    terminal = Terminal(sys.stdout)
    terminal.table(rows, ("bold", "", ""), header=("NAME", "DRIVER", "WHAT"))
    clouds = ", ".join(f"'variantsel target list {cloud}'" for cloud in cloud_names())
    terminal.line()
    terminal.line(f"Instance types of clouds: {clouds}.")
    return DONE


# -- show


def _add_show(actions: Any) -> None:
    parser = actions.add_parser(
        "show",
        help="show all that is known of a machine",
        description="Show a machine's marker variables, platform tags and properties. What is not "
        "shown of the marker variables is this host's.",
        epilog=examples(
            "variantsel target show gh200@13.0",
            "variantsel target show aws:p5.48xlarge --format json",
        ),
    )
    parser.add_argument("target", metavar="TARGET", help=_TARGET + _OR)
    add_format(parser)
    parser.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    from variantsel.targets.target import Target

    target = Target.resolve(arguments.target)
    environment = target.environment if target.is_host else target.stated_environment
    properties = target.all_properties()
    if arguments.format == "json":
        print_json(
            {
                "name": target.name,
                "environment": dict(environment),
                "platforms": target.platforms,
                "properties": properties,
            }
        )
    else:
        terminal = Terminal(sys.stdout)
        terminal.line(f"Machine: {target.name}", "bold")
        terminal.line()
        rows = [("environment", name, value) for name, value in sorted(environment.items())]
        rows.append(("tags", "platforms", abbreviated(target.platforms)))
        rows += [
            (namespace, feature, abbreviated(values))
            for namespace, features in properties.items()
            for feature, values in features.items()
        ]
        terminal.table(rows, ("good", "bold", ""), header=("WHERE", "NAME", "VALUES"))
    print_notices(target)
    return DONE


# -- save


def _add_save(actions: Any) -> None:
    parser = actions.add_parser(
        "save",
        help="write a machine to a target file",
        description="Write a machine to a target file, to be changed or carried elsewhere.",
        epilog=examples(
            "variantsel target save gh200@13.0 machine.toml",
            "variantsel target save host machine.toml --force",
        ),
    )
    parser.add_argument("target", metavar="TARGET", help=_TARGET + _OR)
    parser.add_argument("file", metavar="FILE", type=Path, help="the target file to write")
    parser.add_argument("--force", action="store_true", help="replace FILE where it is there")
    parser.set_defaults(run=_save)


def _save(arguments: argparse.Namespace) -> int:
    from variantsel.targets.target import Target

    target = Target.resolve(arguments.target)
    save_target(target, arguments.file, replace=arguments.force)
    print_notices(target)
    return DONE


# -- diff


def _add_diff(actions: Any) -> None:
    parser = actions.add_parser(
        "diff",
        help="show what tells two machines apart; exit code 1 where they differ",
        description="Show what tells two machines apart: marker variables, platform tags, and of "
        "every feature the values that only one of them supports. Exit code 1 where they differ.",
        epilog=examples(
            "variantsel target diff gh200@12.8 gh200@13.0",
            "variantsel target diff host machine.toml --format json",
        ),
    )
    for name in ("first", "second"):
        parser.add_argument(name, metavar=name.upper(), help=_TARGET + _OR)
    add_format(parser)
    parser.set_defaults(run=_diff)


def _diff(arguments: argparse.Namespace) -> int:
    from variantsel.targets.target import Target
    from variantsel.targets.target_difference import compare_targets

    first, second = Target.resolve(arguments.first), Target.resolve(arguments.second)
    difference = compare_targets(first, second)
    if arguments.format == "json":
        _print_difference_as_json(difference)
    elif difference:
        _print_difference(first, second, difference)
    else:
        Terminal(sys.stdout).line(f"{first.name} and {second.name} are the same.", "good")
    print_notices(first)
    print_notices(second)
    return NEGATIVE if difference else DONE


def _print_difference_as_json(difference: TargetDifference) -> None:
    properties: dict[str, Any] = {}
    for (namespace, feature), pair in difference.properties.items():
        properties.setdefault(namespace, {})[feature] = _sides(*pair)
    print_json(
        {
            "environment": {name: _sides(*pair) for name, pair in difference.environment.items()},
            "platforms": _sides(*difference.platforms) if difference.platforms else None,
            "properties": properties,
            "feature_orders": {name: _sides(*pair) for name, pair in difference.orders.items()},
        }
    )


def _sides(first: Any, second: Any) -> dict[str, Any]:
    return {"first": first, "second": second}


def _print_difference(first: Target, second: Target, difference: TargetDifference) -> None:
    rows: list[tuple[str, ...]] = [
        ("environment", name, *pair) for name, pair in difference.environment.items()
    ]
    if difference.platforms:
        rows.append(("tags", "platforms", *_only(*difference.platforms)))
    rows += [
        (namespace, feature, *_only(*pair))
        for (namespace, feature), pair in difference.properties.items()
    ]
    rows += [
        (namespace, "(order of features)", *map(abbreviated, pair))
        for namespace, pair in difference.orders.items()
    ]
    Terminal(sys.stdout).table(
        rows, ("good", "bold", "", ""), header=("WHERE", "NAME", first.name, second.name)
    )


def _only(first: Sequence[str], second: Sequence[str]) -> tuple[str, str]:
    """What is on one side only; where it is the same in another order, all of it."""
    kept = (
        [item for item in first if item not in second],
        [item for item in second if item not in first],
    )
    if not any(kept):
        return abbreviated(first), abbreviated(second)
    return abbreviated(kept[0]) or "-", abbreviated(kept[1]) or "-"
