"""The bridges that are switched on, for one run of pip: which label a link is a build of, what to
look for where, and what has been settled on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from variantsel.selection.bridged import BridgedEnvironment
from variantsel.selection.label_for_all import LabelForAll
from variantsel.selection.replacements import Replacement, Replacements

if TYPE_CHECKING:
    from variantsel.configuration import Configuration
    from variantsel.formats.metadata import VariantMetadata
    from variantsel.ranking.ranking import Ranking
    from variantsel.targets.target import Target

__all__ = ["Bridges"]


class Bridges:
    """What the bridges make of this run.

    :ivar environment: the labels of the families, and what was settled on.
    :ivar replacements: the names and extras to ask for.
    :ivar replaced: ``{project as asked for: what was asked for instead}``.
    :ivar label_for_all: sees to it that every build of a family is of one label.
    :ivar passed_over: ``{project: (newest, taken)}``, pip's candidates of the newest release,
        which has no build for the machine's accelerator, and of the newest that has one.
    """

    def __init__(self, configuration: Configuration, target: Target) -> None:
        self.environment = BridgedEnvironment(
            configuration.bridges, target, enabled=configuration.enabled
        )
        self.replacements = Replacements(self.environment)
        self.replaced: dict[str, Replacement] = {}
        self.label_for_all = LabelForAll(self.environment)
        self.passed_over: dict[str, tuple[Any, Any]] = {}
        self._page_labels: dict[str, str] = {}

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

    def label_of(self, project: str, version: Any, source: str) -> str:
        """Which label a link is a build of; empty where nothing tells."""
        return self.environment.label_of(
            project, _own_version(version), self._page_labels.get(source, "")
        )

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
