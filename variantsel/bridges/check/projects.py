"""Comparing what a bridge says of projects on the default index with what that lists today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from variantsel.bridges.check.difference import Difference
from variantsel.bridges.check.published import Wheel, toolkit_of_name, toolkits_of, wheels_of
from variantsel.bridges.platforms import PLATFORMS
from variantsel.bridges.rows import Scope, Source

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.check.published import Indexes, Metadata

__all__ = ["checks_of_projects"]


class _Claim(NamedTuple):
    """What one row says of a project on the default index.

    :ivar header: the row's kind.
    :ivar asked: the project that the label's rows are about.
    :ivar extras: those that bring the builds.
    """

    header: str
    project: str
    asked: str
    label: str
    scope: Scope
    source: Source
    extras: tuple[str, ...] = ()

    def __str__(self) -> str:
        versions = f" {self.scope.versions}" if self.scope.versions else ""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.project}{extras}{versions}"


def checks_of_projects(bridge: Bridge, indexes: Indexes) -> Iterator[Iterator[Difference]]:
    """A check for each project, which reads its page when it is begun."""
    claims: dict[str, list[_Claim]] = {}
    for claim in _claims(bridge):
        claims.setdefault(claim.project, []).append(claim)
    for project, of_project in claims.items():
        yield _check_project(bridge, indexes, project, of_project)


def _claims(bridge: Bridge) -> Iterator[_Claim]:
    for name in bridge.names:
        yield _Claim("name", name.name, name.project, name.label, name.scope, name.source)
    for default in bridge.defaults:
        for project in sorted(default.scope.projects or ()):
            yield _Claim("default", project, project, default.label, default.scope, default.source)
    for extra in bridge.extras:
        project, label, extras = extra.project, extra.label, extra.extras
        yield _Claim("extra", project, project, label, extra.scope, extra.source, extras)
    for exclusive in bridge.exclusives:
        for other in exclusive.names:
            yield _Claim("exclusive", other, other, "", Scope(), exclusive.source)


def _check_project(
    bridge: Bridge, indexes: Indexes, project: str, claims: Sequence[_Claim]
) -> Iterator[Difference]:
    address = indexes.page_of(project)
    filenames = indexes.filenames(address)
    if filenames is None:
        yield Difference(claims[0].source, claims[0].header, project, "no such project")
        return
    wheels = wheels_of(project, filenames)
    if not wheels:
        yield Difference(claims[0].source, claims[0].header, project, "no wheels")
        return
    for claim in claims:
        yield from _check_claim(bridge, indexes, address, claim, wheels)
    yield from _check_newest(bridge, project, claims, wheels)


def _check_claim(
    bridge: Bridge, indexes: Indexes, address: str, claim: _Claim, wheels: Sequence[Wheel]
) -> Iterator[Difference]:
    versions = _versions(claim, wheels)
    if not versions:
        found = f"newest is {wheels[0].version}"
        yield Difference(claim.source, claim.header, str(claim), found)
        return
    newest = versions[0]
    release = [wheel for wheel in wheels if wheel.version == newest]
    said = _platforms_said(bridge, claim, newest)
    for platform in said:
        if not any(platform in wheel.platforms for wheel in release):
            found = f"{newest} has no wheel for it"
            yield Difference(claim.source, claim.header, f"{claim} on {platform}", found)
    on_platform = [(name, wheel) for name in said for wheel in release if name in wheel.platforms]
    if on_platform:
        yield from _check_metadata(bridge, indexes, address, claim, *on_platform[0])


def _versions(claim: _Claim, wheels: Sequence[Wheel]) -> list[Version]:
    """The versions that a row is about, newest first."""
    return [
        wheel.version
        for wheel in wheels
        if any(claim.scope.covers(claim.asked, wheel.version, name) for name in PLATFORMS)
    ]


def _platforms_said(bridge: Bridge, claim: _Claim, version: Version) -> list[str]:
    """The platforms for which a row says that a version is a build with needs; those where another
    row says what it is, before this one, are not among them."""
    said = []
    for platform in PLATFORMS:
        row = bridge.label_row(claim.label, claim.asked, version, platform)
        if row is None or not row.needs:
            continue
        if not claim.scope.covers(claim.asked, version, platform):
            continue
        if claim.extras or bridge.label_of(claim.project, version, "", platform) == claim.label:
            said.append(platform)
    return said


def _check_metadata(
    bridge: Bridge, indexes: Indexes, address: str, claim: _Claim, platform: str, wheel: Wheel
) -> Iterator[Difference]:
    """Compare the toolkit that a row's label has with the one that a wheel's name, or else its
    requirements, tell; and its extras."""
    row = bridge.label_row(claim.label, claim.asked, wheel.version, platform)
    toolkit = row.toolkit if row is not None else ""
    if not (toolkit or claim.extras):
        return
    found = {} if claim.extras else toolkit_of_name(claim.project)
    if not found:
        metadata = indexes.metadata(address, wheel.filename)
        if metadata is None:
            return
        yield from _check_extras(claim, wheel, metadata)
        found = toolkits_of(metadata, platform, claim.extras)
    if toolkit and found and toolkit not in found:
        said = f"{claim}: {claim.label}, {toolkit}"
        tells = f"{wheel.version}: {next(iter(found.values()))}"
        yield Difference(claim.source, claim.header, said, tells)


def _check_extras(claim: _Claim, wheel: Wheel, metadata: Metadata) -> Iterator[Difference]:
    for extra in claim.extras:
        if extra not in metadata.extras:
            there_are = ", ".join(sorted(metadata.extras)) or "none"
            yield Difference(
                claim.source,
                claim.header,
                f"{claim.project}[{extra}]",
                f"extras of {wheel.version}: {there_are}",
            )


def _check_newest(
    bridge: Bridge, project: str, claims: Sequence[_Claim], wheels: Sequence[Wheel]
) -> Iterator[Difference]:
    """Find platforms of the newest release that rows are about in other versions, or on others."""
    about = [
        claim
        for claim in claims
        if claim.header in ("name", "default") and _versions(claim, wheels)
    ]
    newest = wheels[0].version
    if not about or project in bridge.members:
        return
    built_for = {
        platform
        for wheel in wheels
        if wheel.version == newest and len(wheel.platforms) < len(PLATFORMS)
        for platform in wheel.platforms
    }
    unknown = []
    for platform in sorted(built_for):
        label = bridge.label_of(project, newest, "", platform)
        rows = [bridge.label_row(label, claim.asked, newest, platform) for claim in about]
        is_about = any(claim.scope.may_cover(claim.asked, platform) for claim in about)
        if is_about and not any(rows):
            unknown.append(platform)
    if unknown:
        found = f"{project} {newest} on {', '.join(unknown)}"
        yield Difference(about[-1].source, about[-1].header, "", found)
