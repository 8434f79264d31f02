"""What pip's result means for what is installed: builds swapped, variants that fit no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["compare_with_installed", "is_misfit"]


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


def is_misfit(session: Session, distribution: Any) -> bool:
    """Whether an installed variant is known not to fit the machine.

    A mistake of ours on the way is said, and no reason to replace anything.
    """
    name = distribution.canonical_name
    if name not in session.misfits:
        session.misfits[name] = False
        session.voice.guarded(lambda: _find_misfit(session, distribution))
    return session.misfits[name]


def _find_misfit(session: Session, distribution: Any) -> None:
    variant = _installed_variant(distribution)
    if variant is not None:
        configuration = session.configuration
        if configuration.preferences(variant.name).off:
            return
        session.misfits[distribution.canonical_name] = variant.is_known_to_misfit(
            configuration.target, enabled=configuration.enabled
        )


def _check_swap(session: Session, distribution: Any, candidate: Any, criterion: Any) -> None:
    if not _may_be_accelerated(distribution):
        return
    if is_misfit(session, distribution):
        session.voice.info(f"{_misfit_text(session, distribution)} Taking another instead.")
        if not _machine_could_use(session, distribution):
            return
    before, after = _build(distribution), _build(candidate.dist)
    chosen = session.chosen_metadata(candidate.source_link)
    if chosen is not None:
        after = type(after)(after.version, chosen, after.requirements)
    if not before.accelerator or after.accelerator:
        return
    session.problem(
        f"{candidate.project_name} {before}, which uses {before.accelerator} hardware, would be "
        f"replaced by {after}, which does not ({candidate.source_link.filename}). "
        f"Because of: {_reasons(criterion)}"
    )


def _check_fit(session: Session, distribution: Any) -> None:
    if not _has_variant_json(distribution) or not is_misfit(session, distribution):
        return
    name = distribution.canonical_name
    what_next = (
        "Nothing else could be taken."
        if name in session.replaced_if_possible
        else f"'pip install --upgrade {name}' takes one that fits."
    )
    session.voice.warn(f"{_misfit_text(session, distribution)} {what_next}")


def _misfit_text(session: Session, distribution: Any) -> str:
    variant, configuration = _installed_variant(distribution), session.configuration
    assert variant is not None, "only a variant can be a misfit"
    reason = variant.misfit(configuration.target, enabled=configuration.enabled)
    return (
        f"{distribution.canonical_name} {variant.version} is installed as variant {variant.label}, "
        f"which does not fit {configuration.target.name}: it {reason}"
    )


def _machine_could_use(session: Session, distribution: Any) -> bool:
    """Whether the machine has an accelerator that an installed variant was built for."""
    from variantsel.explanation import usable_accelerators

    variant = _installed_variant(distribution)
    assert variant is not None, "only a variant can be a misfit"
    return bool(usable_accelerators(variant.metadata, session.configuration.target, variant.label))


def _installed_variant(distribution: Any) -> Any:
    """What is known of a variant; ``None`` for any other distribution."""
    text = _variant_json(distribution)
    if not text:
        return None
    from variantsel.errors import InvalidMetadata
    from variantsel.installed_variants import InstalledVariant

    try:
        return InstalledVariant.read(distribution.raw_name, str(distribution.version), text)
    except InvalidMetadata:
        return None


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
    if "+" in str(distribution.version) or _has_variant_json(distribution):
        return True
    required = distribution.metadata.get_all("Requires-Dist", [])
    return any("nvidia" in line or "triton" in line for line in required)


def _has_variant_json(distribution: Any) -> bool:
    return _variant_json(distribution) is not None


def _variant_json(distribution: Any) -> str | None:
    try:
        text: str = distribution.read_text("variant.json")
    except Exception:  # whichever of pip's backends it is: there is none, or it cannot be read
        return None
    return text


def _build(distribution: Any) -> Any:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    from variantsel.build import Build

    variant = _installed_variant(distribution)
    names = []
    for line in distribution.metadata.get_all("Requires-Dist", []):
        try:
            names.append(canonicalize_name(Requirement(line).name))
        except InvalidRequirement:
            continue
    metadata = variant.metadata if variant is not None else None
    return Build(str(distribution.version), metadata, tuple(names))
