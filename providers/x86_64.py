"""The ``x86_64`` namespace: microarchitecture levels and instruction sets.

The vocabulary and the answers are those of the package ``provider-variant-x86-64`` 0.0.1.post2,
which answers nothing below level v2; here a plain x86-64 CPU is what it is, level v1.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING

from variantsel_providers.cpu_cores import host_microarchitectures
from variantsel_providers.feature import VariantFeatureConfig

if TYPE_CHECKING:
    from archspec.cpu import Microarchitecture

__all__ = ["get_all_configs", "get_supported_configs", "namespace", "supported_configs"]

namespace = "x86_64"

# archspec's generic microarchitecture for each level.
_LEVELS = {"x86_64_v4": "v4", "x86_64_v3": "v3", "x86_64_v2": "v2", "x86_64": "v1"}

# Instruction sets as archspec names them, best first. The order ranks variants, so it is part of
# the vocabulary.
_INSTRUCTION_SETS = (
    # zen5
    "avx_vnni",
    "cppc",
    "ibrs_enhanced",
    "tsc_adjust",
    # zen4
    "flush_l1d",
    # sapphirerapids
    "movdir64b",
    "movdiri",
    # icelake
    "avx512_bf16",
    "avx512_bitalg",
    "avx512_vbmi2",
    "avx512_vnni",
    "avx512_vp2intersect",
    "avx512_vpopcntdq",
    "avx512ifma",
    "avx512vbmi",
    "rdpid",
    "sha_ni",
    "vaes",
    "vpclmulqdq",
    # skylake_avx512
    "clwb",
    "clzero",
    # level v4
    "avx512bw",
    "avx512cd",
    "avx512dq",
    "avx512f",
    "avx512vl",
    # skylake
    "clflushopt",
    "gfni",
    "rdseed",
    "xsavec",
    "xsaveopt",
    # broadwell
    "adx",
    # level v3
    "avx2",
    "avx",
    "bmi2",
    "bmi1",
    "abm",
    "f16c",
    "fma",
    "movbe",
    "xsave",
    # sandybridge
    "rdrand",
    # westmere
    "aes",
    # nehalem
    "pclmulqdq",
    # steamroller
    "sse4a",
    "fsgsbase",
    # level v2
    "sse4_2",
    "sse4_1",
    "ssse3",
    "sse3",
    "cx16",
    "lahf_lm",
    "popcnt",
    # level v1
    "sse2",
    "sse",
    "mmx",
)


def get_supported_configs(
    *, root: Path = Path("/"), machine: str | None = None
) -> list[VariantFeatureConfig]:
    """What this machine's CPU supports (providers draft, "Plugin interface").

    ``level`` first, then each instruction set as a feature whose one value is ``on``, best first;
    empty on any other architecture. Of several kinds of cores, what all of them support.

    ``root`` is the directory that ``proc`` is in, ``machine`` the architecture that Python runs on,
    by default this one's.
    """
    machine = machine or platform.machine()
    return supported_configs(*host_microarchitectures(namespace, root, machine))


def supported_configs(*microarchitectures: Microarchitecture) -> list[VariantFeatureConfig]:
    """What a CPU of such cores supports, as `get_supported_configs` would answer there.

    ``microarchitectures`` are those of its kinds of cores, at least one, each one of
    ``archspec.cpu.TARGETS``. Empty when one is not an x86-64 one.
    """
    lineages = [
        {generic.name, *(ancestor.name for ancestor in generic.ancestors)}
        for generic in (core.generic for core in microarchitectures)
    ]
    levels = [
        level for name, level in _LEVELS.items() if all(name in lineage for lineage in lineages)
    ]
    if not levels:
        return []
    return _configs(
        levels,
        [name for name in _INSTRUCTION_SETS if all(name in core for core in microarchitectures)],
    )


def get_all_configs() -> list[VariantFeatureConfig]:
    """Every feature and value of the namespace, in the order of `get_supported_configs`."""
    return _configs(list(_LEVELS.values()), list(_INSTRUCTION_SETS))


def _configs(levels: list[str], instruction_sets: list[str]) -> list[VariantFeatureConfig]:
    return [
        VariantFeatureConfig("level", levels, multi_value=False),
        *(VariantFeatureConfig(name, ["on"], multi_value=False) for name in instruction_sets),
    ]
