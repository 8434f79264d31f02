"""Saying why a release with variants is built from source: no variant fits, and what each needs."""

from __future__ import annotations

from typing import Any

from variantsel.formats.wheel_label import NULL_LABEL, OLD_NULL_LABEL
from variantsel.ranking.enumeration import first_few_sentences
from variantsel.selection.selection import ReleaseFile, Selection
from variantsel.selection.taken import reasons_against

__all__ = ["source_fallback_line", "source_release_line"]


def source_fallback_line(selection: Selection[Any], file: ReleaseFile[Any]) -> str:
    """A warning that a source distribution is all that is left of a release with variants, before
    it is built; empty for any other file.

    :param file: the file that is tried next.
    """
    if file.label or file.filename.endswith(".whl") or selection.preferences.off:
        return ""
    reasons = []
    for source in selection.rankings:
        reasons += [f"{label} {reason}" for label, reason in reasons_against(source)]
        reasons += [
            f"{label} fits, but {selection.absence_of(label)}." for label in source.ranking.labels
        ]
    unread = [problem for problem in selection.problems if not selection.rankings]
    why = first_few_sentences(reasons) or " ".join(unread)
    if not why:
        return ""
    return (
        f"{selection.release}: no variant of it can be taken for {selection.target.name}, which "
        f"leaves the source distribution {file.filename}, to be built here. {why}"
    )


def source_release_line(
    release: str, filename: str, other: Selection[Any], best: ReleaseFile[Any], exact: str
) -> str:
    """A warning that a release without variants is built from source, where another has one that
    fits; empty where the best file of that other is no variant either.

    :param exact: the requirement that takes that other release.
    """
    if not best.label or best.label in (NULL_LABEL, OLD_NULL_LABEL):
        return ""
    return (
        f"{release} has no wheel for this platform, which leaves the source distribution "
        f"{filename}, to be built here; {other.release} has the variant {best.label} for "
        f"{other.target.name} (pip install {exact})"
    )
