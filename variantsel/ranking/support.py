"""Where a namespace's supported values come from, first answer wins (providers draft, Providers).

1. what the user wrote down for it, which decides alone, where the package uses the namespace at
all (``enable-if`` of 0.0.x); 2. a disabled provider supports nothing; 3. static values in the
metadata; then the target: 4. a provider variantsel ships, 5. a package the user trusts;
6. otherwise nothing, and which package would have been asked.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from variantsel.formats.metadata import VariantMetadata
from variantsel.formats.provider_info import ProviderInfo
from variantsel.targets.namespace_support import NamespaceSupport
from variantsel.targets.rejection_kind import RejectionKind

if TYPE_CHECKING:
    from variantsel.targets.target import Target

__all__ = ["ABI_DEPENDENCY", "namespaces_support", "provider_support"]

ABI_DEPENDENCY = "abi_dependency"


def namespaces_support(
    metadata: VariantMetadata, used: Collection[str], target: Target, enabled: Collection[str]
) -> dict[str, NamespaceSupport]:
    """Tell what a target supports in the namespaces that variants of a release use.

    :param used: the namespaces; the metadata's variants do not matter.
    :param enabled: the namespaces of optional providers that the user enabled.
    :returns: ``{namespace: support}``, by rank, those that have none last.
    """
    used = frozenset(used)
    result = {
        namespace: _listed_support(metadata, namespace, target, enabled)
        for namespace in metadata.namespaces
        if namespace in used
    }
    for namespace in sorted(used.difference(result)):
        is_reserved = namespace == ABI_DEPENDENCY
        kind = RejectionKind.ABI_DEPENDENCY if is_reserved else RejectionKind.UNLISTED
        result[namespace] = NamespaceSupport({}, kind)
    return result


def _listed_support(
    metadata: VariantMetadata, namespace: str, target: Target, enabled: Collection[str]
) -> NamespaceSupport:
    provider = ProviderInfo()
    if namespace == ABI_DEPENDENCY:
        return NamespaceSupport({}, RejectionKind.ABI_DEPENDENCY)
    if namespace in target.disabled:
        return NamespaceSupport({}, RejectionKind.DISABLED)
    if metadata.providers is not None:
        if namespace not in metadata.providers:
            return NamespaceSupport({}, RejectionKind.NO_PROVIDER)
        provider = metadata.providers[namespace]
    support = provider_support(namespace, provider, target, enabled)
    return NamespaceSupport(
        metadata.prioritized(namespace, support.features), support.absence, support.detail
    )


def provider_support(
    namespace: str, provider: ProviderInfo, target: Target, enabled: Collection[str]
) -> NamespaceSupport:
    """Tell what a target supports by a namespace's provider, in the provider's own order."""
    is_used = provider.enable_if is None or target.matches_marker(provider.enable_if)
    stated = target.stated(namespace)
    if stated is not None and is_used:
        return NamespaceSupport(stated)
    if provider.optional and namespace not in enabled:
        return NamespaceSupport({}, RejectionKind.OPTIONAL)
    if not is_used:
        assert provider.enable_if is not None
        return NamespaceSupport({}, RejectionKind.ENABLE_IF, provider.enable_if)
    if provider.static_properties is not None:
        return NamespaceSupport(provider.static_properties)
    return target.support(namespace, provider)
