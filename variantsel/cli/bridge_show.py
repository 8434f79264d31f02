"""``variantsel bridge show``: what a machine gets with a bridge."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from variantsel.cli.arguments import add_format, add_target, examples, resolve_target
from variantsel.cli.exit_codes import DONE, NEGATIVE
from variantsel.cli.output import (
    abbreviated,
    print_json,
    print_note,
    print_notices,
    rejection_json,
    without_password,
)
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.selection.bridge_overview import LabelVerdict, Offer
    from variantsel.targets.target import Target

__all__ = ["add_action"]


def add_action(actions: Any) -> None:
    """Add the action to the command's parser."""
    parser = actions.add_parser(
        "show",
        help="show what a machine gets with a bridge; exit code 1 where nothing of it fits",
        description="Show what a machine gets of each project of a bridge: the build, what is "
        "asked for in the place of the project, and where it comes from; and of every label what "
        "it needs, or why it does not fit. Exit code 1 where nothing fits.",
        epilog=examples(
            "variantsel bridge show torch",
            "variantsel bridge show torch --target gh200@13.0",
            "variantsel bridge show jax --target mi300x --format json",
        ),
    )
    parser.add_argument("name", metavar="NAME", help="a bridge ('variantsel bridge list')")
    add_target(parser)
    add_format(parser)
    parser.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    from variantsel.bridges.platforms import platform_of
    from variantsel.configuration import load_configuration
    from variantsel.selection.bridge_overview import offers, verdicts

    configuration = load_configuration()
    (bridge,) = configuration.find_bridges([arguments.name])
    target = resolve_target(arguments.target).without(configuration.disabled)
    platform = platform_of(target.environment)
    found = offers(bridge, target, enabled=configuration.enabled)
    judged = verdicts(bridge, target, enabled=configuration.enabled)
    is_on = any(other.name == bridge.name for other in configuration.bridges)
    if arguments.format == "json":
        print_json(_as_object(bridge, target, platform, found, judged))
    else:
        state = "on" if is_on else f"off; 'variantsel bridge enable {bridge.name}' switches it on"
        _print_tables(bridge, state, target, platform, found, judged)
    for notice in configuration.notices:
        print_note(notice)
    print_notices(target)
    return DONE if any(offer.label for offer in found) else NEGATIVE


def _as_object(
    bridge: Bridge,
    target: Target,
    platform: str,
    found: list[Offer],
    judged: list[LabelVerdict],
) -> dict[str, Any]:
    return {
        "name": bridge.name,
        "file": bridge.path,
        "target": target.name,
        "platform": platform,
        "projects": [
            {
                "project": offer.project,
                "label": offer.label or None,
                "then": list(offer.then),
                "requirement": offer.requirement,
                "versions": offer.versions,
                "page": without_password(offer.page) or None,
                "without_bridge": offer.default or None,
            }
            for offer in found
        ],
        "labels": [
            {
                "label": verdict.row.label,
                "projects": sorted(verdict.row.scope.projects or ()),
                "versions": str(verdict.row.scope.versions or ""),
                "platforms": sorted(verdict.row.scope.platforms or ()),
                "needs": verdict.row.needs,
                "toolkit": verdict.row.toolkit or None,
                "fits": verdict.fits,
                "reason": _reason_as_object(verdict, platform),
            }
            for verdict in judged
        ],
        "exclusive": [list(row.names) for row in bridge.exclusives],
        "unmapped": {row.name: row.why for row in bridge.unmapped},
    }


def _reason_as_object(verdict: LabelVerdict, platform: str) -> dict[str, Any] | None:
    if verdict.fits:
        return None
    if verdict.rejection is not None:
        return rejection_json(verdict.rejection)
    wanted = list(verdict.platforms)
    return {"kind": "platform", "wanted": wanted, "text": verdict.reason(platform)}


def _print_tables(
    bridge: Bridge,
    state: str,
    target: Target,
    platform: str,
    found: list[Offer],
    judged: list[LabelVerdict],
) -> None:
    terminal = Terminal(sys.stdout)
    terminal.line(f"Bridge: {bridge.name}, {bridge.about} ({state})", "bold")
    terminal.line(f"Machine: {target.name} ({platform})", "bold")
    if found:
        terminal.line()
        terminal.table(
            [
                (
                    offer.project,
                    offer.label or "-",
                    abbreviated(offer.then),
                    offer.requirement if offer.requirement != offer.project else "",
                    without_password(offer.page) or _versions(offer),
                )
                for offer in found
            ],
            ("bold", "good", "", "", ""),
            header=("PROJECT", "BEST BUILD", "THEN", "ASKED FOR INSTEAD", "FROM"),
        )
    if bridge.members:
        terminal.line()
        terminal.line("What is installed together is of one build: the best that all of it has.")
    here = [verdict for verdict in judged if not verdict.platforms]
    if here:
        terminal.line()
        terminal.table(
            [
                (
                    verdict.row.label,
                    _about(verdict),
                    "yes" if verdict.fits else "no",
                    _needed(verdict.row.needs)
                    if verdict.fits
                    else f"it {verdict.reason(platform)}",
                )
                for verdict in here
            ],
            ("good", "", "", ""),
            header=("BUILD", "OF", "FITS", "NEEDS, OR WHY NOT"),
        )
    labels = {verdict.row.label for verdict in here}
    elsewhere = [label for label in bridge.label_names if label not in labels]
    if elsewhere:
        terminal.line()
        terminal.line(f"Not for {platform}: {', '.join(elsewhere)}.")
    for row in bridge.exclusives:
        terminal.line()
        terminal.line(f"One of these at a time: {', '.join(row.names)}.")
    if bridge.unmapped:
        terminal.line()
        terminal.table(
            [(row.name, row.why) for row in bridge.unmapped],
            ("bold", ""),
            header=("NOT THIS FAMILY", "WHY"),
        )


def _versions(offer: Offer) -> str:
    if not offer.label:
        return "as without the bridge: no build that is known fits"
    return f"the default index, {offer.versions}" if offer.versions else "the default index"


def _about(verdict: LabelVerdict) -> str:
    """Which projects and versions a row is about, where not all."""
    scope = verdict.row.scope
    parts = [
        abbreviated(sorted(scope.projects)) if scope.projects else "",
        str(scope.versions or ""),
    ]
    return " ".join(part for part in parts if part)


def _needed(needs: Mapping[str, Mapping[str, tuple[str, ...]]]) -> list[str]:
    lines = [
        f"{namespace} :: {feature} :: {abbreviated(values)}"
        for namespace, features in needs.items()
        for feature, values in features.items()
    ]
    return lines or ["every machine"]
