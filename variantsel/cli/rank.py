"""``variantsel rank``: order the variants of a release for a machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from variantsel.cli.arguments import (
    add_format,
    add_target,
    examples,
    namespace,
    resolve_target,
)
from variantsel.cli.exit_codes import DONE, NEGATIVE
from variantsel.cli.output import abbreviated, print_json, print_note, print_notices, rejection_json
from variantsel.errors import InvalidMetadata, VariantselError
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.configuration import Configuration
    from variantsel.formats.metadata import VariantMetadata
    from variantsel.ranking.preferences import Preferences
    from variantsel.ranking.ranking import Ranking
    from variantsel.targets.target import Target

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "rank",
        help="order the variants of a release for a machine",
        description="Order the variants of a release, best first, and say why others do not fit "
        "or are left out: what is configured counts ('variantsel config' shows it).",
        epilog=examples(
            "variantsel rank torch-2.10.0-variants.json",
            "variantsel rank torch-2.10.0-variants.json --target gh200@13.0 --format json",
            "variantsel rank demo-1.0-py3-none-any-cuda12.8.whl --target machine.toml",
            "VARIANTSEL_EXCLUDE=nvidia variantsel rank torch-2.10.0-variants.json",
            "curl https://…/torch-2.10.0-variants.json | variantsel rank -",
            "variantsel rank torch==2.15.0 --bridge torch   # the builds of today's indexes",
        ),
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a release's variants.json, '-' for standard input, or a variant wheel; with --bridge "
        "a project, NAME or NAME==VERSION",
    )
    parser.add_argument(
        "--bridge",
        metavar="NAME",
        help="rank the builds that a bridge knows of a project ('variantsel bridge list'); nothing "
        "is asked of an index",
    )
    add_target(parser)
    parser.add_argument(
        "--enable",
        metavar="NAMESPACE",
        type=namespace,
        action="append",
        default=[],
        help="use the optional provider of a namespace; may be repeated",
    )
    add_format(parser)
    parser.set_defaults(run=_rank)


def _rank(arguments: argparse.Namespace) -> int:
    from variantsel.configuration import load_configuration
    from variantsel.ranking.rank import rank
    from variantsel.ranking.rejection import skipped_for_abi

    configuration = load_configuration()
    if arguments.bridge is None:
        metadata = _read_metadata(arguments.file)
        package = _package(arguments.file, configuration)
        target = resolve_target(arguments.target).without(configuration.disabled)
    else:
        target = resolve_target(arguments.target).without(configuration.disabled)
        (bridge,) = configuration.find_bridges([arguments.bridge])
        metadata, package = _bridged_metadata(bridge, arguments.file, target)
    enabled = configuration.enabled.union(arguments.enable)
    preferences = configuration.preferences(package)
    ranking = rank(metadata, target, enabled=enabled, preferences=preferences)
    if arguments.format == "json":
        rejected = {label: rejection_json(reason) for label, reason in ranking.rejected.items()}
        narrowed = {
            label: {"rule": reason.rule, "setting": reason.setting, "text": str(reason)}
            for label, reason in ranking.narrowed.items()
        }
        print_json(
            {
                "target": target.name,
                "labels": ranking.labels,
                "narrowed": narrowed,
                "rejected": rejected,
            }
        )
    else:
        _print_ranking(target, ranking, preferences)
    skipped = skipped_for_abi(ranking.rejected)
    for notice in (*configuration.notices, *([skipped] if skipped else [])):
        print_note(notice)
    print_notices(target)
    return DONE if ranking.labels else NEGATIVE


def _package(file: str, configuration: Configuration) -> str:
    """The package that a file is about, from its name; empty where that does not tell."""
    from variantsel.errors import InvalidWheelName
    from variantsel.formats.wheel_name import WheelName, parse_index_metadata_name

    name = Path(file).name
    try:
        if name.endswith(".whl"):
            return WheelName.parse(name).name
        return parse_index_metadata_name(name)[0]
    except InvalidWheelName:
        if any(key.startswith("packages.") for key in configuration.settings):
            print_note(
                "what is set for single packages is not looked at: only a file named "
                "NAME-VERSION-variants.json or a wheel tells which package it is about"
            )
        return ""


def _read_metadata(file: str) -> VariantMetadata:
    from variantsel.formats.json_reader import MAX_BYTES
    from variantsel.formats.metadata import VariantMetadata

    if file.endswith(".whl"):
        return _read_wheel(Path(file))
    # One byte more than may be read, so that what is too large is told from what is broken.
    if file == "-":
        if sys.stdin is None:
            raise VariantselError("standard input is closed")
        return VariantMetadata.parse(sys.stdin.buffer.read(MAX_BYTES + 1), source="standard input")
    with open(file, "rb") as stream:
        return VariantMetadata.parse(stream.read(MAX_BYTES + 1), source=file)


def _bridged_metadata(bridge: Bridge, text: str, target: Target) -> tuple[VariantMetadata, str]:
    """What a bridge knows of the builds of a release on a machine's platform, and the project."""
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    from variantsel.bridges.platforms import platform_of
    from variantsel.selection.bridge_overview import labels_on

    name, _, pinned = text.partition("==")
    project, platform = canonicalize_name(name.strip()), platform_of(target.environment)
    try:
        version = Version(pinned.strip()) if pinned else None
    except ValueError:  # InvalidVersion, and Python's of a number with too many digits
        raise VariantselError(
            f"{text}: found {pinned!r:.200}, expected a version: NAME or NAME==VERSION"
        ) from None
    if project not in bridge.projects:
        raise VariantselError(
            f"the bridge {bridge.name} knows nothing of {project}; it knows "
            f"{', '.join(sorted(bridge.projects))}"
        )
    labels = labels_on(bridge, project, version, platform)
    return bridge.metadata(project, version, labels, platform), project


