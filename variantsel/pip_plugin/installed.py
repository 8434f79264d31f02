"""What pip's result means for what is installed: builds swapped, variants that fit no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from variantsel.pip_plugin.builds import build_of, installed_variant
from variantsel.pip_plugin.session import Session

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
    if not _may_be_accelerated(distribution):
        return
    if distribution in session.misfits:
        session.voice.info(f"{session.misfits.describe(distribution)} Taking another instead.")
        if not session.misfits.machine_could_use(distribution):
            return
    before, after = build_of(distribution), build_of(candidate.dist)
    chosen = session.choices.chosen_metadata(candidate.source_link)
    if chosen is not None:
        after = replace(after, metadata=chosen)
    if not before.accelerator or after.accelerator:
        return
    session.settings.problem(
        f"{candidate.project_name} {before}, which uses {before.accelerator} hardware, would be "
        f"replaced by {after}, which does not ({candidate.source_link.filename}). "
        f"Because of: {_reasons(criterion)}"
    )


def _check_fit(session: Session, distribution: Any) -> None:
    if distribution not in session.misfits:
        return
    name = distribution.canonical_name
    what_next = (
        "Nothing else could be taken."
        if name in session.misfits.replaceable
        else f"'pip install --upgrade {name}' takes one that fits."
    )
    session.voice.warn(f"{session.misfits.describe(distribution)} {what_next}")


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
