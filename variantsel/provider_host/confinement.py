"""Taking from a process what asking for hardware does not need, before a provider runs in it.

What the kernel does not have is left out, and said: ``docs/security.md`` has a table of what each
means, :mod:`~variantsel.provider_host.promises` the words for this machine.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from variantsel.provider_host.landlock import (
    LIST,
    READ,
    USE_DEVICE,
    WRITE,
    landlock_version,
    restrict_files,
)
from variantsel.provider_host.libc import prctl
from variantsel.provider_host.privileges import surrender
from variantsel.provider_host.system_call_filter import filter_system_calls
from variantsel.provider_host.task_limit import limit_tasks

TYPE_CHECKING = False  # typing takes long to load
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Confinement", "confine"]

_MAX_FILE_BYTES = 16 * 1024 * 1024
_PR_SET_NO_NEW_PRIVS = 38

_OF_THE_MACHINE = tuple(
    f"/proc/{name}"
    for name in (
        *("acpi", "bus", "cgroups", "cmdline", "cpuinfo", "device-tree", "devices", "driver"),
        *("filesystems", "interrupts", "loadavg", "meminfo", "misc", "modules", "stat", "sys"),
        *("uptime", "version", "vmstat"),
    )
)
"""What ``/proc`` says of the machine and not of a program."""


@dataclass(frozen=True)
class Confinement:
    """What a process was confined by.

    :ivar namespaces: all of them.
    :ivar landlock: its version; 0 where there is none.
    :ivar filter: of system calls.
    :ivar own_user: whether it runs as a user of its own; ``None`` where who runs it is not root.
    :ivar tasks: whether the kernel counts its processes and threads.
    """

    namespaces: bool = False
    landlock: int = 0
    filter: bool = False
    own_user: bool | None = None
    tasks: bool = False


def confine(
    request: Mapping[str, Any],
    devices: Sequence[str],
    *,
    apart: bool,
    user: int | None,
    others: int,
) -> Confinement:
    """Restrict this process and all it will start; there is no way back.

    :param request: ``readable``, the files and folders it may read, and run programs from;
        ``folder``, what it has to read; ``time_limit``, seconds of CPU time.
    :param devices: the device files it may use.
    :param apart: whether it is in namespaces of its own.
    :param user: the number of the user it is to be; ``None`` for this one.
    :param others: tasks that the kernel counts with its own.
    """
    own = str(Path.cwd())
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, _MAX_FILE_BYTES)
    _limit(resource.RLIMIT_CPU, int(request["time_limit"]) + 1)
    is_root = os.geteuid() == 0
    if not sys.platform.startswith("linux"):
        return Confinement(own_user=False if is_root else None)
    with contextlib.suppress(OSError):
        # No limit on memory, since drivers map whole devices: but first to go where it runs out.
        Path("/proc/self/oom_score_adj").write_text("1000")
    if user is not None and not apart:
        os.chown(own, user, user)
    needed = [] if request["folder"] is None else [request["folder"]]
    changed = surrender(user, devices, [*needed, str(Path(os.__file__).parent)])
    tasks = limit_tasks(others)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    landlock = landlock_version()
    try:
        restrict_files(landlock, _allowed(request["readable"] + needed, own, devices, apart=apart))
    except OSError:
        landlock = 0
    filtered = True
    try:
        filter_system_calls(apart=apart, own_signals=landlock >= 6)
    except OSError:
        filtered = False
    return Confinement(apart, landlock, filtered, changed if is_root else None, tasks)


def _limit(what: int, most: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(what, (most, most))


def _allowed(
    readable: Sequence[str], own: str, devices: Sequence[str], *, apart: bool
) -> dict[int, list[str]]:
    """What Landlock is to allow: ``{rights: paths}``."""
    # Another process's folder has another number; its own children's cannot be known yet.
    processes = ["/proc"] if apart else [*_OF_THE_MACHINE, "/proc/self"]
    return {
        READ: [*readable, *processes],
        LIST: ["/dev"],
        USE_DEVICE: list(devices),
        WRITE: [own, *(["/dev/shm"] if apart else [])],
    }
