"""What pip is asked to install, by the names and with the extras that fit the machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from variantsel.formats.core_metadata import rewrite_requirements

# Not to be imported as pip installs, which 26.3 does not allow.
from variantsel.pip_plugin import resolved_files  # noqa: F401

if TYPE_CHECKING:
    from variantsel.pip_plugin.bridges import Bridges
    from variantsel.pip_plugin.session import Session

__all__ = ["replace_given", "replaced_in_metadata", "replaced_requirement"]


def replace_given(session: Session, given: Iterable[Any], installed: Mapping[str, Any]) -> None:
    """Put other names and extras into what the user asked for.

    :param given: pip's ``InstallRequirement`` objects, constraints among them.
    :param installed: pip's distributions by normalized name.
    :raises pip._internal.exceptions.InstallationError: where the user is strict, and no build of
        what was asked for fits.
    """
    from pip._vendor.packaging.utils import canonicalize_name

    bridges = session.bridges
    assert bridges is not None, "only called where one is switched on"
    given = [item for item in given if item.req is not None and item.match_markers()]
    named = {canonicalize_name(item.req.name) for item in given if not item.constraint}
    for project in named:
        bridges.replacements.note_given(project)
    for item in given:
        project = canonicalize_name(item.req.name)
        for label in _note_wanted(bridges, project, item.req.specifier):
            bridges.settle_on(project, label)
    for project, distribution in installed.items():
        bridges.replacements.note_installed(project)
        _settle_installed(bridges, project, distribution, is_replaced=project in named)
    for item in given:
        project = canonicalize_name(item.req.name)
        for label in session.settings.configuration.preferences(project).take:
            bridges.environment.note_wanted(project, label)
        if item.link is not None or item.editable:
            continue  # the user named this very build
        found = bridges.replacement(project, item.extras, item.req.specifier, is_given=True)
        if found is not None:
            item.req.name = found.name
            item.req.extras = set(found.extras)
            item.extras = set(found.extras)
        elif not item.constraint and project not in installed:
            _tell_of_unserved(session, bridges, project)


def _tell_of_unserved(session: Session, bridges: Bridges, project: str) -> None:
    from variantsel.selection.unserved import unserved_line

    line = unserved_line(bridges.environment, project)
    if line:
        session.settings.problem(line)


def _settle_installed(
    bridges: Bridges, project: str, distribution: Any, *, is_replaced: bool
) -> None:
    """Let what is there already, and fits, decide for what belongs to it."""
    if is_replaced or not bridges.knows(project):
        return
    version = distribution.version
    label = bridges.label_of(project, version, "")
    if not label:
        return
    ranking = bridges.ranking(project, version, [label])
    if ranking.labels and bridges.metadata(project, version, [label]).variants[label]:
        bridges.settle(project, version, label)


def replaced_requirement(bridges: Bridges, text: str, *, with_extras: bool) -> str:
    """See :func:`variantsel.selection.replaced_requirement.replaced_requirement`."""
    from variantsel.selection.replaced_requirement import replaced_requirement

    def replacement(requirement: Any, project: str) -> Any:
        _note_wanted(bridges, project, requirement.specifier)
        return bridges.replacement(
            project, requirement.extras, requirement.specifier, is_given=False
        )

    return replaced_requirement(text, replacement, with_extras=with_extras)


def replaced_in_metadata(bridges: Bridges, text: str, *, with_extras: bool) -> str:
    """:func:`replaced_requirement` for the headers of a METADATA file, the rest as it is."""

    def replaced(value: str) -> str:
        before = value.strip()
        after = replaced_requirement(bridges, before, with_extras=with_extras)
        return after if after != before else value

    return rewrite_requirements(text, replaced)


def _note_wanted(bridges: Bridges, project: str, specifier: Any) -> list[str]:
    """The labels that versions with a local part ask for, ``torch==2.13.0+cpu``."""
    labels = []
    for item in specifier:
        if "+" in item.version and bridges.knows(project):
            label = bridges.label_of(project, item.version, "")
            bridges.environment.note_wanted(project, label)
            labels.append(label)
    return labels
