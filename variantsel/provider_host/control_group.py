"""A control group for a provider, where this user has been given one to divide, as systemd does.

Control groups of the second version, beside the group that this process is in.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

__all__ = ["ControlGroup"]

_PLACES = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
_LIMITS = {"pids.max": "256", "memory.max": str(4 * 1024**3), "memory.oom.group": "1"}
_REMOVAL_TIME = 2.0


class ControlGroup:
    """A new group, for the processes that enter it and all that they start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def made(cls) -> ControlGroup | None:
        """A new one with limits; ``None`` where there is none to be had.

        Root could have one everywhere, in the middle of what a service manager takes for its own.
        """
        with contextlib.suppress(OSError):
            place = _own_place()
            if place is None or os.geteuid() == 0 or place.stat().st_uid != os.geteuid():
                return None
            folder = place / f"variantsel-{os.getpid()}"
            folder.mkdir()
            for name, limit in _LIMITS.items():
                with contextlib.suppress(OSError):  # of what was not given to this user
                    (folder / name).write_text(limit)
            return cls(folder)
        return None

    def enter(self) -> None:
        """Put this process in; where that is not allowed, it stays where it is."""
        with contextlib.suppress(OSError):
            (self._folder / "cgroup.procs").write_text("0")

    def end(self) -> None:
        """End every process in it at once."""
        with contextlib.suppress(OSError):
            (self._folder / "cgroup.kill").write_text("1")

    def remove(self) -> None:
        """Remove it, once what was ended is gone."""
        deadline = time.monotonic() + _REMOVAL_TIME
        while time.monotonic() < deadline:
            try:
                self._folder.rmdir()
                return
            except OSError:
                time.sleep(0.005)


def _own_place() -> Path | None:
    """The folder of the group around this process's own."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        number, _, path = line.split(":", 2)
        if number == "0" and path != "/":
            for place in _PLACES:
                if Path(place, "cgroup.controllers").exists():
                    return Path(place + path).parent
    return None
