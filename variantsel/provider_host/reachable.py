"""The files and folders that a provider package may read."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

__all__ = ["readable_paths"]

_SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/sys"),
    *("/nix/store", "/gnu/store", "/run/opengl-driver", "/run/nvidia/driver"),
    *("/var/lib/dpkg", "/var/lib/rpm"),  # which driver is installed
)
_OF_ETC = re.compile(
    r"ld\.so\..*|alternatives|OpenCL|vulkan|glvnd|localtime|locale.*|passwd|group|nsswitch\.conf"
    r"|.*[-_](release|version)|(nv|cuda|amd|rocm|hsa|intel|ascend|Ascend|hccn|habana|neuron).*"
)
"""Names in ``/etc``; the configuration of other programs, such as pip's, may hold passwords."""

_PRIVATE = (
    *("/boot", "/dev", "/etc", "/home", "/media", "/mnt", "/proc", "/root", "/run", "/srv"),
    *("/tmp", "/var", "/var/tmp"),
)
_NEVER_BELOW = ("/dev", "/proc", "/run")


def readable_paths(variables: Mapping[str, str]) -> list[str]:
    """Where the system, this Python, and what the variables name are.

    :param variables: of the environment, as the provider sees them.
    """
    private = _private_folders()
    chosen = ["/opt", *_python(), *_named_by(variables)]
    return [*_SYSTEM, *_etc(), *(path for path in chosen if not _is_too_much(path, private))]


def _etc() -> Iterator[str]:
    try:
        names = os.listdir("/etc")  # noqa: PTH208
    except OSError:
        return
    yield from (f"/etc/{name}" for name in names if _OF_ETC.fullmatch(name))


def _python() -> set[str]:
    return {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix} | {
        sysconfig.get_path(name) for name in ("stdlib", "platstdlib")
    }


def _named_by(variables: Mapping[str, str]) -> list[str]:
    """The folders that the variables name: where drivers and their tools are."""
    parts = [part for value in variables.values() for part in value.split(os.pathsep)]
    return [part for part in parts if part.startswith("/")]


def _private_folders() -> set[Path]:
    folders = {*_PRIVATE, tempfile.gettempdir(), os.path.expanduser("~")}  # noqa: PTH111
    import pwd  # there is none on Windows, where no provider package is run

    with contextlib.suppress(KeyError):  # where HOME says otherwise
        folders.add(pwd.getpwuid(os.getuid()).pw_dir)
    return {Path(os.path.realpath(folder)) for folder in folders}


def _is_too_much(path: str, private: Iterable[Path]) -> bool:
    """Whether a folder, wherever it leads, holds what is private: ``/.``, the home, ``/home``."""
    real = Path(os.path.realpath(path))
    if any(folder.is_relative_to(real) for folder in private):
        return True
    inside = any(real.is_relative_to(folder) for folder in _NEVER_BELOW)
    return inside and not any(real.is_relative_to(folder) for folder in _SYSTEM)
