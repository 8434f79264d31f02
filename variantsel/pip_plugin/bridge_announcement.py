"""Announcing what bridges did: other names, labels that were given up, versions passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from variantsel.pip_plugin.bridges import Bridges
    from variantsel.pip_plugin.session import Session

__all__ = ["announce_bridges"]


def announce_bridges(session: Session, bridges: Bridges, result: Any) -> None:
    """Say what was asked for instead, and why not the newest, or not the best label.

    :param result: resolvelib's result, ``mapping`` of candidates.
    :raises pip._internal.exceptions.InstallationError: where the user is strict, and builds of
        one family differ.
    """
    taken = {
        candidate.project_name: candidate
        for name, candidate in result.mapping.items()
        if name == candidate.project_name
    }
    for project, found in bridges.replaced.items():
        if found.name not in taken:
            continue
        extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
        why = f", {found.label} for {bridges.environment.target.name}" if found.label else ""
        session.voice.info(
            f"{project}: taking {found.name}{extras}{why} (bridge {found.bridge.name})"
        )
    for project, (newest, instead) in bridges.passed_over.items():
        if project in taken and taken[project].version.public == instead.version.public:
            _announce_passed_over(session, bridges, project, newest, taken[project])
    for given_up in bridges.label_for_all.given_up:
        members = [name for name in given_up.bridge.members if name in taken]
        if len(members) < 2:
            continue
        label = bridges.environment.settled.get(given_up.bridge.name, "")
        session.voice.info(
            f"{', '.join(members)}: not {given_up.label}, of which {given_up.release} has no "
            f"build; taking {label or 'what there is'} for all of them"
        )
    _check_one_label(session, bridges, taken)
    _check_served(session, bridges, taken)


def _announce_passed_over(
    session: Session, bridges: Bridges, project: str, newest: Any, taken: Any
) -> None:
    version = newest.version.public
    release = getattr(newest.link, "release", None)
    reasons = ""
    if release is not None and release.bridged is not None:
        from variantsel.ranking.enumeration import first_few_sentences

        ranking = bridges.ranking(project, newest.version, release.bridged.variants)
        sentences = (f"{label} {reason}" for label, reason in ranking.rejected.items())
        reasons = f" {first_few_sentences(sentences)}"
    session.voice.info(
        f"{project} {version} has no build for {bridges.environment.target.name}'s accelerator."
        f"{reasons} Taking {taken.version}, the newest that has one; VARIANTSEL_VERSION_FIRST=1 "
        "takes the newest there is."
    )


def _check_one_label(session: Session, bridges: Bridges, taken: dict[str, Any]) -> None:
    """Say where builds of one family differ: what is installed already may be of another label."""
    for bridge in bridges.environment.bridges:
        labels: dict[str, str] = {}
        for project in bridge.members:
            candidate = taken.get(project)
            if candidate is None:
                continue
            label = _label_of(session, bridges, project, candidate)
            if label:
                labels[project] = label
        if len({*labels.values()}) > 1:
            listed = ", ".join(f"{project} is {label}" for project, label in labels.items())
            session.settings.problem_unless_worse(
                f"the builds of one family differ: {listed}. They are made to be used with their "
                f"own kind; 'pip install --force-reinstall {' '.join(labels)}' takes one label "
                "for all."
            )


def _check_served(session: Session, bridges: Bridges, taken: dict[str, Any]) -> None:
    """Say of what packages ask for by a name that holds none of its builds, since none fits."""
    from variantsel.selection.unserved import unserved_line

    for project, candidate in taken.items():
        line = "" if candidate.is_installed else unserved_line(bridges.environment, project)
        if line:
            session.settings.problem_unless_worse(line)


def _label_of(session: Session, bridges: Bridges, project: str, candidate: Any) -> str:
    link = candidate.source_link
    if link is not None and session.has_choices:
        metadata = session.choices.chosen_metadata(link)
        if metadata is not None:
            return "".join(metadata.variants)
    source = session.seen.source_of(link) if link is not None else ""
    return bridges.label_of(project, candidate.version, source)
