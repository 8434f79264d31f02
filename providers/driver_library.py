"""Loading a driver's library, also from where its makers put it without telling the loader."""

from __future__ import annotations

import ctypes
from pathlib import Path

__all__ = ["FOLDERS", "load_library"]

FOLDERS = (
    "usr/lib/wsl/lib",  # Windows puts the driver's libraries into WSL so
    "usr/local/nvidia/lib64",  # Kubernetes nodes of Google's, in the pods
    "home/kubernetes/bin/nvidia/lib64",  # and on the nodes themselves
    "run/opengl-driver/lib",  # NixOS
)
"""The folders of NVIDIA's driver that the loader may not know, relative to the root."""


def load_library(name: str, root: Path) -> ctypes.CDLL | None:
    """Load a library by its name, as the loader finds it or from one of the folders above; from
    then on it is found by its name. None where it is nowhere.

    ``root`` is the directory that the folders are in.
    """
    for path in (name, *(str(root / folder / name) for folder in FOLDERS)):
        try:
            return ctypes.CDLL(path)
        except OSError:
            continue
    return None
