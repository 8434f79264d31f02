"""Ranking the variants of a release for a target: what every front end calls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from variantsel.formats.metadata import VariantMetadata
from variantsel.formats.provider_info import ProviderInfo
from variantsel.ranking.matching import read_document
from variantsel.ranking.ranking import ParsedRelease, Ranking, Support
from variantsel.ranking.support import namespaces_support, provider_support
from variantsel.targets.namespace_support import NamespaceSupport
from variantsel.targets.target import Target

if TYPE_CHECKING:
    from variantsel.ranking.preferences import Preferences
    from variantsel.ranking.ranking import Release

__all__ = ["rank", "rank_for_targets", "rank_many"]

Metadata = bytes | str | Mapping[str, Any] | VariantMetadata
"""A release's variant metadata: JSON as bytes or text, the parsed object, or the model of it."""


def rank(
    metadata: Metadata,
    target: Target,
    *,
    enabled: Collection[str] = (),
    preferences: Preferences | None = None,
) -> Ranking:
    """Order the variants of a release by how well they fit a target.

    Implements PEP 825 (Variant properties, Variant ordering) and the providers draft.

    :param metadata: a release's variant metadata: JSON as bytes or text, the parsed object, or
        :class:`~variantsel.VariantMetadata`. Bytes are the fastest.
    :param target: the machine to install for. What it supports is kept for further releases
        that differ in their variants only.
    :param enabled: namespaces whose optional providers are enabled.
    :param preferences: what the user would rather have of the variants that fit.
    :raises InvalidMetadata: when the metadata cannot be used.
    :raises UnmetPreference: when a label is to be taken that does not fit, or is not there.
    """
    ranking = _compiled(target, frozenset(enabled)).rank(_read_release(metadata))
    if preferences is None:
        return ranking
    from variantsel.ranking.preferred_order import apply_preferences, unmet_preference

    preferred = apply_preferences(ranking, preferences)
    unmet = unmet_preference(preferred, preferences)
    if unmet is not None:
        raise unmet
    return preferred


def rank_many(
    releases: Iterable[Metadata], target: Target, *, enabled: Collection[str] = ()
) -> list[Ranking]:
    """Rank each of many releases for one target, as :func:`rank` does."""
    compiled = _compiled(target, frozenset(enabled))
    rankings = []
    last: Release | None = None
    for metadata in releases:
        last = _read_release(metadata, last)
        rankings.append(compiled.rank(last))
    return rankings


def rank_for_targets(
    metadata: Metadata, targets: Iterable[Target], *, enabled: Collection[str] = ()
) -> list[Ranking]:
    """Rank one release for each of many targets, as :func:`rank` does, reading it once."""
    release = _read_release(metadata)
    enabled = frozenset(enabled)
    return [_compiled(target, enabled).rank(release) for target in targets]


def _read_release(metadata: Metadata, last: Release | None = None) -> Release:
    """Read the variants of a release, in C where that is possible.

    The rest of a ``_native.Document``, its ``head``, is not read yet.

    :param last: the one read before, which may be like it.
    """
    document = None
    like = None if isinstance(last, ParsedRelease) else last
    if isinstance(metadata, bytes):
        document = read_document(metadata, like)
    elif isinstance(metadata, str):
        # Lone surrogates, which JSON as text may hold, are left to the reader in Python.
        document = read_document(metadata.encode("utf-8", "surrogatepass"), like)
    if document is not None:
        return document
    if not isinstance(metadata, VariantMetadata):
        metadata = VariantMetadata.parse(metadata)
    return ParsedRelease(metadata)


class _CompiledTarget:
    """A target with what it supports of one release kept for the releases like it.

    Releases are alike when their metadata differs in the variants only, and these use the same
    namespaces: as a rule, all releases of a project.
    """

    def __init__(self, target: Target, enabled: frozenset[str]) -> None:
        self._target = target
        self._enabled = enabled
        self._kept_support = lru_cache(maxsize=64)(self._document_support)
        self._kept_answer = lru_cache(maxsize=256)(self._answer)
        self._last: tuple[tuple[bytes, tuple[str, ...]], Support] | None = None

    def rank(self, release: Release) -> Ranking:
        """See :func:`rank`."""
        if isinstance(release, ParsedRelease):
            namespaces = self._namespaces(release.metadata, release.namespaces)
            matched = _matched(release.metadata, namespaces)
            return Ranking(release, Support(matched, lambda: namespaces))
        like = (release.head, release.namespaces)
        last = self._last  # comparing with the last one is faster than hashing the head
        if last is None or last[0] != like:
            last = self._last = (like, self._kept_support(*like))
        return Ranking(release, last[1])

    def _document_support(self, head: bytes, used: tuple[str, ...]) -> Support:
        """What is supported of the used namespaces, by the head of a ``_native.Document``."""
        from variantsel.ranking._native import compile_head, compile_supported

        def read() -> dict[str, NamespaceSupport]:
            return self._namespaces(_read_head(head), used)

        matched = None
        if self._target.disabled.isdisjoint(used):
            stated = {name for name in used if self._target.stated(name) is not None}
            matched = compile_head(head, used, self._kept_answer, self._enabled, stated)
        if matched is None:
            matched = compile_supported(_matched(_read_head(head), read()))
        return Support(matched, read)

    def _namespaces(
        self, metadata: VariantMetadata, used: Collection[str]
    ) -> dict[str, NamespaceSupport]:
        """What is supported of the used namespaces; the metadata's variants do not matter."""
        return namespaces_support(metadata, used, self._target, self._enabled)

    def _answer(
        self,
        namespace: str,
        requires: tuple[str, ...],
        plugin_api: str | None,
        builtin: str | None,
        enable_if: str | None,
        optional: bool,
    ) -> Mapping[str, tuple[str, ...]] | None:
        """See ``_native.compile_head``."""
        if enable_if is not None:
            from packaging.markers import InvalidMarker

            from variantsel.formats.markers import parse_marker

            try:
                parse_marker(enable_if)
            except InvalidMarker:
                return None
        provider = ProviderInfo(
            requires, plugin_api, builtin, enable_if=enable_if, optional=optional
        )
        return provider_support(namespace, provider, self._target, self._enabled).features


def _matched(
    metadata: VariantMetadata, namespaces: Mapping[str, NamespaceSupport]
) -> dict[str, Mapping[str, tuple[str, ...]]]:
    """The features of the namespaces that have a rank."""
    listed = frozenset(metadata.namespaces)
    return {
        namespace: support.features
        for namespace, support in namespaces.items()
        if namespace in listed
    }


@lru_cache(maxsize=32)
def _compiled(target: Target, enabled: frozenset[str]) -> _CompiledTarget:
    return _CompiledTarget(target, enabled)


@lru_cache(maxsize=64)
def _read_head(head: bytes) -> VariantMetadata:
    """The metadata of a ``_native.Document``, without its variants."""
    return VariantMetadata.parse(head)
