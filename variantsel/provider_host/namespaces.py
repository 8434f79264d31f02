"""Namespaces of Linux: a provider's own processes, files, network and System V memory.

All of them or none: where one cannot be had, as in most containers, :func:`enter_namespaces` fails.
The namespace of processes ends every process in it when its first one ends.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from variantsel.provider_host.libc import call

__all__ = ["enter_namespaces"]

_MOUNTS, _IPC, _USERS, _PROCESSES, _NETWORK = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000


def enter_namespaces() -> None:
    """Put this process into namespaces of its own, and those it starts from now on.

    The next process that it starts is the first of its namespace. Root, who may, does without a
    namespace of users, since one would take it the right to become another user.

    :raises OSError: when the kernel refuses; this process is not to be used then.
    """
    user, group = os.geteuid(), os.getegid()
    flags = _MOUNTS | _IPC | _PROCESSES | _NETWORK
    if user == 0:
        call("unshare", ctypes.c_int(flags))
        return
    call("unshare", ctypes.c_int(flags | _USERS))
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")  # or a group that forbids something could be left
    (own / "uid_map").write_text(f"{user} {user} 1")
    (own / "gid_map").write_text(f"{group} {group} 1")
