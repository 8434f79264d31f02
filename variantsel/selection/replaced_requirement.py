"""A ``Requires-Dist`` line by the name, and with the extras, that fit an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from variantsel.formats.markers import parse_requirement

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    from variantsel.selection.replacements import Replacement

__all__ = ["replaced_requirement"]


def replaced_requirement(
    text: str, replacement: Callable[[Requirement, str], Replacement | None], *, with_extras: bool
) -> str:
    """The line as it is to be read; the same text where nothing else is asked for.

    One that asks for an exact version of a name keeps it: that is a version of that very build.

    :param replacement: what to ask for in the place of a requirement, whose normalized name is
        given with it.
    :param with_extras: whether extras are added: while a resolver resolves, not in what stays in
        the environment.
    """
    try:
        requirement = parse_requirement(text)
    except InvalidRequirement:
        return text
    if requirement.url:
        return text
    project = canonicalize_name(requirement.name)
    found = replacement(requirement, project)
    if found is None or (found.name != project and _is_pinned(requirement.specifier)):
        return text
    requirement.name = found.name if found.name != project else requirement.name
    if with_extras:
        requirement.extras = set(found.extras)
    return str(requirement)


def _is_pinned(specifier: SpecifierSet) -> bool:
    return any(
        item.operator == "===" or (item.operator == "==" and not item.version.endswith(".*"))
        for item in specifier
    )
