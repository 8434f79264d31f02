"""Where ROCm is installed, and which version of it: in AMD's places and in the distributions'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["parse_version", "rocm_folders", "rocm_version"]

# "7.1" of "7.1", of "7.1.0" and of "7.1.0-38".
_VERSION_FORM = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})(?:[.-].*)?", re.ASCII)
_VERSION_FILE = ".info/version"
# Distributions leave that file out as a rule. The library of the package rocm-core tells the
# version by its name: 60300 is 6.3.0.
_LIBRARY_FORM = re.compile(r"librocm-core\.so\.[0-9]+\.[0-9]+\.([0-9]{1,2})([0-9]{2})[0-9]{2}")
_LIBRARY_FOLDERS = ("lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu")


def parse_version(text: str) -> tuple[int, int] | None:
    """The (major, minor) of a version such as ``7.1.0-38``; None where it is none."""
    match = _VERSION_FORM.fullmatch(text.strip())
    return None if match is None else (int(match[1]), int(match[2]))


def rocm_folders(root: Path) -> Iterator[Path]:
    """The folders that ROCm may be in, the one in use first, whether there or not.

    ``opt/rocm`` is the place of old, itself or a link; packages since 7.14 put ``core-X.Y`` into
    it, with the link ``core``; without a link, the newest counts. Distributions install to ``usr``.
    """
    rocm = root / "opt/rocm"
    yield rocm
    yield rocm / "core"
    yield from _newest_first(rocm, "core-*")
    yield from _newest_first(root / "opt", "rocm-*")
    yield root / "usr"


def rocm_version(folder: Path) -> tuple[tuple[int, int] | None, str]:
    """The (major, minor) of the ROCm in a folder, None where there is none.

    Returns with it a sentence about what is there and cannot be read, empty where nothing is.
    """
    path = folder / _VERSION_FILE
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return _library_version(folder), ""
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror}. The version of ROCm is unknown"
    version = parse_version(text)
    if version is None:
        return (
            None,
            f"{path} says {text!r:.100}, expected a version such as 7.1.0: it is ignored",
        )
    return version, ""


def _library_version(folder: Path) -> tuple[int, int] | None:
    versions = [
        (int(match[1]), int(match[2]))
        for name in _LIBRARY_FOLDERS
        for path in (folder / name).glob("librocm-core.so.*")
        if (match := _LIBRARY_FORM.fullmatch(path.name))
    ]
    return max(versions, default=None)


def _newest_first(folder: Path, pattern: str) -> list[Path]:
    found = []
    for path in folder.glob(pattern):
        version = parse_version(path.name.rpartition("-")[2])
        if version is not None and path.is_dir():
            found.append((version, path.name, path))
    return [path for _, _, path in sorted(found, reverse=True)]
