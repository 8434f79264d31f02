"""Saying what bridges would have changed, in a run for which none was switched on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from packaging.version import Version

from variantsel.bridges.catalogue import ALL, find_bridges
from variantsel.selection.bridged import BridgedEnvironment
from variantsel.selection.replacements import Replacements
from variantsel.targets.target import Target

__all__ = ["Taken", "hint_line"]


class Taken(NamedTuple):
    """A package that an installer takes.

    :ivar name: its normalized name.
    :ivar version: its version.
    :ivar is_given: whether the user asked for it by that name, and without an extra.
    """

    name: str
    version: str
    is_given: bool


def hint_line(taken: Iterable[Taken], target: Target, *, enabled: Collection[str] = ()) -> str:
    """One line about what would be different, and how; empty where nothing would.

    It would be where a build does not fit the machine, leaves its accelerator unused or is made
    for one that it has not, and a bridge knows of one that is right.
    """
    environment = BridgedEnvironment(find_bridges([ALL]), target, enabled=enabled)
    changes: dict[str, str] = {}
    names: dict[str, None] = {}
    for package in taken:
        change, bridge = _change(environment, package)
        if change:
            changes[package.name] = change
            names.setdefault(bridge)
    if not changes:
        return ""
    listed = ", ".join(list(changes.values())[:3])
    return (
        f"With a bridge switched on, {target.name} would get {listed}: 'variantsel bridge enable "
        f"{' '.join(names)}', or VARIANTSEL_BRIDGE={','.join(names)}. VARIANTSEL_HINTS=0 hides "
        "this line."
    )


def _change(environment: BridgedEnvironment, package: Taken) -> tuple[str, str]:
    """What would be taken instead, and the bridge that says so; empty where the same."""
    if package.is_given:
        found = Replacements(environment).of(package.name, is_given=True)
        if found is not None and found.label:
            extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
            return f"{found.name}{extras} rather than {package.name}", found.bridge.name
    bridge = environment.bridge_of(package.name)
    if bridge is None:
        return "", ""
    version = Version(package.version)
    label = environment.label_of(package.name, version)
    row = bridge.label_row(label, package.name, version, environment.platform) if label else None
    fitting = environment.fitting_rows(bridge, package.name)
    if row is None or not fitting or fitting[0].label == label:
        return "", ""
    fits = row in fitting
    if fits and bool(row.needs) == bool(fitting[0].needs):
        return "", ""
    if not fitting[0].needs:
        return f"the build {fitting[0].label} of {package.name} rather than {label}", bridge.name
    hardware = f"its {next(iter(fitting[0].needs))} hardware"
    return f"a build of {package.name} for {hardware} rather than {label}", bridge.name
