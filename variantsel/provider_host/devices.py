"""The device files of accelerators: what a provider may open, and what its answer depends on."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator

__all__ = ["STANDARD_DEVICES", "accelerator_devices"]

STANDARD_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")

_ACCELERATORS = re.compile(
    r"accel.*|apex_.*|dri|vfio"  # of several makers
    r"|nvidia.*|nvhost.*|nvmap|nvgpu|dxg|kfd|mali.*|tenstorrent|neuron.*|hl\d.*|hl_controlD.*"
    r"|davinci.*|devmm_svm|hisi_hdc|cambricon.*|mtgpu.*|mxcd|iluvatar.*|gcu.*|biren.*|xpu.*|npu.*"
    r"|rbln.*|rngd.*|hailo.*|ipu.*|groq.*|rdu.*"
)
"""Names in ``/dev``, of files and of folders with them; no terminal, disk or camera among them."""


def accelerator_devices() -> list[str]:
    """The device files of accelerators that this machine has, by name."""
    with contextlib.suppress(OSError), os.scandir("/dev") as entries:
        return sorted(
            device
            for entry in entries
            if _ACCELERATORS.fullmatch(entry.name)
            for device in _devices(entry.path)
        )
    return []


def _devices(path: str) -> Iterator[str]:
    with contextlib.suppress(OSError):
        mode = os.stat(path).st_mode  # noqa: PTH116
        if stat.S_ISCHR(mode):
            yield path
        elif stat.S_ISDIR(mode):
            for name in os.listdir(path):  # noqa: PTH208
                yield from _devices(f"{path}/{name}")