def _read_wheel(path: Path) -> VariantMetadata:
    from variantsel.formats.wheel_metadata import read_wheel_metadata
    from variantsel.formats.wheel_name import WheelName

    label = WheelName.parse(path.name).label
    metadata = read_wheel_metadata(path)
    try:
        metadata.check_wheel(metadata, label)
    except InvalidMetadata as error:
        error.source = str(path)
        raise
    return metadata


def _print_ranking(target: Target, ranking: Ranking, preferences: Preferences) -> None:
    from variantsel.ranking.preferred_order import decisive_preference

    terminal = Terminal(sys.stdout)
    terminal.line(f"Machine: {target.name}", "bold")
    terminal.line()
    if ranking.labels:
        terminal.table(
            [
                (str(position), label, _supported(ranking, label))
                for position, label in enumerate(ranking.labels, start=1)
            ],
            styles=("dim", "good", ""),
            header=("", "VARIANT", "PROPERTIES SUPPORTED"),
        )
    elif ranking.narrowed:
        terminal.line("No variant that is compatible is left.", "bad")
    else:
        terminal.line("No variant is compatible.", "bad")
    for title, reasons in (("LEFT OUT", ranking.narrowed), ("REJECTED", ranking.rejected)):
        if reasons:
            terminal.line()
            terminal.table(
                [("-", label, str(reason)) for label, reason in reasons.items()],
                styles=("dim", "bad", ""),
                header=("", title, "REASON"),
            )
    left = set(ranking.labels)
    without_preference = next((name for name in ranking.compatible if name in left), "")
    if ranking.labels and ranking.labels[0] != without_preference:
        best = ranking.labels[0]
        why = decisive_preference(ranking, preferences, best, without_preference)
        terminal.line()
        terminal.line(f"{best} comes before {without_preference} as preferred ({why}).")


def _supported(ranking: Ranking, label: str) -> list[str]:
    from variantsel.bridges.vocabulary import ORDER_NAMESPACE

    features: dict[str, list[str]] = {}
    for found in ranking.supported_properties(label):
        if found.namespace == ORDER_NAMESPACE:
            continue
        features.setdefault(f"{found.namespace} :: {found.feature}", []).append(found.value)
    lines = [f"{feature} :: {abbreviated(values)}" for feature, values in features.items()]
    return lines or ["(needs none)"]
