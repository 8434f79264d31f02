"""The platforms that a bridge's rows name: the system and the machine type, ``linux-x86_64``."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PLATFORMS", "platform_of"]

PLATFORMS = tuple(
    f"{system}-{machine}"
    for system in ("linux", "windows", "macos")
    for machine in ("x86_64", "aarch64")
)

_SYSTEMS = {"linux": "linux", "win32": "windows", "darwin": "macos"}
_MACHINES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}


def platform_of(environment: Mapping[str, str]) -> str:
    """The platform of a machine; of one that rows cannot name, what it calls itself.

    :param environment: its marker variables (dependency specifiers, Environment Markers).
    """
    system = environment["sys_platform"].lower()
    machine = environment["platform_machine"].lower()
    return f"{_SYSTEMS.get(system, system)}-{_MACHINES.get(machine, machine)}"
