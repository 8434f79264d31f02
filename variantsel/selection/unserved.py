"""Saying that a project is asked for by a name that holds none of its builds, since none fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantsel.ranking.enumeration import first_few_sentences

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.rows import Label
    from variantsel.selection.bridged import BridgedEnvironment

__all__ = ["unserved_line"]


def unserved_line(environment: BridgedEnvironment, project: str) -> str:
    """A warning that no build of a project fits the machine, where its own name is none of those
    that hold them: ``cudf``, which is a placeholder, or ``cupy``, which is built from its sources.

    :param project: its normalized name; nothing was put in its place.
    :returns: empty where its name does hold builds, or no bridge says where they are.
    """
    for bridge in environment.bridges:
        names = [row.name for row in bridge.names if row.project == project]
        if names and project not in names:
            return (
                f"{project}: none of its builds, which are {', '.join(dict.fromkeys(names))}, fits "
                f"{environment.target.name} (bridge {bridge.name}). "
                f"{_reasons(environment, bridge, project)} What goes by the name {project} itself "
                "is something else: its sources, or a placeholder."
            )
    return ""


def _reasons(environment: BridgedEnvironment, bridge: Bridge, project: str) -> str:
    labels = {row.label for row in bridge.names if row.project == project}
    rows: dict[str, Label] = {}
    for row in bridge.rows_on(project, environment.platform):
        if row.label in labels:
            rows.setdefault(row.label, row)
    if not rows:
        return f"There are none for {environment.platform}."
    rejected = environment.ranking_of_rows(bridge, rows).rejected
    if not rejected:
        return "Those that would have no version that was asked for."
    return first_few_sentences(f"{label} {rejected[label]}" for label in rows if label in rejected)
