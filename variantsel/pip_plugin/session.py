"""What the plugin's seams share during one run of pip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.seen import Seen
from variantsel.pip_plugin.voice import Voice
from variantsel.pip_plugin.wheel_requirements import WheelRequirements

if TYPE_CHECKING:
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
    :ivar resolution: the last resolution: how to repeat it, and the set pip was given.
    """

    resolution: tuple[Callable[[], Any], Any] | None = None

    def __init__(self) -> None:
        self.voice = Voice()
        self.seen = Seen()
        self.requirements = WheelRequirements()
        self.replaceable: set[str] = set()

    def chosen(self, requirement: Any) -> tuple[ReleaseFile[Any], Selection[Any]] | None:
        """What was chosen for one of pip's requirements; ``None`` where there was no choice."""
        return self.choices.chosen(requirement) if self.has_choices else None

    def all_agree_with_index(self, requirements: Sequence[Any]) -> bool:
        """Whether every wheel that was chosen is what its index says of it."""
        return not self.has_choices or self.agreement.all_agree(requirements)

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
