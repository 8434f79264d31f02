"""A release out of builds that a bridge tells apart, and which release to try first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from variantsel.formats.wheel_label import split_label
from variantsel.selection.selection import ReleaseFile

if TYPE_CHECKING:
    from variantsel.formats.metadata import VariantMetadata
    from variantsel.pip_plugin.session import Session

__all__ = ["Builds", "builds_of", "check_newest", "newest_that_works", "versions"]


class Builds(NamedTuple):
    """The files of one public version of a project.

    :ivar files: with labels, where a bridge knows them; without those that may not be taken.
    :ivar metadata: what they need.
    """

    files: list[ReleaseFile[Any]]
    metadata: VariantMetadata


def versions(applicable: Sequence[Any], hashes: Any, *, is_bridged: bool) -> Iterator[list[Any]]:
    """pip's candidates, worst first, a version at a time.

    Builds of one public version that a bridge tells apart are one; where one of them is a variant
    wheel the bridge stands back.

    :param hashes: pip's ``Hashes``.
    """

    def state(item: Any) -> tuple[Any, ...]:
        return item.link.is_yanked, item.link.is_hash_allowed(hashes)

    if not is_bridged:
        for _, group in groupby(applicable, key=lambda item: (item.version, *state(item))):
            yield list(group)
        return
    for _, group in groupby(applicable, key=lambda item: (item.version.public, *state(item))):
        candidates = list(group)
        if any(split_label(item.link.filename)[1] for item in candidates):
            yield from versions(candidates, hashes, is_bridged=False)
        else:
            yield candidates


def builds_of(session: Session, project: str, candidates: Sequence[Any]) -> Builds | None:
    """The builds among the files of one version; ``None`` where no bridge can tell any of them.

    Those of the indexes that the user named come before the same of the bridge's own.

    :param candidates: pip's, worst first.
    """
    bridges = session.bridges
    assert bridges is not None, "only called where one is switched on"
    bridge = bridges.environment.bridge_of(project)
    assert bridge is not None, "asked of a project that a bridge knows"
    found: list[tuple[bool, ReleaseFile[Any]]] = []
    labels: dict[str, None] = {}
    for item in reversed(candidates):
        source = session.seen.source_of(item.link)
        label = ""
        if item.link.is_wheel:
            label = bridges.label_of(project, item.version, source)
        labels.setdefault(label)
        if bridges.is_open(project, label):
            file = ReleaseFile(item.link.filename, f"the bridge {bridge.name}", item, label)
            found.append((bridges.is_page(source), file))
    labels.pop("", None)
    if not labels:
        return None
    files = [file for _, file in sorted(found, key=lambda entry: entry[0])]
    return Builds(files, bridges.metadata(project, candidates[0].version, labels))


def check_newest(session: Session, project: str, releases: Sequence[tuple[Any, Any]]) -> None:
    """Give up the family's label where the newest release that fits has none of it.

    :param releases: ``(version, metadata)`` of the bridged ones, oldest first, whatever may still
        be taken of them.
    :raises LabelNotForAll: where another label is to be tried for all of the family.
    """
    bridges = session.bridges
    assert bridges is not None, "only called where one is switched on"
    for version, metadata in reversed(releases):
        labels = bridges.ranking(project, version, metadata.variants).labels
        # What every machine can use is no reason to give up what uses this one's accelerator.
        fitting = [
            label
            for label in labels
            if metadata.variants[label] and not bridges.is_ruled_out(project, label)
        ]
        if fitting:
            bridges.check_settled(project, f"{project} {version.public}", fitting)
            return


def newest_that_works(
    session: Session, project: str, releases: Sequence[Any], finder: Any
) -> list[Any]:
    """pip's candidates with those last, that is first to be tried, whose best build uses an
    accelerator of the machine; as they are where none does, or where the user wants the newest.

    :param releases: worst first.
    """
    bridges = session.bridges
    assert bridges is not None, "only called where one is switched on"
    if session.settings.configuration.version_first:
        return list(releases)
    using = [item for item in releases if _uses_accelerator(session, item, finder)]
    if not using or using[-1] is releases[-1]:
        return list(releases)
    others = [item for item in releases if item not in using]
    bridges.passed_over[project] = others[-1], using[-1]
    return [*others, *using]


def _uses_accelerator(session: Session, candidate: Any, finder: Any) -> bool:
    if not isinstance(candidate.link, session.seen.release_link_type):
        return False
    selection = session.choices.select(candidate.link.release, finder)
    if not selection.files:
        return False
    best = selection.files[0]
    source = selection.ranking_of(best)
    if source is None or best.label in source.ranking.rejected:
        return False
    return bool(source.metadata.variants[best.label])
