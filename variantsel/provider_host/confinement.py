"""Taking from a process what asking for hardware does not need, before a provider runs in it.

Limits on resources everywhere; on Linux, where the kernel has Landlock (5.13 and newer), what files
can be read and written, TCP connections (6.7), and signals to other programs (6.12).
What is not there is left out without a word: ``docs/security.md`` says what may be relied on.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["confine", "landlock_version"]

_MAX_FILE_BYTES = 16 * 1024 * 1024

_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_CAPABILITY_VERSION = 0x20080522
_CAPABILITIES = 41
_FILE_CAPABILITIES = (1 << 1) | (1 << 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: some drivers' devices have owners of their own."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
# The rights that Landlock knows, one bit each, by the version that brought them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FIRST_RIGHTS = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_TCP = 0b11
_SCOPES = 0b11

_READ = _EXECUTE | _READ_FILE | _READ_DIR
_USE_DEVICES = _READ | _WRITE_FILE | _TRUNCATE | _IOCTL_DEVICE


def confine(readable: Iterable[str], writable: str, time_limit: float) -> None:
    """Restrict this process and all it will start; there is no way back.

    :param readable: the folders and files it may read, and run programs from.
    :param writable: the folder it may write to.
    :param time_limit: seconds of CPU time.
    """
    seconds = int(time_limit) + 1
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, _MAX_FILE_BYTES)
    _limit(resource.RLIMIT_CPU, seconds)
    with contextlib.suppress(OSError):
        # No limit on memory, since drivers map whole devices: but first to go where it runs out.
        Path("/proc/self/oom_score_adj").write_text("1000")
    if sys.platform.startswith("linux"):
        _drop_capabilities()
    version = landlock_version()
    if version:
        _landlock(version, readable, writable)


def landlock_version() -> int:
    """The version of Landlock this kernel has; 0 where it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, _system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def _limit(what: int, most: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(what, (most, most))


def _drop_capabilities() -> None:
    """Root keeps the right to open files, and no other: CAP_PERFMON would see past Landlock."""
    library = ctypes.CDLL(None)
    for capability in range(_CAPABILITIES):
        if not _FILE_CAPABILITIES >> capability & 1:
            library.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # refused to other users
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    current = (ctypes.c_uint32 * 6)()
    if library.capget(header, current) == 0:
        kept = [value & _FILE_CAPABILITIES for value in current[:2]]
        library.capset(header, (ctypes.c_uint32 * 6)(*kept, 0, 0, 0, 0))


def _landlock(version: int, readable: Iterable[str], writable: str) -> None:
    rights = _FIRST_RIGHTS
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEVICE)):
        rights |= right if version >= since else 0
    fields = [rights]
    fields += [_TCP] if version >= 4 else []
    fields += [_SCOPES] if version >= 6 else []
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    rules = _system_call(
        _CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)
    )
    if rules < 0:
        return
    for path in readable:
        _allow(rules, path, _READ & rights)
    _allow(rules, "/dev", _USE_DEVICES & rights)
    _allow(rules, writable, rights)
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _system_call(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not there: nothing to allow
    if not Path(path).is_dir():
        rights &= _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
    rule = struct.pack("=Qi", rights, place)
    _system_call(
        _ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0)
    )
    os.close(place)


def _system_call(number: int, *arguments: object) -> int:
    call = ctypes.CDLL(None).syscall
    call.restype = ctypes.c_long
    return int(call(ctypes.c_long(number), *arguments))
