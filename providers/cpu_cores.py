"""The kinds of cores of this machine's CPU, and what archspec calls each.

archspec itself looks at the first core only. A machine may have several kinds, and what is
installed has to run on all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.cpu import Microarchitecture

__all__ = ["CoreKind", "core_kinds", "host_microarchitectures", "microarchitecture"]

# The names of a core's maker, model and features in /proc/cpuinfo.
_FIELDS = {
    "x86_64": ("vendor_id", "", "flags"),
    # Some vendors' kernels spell the features as on x86-64.
    "aarch64": ("CPU implementer", "CPU part", "Features", "flags"),
}

# Cores that are another maker's, under a number of their buyer's: Cobalt 100 is Arm's Neoverse N2.
_MAKERS = {("0x6d", "0xd49"): "0x41"}


@dataclass(frozen=True)
class CoreKind:
    """One kind of core: the ``vendor`` and ``part`` (empty on x86-64) as the kernel spells them,
    and the ``features`` that it lets programs use.
    """

    vendor: str
    part: str
    features: frozenset[str]


def host_microarchitectures(family: str, root: Path, machine: str) -> list[Microarchitecture]:
    """What archspec calls this machine's kinds of cores, one for each kind, none twice.

    ``family`` is ``x86_64`` or ``aarch64``; ``root`` the directory that ``proc`` is in; ``machine``
    the architecture that Python runs on. Where Linux does not tell of cores of that family, the one
    answer is archspec's own of this host.
    """
    import archspec.cpu

    kinds = core_kinds(family, root) if machine == family else []
    if not kinds:
        return [archspec.cpu.host()]
    return list(dict.fromkeys(microarchitecture(family, kind)[0] for kind in kinds))


def core_kinds(family: str, root: Path) -> list[CoreKind]:
    """The kinds of cores that ``proc/cpuinfo`` tells of, in its order, none twice."""
    vendor_field, part_field, *features_fields = _FIELDS[family]
    try:
        text = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    kinds: dict[tuple[str, str, str], None] = {}
    for core in _cores(text):
        fields = {
            name.strip(): value.strip()
            for name, _, value in (line.partition(":") for line in core.splitlines())
        }
        features = next((fields[name] for name in features_fields if name in fields), None)
        if features is not None and vendor_field in fields:
            kinds[fields[vendor_field], fields.get(part_field, ""), features] = None
    return [CoreKind(vendor, part, _features(names)) for vendor, part, names in kinds]


def _cores(text: str) -> list[str]:
    """What is said of each core. A line ``processor`` begins one; blank lines may also stand
    within, behind a list of features that is too long for the kernel."""
    cores = re.split(r"^(?=processor\s*:)", text, flags=re.MULTILINE)
    return cores if len(cores) > 1 else text.split("\n\n")


def _features(text: str) -> frozenset[str]:
    names = frozenset(text.split())
    # What everyone else calls SSE3.
    return names | {"sse3"} if "pni" in names else names


def microarchitecture(family: str, kind: CoreKind) -> tuple[Microarchitecture, bool]:
    """The most capable microarchitecture of archspec's that a core is at least, and whether
    archspec knows that very core: its part, not its features alone.

    archspec's own rules, which it has for the first core of this host only: the core has all its
    features and is of its maker; one that names the core's part goes before the others; and it is
    no less than the best generic one (x86-64's levels) that the core is.
    """
    from archspec.cpu import TARGETS

    vendors = (_vendor(family, kind), "generic")
    candidates = [
        target
        for target in TARGETS.values()
        if str(target.family) == family
        and target.vendor in vendors
        and target.features <= kind.features
        # An Arm architecture version cannot be told from the features of a core.
        and (family != "aarch64" or target.vendor != "generic" or target.name == family)
    ]
    generic = max(
        (c for c in candidates if c.vendor == "generic"), key=_rank, default=TARGETS[family]
    )
    by_part = [c for c in candidates if kind.part and c.cpu_part == kind.part]
    better = [c for c in by_part or candidates if c > generic]
    return max(better, key=_rank, default=generic), bool(by_part)


def _rank(microarchitecture: Microarchitecture) -> tuple[int, int]:
    return len(microarchitecture.ancestors), len(microarchitecture.features)


def _vendor(family: str, kind: CoreKind) -> str:
    if family != "aarch64":
        return kind.vendor
    from archspec.cpu.schema import TARGETS_JSON

    names: dict[str, str] = TARGETS_JSON["conversions"]["arm_vendors"]
    maker = _MAKERS.get((kind.vendor, kind.part), kind.vendor)
    return names.get(maker, maker)
