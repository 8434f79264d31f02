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

__all__ = ["Builds", "builds_of", "check_newest", "in_order", "versions"]


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
        if bridges.label_for_all.is_open(project, label):
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
        fitting = [label for label in labels if metadata.variants[label]]
        if fitting:
            bridges.label_for_all.check(project, f"{project} {version.public}", fitting)
            return


def in_order(session: Session, project: str, releases: Sequence[Any], finder: Any) -> list[Any]:
    """pip's candidates, worst first: the newest that works, or, where the user wants it, the
    newest."""
    from variantsel.selection.newest_that_works import newest_that_works, uses_accelerator

    bridges = session.bridges
    assert bridges is not None, "only called where one is switched on"
    if session.settings.configuration.version_first:
        return list(releases)

    def uses(candidate: Any) -> bool:
        if not isinstance(candidate.link, session.seen.release_link_type):
            return False
        return uses_accelerator(session.choices.select(candidate.link.release, finder))

    ordered, passed_over = newest_that_works(releases, uses)
    if passed_over is not None:
        bridges.passed_over[project] = passed_over, ordered[-1]
    return ordered
