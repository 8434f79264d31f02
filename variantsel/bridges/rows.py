"""The rows of a bridge's file, each one fact with its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

__all__ = ["Default", "Exclusive", "Extra", "Index", "Label", "Member", "Name", "Scope", "Unmapped"]

Needs = Mapping[str, Mapping[str, tuple[str, ...]]]
"""``{namespace: {feature: (value, ...)}}``: what a build needs of the machine."""


class Scope(NamedTuple):
    """What a row is about: a part that is ``None`` leaves nothing out.

    :ivar projects: normalized names.
    :ivar versions: of the project, compared without their local part.
    :ivar platforms: names of :data:`~variantsel.bridges.platforms.PLATFORMS`.
    """

    projects: frozenset[str] | None = None
    versions: SpecifierSet | None = None
    platforms: frozenset[str] | None = None

    def covers(self, project: str, version: Version | None, platform: str) -> bool:
        """Whether a row says something of a project's version on a platform.

        :param version: ``None`` for whatever version, which rows about some versions are not about.
        """
        if self.projects is not None and project not in self.projects:
            return False
        if self.platforms is not None and platform not in self.platforms:
            return False
        if self.versions is None:
            return True
        if version is None:
            return False
        return self.versions.contains(version.public, prereleases=True)

    def may_cover(self, project: str, platform: str) -> bool:
        """Whether a row says something of some version of a project on a platform."""
        return self._replace(versions=None).covers(project, None, platform)


class Source(NamedTuple):
    """Where a fact is from.

    :ivar line: the row's line in its file.
    """

    text: str
    date: date
    line: int


class Label(NamedTuple):
    """A kind of build, and what it needs of the machine.

    :ivar needs: empty for one that every machine can use.
    :ivar toolkit: ``cu12``: what builds of several families have to have in common; may be empty.
    :ivar page: the address of its page, where that is not as the index says; may be empty.
    """

    label: str
    scope: Scope
    needs: Needs
    toolkit: str
    page: str
    source: Source


class Index(NamedTuple):
    """An index with a page for each label.

    :ivar base: the address that a mirror's takes the place of.
    :ivar page: the address of a page, with ``{base}``, ``{label}`` and ``{project}``.
    :ivar told_by_page: whether the page alone tells which build a file is; otherwise the local
        version does.
    """

    base: str
    page: str
    told_by_page: bool


class Member(NamedTuple):
    """A project with pages on the index.

    :ivar labels: those it has pages for; ``None`` for all.
    :ivar only_here: whether its files are taken from no other index.
    """

    project: str
    labels: frozenset[str] | None
    only_here: bool
    source: Source


class Default(NamedTuple):
    """What a wheel is that does not say: the label of a project's versions."""

    scope: Scope
    label: str
    source: Source


class Name(NamedTuple):
    """The project that holds the builds of a label."""

    project: str
    label: str
    name: str
    scope: Scope
    source: Source


class Extra(NamedTuple):
    """The extras that bring the builds of a label.

    :ivar every: whether they are added for every label that fits, not for the best one alone.
    """

    project: str
    label: str
    extras: tuple[str, ...]
    every: bool
    scope: Scope
    source: Source


class Exclusive(NamedTuple):
    """Projects that install over each other, the one that has most first."""

    names: tuple[str, ...]
    source: Source


class Unmapped(NamedTuple):
    """A name that looks as if it belonged to the family, and does not."""

    name: str
    why: str
    source: Source
