"""The C library's functions for which Python has none; each raises :class:`OSError`."""

from __future__ import annotations

import contextlib
import ctypes
import os

__all__ = ["call", "prctl", "prctl_if_known", "set_capabilities", "system_call"]

_CAPABILITY_VERSION = 0x20080522


def call(function: str, *arguments: object) -> int:
    """Call a function that returns -1 where it fails."""
    return _checked(getattr(_library(), function), arguments)


def system_call(number: int, *arguments: object) -> int:
    """Make a system call by its number, for which the C library may have no function."""
    function = _library().syscall
    function.restype = ctypes.c_long
    return _checked(function, (ctypes.c_long(number), *arguments))


def prctl(option: int, value: int = 0, more: object = 0) -> int:
    """Change this process (``man 2 prctl``)."""
    nothing = ctypes.c_ulong(0)
    third = ctypes.c_ulong(more) if isinstance(more, int) else more
    return call("prctl", option, ctypes.c_ulong(value), third, nothing, nothing)


def prctl_if_known(option: int, value: int) -> None:
    """Change this process where the kernel, or what emulates it, can."""
    with contextlib.suppress(OSError):
        prctl(option, value)


def set_capabilities(kept: int) -> None:
    """What of root's power this process has, may take and hand on, a bit a capability."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    words = [
        kept >> shift & 0xFFFFFFFF
        for shift in (0, 32)
        for _ in ("effective", "permitted", "inheritable")
    ]
    call("capset", header, (ctypes.c_uint32 * 6)(*words))


_loaded: ctypes.CDLL | None = None


def _library() -> ctypes.CDLL:
    global _loaded  # noqa: PLW0603
    if _loaded is None:
        _loaded = ctypes.CDLL(None, use_errno=True)
    return _loaded


def _checked(function: object, arguments: tuple[object, ...]) -> int:
    assert callable(function)
    result = int(function(*arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
