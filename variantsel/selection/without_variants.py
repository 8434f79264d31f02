"""Saying of a build without variants what is known of it, where no variant could be taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from variantsel.ranking.enumeration import first_few
from variantsel.ranking.preferences import Preferences, matching_entry
from variantsel.selection.accelerated_projects import TELLING
from variantsel.selection.build import Build, unused_accelerators, used_accelerators
from variantsel.targets.target import Target

__all__ = ["Remark", "no_variants_line", "ruled_out_line"]


class Remark(NamedTuple):
    """Something to say of a build.

    :ivar text: a sentence or two; empty where there is nothing to say.
    :ivar is_known_to_leave_it_unused: whether it is more than a remark: the machine has an
        accelerator that the build is known not to use.
    """

    text: str = ""
    is_known_to_leave_it_unused: bool = False


def no_variants_line(
    build: Build,
    filename: str,
    target: Target,
    preferences: Preferences,
    sources: Sequence[str],
) -> Remark:
    """What is known of a build that was taken of a project without variants anywhere.

    Where the machine is this one, a build that uses its accelerator, or of which nothing tells, is
    nothing to remark on. Where the user named the machine, what is known is said.

    :param sources: where the project was found.
    """
    if preferences.off or matching_entry(preferences.take, ""):
        return Remark()
    unused = unused_accelerators(build, target)
    no_variants = f"there are no variants of {build.name} on {first_few(sources) or 'any index'}"
    taken = f"{build.name} {build.version}: {filename}"
    known = build.accelerators is not None
    if unused and (known or build.name in TELLING):
        hardware = f"{target.name}'s {' and '.join(unused)} hardware"
        return Remark(
            f"{taken} does not use {hardware} ({_evidence(build)}), and {no_variants}. Another "
            "index may have them: --index-url, --extra-index-url or --find-links.",
            is_known_to_leave_it_unused=True,
        )
    if target.is_host:
        return Remark()
    used = used_accelerators(build, target)
    if used:
        return Remark(
            f"{taken} uses {' and '.join(used)} hardware ({_evidence(build)}); {no_variants}, so "
            f"nothing tells whether it is the build for {target.name}"
        )
    if unused:
        hardware = f"{target.name}'s {' and '.join(unused)} hardware"
        return Remark(f"{taken}: nothing tells whether it uses {hardware}; {no_variants}")
    return Remark()


def ruled_out_line(filename: str, ruled_out: Sequence[tuple[str, str]]) -> str:
    """A warning that a build without variants was taken since its variants were ruled out.

    :param ruled_out: their files, and why each was.
    """
    reasons = [f"{name} {reason}" for name, reason in ruled_out]
    return f"{filename} was published without variants; {first_few(reasons, most=2)}."


def _evidence(build: Build) -> str:
    """What tells which accelerator a build uses, or that it uses none."""
    local = build.version.partition("+")[2]
    if local:
        return f"its version says {local}"
    required = [name for name in build.requirements if Build(name, "").accelerator]
    if required:
        return f"it requires {first_few(required, most=2)}"
    elsewhere = [name for name in build.elsewhere if Build(name, "").accelerator]
    if elsewhere:
        return f"it requires {first_few(elsewhere, most=2)} on other machines only"
    if build.accelerators is not None:
        return "as all builds of that name"
    return "it requires no library for it"
