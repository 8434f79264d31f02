"""Saying why a release with variants is built from source: no variant fits, and what each needs."""

from __future__ import annotations

from typing import Any

from variantsel.ranking.enumeration import first_few_sentences
from variantsel.selection.selection import ReleaseFile, Selection
from variantsel.selection.taken import reasons_against

__all__ = ["source_fallback_line"]


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
