"""What to ask for in the place of a project, so that its builds fit the machine: another name,
or the same with extras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from variantsel.bridges.version_ranges import holds_any_of

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from variantsel.bridges.bridge import Bridge
    from variantsel.selection.bridged import BridgedEnvironment

__all__ = ["Replacement", "Replacements"]


class Replacement(NamedTuple):
    """What is asked for in the place of a project.

    :ivar name: the normalized name of the project that holds the builds that fit.
    :ivar extras: all extras to ask it for.
    :ivar bridge: whose rows say so.
    :ivar label: the label that is served; empty where the machine does not matter.
    """

    name: str
    extras: frozenset[str]
    bridge: Bridge
    label: str = ""


class Group(NamedTuple):
    """Projects that stand for each other.

    :ivar asked: what people ask for, which may be none of them; empty where there is no such name.
    :ivar names: the projects, best first.
    """

    asked: str
    names: tuple[str, ...]


class Replacements:
    """Of every group of projects the one for this environment, remembered."""

    def __init__(self, environment: BridgedEnvironment) -> None:
        self._environment = environment
        self._taken: dict[Group, str] = {}
        self._given: set[Group] = set()
        self._better: dict[Group, str] = {}
        self._ordered: dict[tuple[str, str], list[str]] = {}

    def note_given(self, project: str) -> None:
        """Remember that the user asked for a project by its own name, or that it is installed: of
        those that stand for each other, that one.

        :param project: its normalized name.
        """
        environment = self._environment
        for bridge in environment.bridges:
            for group in _groups_of(bridge, project):
                if project in group.names and project != group.asked:
                    self._given.add(group)
                    self._taken.setdefault(group, project)
                    environment.settle(project, None, _only_label(bridge, project))

    def note_installed(self, project: str) -> None:
        """The same of what is installed, whatever else it may be known by."""
        for bridge in self._environment.bridges:
            for group in _groups_of(bridge, project):
                if project in group.names:
                    self._given.add(group)
                    self._taken.setdefault(group, project)

    def of(
        self,
        project: str,
        extras: Iterable[str] = (),
        *,
        versions: SpecifierSet | None = None,
        is_given: bool = False,
    ) -> Replacement | None:
        """What to ask for in the place of a project; ``None`` for itself.

        :param project: its normalized name.
        :param extras: those it was asked for with.
        :param versions: those it was asked for in: another name may have others.
        :param is_given: whether the user asked for it, rather than another package.
        """
        extras = frozenset(extras)
        for bridge in self._environment.bridges:
            if project not in bridge.asked_projects:
                continue
            name, label = self._name_for(bridge, project, versions, is_given)
            added, extra_label = self._extras_for(bridge, name, extras, versions)
            if name != project or added:
                return Replacement(name, extras | added, bridge, label or extra_label)
        return None

    def start_again(self) -> bool:
        """Take the better one of each group of which a package asked for one that has more than
        what was taken; whether there is such a group, and so something to resolve anew."""
        better, self._better = self._better, {}
        self._taken.update(better)
        return bool(better)

    def _name_for(
        self, bridge: Bridge, project: str, versions: SpecifierSet | None, is_given: bool
    ) -> tuple[str, str]:
        for group in _groups_of(bridge, project):
            if is_given and project in group.names and project != group.asked:
                return project, ""
            if group in self._taken:
                return self._taken_of(group, project), ""
            if not group.asked:
                self._taken[group] = project
                return project, ""
            for label in self._labels(bridge, group.asked):
                name = _name_of(bridge, group.asked, label, self._environment.platform, versions)
                if name:
                    return name, label
        return project, ""

    def _taken_of(self, group: Group, project: str) -> str:
        taken = self._taken[group]
        if not group.asked and group not in self._given:
            best = min(taken, self._better.get(group, taken), project, key=group.names.index)
            if best != taken:
                self._better[group] = best
        return taken

    def _extras_for(
        self,
        bridge: Bridge,
        project: str,
        extras: frozenset[str],
        versions: SpecifierSet | None,
    ) -> tuple[frozenset[str], str]:
        rows = [
            row
            for row in bridge.extras
            if row.project == project
            and row.scope.may_cover(project, self._environment.platform)
            and holds_any_of(row.scope.versions, versions)
        ]
        if not rows or any(extras.intersection(row.extras) for row in rows):
            return frozenset(), ""  # or the user named one of them
        added: set[str] = set()
        served = ""
        for label in self._labels(bridge, project):
            for row in rows:
                if row.label == label and (not served or served == label or row.every):
                    added.update(row.extras)
                    served = served or label
        return frozenset(added), served

    def _labels(self, bridge: Bridge, project: str) -> list[str]:
        """The labels that fit the machine, best first, those of the environment's toolkit before
        the others; the same whenever it is asked: requirements are read more than once."""
        key = bridge.name, project
        if key not in self._ordered:
            toolkit = self._environment.toolkit
            rows = self._environment.fitting_rows(bridge, project)
            ordered = sorted(rows, key=lambda row: bool(toolkit) and row.toolkit != toolkit)
            self._ordered[key] = list(dict.fromkeys(row.label for row in ordered))
        return self._ordered[key]


def _groups_of(bridge: Bridge, project: str) -> Iterator[Group]:
    """The groups that a project is in, or is asked for as."""
    for exclusive in bridge.exclusives:
        if project in exclusive.names:
            yield Group("", exclusive.names)
    asked = dict.fromkeys(row.project for row in bridge.names if project in (row.project, row.name))
    for name in asked:
        names = dict.fromkeys(row.name for row in bridge.names if row.project == name)
        yield Group(name, tuple(names))


def _name_of(
    bridge: Bridge, asked: str, label: str, platform: str, versions: SpecifierSet | None
) -> str:
    """The project with a label's builds of some versions; empty where there is none."""
    for row in bridge.names:
        if (
            (row.project, row.label) == (asked, label)
            and row.scope.may_cover(asked, platform)
            and holds_any_of(row.scope.versions, versions)
        ):
            return row.name
    return ""


def _only_label(bridge: Bridge, name: str) -> str:
    """The label of all builds of a name; empty where they differ."""
    labels = {row.label for row in bridge.names if row.name == name}
    return labels.pop() if len(labels) == 1 else ""
