"""A bridge: how one family of projects encodes hardware, and what that makes of its builds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from variantsel.bridges.vocabulary import NAMESPACES, ORDER_NAMESPACE, PROVIDERS
from variantsel.errors import InvalidBridge
from variantsel.formats.metadata import VariantMetadata
from variantsel.formats.provider_info import ProviderInfo
from variantsel.formats.schema import Generation

if TYPE_CHECKING:
    from packaging.version import Version

    from variantsel.bridges.rows import (
        Default,
        Exclusive,
        Extra,
        Index,
        Label,
        Member,
        Name,
        Unmapped,
    )

__all__ = ["Bridge"]


class Bridge:
    """What one file says of one family of projects.

    :ivar name: what it is switched on by.
    :ivar about: the family, in a few words.
    :ivar in_all: whether ``all`` switches it on.
    :ivar extends: the bridge of ours whose rows come after this one's; may be empty.
    :ivar path: the file.
    """

    def __init__(
        self,
        name: str,
        about: str,
        *,
        in_all: bool = True,
        extends: str = "",
        path: str = "",
        labels: tuple[Label, ...] = (),
        index: Index | None = None,
        members: tuple[Member, ...] = (),
        defaults: tuple[Default, ...] = (),
        names: tuple[Name, ...] = (),
        extras: tuple[Extra, ...] = (),
        exclusives: tuple[Exclusive, ...] = (),
        unmapped: tuple[Unmapped, ...] = (),
    ) -> None:
        self.name = name
        self.about = about
        self.in_all = in_all
        self.extends = extends
        self.path = path
        self.labels = labels
        self.index = index
        self.members = {member.project: member for member in members}
        self.defaults = defaults
        self.names = names
        self.extras = extras
        self.exclusives = exclusives
        self.unmapped = unmapped

    def at(self, base: str) -> Bridge:
        """The same with a mirror's address for its index.

        :param base: empty to leave it as it is.
        :raises InvalidBridge: when it has no index.
        """
        if not base:
            return self
        if self.index is None:
            raise InvalidBridge(
                f"bridges.{self.name}.base: the bridge {self.name} has no index of its own that "
                f"{base} could stand in for"
            )
        return self._with(index=self.index._replace(base=base))

    def extending(self, other: Bridge) -> Bridge:
        """The same with another's rows after its own: where both say something, it is heard."""
        return self._with(
            index=self.index or other.index,
            labels=(*self.labels, *other.labels),
            members=tuple({**other.members, **self.members}.values()),
            defaults=(*self.defaults, *other.defaults),
            names=(*self.names, *other.names),
            extras=(*self.extras, *other.extras),
            exclusives=(*self.exclusives, *other.exclusives),
            unmapped=(*self.unmapped, *other.unmapped),
        )

    def _with(self, **changed: Any) -> Bridge:
        same = {
            "in_all": self.in_all,
            "extends": self.extends,
            "path": self.path,
            "labels": self.labels,
            "index": self.index,
            "members": tuple(self.members.values()),
            "defaults": self.defaults,
            "names": self.names,
            "extras": self.extras,
            "exclusives": self.exclusives,
            "unmapped": self.unmapped,
        }
        return Bridge(self.name, self.about, **{**same, **changed})

    @cached_property
    def label_names(self) -> tuple[str, ...]:
        """Its labels, best first."""
        return tuple(dict.fromkeys(row.label for row in self.labels))

    @cached_property
    def built_projects(self) -> frozenset[str]:
        """The projects whose files are builds with a label, by normalized name."""
        defaults = {project for row in self.defaults for project in row.scope.projects or ()}
        return frozenset({*self.members, *defaults, *(row.name for row in self.names)})

    @cached_property
    def projects(self) -> frozenset[str]:
        """Every project that it says something of, but for those that must not be mapped."""
        return self.built_projects | self.asked_projects

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """How the family encodes hardware: ``index``, ``name``, ``extra``, ``version``, and
        ``exclusive`` where projects install over each other."""
        found = {
            "index": self.members,
            "name": self.names,
            "extra": self.extras,
            "version": self.defaults,
            "exclusive": self.exclusives,
        }
        return tuple(mechanism for mechanism, rows in found.items() if rows)

    @cached_property
    def asked_projects(self) -> frozenset[str]:
        """The projects in whose place another name, or extras, are asked for."""
        exclusive = {name for row in self.exclusives for name in row.names}
        extended = {row.project for row in self.extras}
        named = {name for row in self.names for name in (row.project, row.name)}
        return frozenset({*exclusive, *extended, *named})

    def label_row(
        self, label: str, project: str, version: Version | None, platform: str
    ) -> Label | None:
        """What is known of a label's builds of a project; ``None`` where there is none there."""
        for row in self.labels:
            if row.label == label and row.scope.covers(project, version, platform):
                return row
        return None

    def rows_on(self, project: str, platform: str) -> list[Label]:
        """The rows about labels that may hold for some version of a project on a platform."""
        return [row for row in self.labels if row.scope.may_cover(project, platform)]

    def label_of(self, project: str, version: Version, page_label: str, platform: str) -> str:
        """Which label a wheel is a build of; empty where nothing tells.

        Its local version tells first, where the index's builds are told apart by that; then the
        page it was found on; then the rows about wheels that do not say.

        :param page_label: the label whose page it was found on; empty for any other index.
        """
        if version.local is not None and not (self.index is not None and self.index.told_by_page):
            return self.label_in(version.local)
        if page_label and self.index is not None and self.index.told_by_page:
            return page_label
        if project in {row.name for row in self.names} and project not in self._default_projects:
            return self._label_of_name(project, version, platform)
        return self._default_label(project, version, platform)

    def _default_label(self, project: str, version: Version, platform: str) -> str:
        """What a wheel is that does not say."""
        for row in self.defaults:
            if row.scope.covers(project, version, platform):
                return row.label
        return ""

    def metadata(
        self, project: str, version: Version | None, labels: Iterable[str], platform: str
    ) -> VariantMetadata:
        """The variant metadata of a release, as if its builds were variants.

        :param version: ``None`` for the family in general.
        :param labels: the labels that there are builds of; those that have none on the platform
            are left out.
        """
        rows = {label: self.label_row(label, project, version, platform) for label in labels}
        known = {label: row for label, row in rows.items() if row is not None}
        default = "" if version is None else self._default_label(project, version, platform)
        return self.metadata_of_rows(known, default)

    def metadata_of_rows(self, rows: Mapping[str, Label], default: str = "") -> VariantMetadata:
        """The same of the builds that some rows are about, by whatever they are to be called.

        :param default: the label that the project's maintainers chose for whoever chooses none:
            the first of those that need the same.
        """
        variants = {}
        for label, row in rows.items():
            position = "0" if label == default else str(self.label_names.index(row.label) + 1)
            order = {ORDER_NAMESPACE: {"order": (position,)}}
            variants[label] = {**row.needs, **(order if row.needs else {})}
        positions = tuple(str(position) for position in range(len(self.label_names) + 1))
        static = ProviderInfo(static_properties={"order": positions})
        return VariantMetadata(
            Generation(0, 2, 0),
            (*NAMESPACES, ORDER_NAMESPACE),
            dict(sorted(variants.items())),
            {**PROVIDERS, ORDER_NAMESPACE: static},
        )

    def page_of(self, label: str, project: str, platform: str) -> str:
        """The address of a label's page of a project; empty where there is none."""
        member = self.members.get(project)
        if member is None or self.index is None:
            return ""
        if member.labels is not None and label not in member.labels:
            return ""
        rows = [row for row in self.rows_on(project, platform) if row.label == label]
        if not rows:
            return ""
        template = rows[0].page or self.index.page
        base = self.index.base.rstrip("/")
        return template.format(base=base, label=label, project=project)

    def is_only_here(self, project: str) -> bool:
        """Whether a project's files are taken from this index alone."""
        return project in self.members and self.members[project].only_here

    @cached_property
    def _default_projects(self) -> frozenset[str]:
        return frozenset(name for row in self.defaults for name in row.scope.projects or ())

    def label_in(self, local: str) -> str:
        """The label that a local version tells, empty for none: ``cpu`` of ``cpu.cxx11.abi``, and
        ``rocm6.2.4`` rather than ``rocm6.2``."""
        fitting = [
            label for label in self.label_names if local == label or local.startswith(f"{label}.")
        ]
        return max(fitting, key=len, default="")

    def _label_of_name(self, name: str, version: Version, platform: str) -> str:
        for row in self.names:
            if row.name == name and row.scope.covers(row.project, version, platform):
                return row.label
        return ""

    def __repr__(self) -> str:
        return f"<Bridge {self.name}>"
