"""CUDA's driver library, libcuda: what is asked where there is no NVML, or no binding that works.

Containers that are given the capability ``compute`` but not ``utility`` have the one without the
other. Source: CUDA Driver API reference, Initialization, Version Management, Device Management.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from variantsel_providers.driver_library import load_library

__all__ = ["CudaDriver", "ask_cuda_driver"]

_LIBRARY = "libcuda.so.1"
_SUCCESS = 0
_COMPUTE_CAPABILITY = (75, 76)  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR
_HIDES_GPUS = "CUDA_VISIBLE_DEVICES"


class CudaDriver(NamedTuple):
    """What the library tells: the (major, minor) of its CUDA version, and of the highest compute
    capability among the GPUs that it shows, None where it shows none."""

    cuda_version: tuple[int, int]
    compute_capability: tuple[int, int] | None


def ask_cuda_driver(root: Path) -> CudaDriver | None:
    """Ask libcuda; None where there is none, or it does not start.

    ``root`` is the directory that the folders of drivers are in.
    """
    library = load_library(_LIBRARY, root)
    if library is None:
        return None
    with _all_gpus_visible():
        version = ctypes.c_int()
        if library.cuInit(0) != _SUCCESS or library.cuDriverGetVersion(ctypes.byref(version)):
            return None
        capabilities = list(_compute_capabilities(library))
    cuda_version = version.value // 1000, version.value % 1000 // 10
    return CudaDriver(cuda_version, max(capabilities, default=None))


def _compute_capabilities(library: ctypes.CDLL) -> Iterator[tuple[int, int]]:
    count, device, value = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    if library.cuDeviceGetCount(ctypes.byref(count)) != _SUCCESS:
        return
    for index in range(count.value):
        if library.cuDeviceGet(ctypes.byref(device), index) != _SUCCESS:
            continue
        figures = []
        for attribute in _COMPUTE_CAPABILITY:
            if library.cuDeviceGetAttribute(ctypes.byref(value), attribute, device) == _SUCCESS:
                figures.append(value.value)
        if len(figures) == len(_COMPUTE_CAPABILITY):
            yield figures[0], figures[1]


@contextmanager
def _all_gpus_visible() -> Iterator[None]:
    """What is installed outlives the shell in which GPUs are hidden from CUDA programs."""
    hidden = os.environ.pop(_HIDES_GPUS, None)
    try:
        yield
    finally:
        if hidden is not None:
            os.environ[_HIDES_GPUS] = hidden
