"""Announcing what pip's resolution took: a line for each release with variants, and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.session import Session

if TYPE_CHECKING:
    from variantsel.selection.build import Build
    from variantsel.selection.selection import ReleaseFile, Selection

__all__ = ["announce", "announce_notices"]


def announce(session: Session, requirements: Sequence[Any], finder: Any, result: Any) -> None:
    """Say what was taken of every release that has variants, and what was left unused.

    :param requirements: pip's ``InstallRequirement`` objects, resolved.
    :param finder: pip's ``PackageFinder``.
    :param result: resolvelib's result: ``mapping`` of candidates, ``criteria`` they had to meet.
    """
    for requirement in requirements:
        chosen = session.chosen(requirement)
        session.requirements.note_chosen(requirement.name or "", chosen)
        if chosen is not None:
            _announce_choice(session, *chosen, result)
        elif requirement.link is not None and session.seen.has_variants(requirement.name or ""):
            _announce_release_without_variants(session, requirement, finder, result)


def announce_notices(session: Session) -> None:
    """Say what the machine's providers had to say, after all that they may have been asked for."""
    for notice in session.machine_notices():
        session.voice.warn(notice)


def _announce_choice(
    session: Session, file: ReleaseFile[Any], selection: Selection[Any], result: Any
) -> None:
    from variantsel.selection import taken, unused

    choice = taken.choice_line(selection, file)
    if choice:
        session.voice.info(choice)
    for line in taken.choice_details(selection, file) if session.voice.is_verbose else ():
        session.voice.verbose(f"  {line}")
    build = None
    if not file.label:
        build = _build_of(session, selection.release.name, result)
    for line in (
        unused.unused_accelerator_line(selection, file, build),
        unused.untrusted_provider_line(selection, file),
        taken.other_machine_line(selection, file),
        taken.several_sources_line(selection),
    ):
        if line:
            session.voice.warn(line)


def _announce_release_without_variants(
    session: Session, requirement: Any, finder: Any, result: Any
) -> None:
    """Warn when pip took a version without variants and another has one for the accelerator."""
    from variantsel.pip_plugin.candidates import applicable_candidates
    from variantsel.selection.unused import without_variants_line

    candidates = applicable_candidates(finder.find_best_candidate(requirement.name))
    for candidate in reversed(candidates):
        if not isinstance(candidate.link, session.seen.release_link_type):
            continue
        release = candidate.link.release
        for file, selection in session.choices.of(release, finder):
            line = without_variants_line(
                requirement.link.filename,
                _build_of(session, requirement.name, result),
                selection,
                file,
                _instead(candidate, candidates, result),
            )
            if line:
                session.voice.warn(line)
            break
        return


def _build_of(session: Session, name: str, result: Any) -> Build:
    """What is known of the build that was taken of a project."""
    from variantsel.pip_plugin.builds import build_of

    environment = session.settings.configuration.target.environment
    return build_of(result.mapping[_normalized(name)].dist, environment)


def _normalized(name: str) -> str:
    from pip._vendor.packaging.utils import canonicalize_name

    normalized: str = canonicalize_name(name)
    return normalized


def _instead(candidate: Any, candidates: Sequence[Any], result: Any) -> str:
    """How to take another version: what to type, or what requires the one that was taken."""
    from variantsel.selection.unused import exactly

    criterion = result.criteria.get(_normalized(candidate.name))
    for information in criterion.information if criterion is not None else ():
        parent, requirement = information.parent, information.requirement
        specifier = _specifier_of(requirement)
        if parent is None or specifier is None:
            continue
        if not specifier.contains(candidate.version, prereleases=True):
            return f", but {parent.name} {parent.version} requires {requirement}"
    versions = [str(other.version) for other in candidates]
    return f" (pip install {exactly(candidate.name, str(candidate.version), versions)})"


def _specifier_of(requirement: Any) -> Any:
    """The version specifier of a requirement, of either resolver; ``None`` where it has none."""
    if hasattr(requirement, "get_candidate_lookup"):
        _, requirement = requirement.get_candidate_lookup()
        requirement = getattr(requirement, "req", None)
    return getattr(requirement, "specifier", None)
