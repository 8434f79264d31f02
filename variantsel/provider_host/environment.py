"""The environment a provider package runs in: a folder of what its wheels hold, nothing else.

The wheels are those the user agreed to, by hash; before every use the folder is compared with them,
file by file, and made anew where it differs. Nothing of it is ever on another program's path.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from variantsel.errors import PluginFailure
from variantsel.provider_host.trust_store import PinnedWheel
from variantsel.provider_host.wheels import WheelFolder

__all__ = ["Environment"]

_MAX_BYTES = 4 * 1024**3
"""Of everything unpacked: a provider detects hardware, it does not bring a toolkit."""


class Environment:
    """The unpacked wheels of the packages that answer for one namespace."""

    def __init__(self, cache: Path, wheels: Iterable[PinnedWheel]) -> None:
        """Nothing is read or written yet.

        :param cache: the folder that environments and wheels are kept in.
        """
        self.wheels = tuple(sorted(set(wheels), key=lambda wheel: wheel.name))
        self._stored = WheelFolder(cache / "wheels")
        digest = hashlib.sha256("\n".join(w.sha256 for w in self.wheels).encode())
        self.identity = digest.hexdigest()
        """A digest of the wheels."""
        self.folder = cache / "environments" / self.identity[:32]
        """What goes on the provider's path."""

    def is_ready(self) -> bool:
        """Whether the folder holds exactly what the wheels do, and the wheels are the right ones.

        :raises PluginFailure: when a wheel cannot be used.
        """
        if not all(map(self._stored.has, self.wheels)):
            return False
        try:
            expected = {path: hashlib.sha256(data).digest() for path, data in self._contents()}
            found = {
                str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).digest()
                for path in self.folder.rglob("*")
                if not path.is_dir() or path.is_symlink()
            }
        except OSError:
            return False
        return found == expected

    def prepare(self) -> None:
        """Make the folder what it has to be; wheels that are gone are fetched again.

        It is made aside and moved in whole. One that another process has moved in meanwhile stays.

        :raises PluginFailure: when a wheel cannot be had or used.
        :raises OSError: when the folder cannot be written.
        """
        self._stored.fetch_missing(self.wheels)
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=self.folder.parent))
        try:
            for name, data in self._contents():
                path = fresh / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            # Where root's provider runs as a user of its own, it has to be read by that.
            for place in (fresh, *fresh.rglob("*")):
                place.chmod(0o755 if place.is_dir() else 0o644)
            self._move_in(fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _move_in(self, fresh: Path) -> None:
        try:
            fresh.replace(self.folder)  # over nothing, or an empty folder
        except OSError:
            with _one_at_a_time(self.folder.parent):
                if self.is_ready():
                    return  # another process was first
                spoilt = Path(tempfile.mkdtemp(dir=self.folder.parent))
                self.folder.replace(spoilt / self.folder.name)
                fresh.replace(self.folder)
            shutil.rmtree(spoilt, ignore_errors=True)

    def _contents(self) -> Iterator[tuple[str, bytes]]:
        """The files of all wheels, ``(path below the folder, content)``; of two, the first."""
        seen: set[str] = set()
        left = _MAX_BYTES
        for wheel in self.wheels:
            try:
                with zipfile.ZipFile(self._stored.path(wheel)) as archive:
                    for info in archive.infolist():
                        path = _destination(info, wheel)
                        left -= info.file_size
                        if left < 0:
                            raise PluginFailure(
                                f"cannot be unpacked: up to {wheel.filename} its wheels hold more "
                                f"than {_MAX_BYTES} bytes"
                            )
                        if path is not None and path not in seen:
                            seen.add(path)
                            yield path, archive.read(info)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
                raise PluginFailure(f"cannot be unpacked: {wheel.filename}: {error}") from None


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep other processes that would replace an environment in a folder waiting."""
    with folder.with_suffix(".lock").open("w") as lock:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _destination(info: zipfile.ZipInfo, wheel: PinnedWheel) -> str | None:
    """Where a file of a wheel belongs; ``None`` for what a provider does not run from.

    A folder, scripts, headers, data for the whole prefix.
    """
    parts: Sequence[str] = info.filename.split("/")
    if info.is_dir():
        return None
    if "\\" in info.filename or any(part in ("", ".", "..") for part in parts):
        raise PluginFailure(
            f"cannot be unpacked: {wheel.filename} holds {info.filename!r}, outside of itself"
        )
    if parts[0].endswith(".data") and len(parts) > 2:
        if parts[1] not in ("purelib", "platlib"):
            return None
        parts = parts[2:]
    return str(Path(*parts))
