"""What a build of a package uses of the machine, as far as what is known of it tells.

Its variant properties, its local version, its project, its requirements: whoever wants to know
asks here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from variantsel.formats.metadata import VariantMetadata
from variantsel.formats.provider_info import ProviderInfo
from variantsel.selection import accelerated_projects
from variantsel.targets.rejection_kind import RejectionKind
from variantsel.targets.target import Target

__all__ = [
    "ACCELERATORS",
    "Build",
    "present_accelerators",
    "unused_accelerators",
    "usable_accelerators",
    "used_accelerators",
]

ACCELERATORS = ("nvidia", "amd", "intel", "ascend", "tpu")
"""The namespaces of hardware that a user bought to be used."""

_NO_TPU = {"present": ("false",)}
"""What the namespace ``tpu`` says of a machine without one; the others are empty there."""


class Build(NamedTuple):
    """One build of one version of a package, installed or about to be.

    :ivar name: the package's normalized name.
    :ivar version: the version, local part included.
    :ivar metadata: its ``variant.json``, where it has one.
    :ivar requirements: the names of the packages it requires on the machine, normalized.
    :ivar elsewhere: the names of those it requires on other machines.
    """

    name: str
    version: str
    metadata: VariantMetadata | None = None
    requirements: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        name: str,
        version: str,
        requires: Iterable[str],
        *,
        metadata: VariantMetadata | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Build:
        """Take a build by what its metadata says.

        :param requires: its ``Requires-Dist`` lines; those of an extra, and those that cannot be
            read, count for nothing.
        :param environment: the marker variables of the machine it is for; this interpreter's
            where left out.
        """
        here, elsewhere = _required_names(requires, environment)
        return cls(name, version, metadata, here, elsewhere)

    @property
    def label(self) -> str:
        """Its variant label; empty for a non-variant build."""
        return "".join(self.metadata.variants) if self.metadata else ""

    @property
    def accelerators(self) -> tuple[str, ...] | None:
        """The namespaces of the accelerators it uses; ``None`` where nothing tells.

        Its variant tells first, then its local version, its project, what it requires. One that
        requires an accelerator's libraries on other machines only uses none on this one.
        """
        if self.metadata is not None:
            used = {space for properties in self.metadata.variants.values() for space in properties}
            return tuple(namespace for namespace in ACCELERATORS if namespace in used)
        for pattern in accelerated_projects.LOCAL_VERSIONS:
            match = re.search(pattern, self.version.partition("+")[2])
            if match is not None:
                return tuple(name for name in (match.lastgroup or "",) if name in ACCELERATORS)
        known = _known_accelerators(self.name)
        if known is not None:
            return known
        required = _accelerators_of(self.requirements)
        return required if required or not _accelerators_of(self.elsewhere) else ()

    @property
    def accelerator(self) -> str:
        """The first of :attr:`accelerators`; empty where there is none, or nothing tells."""
        return next(iter(self.accelerators or ()), "")

    def __str__(self) -> str:
        return f"{self.version} (variant {self.label})" if self.label else self.version


def _required_names(
    requires: Iterable[str], environment: Mapping[str, str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from packaging.requirements import InvalidRequirement
    from packaging.utils import canonicalize_name

    from variantsel.formats.markers import evaluate_marker, parse_requirement

    here, elsewhere = [], []
    for line in requires:
        try:
            requirement = parse_requirement(line)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None or evaluate_marker(marker, environment):
            here.append(canonicalize_name(requirement.name))
        elif "extra" not in str(marker):
            elsewhere.append(canonicalize_name(requirement.name))
    return tuple(here), tuple(elsewhere)


def _known_accelerators(name: str) -> tuple[str, ...] | None:
    """What every build of a project uses; ``None`` where its builds differ or nothing is known."""
    if name in accelerated_projects.PROJECTS:
        return accelerated_projects.PROJECTS[name]
    if name in accelerated_projects.NO_LIBRARIES:
        return None
    for prefix, namespace in accelerated_projects.PROJECT_PREFIXES.items():
        if name.startswith(prefix):
            return (namespace,)
    return ("nvidia",) if re.search(accelerated_projects.PROJECT_SUFFIX, name) else None


def _accelerators_of(names: Iterable[str]) -> tuple[str, ...] | None:
    """What libraries among required packages are for; ``None`` where there is none.

    What comes for several makers, or says that it is for CPUs, tells nothing of who requires it.
    """
    used = {known[0] for name in names if len(known := _known_accelerators(name) or ()) == 1}
    return tuple(namespace for namespace in ACCELERATORS if namespace in used) or None


def unused_accelerators(build: Build, target: Target) -> list[str]:
    """The accelerators that a machine has and a build leaves unused, where builds of the package
    are known that would use them; empty where it uses one of the machine's.

    A build of which nothing tells counts as one that leaves them unused.
    """
    if build.metadata is not None:
        spaces: Iterable[str] = build.metadata.namespaces
        providers = build.metadata.providers or {}
    else:
        providers = {}
        spaces = accelerated_projects.PUBLISHED_FOR.get(build.name, ())
        spaces = spaces or _accelerators_of(build.elsewhere) or ()
    present = [name for name, notice in _present(spaces, providers, target).items() if not notice]
    return [] if set(build.accelerators or ()).intersection(present) else present


def used_accelerators(build: Build, target: Target) -> list[str]:
    """The accelerators that a build uses and a machine has; a variant that is there is believed."""
    used = build.accelerators or ()
    if build.metadata is not None:
        return list(used)
    return [name for name, notice in _present(used, {}, target).items() if not notice]


def usable_accelerators(metadata: VariantMetadata, target: Target, label: str) -> list[str]:
    """The accelerator namespaces that a variant uses and a target supports."""
    present = present_accelerators(metadata, target)
    return [namespace for namespace in present if namespace in metadata.variants[label]]


def present_accelerators(metadata: VariantMetadata, target: Target) -> dict[str, str]:
    """``{namespace: notice}``: accelerators that the release's variants use and the machine has,
    or, with a notice, may have."""
    used = {namespace for properties in metadata.variants.values() for namespace in properties}
    return _present(used, metadata.providers or {}, target)


def _present(
    namespaces: Iterable[str], providers: Mapping[str, ProviderInfo], target: Target
) -> dict[str, str]:
    used, result = set(namespaces), {}
    for namespace in (name for name in ACCELERATORS if name in used):
        provider = providers.get(namespace, ProviderInfo())
        if provider.static_properties is not None:
            continue  # static values say nothing of the machine
        support = target.support(namespace, provider)
        if support.features and support.features != _NO_TPU:
            result[namespace] = ""
        elif support.absence is RejectionKind.NAMESPACE and support.detail:
            result[namespace] = support.detail
    return result
