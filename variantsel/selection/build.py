"""What a build of a package uses of the machine, as far as its own metadata tells.

Its variant properties, its local version, its requirements: whoever wants to know asks here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from variantsel.formats.metadata import VariantMetadata
from variantsel.formats.provider_info import ProviderInfo
from variantsel.targets.rejection_kind import RejectionKind
from variantsel.targets.target import Target

__all__ = ["ACCELERATORS", "Build", "present_accelerators", "usable_accelerators"]

ACCELERATORS = ("nvidia", "amd", "intel", "ascend", "tpu")
"""The namespaces of hardware that a user bought to be used."""

_NO_TPU = {"present": ("false",)}
"""What the namespace ``tpu`` says of a machine without one; the others are empty there."""

# How builds were told apart before there were variants: 2.9.1+cu128, 2.9.1+rocm6.4, 2.9.1+xpu.
_LOCAL_VERSION = re.compile(r"(?:(?P<nvidia>cu\d)|(?P<amd>rocm)|(?P<intel>xpu))")
_PACKAGES = {"nvidia-": "nvidia", "pytorch-triton-rocm": "amd", "pytorch-triton-xpu": "intel"}


@dataclass(frozen=True)
class Build:
    """One build of one version of a package, installed or about to be.

    :ivar version: the version, local part included.
    :ivar metadata: its ``variant.json``, where it has one.
    :ivar requirements: the names of the packages it requires, normalized.
    """

    version: str
    metadata: VariantMetadata | None = None
    requirements: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its variant label; empty for a non-variant build."""
        return "".join(self.metadata.variants) if self.metadata else ""

    @property
    def accelerator(self) -> str:
        """The namespace of the accelerator it uses; empty where nothing tells of one."""
        used = _namespaces(self.metadata)
        for namespace in ACCELERATORS:
            if namespace in used:
                return namespace
        match = _LOCAL_VERSION.match(self.version.partition("+")[2])
        if match is not None:
            return match.lastgroup or ""
        for requirement in self.requirements:
            for prefix, namespace in _PACKAGES.items():
                if requirement.startswith(prefix):
                    return namespace
        return ""

    def __str__(self) -> str:
        return f"{self.version} (variant {self.label})" if self.label else self.version


def _namespaces(metadata: VariantMetadata | None) -> Iterable[str]:
    variants = metadata.variants.values() if metadata else ()
    return {namespace for properties in variants for namespace in properties}


def usable_accelerators(metadata: VariantMetadata, target: Target, label: str) -> list[str]:
    """The accelerator namespaces that a variant uses and a target supports."""
    present = present_accelerators(metadata, target)
    return [namespace for namespace in present if namespace in metadata.variants[label]]


def present_accelerators(metadata: VariantMetadata, target: Target) -> dict[str, str]:
    """``{namespace: notice}``: accelerators that the release's variants use and the machine has,
    or, with a notice, may have."""
    used = {namespace for properties in metadata.variants.values() for namespace in properties}
    result = {}
    for namespace in (name for name in ACCELERATORS if name in used):
        provider = (metadata.providers or {}).get(namespace, ProviderInfo())
        if provider.static_properties is not None:
            continue  # static values say nothing of the machine
        support = target.support(namespace, provider)
        if support.features and support.features != _NO_TPU:
            result[namespace] = ""
        elif support.absence is RejectionKind.NAMESPACE and support.detail:
            result[namespace] = support.detail
    return result
