"""Files that nobody means to be read: without end, never ready, huge, deep, absurd."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["ABSURD", "SPECIAL"]


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 40 * 1024**3)  # sparse: nothing of it is on the disk


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "device": (_device, "found a device, expected a file"),
    "FIFO": (os.mkfifo, "found a FIFO, expected a file"),
    "huge": (_huge, "found more than 1 MiB"),
}
"""What makes each at a path, and what is to be said of it."""

ABSURD = {
    "5,000 digits": ("x = " + "1" * 5000, "digits"),
    "5,000 hexadecimal digits": ("x = 0x" + "f" * 5000, "an integer of more than 64 bits"),
    "20,000 parts": (".".join("x" * 20_000) + " = 1", "a key of more than 32 parts"),
    "20,000 quoted parts": (" . ".join(["'x y'"] * 20_000) + " = 1", "a key of more than 32 parts"),
    "20,000 parts of a table": ("[" + ".".join("x" * 20_000) + "]", "a key of more than 32 parts"),
    "deep arrays": ("x = " + "[" * 100_000, "too deep"),
    "deep tables": ("x = " + "{x = " * 100_000, "too deep"),
    "a long key": ("x" * 500_000 + " = 1", "x" * 80),
    "100,000 keys": ("".join(f"x{i} = 1\n" for i in range(50_000)), "x0"),
    "no date": ("x = 2020-13-45", "not TOML"),
}
"""What a file holds, and what is to be said of it."""
