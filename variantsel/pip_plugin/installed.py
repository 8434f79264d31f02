"""What pip's result means for what is installed: builds swapped, variants that fit no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.builds import build_of, installed_variant, is_worth_a_look
from variantsel.pip_plugin.session import Session

if TYPE_CHECKING:
    from variantsel.selection.build import Build

__all__ = ["compare_with_installed"]


def compare_with_installed(session: Session, installed: Mapping[str, Any], result: Any) -> None:
    """Warn when an accelerated build would be replaced by one that is not, and when an installed
    variant does not fit the machine any more.

    :param installed: pip's distributions by normalized name.
    :param result: resolvelib's result: ``mapping`` of candidates, ``criteria`` they had to meet.
    :raises pip._internal.exceptions.InstallationError: where the user is strict.
    """
    for name, candidate in result.mapping.items():
        distribution = installed.get(candidate.project_name)
        if distribution is None or name != candidate.project_name:
            continue  # nothing was there, or this is "name[extra]", which comes once more without
        if candidate.is_installed:
            _check_fit(session, distribution)
        elif candidate.source_link is not None:
            _check_swap(session, distribution, candidate, result.criteria.get(name))


def _check_swap(session: Session, distribution: Any, candidate: Any, criterion: Any) -> None:
    chosen = session.choices.chosen_metadata(candidate.source_link) if session.has_choices else None
    if not (_may_be_accelerated(distribution) or chosen or is_worth_a_look(candidate.dist)):
        return
    if distribution in session.misfits:
        session.voice.info(f"{session.misfits.describe(distribution)} Taking another instead.")
        if not session.misfits.machine_could_use(distribution):
            return
    elif chosen is not None and distribution.canonical_name in session.replaceable:
        label = "".join(chosen.variants)
        session.voice.info(f"{session.upgrades.describe(distribution)} Taking {label} instead.")
    before, after = build_of(distribution), build_of(candidate.dist)
    if chosen is not None:
        after = after._replace(metadata=chosen)
    lost = _lost_accelerator(session, before, after)
    if lost:
        session.settings.problem(
            f"{candidate.project_name} {before}, {lost}, would be replaced by {after}, which does "
            f"not ({candidate.source_link.filename}). Because of: {_reasons(criterion)}"
        )


def _lost_accelerator(session: Session, before: Build, after: Build) -> str:
    """What the machine loses when one build takes the place of another; empty where nothing."""
    if before.accelerator:
        return "" if after.accelerator else f"which uses {before.accelerator} hardware"
    if before.accelerators is not None or after.accelerators != ():
        return ""
    from variantsel.selection.build import unused_accelerators

    target = session.settings.configuration.target
    unused = unused_accelerators(after, target)
    hardware = f"{target.name}'s {' and '.join(unused)} hardware"
    return f"of which nothing tells whether it uses {hardware}" if unused else ""


def _check_fit(session: Session, distribution: Any) -> None:
    if distribution in session.misfits:
        name = distribution.canonical_name
        what_next = (
            "Nothing else could be taken."
            if name in session.replaceable
            else f"'pip install --upgrade {name}' takes one that fits."
        )
        session.voice.warn(f"{session.misfits.describe(distribution)} {what_next}")
    elif is_worth_a_look(distribution) or session.settings.requirements_on(
        distribution.canonical_name
    ):
        remark = session.upgrades.remark(distribution)
        if remark:
            session.voice.warn(remark)


def _reasons(criterion: Any) -> str:
    if criterion is None:
        return "the requirements given"
    reasons = []
    for information in criterion.information:
        parent = information.parent
        source = f"{parent.name} {parent.version}" if parent is not None else "asked for"
        reasons.append(f"{information.requirement} ({source})")
    return ", ".join(dict.fromkeys(reasons))


def _may_be_accelerated(distribution: Any) -> bool:
    """A cheap look, since every pip run passes here: most packages are pure Python."""
    if "+" in str(distribution.version) or installed_variant(distribution) is not None:
        return True
    required = distribution.metadata.get_all("Requires-Dist", [])
    return any("nvidia" in line or "triton" in line for line in required)
