"""What the bridges that are switched on make of one environment on one machine.

The labels of a family are ranked as the variants of a release are; what a resolution settles on
for one project of a family holds for all of it, and for the CUDA major of other families.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from variantsel.bridges.platforms import platform_of
from variantsel.formats.metadata import VariantMetadata
from variantsel.ranking.rank import rank
from variantsel.ranking.ranking import Ranking
from variantsel.targets.target import Target

if TYPE_CHECKING:
    from packaging.version import Version

    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.rows import Label

__all__ = ["BridgedEnvironment"]


class BridgedEnvironment:
    """Labels, pages and names for one environment; remembers what was settled on.

    :ivar bridges: those that are switched on, in that order.
    :ivar target: the machine.
    :ivar platform: its platform, as rows name it.
    :ivar settled: ``{bridge: label}``: what every build of a family has to be.
    :ivar ruled_out: ``{bridge: labels}`` that cannot be had for all of a family.
    :ivar toolkit: the CUDA major that the names and extras of every family follow, ``cu12``; empty
        while nothing was settled on.
    """

    def __init__(
        self, bridges: Sequence[Bridge], target: Target, *, enabled: Collection[str] = ()
    ) -> None:
        """
        :param enabled: namespaces whose optional providers are enabled.
        """
        self.bridges = tuple(bridges)
        self.target = target
        self.platform = platform_of(target.environment)
        self.settled: dict[str, str] = {}
        self.ruled_out: dict[str, list[str]] = {}
        self._enabled = enabled
        self.toolkit = ""
        self._wanted: dict[str, set[str]] = {}
        self._fitting: dict[tuple[str, str], list[Label]] = {}

    # -- builds

    def bridge_of(self, project: str) -> Bridge | None:
        """The bridge that knows the builds of a project; of several, the first that has one for
        the machine's accelerators.

        :param project: a normalized name.
        """
        found = [bridge for bridge in self.bridges if project in bridge.built_projects]
        for bridge in found:
            if any(row.needs for row in self.fitting_rows(bridge, project)):
                return bridge
        return found[0] if found else None

    def fitting_rows(self, bridge: Bridge, project: str) -> list[Label]:
        """The rows about labels that the machine can use, for whatever version, best first."""
        key = bridge.name, project
        if key not in self._fitting:
            rows = bridge.rows_on(project, self.platform)
            numbered = {str(number): row for number, row in enumerate(rows)}
            labels = self.ranking_of_rows(bridge, numbered).labels
            self._fitting[key] = [numbered[label] for label in labels]
        return self._fitting[key]

    def ranking_of_rows(self, bridge: Bridge, rows: Mapping[str, Label]) -> Ranking:
        """Rows about labels, by whatever they are to be called, ordered for the machine."""
        return rank(bridge.metadata_of_rows(rows), self.target, enabled=self._enabled)

    def fitting_labels(self, bridge: Bridge, project: str) -> list[str]:
        """The labels that some version of a project may be taken with, best first."""
        return list(dict.fromkeys(row.label for row in self.fitting_rows(bridge, project)))

    def pages(self, project: str) -> dict[str, str]:
        """``{address: label}`` of the pages to look for builds of a project on: of labels that fit
        the machine, and of those that somebody asked for."""
        bridge = self.bridge_of(project)
        if bridge is None or bridge.index is None:
            return {}
        wanted = self._wanted.get(project, set())
        labels = [label for label in bridge.label_names if label in wanted]
        pages = {
            bridge.page_of(label, project, self.platform): label
            for label in (*self.fitting_labels(bridge, project), *labels)
        }
        return {page: label for page, label in pages.items() if page}

    def note_wanted(self, project: str, label: str) -> None:
        """Remember that somebody asked for a label of a project, be it right for the machine or
        not: with a local version, or as the label to take."""
        self._wanted.setdefault(project, set()).add(label)

    def label_of(self, project: str, version: Version, page_label: str = "") -> str:
        """Which label a file is a build of; empty where nothing tells.

        :param page_label: as for :meth:`Bridge.label_of`.
        """
        bridge = self.bridge_of(project)
        if bridge is None:
            return ""
        return bridge.label_of(project, version, page_label, self.platform)

    def metadata(
        self, project: str, version: Version, labels: Iterable[str]
    ) -> VariantMetadata | None:
        """The variant metadata of a release with builds of some labels; ``None`` where no bridge
        knows the project."""
        bridge = self.bridge_of(project)
        if bridge is None:
            return None
        return bridge.metadata(project, version, labels, self.platform)

    def ranking(self, project: str, version: Version, labels: Iterable[str]) -> Ranking | None:
        """The builds of one release, ordered for the machine."""
        metadata = self.metadata(project, version, labels)
        return rank(metadata, self.target, enabled=self._enabled) if metadata is not None else None

    # -- one label for a family, one toolkit for an environment

    def is_open(self, project: str, label: str) -> bool:
        """Whether a build of a label may still be taken in this environment."""
        bridge = self.bridge_of(project)
        if bridge is None or not label:
            return True
        if label in self.ruled_out.get(bridge.name, ()):
            return False
        settled = self.settled.get(bridge.name) if self.is_bound(bridge, project) else None
        return not settled or label == settled

    def is_bound(self, bridge: Bridge, project: str) -> bool:
        """Whether a project's builds have to have the label of its family: not where it has none
        for the accelerators of this machine that the family has builds for."""
        member = bridge.members.get(project)
        if member is None:
            return False
        using = {row.label for row in self.fitting_rows(bridge, project) if row.needs}
        return member.labels is None or not using or not using.isdisjoint(member.labels)

    def settle(self, project: str, version: Version | None, label: str) -> None:
        """Remember that a build was taken, or is there: those that belong to it follow."""
        bridge = self.bridge_of(project)
        if bridge is None or not label or label in self.ruled_out.get(bridge.name, ()):
            return
        if self.is_bound(bridge, project):
            self.settled.setdefault(bridge.name, label)
        row = bridge.label_row(label, project, version, self.platform)
        if row is not None:
            self.toolkit = self.toolkit or row.toolkit

    def rule_out(self, bridge: Bridge) -> str:
        """Give up the label that was settled on for a family, since not all of it can be had.

        :returns: the label; empty where there is none to give up, or none that would be left.
        """
        label = self.settled.get(bridge.name, "")
        left = {
            row.label for member in bridge.members for row in bridge.rows_on(member, self.platform)
        }.difference(self.ruled_out.get(bridge.name, ()))
        if not label or left == {label}:
            return ""
        self.ruled_out.setdefault(bridge.name, []).append(label)
        return label

    def start_again(self) -> None:
        """Forget what was settled on, but not what is ruled out: for one more resolution."""
        self.settled.clear()
        self.toolkit = ""
