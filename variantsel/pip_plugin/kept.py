"""What pip keeps as "already satisfied", against what the user requires of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.voice import installation_error

if TYPE_CHECKING:
    from variantsel.pip_plugin.session import Session

__all__ = ["check_kept"]


def check_kept(session: Session, mapping: Mapping[str, Any], finder: Any) -> None:
    """End the run where pip keeps a build that the user rules out and nothing could replace.

    Where something could, ``--upgrade`` takes it.

    :param mapping: that of resolvelib's result.
    :param finder: pip's ``PackageFinder``.
    :raises pip._internal.exceptions.InstallationError: naming the setting and what would help.
    """
    for name, candidate in mapping.items():
        if candidate.is_installed and name == candidate.project_name:  # not "name[extra]"
            _check(session, candidate.dist, finder)


def _check(session: Session, distribution: Any, finder: Any) -> None:
    from variantsel.pip_plugin.builds import installed_variant
    from variantsel.selection.requirement import unmet_by_installed

    name = distribution.canonical_name
    required = session.settings.requirements_on(name)
    if required is None:
        return
    variant = installed_variant(distribution)
    label = variant.label if variant is not None else ""
    if required.narrowing_of(label) is None:
        return
    candidates = finder.find_all_candidates(name)
    if any(required.narrowing_of(session.label_of(item)) is None for item in candidates):
        return
    sources = [session.seen.source_of(item.link) for item in candidates]
    unmet = unmet_by_installed(name, str(distribution.version), label, required, sources)
    raise installation_error(f"variantsel: {unmet}")
