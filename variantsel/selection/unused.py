"""Saying what a choice leaves unused: an accelerator, variants that nobody could judge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from variantsel.formats.wheel_label import NULL_LABEL, OLD_NULL_LABEL
from variantsel.ranking.preferred_order import decisive_preference
from variantsel.ranking.rejection import skipped_for_abi
from variantsel.ranking.support import ABI_DEPENDENCY
from variantsel.selection.build import (
    ACCELERATORS,
    Build,
    present_accelerators,
    usable_accelerators,
)
from variantsel.selection.selection import ReleaseFile, Selection, SourceRanking
from variantsel.targets.rejection_kind import RejectionKind

__all__ = [
    "abi_dependency_line",
    "exactly",
    "untrusted_provider_line",
    "unused_accelerator_line",
    "without_variants_line",
]


def unused_accelerator_line(
    selection: Selection[Any], taken: ReleaseFile[Any], build: Build | None = None
) -> str:
    """A warning when the machine has an accelerator that other variants use and this one does not.

    :param build: what is known of a file without a label.
    :returns: empty when there is nothing to warn of.
    """
    known = build.accelerators if build is not None and not taken.label else None
    does_not = "may not" if known is None and not taken.label else "does not"
    for source in selection.rankings:
        used = known or ()
        if taken.label:
            used = tuple(source.metadata.variants.get(taken.label, {}))
        for namespace, notice in present_accelerators(source.metadata, selection.target).items():
            if any(name in used for name in ACCELERATORS):
                return ""
            unused = f"{namespace} hardware, but {taken.filename} {does_not} use it."
            machine = f"{selection.release}: {selection.target.name}"
            if notice:  # it is among the target's notices, and better said once
                return f"{machine} may have {unused}"
            reasons = _reasons(selection, source, namespace, taken)
            return f"{machine} has {unused} {reasons}"
    return ""


def untrusted_provider_line(selection: Selection[Any], taken: ReleaseFile[Any]) -> str:
    """Which package would have been asked whether a variant fits, where no variant was taken.

    Empty when nobody would have been asked.
    """
    if taken.label not in ("", NULL_LABEL, OLD_NULL_LABEL):
        return ""
    labels: dict[str, list[str]] = {}
    for source in selection.rankings:
        with_files = {
            file.label for file in selection.release.files if file.source == source.source
        }
        for label, reason in source.ranking.rejected.items():
            if reason.kind is RejectionKind.UNTRUSTED and reason.detail and label in with_files:
                labels.setdefault(reason.detail, []).append(label)
    return " ".join(
        f"{selection.release}: only {packages} could tell whether {_shortened(names)} would fit "
        f"{selection.target.name}; it is not trusted, so it was not asked. 'variantsel trust "
        f"{packages}' shows what would run and asks."
        for packages, names in labels.items()
    )


def abi_dependency_line(selection: Selection[Any], taken: ReleaseFile[Any], *, said: str) -> str:
    """Which wheels are skipped for what they need of other packages; empty where none is, and
    where that was given as a reason already.

    :param said: what was said of the choice; of a source distribution every reason was.
    """
    if ABI_DEPENDENCY in said or not taken.filename.endswith(".whl"):
        return ""
    skipped = {
        label: reason
        for source in selection.rankings
        for label, reason in source.ranking.rejected.items()
        if any(
            file.label == label and file.source == source.source for file in selection.release.files
        )
    }
    line = skipped_for_abi(skipped)
    return f"{selection.release}: {line}" if line else ""


def without_variants_line(
    taken_filename: str,
    taken: Build,
    other: Selection[Any],
    best: ReleaseFile[Any],
    instead: str,
) -> str:
    """A warning when the version taken has no variants, and another has one for an accelerator.

    :param taken: what is known of the build that was taken.
    :param other: the selection of that other release, ``best`` its best file.
    :param instead: what takes it, or stands in the way of it.
    :returns: empty when ``best`` does not use an accelerator either, or what was taken does.
    """
    source = other.ranking_of(best)
    if source is None:
        return ""
    used = usable_accelerators(source.metadata, other.target, best.label)
    if not used or set(taken.accelerators or ()).intersection(used):
        return ""
    does_not = "may not" if taken.accelerators is None else "does not"
    return (
        f"{taken_filename} was published without variants and {does_not} use {other.target.name}'s "
        f"{used[0]} hardware; {other.release} has the variant {best.label} for it{instead}"
    )


def exactly(name: str, version: str, versions: Iterable[str]) -> str:
    """A requirement that takes one version and no other.

    ``==2.12.0`` takes ``2.12.0+cpu`` where there is one (version specifiers, Version matching), and
    rather than 2.12.0; only ``===`` does not.

    :param versions: all that there are.
    """
    has_local_versions = any(other.startswith(f"{version}+") for other in versions)
    return f"{name}{'===' if has_local_versions else '=='}{version}"


def _reasons(
    selection: Selection[Any], source: SourceRanking, namespace: str, taken: ReleaseFile[Any]
) -> str:
    """Why none of the variants that use a namespace was taken, at most three of them."""
    with_files = set(selection.labels_with_files(source))
    reasons: list[str] = []
    ranking = source.ranking
    for label in (*ranking.compatible, *ranking.rejected):
        if len(reasons) == 3:
            break
        if namespace in source.metadata.variants[label]:
            preferred = decisive_preference(ranking, selection.preferences, taken.label, label)
            if label in ranking.rejected:
                reasons.append(f"{label} {ranking.rejected[label]}")
            elif label in ranking.narrowed:
                reasons.append(f"{label} fits, but {ranking.narrowed[label]}")
            elif label in with_files and preferred:
                reasons.append(f"{label} fits, but {taken.label} is preferred ({preferred}).")
            elif label in with_files:
                reasons.append(f"{label} fits, but could not be taken.")
            else:
                reasons.append(f"{label} fits, but {selection.absence_of(label)}.")
    return " ".join(reasons)


def _shortened(labels: list[str]) -> str:
    return ", ".join(labels if len(labels) < 5 else [*labels[:3], "…"])
