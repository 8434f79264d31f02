"""The machine and the programs that were measured, in words."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

__all__ = ["describe_machine"]


def describe_machine() -> dict[str, str]:
    """What a table needs beside it to be understood later."""
    from variantsel.ranking.matching import is_native

    matcher = "C" if is_native else "Python: the extension is not there, so nothing will be fast"
    return {
        "machine": f"{_cpu()}, {os.cpu_count()} cores, {_memory()}",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "variantsel": f"{_version('variantsel')}, matcher in {matcher}",
        "peers": ", ".join(f"{name} {_version(name)}" for name in ("variantlib", "uv", "pip")),
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def _cpu() -> str:
    return _proc("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()


def _memory() -> str:
    kilobytes = _proc("/proc/meminfo", "MemTotal").removesuffix(" kB")
    return f"{int(kilobytes) / 1e6:.0f} GB" if kilobytes else "memory unknown"


def _proc(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    found = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in found if name.strip() == key), "")
