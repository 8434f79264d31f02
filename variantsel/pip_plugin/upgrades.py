"""Builds that are installed although the index has a better one of the same version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.builds import build_of

if TYPE_CHECKING:
    from variantsel.pip_plugin.choices import Choices
    from variantsel.pip_plugin.misfits import Misfits
    from variantsel.pip_plugin.settings import Settings
    from variantsel.pip_plugin.voice import Voice

__all__ = ["Upgrades"]


class Upgrades:
    """Looks at each installed project once."""

    def __init__(
        self,
        settings: Settings,
        choices: Choices,
        voice: Voice,
        misfits: Misfits,
        release_link_type: Any,
    ) -> None:
        self._settings = settings
        self._choices = choices
        self._voice = voice
        self._misfits = misfits
        self._release_link_type = release_link_type
        self._better: dict[str, tuple[str, str]] = {}

    def better_link(self, distribution: Any, finder: Any, hashes: Any = None) -> str:
        """The URL of the build that an upgrade should take in place of what is installed.

        To be asked when pip has seen variants of the project. Empty where what is installed should
        stay; a mistake of ours on the way is said, and no reason to replace anything.

        :param finder: pip's ``PackageFinder``.
        :param hashes: pip's ``Hashes``, where the user allows none but these.
        """
        name = distribution.canonical_name
        if _is_users_own(distribution):
            return ""
        if name not in self._better:
            self._better[name] = "", ""
            self._voice.guarded(lambda: self._look_at(distribution, finder, hashes))
        return self._better[name][0]

    def describe(self, distribution: Any) -> str:
        """What is installed and why it gives way, in a sentence."""
        return self._better[distribution.canonical_name][1]

    def remark(self, distribution: Any) -> str:
        """A warning about a build that stays: what it leaves unused, or that another was asked
        for, and what would take that; empty where there is nothing to say."""
        from variantsel.selection.installed_builds import remark_line

        if _is_users_own(distribution):
            return ""
        configuration, name = self._settings.configuration, distribution.canonical_name
        return remark_line(
            build_of(distribution),
            configuration.target,
            configuration.preferences(name),
            was_upgraded=name in self._better,
        )

    def _look_at(self, distribution: Any, finder: Any, hashes: Any) -> None:
        from pip._vendor.packaging.specifiers import SpecifierSet

        from variantsel.pip_plugin.candidates import applicable_candidates
        from variantsel.selection.installed_builds import better_build

        name, version = distribution.canonical_name, distribution.version
        network = finder._link_collector.session
        found = finder.find_best_candidate(name, SpecifierSet(f"=={version.public}"), hashes)
        for candidate in applicable_candidates(found):
            link = candidate.link
            if link.is_yanked or not isinstance(link, self._release_link_type):
                continue
            is_bridged = link.release.bridged is not None  # whose builds differ in local versions
            if candidate.version != version and not is_bridged:
                continue
            for file, selection in self._choices.of(link.release, finder):
                better = file.file.link
                reason = better_build(build_of(distribution), selection, file)
                if reason and (
                    is_bridged or not self._misfits.is_same_build(distribution, better, network)
                ):
                    self._better[name] = better.url, reason
                break


def _is_users_own(distribution: Any) -> bool:
    """Whether the user builds a project here, or named the very file of a build of which nothing
    tells: none of our business."""
    if distribution.editable:
        return True
    return distribution.direct_url is not None and build_of(distribution).accelerators is None
