"""The rules by which a namespace, or a variant, turns out not to be supported."""

from __future__ import annotations

import enum

__all__ = ["RejectionKind"]


class RejectionKind(str, enum.Enum):
    """The rule that rejected a variant; the values stand in ``spec/vectors``."""

    VALUE = "value"
    """The machine supports the feature, but none of the values the variant was built for."""
    FEATURE = "feature"
    """The machine supports the namespace, but not this feature."""
    NAMESPACE = "namespace"
    """The machine supports nothing in the namespace."""
    ENABLE_IF = "enable-if"
    """The namespace is only for other environments (0.0.x)."""
    OPTIONAL = "optional"
    """The provider is optional and the user did not enable it."""
    DISABLED = "disabled"
    """The user switched the provider off."""
    NO_PROVIDER = "no-provider"
    """The metadata names no provider for the namespace."""
    UNTRUSTED = "untrusted-provider"
    """The provider is a package that would have to be run and is not trusted."""
    UNLISTED = "unlisted-namespace"
    """The namespace has no place in ``default-priorities.namespace``."""
    ABI_DEPENDENCY = "abi-dependency"
    """The reserved namespace ``abi_dependency``, which needs the resolver."""
