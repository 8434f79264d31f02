"""How many processes and threads a provider may have at a time, counted by the kernel."""

from __future__ import annotations

import contextlib
import os
import re
import resource

__all__ = ["limit_tasks", "other_tasks"]

_MOST_TASKS = 256
"""Threads as well: some libraries start one a core as they are imported."""
_COUNTED_PER_NAMESPACE = (5, 14)
"""The Linux since which a user's tasks in another namespace of users do not count."""


def other_tasks(*, apart: bool, own_user: bool) -> int:
    """How many tasks of others the kernel will count with the provider's; the user has these now.

    :param apart: whether it will be in namespaces of its own.
    :param own_user: whether it will be a user of its own.
    """
    if own_user or (apart and os.geteuid() != 0 and _kernel() >= _COUNTED_PER_NAMESPACE):
        return 0
    count = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                with contextlib.suppress(OSError):
                    if entry.stat().st_uid == os.getuid():
                        count += len(os.listdir(f"{entry.path}/task"))  # noqa: PTH208
    return count


def limit_tasks(others: int) -> bool:
    """Limit how many tasks this process and all it starts may have.

    :param others: what :func:`other_tasks` said before.
    :returns: whether that holds. It does not for root, nor where there are tasks of this user that
        it cannot see, in other containers: it could start none then.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    most = others + _MOST_TASKS
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, hard))
    if others and not _can_fork():
        resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))
        return False
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    return os.geteuid() != 0


def _can_fork() -> bool:
    try:
        process = os.fork()
    except OSError:
        return False
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)
    return True


def _kernel() -> tuple[int, ...]:
    match = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return tuple(map(int, match.groups())) if match else (0, 0)
