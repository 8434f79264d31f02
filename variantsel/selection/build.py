"""Whether a build of a package uses an accelerator, as far as its own metadata tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from variantsel.formats.metadata import VariantMetadata
from variantsel.selection.explanation import ACCELERATORS

__all__ = ["Build"]

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
