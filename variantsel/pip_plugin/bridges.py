"""The bridges that are switched on, for one run of pip: which label a link is a build of, what to
look for where, and what has been settled on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from variantsel.selection.bridged import BridgedEnvironment
from variantsel.selection.replacements import Replacement, Replacements

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.configuration import Configuration
    from variantsel.formats.metadata import VariantMetadata
    from variantsel.ranking.ranking import Ranking
    from variantsel.targets.target import Target

__all__ = ["Bridges", "LabelNotForAll"]


class LabelNotForAll(Exception):
    """The label that a family was settled on cannot be had of one of its projects.

    :ivar bridge: the family.
    :ivar label: the label that was given up.
    :ivar release: what has none of it, ``torchcodec 0.9``.
    """

    def __init__(self, bridge: Bridge, label: str, release: str) -> None:
        super().__init__(f"{release} has no build {label}")
        self.bridge = bridge
        self.label = label
        self.release = release


class Bridges:
    """What the bridges make of this run.

    :ivar environment: the labels of the families, and what was settled on.
    :ivar replacements: the names and extras to ask for.
    :ivar replaced: ``{project as asked for: what was asked for instead}``.
    :ivar given_up: the labels that could not be had for all of a family, with the reason of each.
    :ivar insists: whether a family's label is given up where the newest release of one of its
        projects has none of it; an older release may have.
    :ivar passed_over: ``{project: (newest, taken)}``, pip's candidates of the newest release,
        which has no build for the machine's accelerator, and of the newest that has one.
    """

    def __init__(self, configuration: Configuration, target: Target) -> None:
        self.environment = BridgedEnvironment(
            configuration.bridges, target, enabled=configuration.enabled
        )
        self.replacements = Replacements(self.environment)
        self.replaced: dict[str, Replacement] = {}
        self.given_up: list[LabelNotForAll] = []
        self.insists = True
        self.passed_over: dict[str, tuple[Any, Any]] = {}
        self._page_labels: dict[str, str] = {}
        self._narrowed: set[str] = set()

    def knows(self, project: str) -> bool:
        """Whether a project's files are builds that a bridge tells apart.

        :param project: a normalized name.
        """
        return self.environment.bridge_of(project) is not None

    def note_page(self, source: str, label: str) -> None:
        """Remember which label a page is of.

        :param source: the page, as :meth:`Seen.source_of` names it.
        """
        self._page_labels[source] = label

    def is_page(self, source: str) -> bool:
        """Whether a page is one of a bridge's."""
        return source in self._page_labels

    def is_ruled_out(self, project: str, label: str) -> bool:
        """Whether a label was given up for the family of a project."""
        bridge = self.environment.bridge_of(project)
        return bridge is not None and label in self.environment.ruled_out.get(bridge.name, ())

    def label_of(self, project: str, version: Any, source: str) -> str:
        """Which label a link is a build of; empty where nothing tells."""
        return self.environment.label_of(
            project, _own_version(version), self._page_labels.get(source, "")
        )

    def is_open(self, project: str, label: str) -> bool:
        """Whether a build of a label may still be taken; that one may not is remembered."""
        if self.environment.is_open(project, label):
            return True
        bridge = self.environment.bridge_of(project)
        assert bridge is not None, "a label is always a bridge's"
        self._narrowed.add(bridge.name)
        return False

    def metadata(self, project: str, version: Any, labels: Iterable[str]) -> VariantMetadata:
        """What a release's builds need, as if they were variants."""
        metadata = self.environment.metadata(project, _own_version(version), labels)
        assert metadata is not None, "asked of a project that a bridge knows"
        return metadata

    def ranking(self, project: str, version: Any, labels: Iterable[str]) -> Ranking:
        """A release's builds, ordered for the machine, whatever was settled on."""
        ranking = self.environment.ranking(project, _own_version(version), labels)
        assert ranking is not None, "asked of a project that a bridge knows"
        return ranking

    def settle(self, project: str, version: Any, label: str) -> None:
        """Remember that a build is taken: the family's others have to be like it."""
        self.environment.settle(project, _own_version(version), label)

    def settle_on(self, project: str, label: str) -> None:
        """Remember that the user asked for a label, whatever version has it."""
        self.environment.settle(project, None, label)

    def check_settled(self, project: str, release: str, labels: Iterable[str]) -> None:
        """Give up the family's label where a release has builds that fit, and none of that label;
        but not one that needs nothing, which was settled on for a reason.

        :param labels: those of the release that fit the machine.
        :raises LabelNotForAll: where another label is to be tried for all.
        """
        bridge = self.environment.bridge_of(project)
        if bridge is None or not self.insists or project not in bridge.members:
            return
        settled, fitting = self.environment.settled.get(bridge.name), {*labels}
        is_for_all_machines = not any(row.needs for row in bridge.labels if row.label == settled)
        if settled and not is_for_all_machines and fitting and settled not in fitting:
            self._give_up(bridge, release)

    def give_up_after(self, failed: Iterable[str]) -> bool:
        """Give up a label after a resolution that failed; whether there is another to try.

        :param failed: the projects of which nothing was found.
        """
        for bridge in self.environment.bridges:
            if bridge.name in self._narrowed and self.environment.settled.get(bridge.name):
                release = next((name for name in failed if name in bridge.members), bridge.about)
                try:
                    self._give_up(bridge, release)
                except LabelNotForAll:
                    return True
        return False

    def _give_up(self, bridge: Bridge, release: str) -> None:
        label = self.environment.rule_out(bridge)
        if label:
            given_up = LabelNotForAll(bridge, label, release)
            self.given_up.append(given_up)
            raise given_up
        self.insists = False

    def start_again(self) -> None:
        """Resolve anew: what was settled on is forgotten, what was given up is not."""
        self.environment.start_again()
        self._narrowed.clear()

    def replacement(
        self, project: str, extras: Iterable[str], specifier: Any, *, is_given: bool
    ) -> Replacement | None:
        """What to ask for in the place of a project; ``None`` for itself."""
        from packaging.specifiers import SpecifierSet

        versions = SpecifierSet(str(specifier))
        found = self.replacements.of(project, extras, versions=versions, is_given=is_given)
        if found is not None:
            self.replaced[project] = found
        return found

    def pages(self, project: str, note: Callable[[str, str], None]) -> list[str]:
        """The pages to look on for a project, each noted with its label."""
        pages = self.environment.pages(project)
        for page, label in pages.items():
            note(page, label)
        return list(pages)


def _own_version(version: Any) -> Any:
    """packaging's version of pip's, which vendors a packaging of its own."""
    from packaging.version import Version

    return Version(str(version))
