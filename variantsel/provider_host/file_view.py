"""The file system a provider sees where it has namespaces: what it may read, and its own folder.

Everything else is not there. What is there cannot be changed, but for its folder, which lies in
memory and ends with the namespace.
"""

# Paths are text here: every query waits for this.
# ruff: noqa: PTH103, PTH110, PTH112, PTH115, PTH120, PTH211

from __future__ import annotations

import ctypes
import errno
import functools
import os
import re
from collections.abc import Callable, Iterable

from variantsel.provider_host.libc import call

__all__ = ["enter_view"]

_OWN_FILES = "size=64m,nr_inodes=8k,mode=0700"
"""How much may be written to its folder, in all."""
_STREAMS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_BUILDING_PLACE = "/proc"
"""Where the new root is mounted at first: nothing that may be read is below."""

_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_PROGRAMS = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
_RESTRICTIONS = {
    "nosuid": _NO_SETUID,
    "nodev": _NO_DEVICES,
    "noexec": _NO_PROGRAMS,
    "noatime": 0x400,
    "nodiratime": 0x800,
    "relatime": 0x200000,
    "nosymfollow": 0x100,
}
"""What a mount may be limited by: a remount has to say it again."""
_DETACH = 2
_MOST_LINKS = 40


def enter_view(readable: Iterable[str], devices: Iterable[str], own: str, user: int | None) -> None:
    """Leave the file system for one of what is needed; the working folder is ``own`` from now on.

    To be called by the first process of new namespaces.

    :param readable: files and folders; those that are not there count for nothing.
    :param devices: device files.
    :param own: the folder that can be written to.
    :param user: the number of the user whose that is; ``None`` for this one.
    :raises OSError: when the kernel refuses.
    """
    root = _BUILDING_PLACE
    _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    _mount("none", root, "tmpfs", _NO_SETUID | _NO_DEVICES, "size=1m,nr_inodes=8k,mode=0755")
    _show(readable, root)
    for folder in ("/proc", "/dev/shm", own):
        os.makedirs(root + folder, exist_ok=True)
    _mount("none", f"{root}/proc", "proc", _NO_SETUID | _NO_DEVICES | _NO_PROGRAMS)
    _show(devices, root)
    for name, target in _STREAMS.items():
        os.symlink(target, f"{root}/dev/{name}")
    _leave_for(root)
    _make_read_only()
    owner = "" if user is None else f",uid={user},gid={user}"
    for folder in ("/dev/shm", own):
        _mount("none", folder, "tmpfs", _NO_SETUID | _NO_DEVICES, _OWN_FILES + owner)
    os.chdir(own)


def _show(paths: Iterable[str], root: str) -> None:
    """Make files and folders, and the links on the way to them, appear below the new root."""
    reals = set()
    links: dict[str, str] = {}
    for path in paths:
        reals.add(_resolved(path, links))
    shown = "//"
    for real in sorted(reals):  # so that what is below another comes after it
        if f"{real}/".startswith(shown) or not os.path.exists(real):
            continue
        shown = f"{real}/"
        if _make(root + real, os.mkdir if os.path.isdir(real) else os.mknod):
            _mount(real, root + real, None, _BIND | _RECURSIVE)
    for link, target in links.items():
        _make(root + link, functools.partial(os.symlink, target))


def _make(place: str, make: Callable[[str], None]) -> bool:
    """Make something and the folders to it; ``False`` where it is in what was shown before."""
    try:
        try:
            make(place)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(place))
            make(place)
    except FileExistsError:
        return False
    return True


def _resolved(path: str, links: dict[str, str]) -> str:
    """Where a path leads; the links on the way are added, ``{path: target}``."""
    real = ""
    followed = 0
    left = path.split("/")[::-1]
    while left:
        part = left.pop()
        if part in ("", "."):
            continue
        if part == "..":
            real = real.rpartition("/")[0]
            continue
        here = f"{real}/{part}"
        try:
            target = os.readlink(here)
        except OSError:
            real = here
            continue
        links[here] = target
        followed += 1
        if followed > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if target.startswith("/"):
            real = ""
        left += target.split("/")[::-1]
    return real or "/"


def _leave_for(root: str) -> None:
    os.chdir(root)
    call("pivot_root", b".", b".")  # the old root is now mounted over the new one
    call("umount2", b".", ctypes.c_int(_DETACH))
    os.chdir("/")


def _make_read_only() -> None:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        lines = file.readlines()
    for line in lines:
        fields = line.split(" ")
        place = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
        if place == "/proc" or place.startswith("/proc/"):
            continue  # of its own processes, and as the kernel protects it
        limited = [_RESTRICTIONS.get(word, 0) for word in fields[5].split(",")]
        flags = _REMOUNT | _BIND | _READ_ONLY | _NO_SETUID | sum(set(limited) - {_NO_SETUID})
        _mount("none", place, None, flags)


def _mount(source: str, place: str, kind: str | None, flags: int, options: str = "") -> None:
    try:
        call(
            "mount",
            os.fsencode(source),
            os.fsencode(place),
            None if kind is None else kind.encode(),
            ctypes.c_ulong(flags),
            options.encode() or None,
        )
    except OSError as error:
        raise OSError(error.errno, f"mount: {error.strerror}", place) from None
