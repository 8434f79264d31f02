"""The kinds of cores of this machine's CPU, and what archspec calls each.

archspec itself looks at the first core only. A machine may have several kinds, and what is
installed has to run on all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.cpu import Microarchitecture

__all__ = ["CoreKind", "core_kinds", "host_microarchitectures"]

# The names of a core's maker, model and features in /proc/cpuinfo.
_FIELDS = {
    "x86_64": ("vendor_id", "", "flags"),
    "aarch64": ("CPU implementer", "CPU part", "Features"),
}


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
    return list(dict.fromkeys(_microarchitecture(family, kind) for kind in kinds))


def core_kinds(family: str, root: Path) -> list[CoreKind]:
    """The kinds of cores that ``proc/cpuinfo`` tells of, in its order, none twice."""
    vendor_field, part_field, features_field = _FIELDS[family]
    try:
        text = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    kinds: dict[tuple[str, str, str], None] = {}
    for core in text.split("\n\n"):
        fields = {
            name.strip(): value.strip()
            for name, _, value in (line.partition(":") for line in core.splitlines())
        }
        if features_field in fields and vendor_field in fields:
            part = fields.get(part_field, "")
            kinds[fields[vendor_field], part, fields[features_field]] = None
    return [CoreKind(vendor, part, _features(names)) for vendor, part, names in kinds]


def _features(text: str) -> frozenset[str]:
    names = frozenset(text.split())
    # What everyone else calls SSE3.
    return names | {"sse3"} if "pni" in names else names


def _microarchitecture(family: str, kind: CoreKind) -> Microarchitecture:
    """The most capable microarchitecture of archspec's that a core is at least.

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
    return max(better, key=_rank, default=generic)


def _rank(microarchitecture: Microarchitecture) -> tuple[int, int]:
    return len(microarchitecture.ancestors), len(microarchitecture.features)


def _vendor(family: str, kind: CoreKind) -> str:
    if family != "aarch64":
        return kind.vendor
    from archspec.cpu.schema import TARGETS_JSON

    names: dict[str, str] = TARGETS_JSON["conversions"]["arm_vendors"]
    return names.get(kind.vendor, kind.vendor)
