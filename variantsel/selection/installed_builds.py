"""Whether the build that is installed should stay: what it leaves unused, what would be better.

The words of it are the same for every front end.
"""

from __future__ import annotations

from typing import Any

from variantsel.ranking.preferences import Preferences, matching_entry
from variantsel.ranking.preferred_order import decisive_preference
from variantsel.selection.accelerated_projects import TELLING
from variantsel.selection.build import (
    Build,
    unused_accelerators,
    usable_accelerators,
    used_accelerators,
)
from variantsel.selection.selection import ReleaseFile, Selection, SourceRanking
from variantsel.targets.target import Target

__all__ = [
    "better_build",
    "idle_accelerators",
    "remark_line",
    "upgrade_requirement",
]


def idle_accelerators(build: Build, target: Target, preferences: Preferences) -> list[str]:
    """The accelerators that an installed build leaves unused, where that is worth a remark.

    It is not where the user asked for such a build, nor where nothing tells of a build whose like
    seldom tell.
    """
    wished = preferences.off or preferences.never or preferences.exclude
    if wished or matching_entry(preferences.take, build.label):
        return []
    if build.accelerators is None and build.name not in TELLING:
        return []
    return unused_accelerators(build, target)


def remark_line(
    build: Build, target: Target, preferences: Preferences, *, was_upgraded: bool
) -> str:
    """What to say of an installed build that stays: what it leaves unused, or that the user asked
    for another, and what to do; empty where it is what it should be.

    :param was_upgraded: whether the index was asked for something better just now.
    """
    narrowing = None if preferences.off else preferences.narrowing_of(build.label)
    if narrowing is not None:
        sentence, other = f"{_installed(build)}, but {narrowing.setting}.", "what does"
    else:
        unused = idle_accelerators(build, target, preferences)
        if not unused:
            return ""
        sentence, other = _idle_sentence(build, target, unused), "a variant that uses it"
    if was_upgraded and "+" not in build.version:  # see upgrade_requirement
        return f"{sentence} No other build of this version could be taken."
    command = f"pip install --upgrade {upgrade_requirement(build)}"
    return f"{sentence} '{command}' takes {other}, where the index has one."


def upgrade_requirement(build: Build) -> str:
    """What to have pip upgrade for another build of an installed one's version, or a newer one.

    A local version is newer than the same without (version specifiers, Version ordering): nothing
    but the version itself takes that.
    """
    public, _, local = build.version.partition("+")
    return f"{build.name}==={public}" if local else build.name


def _idle_sentence(build: Build, target: Target, unused: list[str]) -> str:
    hardware = f"{target.name}'s {' and '.join(unused)} hardware"
    if build.accelerators is None:
        return f"{_installed(build)}, and nothing tells whether it uses {hardware}."
    return f"{_installed(build)}, which leaves {hardware} unused."


def better_build(installed: Build, selection: Selection[Any], best: ReleaseFile[Any]) -> str:
    """What is installed and why the best file of the same version should take its place.

    It should where the machine has an accelerator that it uses, and what is installed uses none of
    the machine's; and where preferences put it first. The installed variant is known by its
    ``variant.json``, whatever the label its wheel had.

    :returns: empty where it should not.
    """
    preferences, source = selection.preferences, selection.ranking_of(best)
    own = installed.label if source is None else _label_of(installed, source)
    if own == best.label or preferences.off:
        return ""
    narrowing = preferences.narrowing_of(own or installed.label)
    setting = narrowing.setting if narrowing else ""
    if source is not None and own and not setting:
        setting = decisive_preference(source.ranking, preferences, best.label, own)
    if setting:
        return f"{_installed(installed)}, but {setting}."
    if source is None:
        return ""
    used = usable_accelerators(source.metadata, selection.target, best.label)
    if not used or used_accelerators(installed, selection.target):
        return ""
    return _idle_sentence(installed, selection.target, used)


def _label_of(installed: Build, source: SourceRanking) -> str:
    """What a release calls the installed variant; empty where it knows nothing like it."""
    if installed.metadata is None:
        return ""
    properties = installed.metadata.variants[installed.label]
    variants = source.metadata.variants
    if variants.get(installed.label) == properties:
        return installed.label
    return next((label for label, other in variants.items() if other == properties), "")


def _installed(build: Build) -> str:
    how = f"as variant {build.label}" if build.label else "from a wheel without variants"
    return f"{build.name} {build.version} is installed {how}"
