"""Ranking the variants of a release for a target: what every front end calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from variantsel.formats.metadata import ProviderInfo, VariantMetadata
from variantsel.formats.properties import VariantProperty
from variantsel.ranking.matching import order_variants, read_document
from variantsel.ranking.rejection import Rejection, RejectionKind
from variantsel.ranking.support import NamespaceSupport, namespace_support, provider_support
from variantsel.targets.target import Target

if TYPE_CHECKING:
    from typing import TypeAlias

    from variantsel.ranking._native import Document
    from variantsel.ranking.preferences import Narrowing, Preferences
    from variantsel.ranking.reference import Supported

    Release: TypeAlias = "_ParsedRelease | Document"

__all__ = ["Ranking", "rank", "rank_for_targets", "rank_many"]

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
    from variantsel.ranking.preferences import apply_preferences, unmet_preference

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


class Ranking:
    """The variants of one release, ordered for one target.

    :ivar labels: the labels of the compatible variants as published, best first; without those
        that preferences leave out, in the order the preferences give them.
    :ivar compatible: the labels of all compatible variants, in PEP 825's order.
    :ivar narrowed: ``{label: why}`` of the compatible variants that preferences leave out.
    """

    narrowed: Mapping[str, Narrowing] = MappingProxyType({})

    def __init__(self, release: Release, support: _Support) -> None:
        self.labels = self.compatible = release.order(support.matched)
        self._release = release
        self._support = support

    @cached_property
    def rejected(self) -> dict[str, Rejection]:
        """``{label: reason}`` of the variants that are not compatible, sorted by label."""
        return {
            label: self._rejection(label, namespace, feature)
            for label, namespace, feature in self._release.rejected(self._support.matched)
        }

    def supported_properties(self, label: str) -> list[VariantProperty]:
        """The properties of a variant that the target supports, in order of their rank.

        This is what the marker variable ``variant_properties`` holds (PEP 825, Evaluating
        variant markers).

        :raises KeyError: when the release has no such label.
        """
        properties = self._release.properties(label)
        return [
            VariantProperty(namespace, feature, value)
            for namespace, support in self._support.namespaces.items()
            for feature, values in support.features.items()
            for value in values
            if value in properties.get(namespace, {}).get(feature, ())
        ]

    def _rejection(self, label: str, namespace: str, feature: str) -> Rejection:
        support = self._support.namespaces[namespace]
        supported = tuple(support.features.get(feature, ()))
        if supported:
            kind = RejectionKind.VALUE
        elif support.features:
            kind = RejectionKind.FEATURE
        else:
            kind = support.absence
        wanted = self._release.properties(label)[namespace][feature]
        detail = support.detail if not support.features else ""
        return Rejection(kind, namespace, feature, wanted, supported, detail)

    def __repr__(self) -> str:
        return f"<Ranking {self.labels} rejected={sorted(self.rejected)}>"


class _ParsedRelease:
    """A release that was read into Python objects, with the methods of a ``_native.Document``.

    :ivar namespaces: the namespaces of which variants list features.
    """

    def __init__(self, metadata: VariantMetadata) -> None:
        self.metadata = metadata
        self.namespaces = tuple(
            {namespace: None for variant in metadata.variants.values() for namespace in variant}
        )

    def order(self, supported: Supported, /) -> list[str]:
        """The labels of the compatible variants, best first."""
        return order_variants(self.metadata.variants, supported)[0]

    def rejected(self, supported: Supported, /) -> list[tuple[str, str, str]]:
        """``(label, namespace, feature)`` of the others, as ``order_variants`` returns them."""
        return order_variants(self.metadata.variants, supported)[1]

    def properties(self, label: str, /) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """What one variant was built for; :class:`KeyError` when there is no such label."""
        return self.metadata.variants[label]


def _read_release(metadata: Metadata, last: Release | None = None) -> Release:
    """Read the variants of a release, in C where that is possible.

    The rest of a ``_native.Document``, its ``head``, is not read yet.

    :param last: the one read before, which may be like it.
    """
    document = None
    like = None if isinstance(last, _ParsedRelease) else last
    if isinstance(metadata, bytes):
        document = read_document(metadata, like)
    elif isinstance(metadata, str):
        # Lone surrogates, which JSON as text may hold, are left to the reader in Python.
        document = read_document(metadata.encode("utf-8", "surrogatepass"), like)
    if document is not None:
        return document
    if not isinstance(metadata, VariantMetadata):
        metadata = VariantMetadata.parse(metadata)
    return _ParsedRelease(metadata)


class _Support:
    """What a target supports of the namespaces that a release uses.

    :ivar matched: the features of the namespaces that the release gives a rank, in the form that
        the release's methods take.
    """

    def __init__(self, matched: Any, read: Callable[[], dict[str, NamespaceSupport]]) -> None:
        self.matched = matched
        self._read = read

    @cached_property
    def namespaces(self) -> dict[str, NamespaceSupport]:
        """``{namespace: support}``, by rank, those that have none last."""
        return self._read()


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
        self._last: tuple[tuple[bytes, tuple[str, ...]], _Support] | None = None

    def rank(self, release: Release) -> Ranking:
        """See :func:`rank`."""
        if isinstance(release, _ParsedRelease):
            namespaces = self._namespaces(release.metadata, release.namespaces)
            matched = _matched(release.metadata, namespaces)
            return Ranking(release, _Support(matched, lambda: namespaces))
        like = (release.head, release.namespaces)
        last = self._last  # comparing with the last one is faster than hashing the head
        if last is None or last[0] != like:
            last = self._last = (like, self._kept_support(*like))
        return Ranking(release, last[1])

    def _document_support(self, head: bytes, used: tuple[str, ...]) -> _Support:
        """What is supported of the used namespaces, by the head of a ``_native.Document``."""
        from variantsel.ranking._native import compile_head, compile_supported

        def read() -> dict[str, NamespaceSupport]:
            return self._namespaces(_read_head(head), used)

        matched = None
        if self._target.disabled.isdisjoint(used):
            matched = compile_head(head, used, self._kept_answer, self._enabled)
        if matched is None:
            matched = compile_supported(_matched(_read_head(head), read()))
        return _Support(matched, read)

    def _namespaces(
        self, metadata: VariantMetadata, used: Collection[str]
    ) -> dict[str, NamespaceSupport]:
        """What is supported of the used namespaces; the metadata's variants do not matter."""
        listed = [namespace for namespace in metadata.namespaces if namespace in {*used}]
        return {
            namespace: namespace_support(metadata, namespace, self._target, self._enabled)
            for namespace in (*listed, *sorted({*used}.difference(listed)))
        }

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
            from packaging.markers import InvalidMarker, Marker

            try:
                Marker(enable_if)
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
    return {
        namespace: support.features
        for namespace, support in namespaces.items()
        if namespace in metadata.namespaces
    }


@lru_cache(maxsize=32)
def _compiled(target: Target, enabled: frozenset[str]) -> _CompiledTarget:
    return _CompiledTarget(target, enabled)


@lru_cache(maxsize=64)
def _read_head(head: bytes) -> VariantMetadata:
    """The metadata of a ``_native.Document``, without its variants."""
    return VariantMetadata.parse(head)
