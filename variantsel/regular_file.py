"""Reading a file that may not be what it should: opened once, never waited for, never without end.

What is said of the file, whose it is above all, is said of the very thing that was opened: between
a look at a name and its opening, somebody else may put another file there.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

__all__ = ["Link", "RegularFile", "UnusableFile", "is_ours", "read_regular_file"]

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


class UnusableFile(Exception):
    """A file is not one to read; the text says what it is instead, and stands behind its path."""


class Link(UnusableFile):
    """It is a symbolic link, where none is followed."""


class RegularFile(NamedTuple):
    """What was read.

    :ivar content: all of it.
    :ivar owner: the user it belongs to; ``None`` where the system does not tell (Windows).
    """

    content: bytes
    owner: int | None


def read_regular_file(path: Path, limit: int, *, follow_links: bool = True) -> RegularFile:
    """Read a file whole.

    :param limit: the most bytes that it may hold.
    :param follow_links: whether the file may be a symbolic link; folders on the way always may.
    :raises UnusableFile: when it is no regular file, or a larger one.
    :raises OSError: when it cannot be opened or read.
    """
    try:
        # A device may do something when it is opened, so what is there is looked at before.
        _check_kind(path.stat(follow_symlinks=follow_links).st_mode)
        flags = _FLAGS if follow_links else _FLAGS | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(path, flags)
    except ValueError:
        raise UnusableFile("found a path that no file can have") from None
    with open(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        _check_kind(state.st_mode)
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UnusableFile(f"found more than {_size(limit)}, the most that is read")
    return RegularFile(content, state.st_uid if hasattr(os, "geteuid") else None)


def is_ours(owner: int | None) -> bool:
    """Whether what belongs to this user is as good as this process's own: its user's, or root's."""
    return owner is None or owner == 0 or owner == os.geteuid()


def _check_kind(mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise Link("found a symbolic link, expected the file itself")
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise UnusableFile(f"found {kind}, expected a file")


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"
