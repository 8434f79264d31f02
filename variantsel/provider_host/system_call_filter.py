"""The system calls a provider may not make: a filter in the kernel, for this process and its own.

seccomp, on x86-64 and aarch64. What is refused fails as if the user lacked the permission, or the
kernel had no such thing.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator

from variantsel.provider_host.libc import prctl
from variantsel.provider_host.system_call_numbers import FIRST_UNKNOWN, NUMBERS

__all__ = ["filter_system_calls", "filtered_machine", "install"]

_X86_64, _AARCH64 = 0, 1
_AUDIT_NAMES = (0xC000003E, 0xC00000B7)

_OF_OTHERS_FILES = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat", "truncate", "open", "openat", "openat2"),
    *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
)
_SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
_OF_OTHER_PROCESSES = (
    *("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"),
    *("migrate_pages", "move_pages"),
)
_OF_GROUPS = ("setpriority", "ioprio_set", "setsid", "setpgid")
"""What reaches all processes of a user, or leaves the group that ends together."""
_NEW_NAMESPACES = (
    *(0x00020000, 0x02000000, 0x04000000, 0x08000000),
    *(0x10000000, 0x20000000, 0x40000000),
)
_DEVICE_REQUESTS = (
    *(0x5412, 0x541C, 0x540E),  # TIOCSTI, TIOCLINUX, TIOCSCTTY: a terminal that types by itself
    *(0x8901, 0x8902),  # FIOSETOWN, SIOCSPGRP: whom the kernel sends a signal
    *(0x40086602, 0x40087602, 0x401C5820),  # FS_IOC_SETFLAGS, _SETVERSION, _FSSETXATTR
)
_FILE_REQUESTS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX

_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_PR_SET_SECCOMP, _FILTER_MODE = 22, 2

# The instructions of the kernel's packet filter, and what a filter returns.
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_OFFSET, _MACHINE_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16
_ALL_BITS = 0xFFFFFFFF

_Instruction = tuple[int, int, int, int]
_Condition = tuple[int, int, int, bool]
"""On the low half of an argument: ``argument & mask`` equals the value, or does not."""


def filtered_machine() -> int | None:
    """Which column of :data:`NUMBERS` this process goes by; ``None`` where none."""
    if os.uname().sysname != "Linux" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    return {"x86_64": _X86_64, "aarch64": _AARCH64}.get(os.uname().machine)


def filter_system_calls(*, apart: bool, own_signals: bool) -> None:
    """Put the filter over this process; it has to have ``no_new_privs`` already.

    :param apart: whether namespaces leave it no processes and no files to change but its own, so
        that the filter need not.
    :param own_signals: whether signals reach no processes but its own.
    :raises OSError: where there is none for this machine, or the kernel does not take it.
    """
    machine = filtered_machine()
    if machine is None:
        raise OSError(_ENOSYS, f"there is no filter for {os.uname().machine}")
    install(_program(machine, _rules(apart=apart, own_signals=own_signals)))


def install(program: bytes) -> None:
    """Put a program of the packet filter over this process.

    :raises OSError: when the kernel does not take it.
    """
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.create_string_buffer(head, len(head)))


def _rules(*, apart: bool, own_signals: bool) -> dict[str, tuple[_Condition, ...]]:
    """The calls to refuse, each with the conditions of which one is enough; without any, always."""
    rules: dict[str, tuple[_Condition, ...]] = dict.fromkeys(NUMBERS, ())
    rules["clone"] = tuple((0, bit, bit, True) for bit in _NEW_NAMESPACES)
    rules["ioctl"] = tuple((1, _ALL_BITS, request, True) for request in _DEVICE_REQUESTS)
    rules["fcntl"] = tuple((1, _ALL_BITS, request, True) for request in _FILE_REQUESTS)
    rules["prlimit64"] = ((0, _ALL_BITS, 0, False),)  # of itself only
    # The one way to change a file that is open for reading.
    emptying = os.O_ACCMODE | os.O_TRUNC, os.O_RDONLY | os.O_TRUNC
    rules["open"], rules["openat"] = ((1, *emptying, True),), ((2, *emptying, True),)
    for call in _OF_OTHER_PROCESSES:
        rules[call] = ((0, _ALL_BITS, 0, False),)
    for call in _SIGNALS:
        rules[call] = ((0, _ALL_BITS, os.getpid(), False),)
    unneeded: set[str] = set()
    if apart:
        unneeded |= {*_OF_OTHERS_FILES, *_OF_OTHER_PROCESSES, *_OF_GROUPS}
    if apart or own_signals:
        unneeded |= {*_SIGNALS}
    return {call: conditions for call, conditions in rules.items() if call not in unneeded}


def _program(machine: int, rules: dict[str, tuple[_Condition, ...]]) -> bytes:
    instructions: list[_Instruction] = [
        (_LOAD, 0, 0, _MACHINE_OFFSET),
        (_JUMP_IF_EQUAL, 1, 0, _AUDIT_NAMES[machine]),
        (_RETURN, 0, 0, _KILL),  # the calls of another machine have other numbers
        (_LOAD, 0, 0, _NUMBER_OFFSET),
        # So are those of x32 on x86-64: their numbers are above all others.
        (_JUMP_IF_AT_LEAST, 0, 1, FIRST_UNKNOWN),
        (_RETURN, 0, 0, _REFUSE | _ENOSYS),
    ]
    for call, conditions in rules.items():
        number = NUMBERS[call][machine]
        if number is not None:
            instructions += _block(number, conditions, _error(call))
    instructions.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


def _error(call: str) -> int:
    if call in ("clone3", "openat2"):
        # What they say lies in memory, out of a filter's sight: callers then use the older call.
        return _ENOSYS
    return _EAFNOSUPPORT if call == "socket" else _EPERM


def _block(number: int, conditions: tuple[_Condition, ...], error: int) -> Iterator[_Instruction]:
    body: list[_Instruction] = []
    for argument, mask, value, equal in conditions:
        body += [
            (_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * argument),
            (_AND, 0, 0, mask),
            (_JUMP_IF_EQUAL, int(not equal), int(equal), value),
            (_RETURN, 0, 0, _REFUSE | error),
        ]
    body.append((_RETURN, 0, 0, _ALLOW if conditions else _REFUSE | error))
    yield (_JUMP_IF_EQUAL, 0, len(body), number)
    yield from body
