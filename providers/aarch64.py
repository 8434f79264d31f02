"""The ``aarch64`` namespace: architecture versions and instruction sets.

The vocabulary is that of the package ``provider-variant-aarch64`` 0.0.1.post2, and so are the
answers for cores that archspec knows. For others, what the kernel lists counts, where that package
answers the oldest version and nothing else.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING

from variantsel_providers.cpu_cores import (
    CoreKind,
    core_kinds,
    host_microarchitectures,
    microarchitecture,
)
from variantsel_providers.feature import VariantFeatureConfig

if TYPE_CHECKING:
    from archspec.cpu import Microarchitecture

__all__ = ["get_all_configs", "get_supported_configs", "namespace", "supported_configs"]

namespace = "aarch64"

# archspec's generic microarchitecture for each version, best first. archspec grows newer and
# in-between ones (armv9.2a, armv8.6a); CPUs of those get the versions here that they include.
_VERSIONS = {
    "armv9.0a": "9.0a",
    "armv8.5a": "8.5a",
    "armv8.4a": "8.4a",
    "armv8.3a": "8.3a",
    "armv8.2a": "8.2a",
    "armv8.1a": "8.1a",
    "aarch64": "8a",
}

# The features that a version makes mandatory and Linux lists, from the oldest (Arm Architecture
# Reference Manual for A-profile, "The Armv8.1 architecture extension" and so on). A core that lists
# all of them up to a version may still lack what Linux does not list, but nothing that a compiler
# uses for that version. SSBS is left out of 8.5: it is hidden where a core has it wrong. Nothing
# shows a core to be of version 9: there are ones with SVE2 that are not.
_MANDATORY = {
    "8.1a": {"atomics", "asimdrdm", "crc32"},
    "8.2a": {"dcpop"},
    "8.3a": {"fcma", "jscvt", "lrcpc", "paca", "pacg"},
    "8.4a": {"asimddp", "dit", "flagm", "ilrcpc", "uscat"},
    "8.5a": {"bti", "dcpodp", "flagm2", "frint", "sb"},
}

# Instruction sets as archspec names them, best first. The order ranks variants, so it is part of
# the vocabulary. "asimdrdm" and "atomics" (thunderx2) are left out on purpose: the published list
# fuses them into one name, "asimdrdmatomics", by a missing comma, so no machine ever reports them.
_INSTRUCTION_SETS = (
    # neoverse_n2, neoverse_v2
    "sve2",
    "flagm2",
    "frint",
    "sb",
    # m2
    "btiecv",
    # m1
    "paca",
    "pacg",
    "ssbs",
    # neoverse_v1
    "asimdfhm",
    "bf16",
    "dcpodp",
    "dgh",
    "dit",
    "flagm",
    "i8mm",
    "ilrcpc",
    "jscvt",
    "rng",
    "sha3",
    "sha512",
    "svebf16",
    "svei8mm",
    "uscat",
    # neoverse_n1
    "asimddp",
    "lrcpc",
    # a64fx
    "asimdhp",
    "dcpop",
    "fcma",
    "fphp",
    "sve",
    # cortex_a72
    "aes",
    "asimd",
    "cpuid",
    "crc32",
    "evtstrm",
    "fp",
    "pmull",
    "sha1",
    "sha2",
)


def get_supported_configs(
    *, root: Path = Path("/"), machine: str | None = None
) -> list[VariantFeatureConfig]:
    """What this machine's CPU supports (providers draft, "Plugin interface").

    ``version`` first, then each instruction set as a feature whose one value is ``on``, best
    first; empty on any other architecture. Of several kinds of cores, what all of them support.

    ``root`` is the directory that ``proc`` is in, ``machine`` the architecture that Python runs on,
    by default this one's.
    """
    machine = machine or platform.machine()
    kinds = core_kinds(namespace, root) if machine == namespace else []
    if not kinds:
        return supported_configs(*host_microarchitectures(namespace, root, machine))
    supported = [_supported_by(kind) for kind in kinds]
    return _configs(
        [value for value in _VERSIONS.values() if all(value in each for each, _ in supported)],
        [name for name in _INSTRUCTION_SETS if all(name in each for _, each in supported)],
    )


def _supported_by(kind: CoreKind) -> tuple[set[str], set[str]]:
    """The versions and the instruction sets of one kind of core."""
    core, is_known = microarchitecture(namespace, kind)
    version, *sets = supported_configs(core)
    versions, names = set(version.values), {config.name for config in sets}
    if is_known:
        return versions, names
    for value, mandatory in _MANDATORY.items():
        if not mandatory <= kind.features:
            break
        versions.add(value)
    return versions, names | set(kind.features)


def supported_configs(*microarchitectures: Microarchitecture) -> list[VariantFeatureConfig]:
    """What a CPU of such cores supports, as `get_supported_configs` would answer there.

    ``microarchitectures`` are those of its kinds of cores, at least one, each one of
    ``archspec.cpu.TARGETS``. Empty when one is not an AArch64 one.
    """
    lineages = [
        {generic.name, *(ancestor.name for ancestor in generic.ancestors)}
        for generic in (core.generic for core in microarchitectures)
    ]
    versions = [
        version
        for name, version in _VERSIONS.items()
        if all(name in lineage for lineage in lineages)
    ]
    if not versions:
        return []
    return _configs(
        versions,
        [name for name in _INSTRUCTION_SETS if all(name in core for core in microarchitectures)],
    )


def get_all_configs() -> list[VariantFeatureConfig]:
    """Every feature and value of the namespace, in the order of `get_supported_configs`."""
    return _configs(list(_VERSIONS.values()), list(_INSTRUCTION_SETS))


def _configs(versions: list[str], instruction_sets: list[str]) -> list[VariantFeatureConfig]:
    return [
        VariantFeatureConfig("version", versions, multi_value=False),
        *(VariantFeatureConfig(name, ["on"], multi_value=False) for name in instruction_sets),
    ]
