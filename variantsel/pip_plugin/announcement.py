"""Announcing what pip's resolution took: a line for each release with variants, and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.session import Session
from variantsel.pip_plugin.without_variants import announce_build_without_variants

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
    if session.bridges is not None:
        from variantsel.pip_plugin.bridge_announcement import announce_bridges

        announce_bridges(session, session.bridges, result)
    for requirement in requirements:
        chosen = session.chosen(requirement)
        session.requirements.note_chosen(requirement.name or "", chosen)
        if chosen is not None:
            _announce_choice(session, *chosen, result)
        elif requirement.link is not None and requirement.name:
            announce_build_without_variants(session, requirement, finder, result)


def announce_notices(session: Session) -> None:
    """Say what the machine's providers had to say, after all that they may have been asked for."""
    for notice in session.machine_notices():
        session.voice.warn(notice)


def _announce_choice(
    session: Session, file: ReleaseFile[Any], selection: Selection[Any], result: Any
) -> None:
    from variantsel.selection import taken, unused
    from variantsel.selection.build import present_accelerators

    choice = taken.choice_line(selection, file)
    if choice:
        session.voice.info(choice)
    misfit = taken.misfit_line(selection, file)
    if misfit and present_accelerators(selection.rankings[0].metadata, selection.target):
        session.settings.problem_unless_worse(misfit)
    elif misfit:
        session.voice.info(misfit)
    for line in taken.choice_details(selection, file) if session.voice.is_verbose else ():
        session.voice.verbose(f"  {line}")
    build = None
    if not file.label:
        build = _build_of(session, selection.release.name, result)
    accelerator = unused.unused_accelerator_line(selection, file, build)
    for line in (
        accelerator,
        unused.abi_dependency_line(selection, file, said=accelerator),
        unused.untrusted_provider_line(selection, file),
        taken.other_machine_line(selection, file),
        taken.several_sources_line(selection),
    ):
        if line:
            session.voice.warn(line)


def _build_of(session: Session, project_name: str, result: Any) -> Build:
    """What is known of the build that was taken of a project."""
    from pip._vendor.packaging.utils import canonicalize_name

    from variantsel.pip_plugin.builds import build_of

    candidate = result.mapping[canonicalize_name(project_name)]
    return build_of(candidate.dist, session.settings.configuration.target.environment)
