"""Comparing what a bridge says of projects on the default index with what that lists today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from variantsel.bridges.check.difference import Difference
from variantsel.bridges.check.published import Wheel, toolkits_of, wheels_of
from variantsel.bridges.platforms import PLATFORMS
from variantsel.bridges.rows import Scope, Source

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.bridges.check.published import Indexes

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
    covered = _covered(claim, wheels)
    if not covered:
        newest = wheels[0].version
        yield Difference(claim.source, claim.header, str(claim), f"newest is {newest}")
        return
    newest = covered[0].version
    release = [wheel for wheel in covered if wheel.version == newest]
    yield from _check_platforms(bridge, claim, newest, release)
    yield from _check_metadata(bridge, indexes, address, claim, release)


def _covered(claim: _Claim, wheels: Sequence[Wheel]) -> list[Wheel]:
    """The wheels of the versions that a row is about."""
    return [
        wheel
        for wheel in wheels
        if any(claim.scope.covers(claim.asked, wheel.version, name) for name in PLATFORMS)
    ]


def _check_platforms(
    bridge: Bridge, claim: _Claim, newest: Version, release: Sequence[Wheel]
) -> Iterator[Difference]:
    """Compare the platforms of the newest release that a row is about; of builds that every
    machine can use, rows need not name them."""
    if claim.header not in ("name", "default"):
        return
    there = {name for wheel in release for name in wheel.platforms}.intersection(PLATFORMS)
    rows = {
        platform: bridge.label_row(claim.label, claim.asked, newest, platform)
        for platform in PLATFORMS
        if claim.scope.covers(claim.asked, newest, platform)
    }
    said = {platform for platform, row in rows.items() if row is not None and row.needs}
    for platform in sorted(said - there):
        yield Difference(
            claim.source, claim.header, f"{claim} on {platform}", f"{newest} has no wheel for it"
        )
    if claim.header == "name" and said:
        for platform in sorted(there - said):
            yield Difference(
                claim.source, claim.header, "", f"{claim.project} {newest} on {platform}"
            )


def _check_metadata(
    bridge: Bridge, indexes: Indexes, address: str, claim: _Claim, release: Sequence[Wheel]
) -> Iterator[Difference]:
    """Compare the toolkit that a row's label has with the one that a wheel asks for, and its
    extras."""
    platform, wheel = next(
        (
            (name, wheel)
            for name in PLATFORMS
            for wheel in release
            if name in wheel.platforms and claim.scope.covers(claim.asked, wheel.version, name)
        ),
        ("", release[0]),
    )
    row = bridge.label_row(claim.label, claim.asked, wheel.version, platform)
    toolkit = row.toolkit if row is not None else ""
    if not (toolkit or claim.extras):
        return
    metadata = indexes.metadata(address, wheel.filename)
    if metadata is None:
        return
    for extra in claim.extras:
        if extra not in metadata.extras:
            there_are = ", ".join(sorted(metadata.extras)) or "none"
            yield Difference(
                claim.source,
                claim.header,
                f"{claim.project}[{extra}]",
                f"extras of {wheel.version}: {there_are}",
            )
    found = toolkits_of(metadata, claim.extras)
    if toolkit and found and toolkit not in found:
        yield Difference(
            claim.source,
            claim.header,
            f"{claim}: {claim.label}, {toolkit}",
            f"{wheel.version} requires {next(iter(found.values()))}",
        )


def _check_newest(
    bridge: Bridge, project: str, claims: Sequence[_Claim], wheels: Sequence[Wheel]
) -> Iterator[Difference]:
    """Find a newest release that no row about versions is about."""
    last = [claim for claim in claims if claim.header in ("name", "default")]
    is_about_any = any(_covered(claim, wheels) for claim in last)
    if not is_about_any or project in bridge.members:
        return
    for platform in sorted({name for wheel in wheels for name in wheel.platforms}):
        newest = next(wheel.version for wheel in wheels if platform in wheel.platforms)
        is_about = any(claim.scope.may_cover(claim.asked, platform) for claim in last)
        if is_about and not bridge.label_of(project, newest, "", platform):
            yield Difference(
                last[-1].source, last[-1].header, "", f"{project} {newest} on {platform}"
            )
            return
