"""Removing a folder that somebody else has filled: however deep, whatever its permissions."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["remove"]


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it; what cannot be removed stays.

    No path gets long and nothing calls itself: what is in a folder below is moved up until there
    is none. No link is followed.
    """
    with contextlib.suppress(OSError):
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _empty(top)
        finally:
            os.close(top)
        folder.rmdir()


def _empty(top: int) -> None:
    os.fchmod(top, 0o700)
    while True:
        with os.scandir(top) as entries:
            found = list(entries)
        if not found:
            return
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                _move_up(top, entry.name)
                os.rmdir(entry.name, dir_fd=top)
            else:
                os.unlink(entry.name, dir_fd=top)


def _move_up(top: int, name: str) -> None:
    """Remove the files of a folder, and put its folders beside it."""
    folder = _opened(top, name)
    try:
        with os.scandir(folder) as entries:
            for entry in list(entries):
                if entry.is_dir(follow_symlinks=False):
                    os.close(_opened(folder, entry.name))  # to be moved, it has to be writable
                    os.rename(entry.name, os.urandom(16).hex(), src_dir_fd=folder, dst_dir_fd=top)
                else:
                    os.unlink(entry.name, dir_fd=folder)
    finally:
        os.close(folder)


def _opened(parent: int, name: str) -> int:
    """A folder that can be read and written from now on."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        folder = os.open(name, flags, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        folder = os.open(name, flags, dir_fd=parent)
    os.fchmod(folder, 0o700)
    return folder
