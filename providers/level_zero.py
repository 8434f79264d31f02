"""Level Zero's loader: the one question the intel provider has for it.

Structures and constants are those of the specification's header, ``ze_api.h``
(https://oneapi-src.github.io/level-zero-spec/level-zero/latest/core/api.html).
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from ctypes import byref, c_char, c_uint8, c_uint32, c_uint64, c_void_p
from pathlib import Path

__all__ = ["LevelZeroError", "NoLevelZero", "gpu_ip_versions"]

_SUCCESS = 0
_NO_DRIVER = 0x78000001
_RESULTS = {
    0x70000001: "device lost",
    0x70000002: "out of host memory",
    0x70000003: "out of device memory",
    0x70010000: "insufficient permissions",
    0x70010001: "not available",
    0x70020000: "a dependency is unavailable",
    _NO_DRIVER: "no driver is loaded",
    0x78000002: "unsupported version",
    0x78000003: "unsupported feature",
    0x7FFFFFFE: "unknown error",
}

_STRUCTURE_DEVICE_PROPERTIES = 0x3
_STRUCTURE_DEVICE_IP_VERSION = 0x1000F
_STRUCTURE_INIT_DRIVER_TYPE = 0x20021
_ONLY_GPUS = 1
_TYPE_GPU = 1
_VENDOR_INTEL = 0x8086

# More drivers or devices than any machine has: a count beyond it is a broken library's.
_MOST_HANDLES = 4096


class LevelZeroError(Exception):
    """Level Zero cannot be asked; the text says why."""


class NoLevelZero(LevelZeroError):
    """There is no Level Zero on this machine: no loader, or no driver that it could load."""


class _DriverType(ctypes.Structure):
    _fields_ = (("stype", c_uint32), ("next", c_void_p), ("flags", c_uint32))


class _IpVersion(ctypes.Structure):
    _fields_ = (("stype", c_uint32), ("next", c_void_p), ("version", c_uint32))


class _DeviceProperties(ctypes.Structure):
    _fields_ = (
        ("stype", c_uint32),
        ("next", c_void_p),
        ("type", c_uint32),
        ("vendor", c_uint32),
        ("device", c_uint32),
        ("flags", c_uint32),
        ("subdevice", c_uint32),
        ("core_clock_rate", c_uint32),
        ("max_memory_allocation", c_uint64),
        ("max_hardware_contexts", c_uint32),
        ("max_command_queue_priority", c_uint32),
        ("threads_per_unit", c_uint32),
        ("unit_simd_width", c_uint32),
        ("units_per_subslice", c_uint32),
        ("subslices_per_slice", c_uint32),
        ("slices", c_uint32),
        ("timer_resolution", c_uint64),
        ("timestamp_valid_bits", c_uint32),
        ("kernel_timestamp_valid_bits", c_uint32),
        ("uuid", c_uint8 * 16),
        ("name", c_char * 256),
    )


def gpu_ip_versions(warn: Callable[[str], None]) -> list[int]:
    """The IP version of each Intel GPU, in Level Zero's order (``ZE_extension_device_ip_version``).

    ``warn`` is called with a sentence for whatever is left out. Raises `NoLevelZero` where there
    is no Level Zero, and `LevelZeroError` where it fails as a whole.
    """
    library = _load()
    versions = []
    for driver in _drivers(library):
        try:
            devices = _handles(library, "zeDeviceGet", driver)
        except LevelZeroError as error:
            warn(f"the GPUs of a Level Zero driver are left out: {error}")
            continue
        for number, device in enumerate(devices):
            try:
                version = _intel_gpu_ip_version(library, device)
            except LevelZeroError as error:
                warn(f"Level Zero device {number} of {len(devices)} is left out: {error}")
                continue
            if version is not None:
                versions.append(version)
    return versions


def _load() -> ctypes.CDLL:
    name = "libze_loader.so.1"
    if sys.platform == "win32":
        name = str(Path(os.environ.get("WINDIR", r"C:\Windows")) / "System32" / "ze_loader.dll")
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise NoLevelZero(str(error)) from None


def _drivers(library: ctypes.CDLL) -> list[c_void_p]:
    """Start Level Zero and list its drivers.

    Since 1.10 one call starts and lists. Before, and where the drivers are older than the loader,
    two do.
    """
    wanted = _DriverType(_STRUCTURE_INIT_DRIVER_TYPE, None, _ONLY_GPUS)
    if hasattr(library, "zeInitDrivers"):
        try:
            return _handles(library, "zeInitDrivers", after=byref(wanted))
        except LevelZeroError:
            if not hasattr(library, "zeInit"):
                raise
    _call(library, "zeInit", c_uint32(_ONLY_GPUS))
    return _handles(library, "zeDriverGet")


def _handles(
    library: ctypes.CDLL, name: str, *before: object, after: object = None
) -> list[c_void_p]:
    """Call a function that fills an array: once for the number of handles, once for them.

    ``before`` and ``after`` are its arguments around that number and that array.
    """
    rest = () if after is None else (after,)
    count = c_uint32()
    _call(library, name, *before, byref(count), None, *rest)
    if count.value > _MOST_HANDLES:
        raise LevelZeroError(f"{name} counts {count.value} handles")
    handles = (c_void_p * count.value)()
    if count.value:
        _call(library, name, *before, byref(count), handles, *rest)
    return [c_void_p(handle) for handle in handles[: count.value]]


def _intel_gpu_ip_version(library: ctypes.CDLL, device: c_void_p) -> int | None:
    """A device's IP version; None where it is not an Intel GPU."""
    ip_version = _IpVersion(_STRUCTURE_DEVICE_IP_VERSION)
    properties = _DeviceProperties(
        _STRUCTURE_DEVICE_PROPERTIES, ctypes.cast(byref(ip_version), c_void_p)
    )
    _call(library, "zeDeviceGetProperties", device, byref(properties))
    if properties.type != _TYPE_GPU or properties.vendor != _VENDOR_INTEL:
        return None
    if ip_version.version == 0:
        # A driver without the extension leaves the structure as it was.
        raise LevelZeroError("the driver is too old to tell its architecture; update it")
    return int(ip_version.version)


def _call(library: ctypes.CDLL, name: str, *arguments: object) -> None:
    try:
        function = getattr(library, name)
    except AttributeError:
        raise LevelZeroError(f"the loader has no {name}") from None
    function.restype = c_uint32
    result = function(*arguments)
    if result != _SUCCESS:
        kind = NoLevelZero if result == _NO_DRIVER else LevelZeroError
        raise kind(f"{name} says: {_RESULTS.get(result, 'error')} ({result:#x})")
