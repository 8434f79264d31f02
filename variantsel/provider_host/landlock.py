"""Landlock: which files this process may use, TCP (since 6.7), signals to others (since 6.12)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable, Mapping

from variantsel.provider_host.libc import system_call

__all__ = ["LIST", "READ", "USE_DEVICE", "WRITE", "landlock_version", "restrict_files"]

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
# The rights that Landlock knows, one bit each, by the version that brought them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FIRST_RIGHTS = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_TCP = 0b11
_SCOPES = 0b11

LIST = _READ_DIR
READ = _EXECUTE | _READ_FILE | _READ_DIR
USE_DEVICE = READ | _WRITE_FILE | _TRUNCATE | _IOCTL_DEVICE
WRITE = _FIRST_RIGHTS | _REFER | _TRUNCATE


def landlock_version() -> int:
    """The version of Landlock this kernel has; 0 where it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        return system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def restrict_files(version: int, allowed: Mapping[int, Iterable[str]]) -> None:
    """Restrict this process and all it will start; it has to have ``no_new_privs`` already.

    :param version: of Landlock.
    :param allowed: ``{rights: files and folders}``; those that are not there count for nothing.
    :raises OSError: when the kernel refuses.
    """
    handled = _FIRST_RIGHTS
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEVICE)):
        handled |= right if version >= since else 0
    fields = [handled]
    fields += [_TCP] if version >= 4 else []
    fields += [_SCOPES] if version >= 6 else []
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    size = ctypes.c_size_t(len(attributes))
    rules = system_call(_CREATE_RULESET, attributes, size, ctypes.c_uint32(0))
    try:
        for rights, paths in allowed.items():
            for path in paths:
                with contextlib.suppress(OSError):  # not there: nothing to allow
                    _allow(rules, path, rights & handled)
        system_call(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, place)
        kind = ctypes.c_int(_PATH_BENEATH)
        system_call(_ADD_RULE, ctypes.c_int(rules), kind, rule, ctypes.c_uint32(0))
    finally:
        os.close(place)
