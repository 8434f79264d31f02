"""What the plugin's seams share during one run of pip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.seen import Seen
from variantsel.pip_plugin.voice import Voice
from variantsel.pip_plugin.wheel_requirements import WheelRequirements

if TYPE_CHECKING:
    from variantsel.pip_plugin.bridges import Bridges
    from variantsel.pip_plugin.choices import Choices
    from variantsel.pip_plugin.index_agreement import IndexAgreement
    from variantsel.pip_plugin.misfits import Misfits
    from variantsel.pip_plugin.settings import Settings
    from variantsel.pip_plugin.source_builds import SourceBuilds
    from variantsel.pip_plugin.upgrades import Upgrades
    from variantsel.selection.selection import ReleaseFile, Selection

__all__ = ["Session"]


class Session:
    """The state of one run, each part in a file of its own; a run without variants loads few.

    :ivar voice: how it talks to the user.
    :ivar seen: what pip's finder has seen.
    :ivar requirements: what the chosen wheels require.
    :ivar replaceable: the installed projects, by normalized name, whose version may be installed
        once more: what is there does not fit, or is not the best.
    :ivar unreachable_bridges: those whose index does not answer.
    :ivar hints: what a bridge might have changed: pip's candidate and its requirement.
    :ivar resolution: the last resolution: how to repeat it, and the set pip was given.
    """

    resolution: tuple[Callable[[], Any], Any] | None = None

    def __init__(self) -> None:
        self.voice = Voice()
        self.seen = Seen()
        self.requirements = WheelRequirements()
        self.replaceable: set[str] = set()
        self.unreachable_bridges: set[str] = set()
        self.hints: list[tuple[Any, Any]] = []

    def chosen(self, requirement: Any) -> tuple[ReleaseFile[Any], Selection[Any]] | None:
        """What was chosen for one of pip's requirements; ``None`` where there was no choice."""
        return self.choices.chosen(requirement) if self.has_choices else None

    def all_agree_with_index(self, requirements: Sequence[Any]) -> bool:
        """Whether every wheel that was chosen is what its index says of it."""
        return not self.has_choices or self.agreement.all_agree(requirements)

    def explained(self, link: Any) -> AbstractContextManager[None]:
        """While pip prepares a link: what is raised ends with why it was turned to, if that was
        said."""
        return self.source_builds.explained(link) if self._has("source_builds") else nullcontext()

    def note_source(self, name: str | None, version: Any, link: Any, finder: Any) -> None:
        """Say that a release has no wheel, where another has variants that fit.

        :param name: the project's; ``None``, like ``version``, where the user named the link.
        """
        if name and version is not None and not link.is_wheel and self.seen.has_variants(name):
            from variantsel.pip_plugin.source_releases import note_source_release

            note_source_release(self, name, version, link, finder)

    def check_kept(self, mapping: Mapping[str, Any], finder: Any) -> None:
        """End the run where pip keeps a build that the user rules out and nothing could replace.

        :param mapping: that of resolvelib's result.
        """
        if self.settings.may_be_set:
            from variantsel.pip_plugin.kept import check_kept

            check_kept(self, mapping, finder)

    @contextmanager
    def failures_explained(self) -> Iterator[None]:
        """Say what there is where pip ends since it found nothing for this machine."""
        from pip._internal.exceptions import DistributionNotFound

        try:
            yield
        except DistributionNotFound:
            from variantsel.pip_plugin.not_found import explain_not_found

            explain_not_found(self)
            raise

    def machine_notices(self) -> Sequence[str]:
        """What the machine's providers had to say, as far as they were asked."""
        return self.settings.machine_notices() if self._has("settings") else ()

    def is_bridged(self, project_name: str) -> bool:
        """Whether a bridge that is switched on tells the builds of a project apart."""
        if self.bridges is None:
            return False
        from variantsel.pip_plugin.seen import normalized

        return self.bridges.knows(normalized(project_name))

    def label_of(self, candidate: Any) -> str:
        """The variant label of one of pip's candidates, or what a bridge says it is a build of;
        empty for any other file."""
        from variantsel.formats.wheel_label import split_label
        from variantsel.pip_plugin.seen import normalized

        label = split_label(candidate.link.filename)[1]
        if label or not candidate.link.is_wheel or not self.is_bridged(candidate.name):
            return label
        assert self.bridges is not None, "which knows the project"
        source = self.seen.source_of(candidate.link)
        return self.bridges.label_of(normalized(candidate.name), candidate.version, source)

    def replaced_requirements(self, requirements: list[str]) -> list[str]:
        """``Requires-Dist`` lines by the names, and with the extras, that bridges ask for; the same
        list where they ask for nothing else."""
        if self.bridges is None or not requirements:
            return requirements
        from variantsel.pip_plugin.bridged_requirements import replaced_requirement

        replaced = [
            replaced_requirement(self.bridges, text, with_extras=True) for text in requirements
        ]
        return replaced if replaced != requirements else requirements

    def replaced_metadata(self, text: str) -> str:
        """The same of a METADATA that pip reads."""
        if self.bridges is None:
            return text
        from variantsel.pip_plugin.bridged_requirements import replaced_in_metadata

        return replaced_in_metadata(self.bridges, text, with_extras=True)

    def replaced_installed_metadata(self, text: str) -> str:
        """The same of a METADATA that stays in the environment, where extras are nobody's wish."""
        if self.bridges is None:
            return text
        # Loaded by now: pip has asked for what is to be installed.
        from variantsel.pip_plugin.bridged_requirements import replaced_in_metadata

        return replaced_in_metadata(self.bridges, text, with_extras=False)

    def settle(self, file: ReleaseFile[Any], selection: Selection[Any]) -> None:
        """Remember that a build is taken, which those of its family have to be like; but not one
        that does not fit, and is taken for want of another."""
        source = selection.ranking_of(file)
        if self.bridges is None or selection.release.bridged is None or source is None:
            return
        if file.label not in source.ranking.rejected:
            from variantsel.pip_plugin.seen import normalized

            name = normalized(selection.release.name)
            self.bridges.settle(name, file.file.version, file.label)

    @property
    def has_choices(self) -> bool:
        """Whether there was anything to choose so far."""
        return self._has("choices")

    def _has(self, part: str) -> bool:
        """Whether a part has been needed so far."""
        return part in self.__dict__

    @cached_property
    def settings(self) -> Settings:
        """What the user set."""
        from variantsel.pip_plugin.settings import Settings

        return Settings(self.voice)

    @cached_property
    def bridges(self) -> Bridges | None:
        """What the bridges make of this run; ``None`` where none is switched on."""
        if not self.settings.may_be_set or not self.settings.configuration.bridges:
            return None
        from variantsel.pip_plugin.bridges import Bridges

        configuration = self.settings.configuration
        return Bridges(configuration, configuration.target)

    @cached_property
    def choices(self) -> Choices:
        """What is chosen, and was."""
        from variantsel.pip_plugin.choices import Choices

        return Choices(self.seen, self.settings, self.voice, self.source_builds)

    @cached_property
    def source_builds(self) -> SourceBuilds:
        """What pip builds since no variant can be taken."""
        from variantsel.pip_plugin.source_builds import SourceBuilds

        return SourceBuilds(self.voice)

    @cached_property
    def agreement(self) -> IndexAgreement:
        """Whether wheels are what their index says."""
        from variantsel.pip_plugin.index_agreement import IndexAgreement

        return IndexAgreement(self.choices, self.settings)

    @cached_property
    def misfits(self) -> Misfits:
        """The installed variants that do not fit the machine."""
        from variantsel.pip_plugin.misfits import Misfits

        return Misfits(self.settings, self.voice)

    @cached_property
    def upgrades(self) -> Upgrades:
        """The installed builds of whose version the index has a better one."""
        from variantsel.pip_plugin.upgrades import Upgrades

        return Upgrades(
            self.settings, self.choices, self.voice, self.misfits, self.seen.release_link_type
        )
