"""Source distributions."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def write_archive(folder: Path, name: str, version: str, files: Mapping[str, str]) -> Path:
    """Write a source distribution of these files, ``{file name: text}``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for filename, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{filename}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
