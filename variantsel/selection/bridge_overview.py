"""What a bridge gives a machine: of each project what is taken, of each label whether it fits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from variantsel.ranking.rank import rank
from variantsel.ranking.rejection import Rejection
from variantsel.selection.bridged import BridgedEnvironment
from variantsel.selection.replacements import Replacements
from variantsel.targets.target import Target

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.rows import Label

__all__ = ["LabelVerdict", "Offer", "bridges_that_change", "labels_on", "offers", "verdicts"]

_NEWEST = Version("99999")
"""Stands for the newest version there is, which rows about the versions from some on are about."""


class Offer(NamedTuple):
    """What a machine gets of one project.

    :ivar project: what is asked for.
    :ivar label: the best build that fits; empty where none does that is known of.
    :ivar then: the labels that are taken where there is none of that one, best first.
    :ivar requirement: what is asked for in its place, ``cupy-cuda13x`` or ``jax[cuda13]``; the
        project itself where nothing is.
    :ivar versions: those whose build on the default index it is; empty for all of them, and where
        it comes from a page.
    :ivar page: the address of its page; empty for the default index.
    :ivar default: what comes without the bridge: the label of the newest version on the default
        index; empty where that is not known, or where there is no build at all.
    :ivar changes: whether that is known to be worse: not to fit the machine, or to leave its
        accelerator unused.
    """

    project: str
    label: str
    then: tuple[str, ...]
    requirement: str
    versions: str
    page: str
    default: str
    changes: bool


class LabelVerdict(NamedTuple):
    """Whether the builds that one row is about fit a machine.

    :ivar platforms: those there are builds for where the machine's is not among them, else empty.
    :ivar rejection: why they do not fit; ``None`` where they do, or are for other platforms.
    """

    row: Label
    platforms: tuple[str, ...] = ()
    rejection: Rejection | None = None

    @property
    def fits(self) -> bool:
        """Whether the machine can use them."""
        return not self.platforms and self.rejection is None

    def reason(self, platform: str) -> str:
        """Why they do not fit, a sentence without its subject; empty where they do."""
        if self.platforms:
            return f"is for {', '.join(self.platforms)}, not for {platform}."
        return str(self.rejection) if self.rejection is not None else ""


def offers(bridge: Bridge, target: Target, *, enabled: Collection[str] = ()) -> list[Offer]:
    """What a machine gets of each project of a bridge, as if that alone were switched on.

    :param enabled: namespaces whose optional providers are enabled.
    """
    environment = BridgedEnvironment([bridge], target, enabled=enabled)
    replacements = Replacements(environment)
    return [_offer(bridge, environment, replacements, project) for project in _asked_for(bridge)]


def verdicts(
    bridge: Bridge, target: Target, *, enabled: Collection[str] = ()
) -> list[LabelVerdict]:
    """Whether the builds of each label fit a machine, in the file's order.

    :param enabled: namespaces whose optional providers are enabled.
    """
    platform = BridgedEnvironment([bridge], target).platform
    rows = {str(number): row for number, row in enumerate(bridge.labels)}
    here = {
        key: row
        for key, row in rows.items()
        if row.scope.platforms is None or platform in row.scope.platforms
    }
    rejected = rank(bridge.metadata_of_rows(here), target, enabled=enabled).rejected
    return [
        LabelVerdict(row, rejection=rejected.get(key))
        if key in here
        else LabelVerdict(row, platforms=tuple(sorted(row.scope.platforms or ())))
        for key, row in rows.items()
    ]


def bridges_that_change(
    bridges: Iterable[Bridge], target: Target, *, enabled: Collection[str] = ()
) -> list[Bridge]:
    """Those that would have a machine get a better build of some project; first those of projects
    that are installed without a word as builds that are not for the machine.

    :param enabled: namespaces whose optional providers are enabled.
    """
    changing = {}
    for bridge in bridges:
        changed = [offer for offer in offers(bridge, target, enabled=enabled) if offer.changes]
        if changed:
            changing[bridge] = not any(offer.default for offer in changed)
    return sorted(changing, key=lambda bridge: changing[bridge])


def labels_on(bridge: Bridge, project: str, version: Version | None, platform: str) -> list[str]:
    """The labels that a bridge knows of builds of one version of a project, best first.

    :param version: ``None`` for whatever version.
    """
    paged = {label for label in bridge.label_names if bridge.page_of(label, project, platform)}
    if version is None:
        default = {row.label for row in bridge.defaults if row.scope.may_cover(project, platform)}
        named = {row.label for row in bridge.names if project in (row.project, row.name)}
    else:
        default = {bridge.label_of(project, Version(version.public), "", platform)}
        named = {
            row.label
            for row in bridge.names
            if project in (row.project, row.name)
            and row.scope.covers(row.project, version, platform)
        }
    extended = {row.label for row in bridge.extras if row.project == project}
    known = {*paged, *default, *named, *extended}
    return [label for label in bridge.label_names if label in known]


def _asked_for(bridge: Bridge) -> list[str]:
    """The projects of a bridge as people ask for them, in the order of its file."""
    defaults = (name for row in bridge.defaults for name in sorted(row.scope.projects or ()))
    names = {row.name for row in bridge.names} - {row.project for row in bridge.names}
    projects = (
        *bridge.members,
        *(row.project for row in bridge.names),
        *(row.project for row in bridge.extras),
        *defaults,
    )
    return [project for project in dict.fromkeys(projects) if project not in names]


def _offer(
    bridge: Bridge, environment: BridgedEnvironment, replacements: Replacements, project: str
) -> Offer:
    default = bridge.label_of(project, _NEWEST, "", environment.platform)
    found = replacements.of(project, is_given=True)
    name, requirement = project, project
    labels = environment.fitting_labels(bridge, project)
    using = {row.label for row in environment.fitting_rows(bridge, project) if row.needs}
    ranking = environment.ranking(project, _NEWEST, labels)
    if found is not None:
        name, labels = found.name, [found.label]
        extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
        requirement = f"{name}{extras}"
    elif ranking is not None:  # older versions may have builds of further labels
        known = dict.fromkeys((*ranking.labels, *labels))
        labels = sorted(known, key=lambda label: label not in using)
    builds: dict[str, tuple[str, str]] = {}
    for label in labels:
        page = bridge.page_of(label, project, environment.platform) if label != default else ""
        versions = _versions(bridge, name, label, environment.platform)
        if page or versions is not None or found is not None:
            builds[label] = ("" if page else versions or "", page)
    if not builds:
        return Offer(project, "", (), project, "", "", default, False)
    label, *then = builds
    is_worse = bool(default) or requirement != project
    changes = is_worse and label != default and default not in using
    return Offer(project, label, (*then,), requirement, *builds[label], default, changes)


def _versions(bridge: Bridge, name: str, label: str, platform: str) -> str | None:
    """Which versions on the default index are builds of a label; empty for all, ``None`` for
    none."""
    scopes = [
        *(
            row.scope
            for row in bridge.defaults
            if row.label == label and row.scope.may_cover(name, platform)
        ),
        *(
            row.scope
            for row in bridge.names
            if (row.name, row.label) == (name, label) and row.scope.may_cover(row.project, platform)
        ),
    ]
    if not scopes:
        return None
    ranges = dict.fromkeys(str(scope.versions or "") for scope in scopes)
    return "" if "" in ranges else " or ".join(ranges)
