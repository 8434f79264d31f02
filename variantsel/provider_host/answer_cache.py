"""What a provider answered, kept until the machine may answer otherwise.

A driver can take seconds to start, so its answer is kept for one boot, under a key made of all it
depends on: the boot, the driver and its library, the devices, the variables that hide devices or
stand in for them, and the provider's own code. Nothing is kept where that cannot be told.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from variantsel.regular_file import UnusableFile, is_ours, read_regular_file

__all__ = ["answer_key", "cache_folder", "load_answer", "save_answer"]

_AMD_VARIABLES = (
    "AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH",
    "AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION",
    "HSA_OVERRIDE_GFX_VERSION",
    "ROCM_PATH",
)
_NVIDIA_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "NVIDIA_VISIBLE_DEVICES",
    "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION",
    "NV_VARIANT_PROVIDER_FORCE_SM_ARCH",
)
_INTEL_VARIABLES = (
    "INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "ZE_AFFINITY_MASK",
    "ZE_ENABLE_ALT_DRIVERS",
    "ZE_FLAT_DEVICE_HIERARCHY",
)
_TPU_VARIABLES = ("TPU_VARIANT_PROVIDER_FORCE_PRESENT",)
_LIBRARY_FOLDERS = (
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
    "/usr/local/nvidia/lib64",
    "/usr/lib/wsl/lib",
    "/home/kubernetes/bin/nvidia/lib64",
    "/run/opengl-driver/lib",
)
_LOADER_CACHE = "/etc/ld.so.cache"
"""Which libraries the loader finds by their names alone."""
_CPU_DESCRIPTION_BYTES = 4096
_MAX_ANSWER_BYTES = 1024 * 1024


def cache_folder() -> Path:
    """``variantsel`` in ``XDG_CACHE_HOME``, or in ``~/.cache``.

    :raises RuntimeError: when there is no home directory.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "variantsel"


def answer_key(namespace: str) -> str | None:
    """A digest of everything the answer depends on; ``None`` where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        spec = importlib.util.find_spec(f"variantsel_providers.{namespace}")
        if spec is None or spec.origin is None:
            return None
        parts = [boot, spec.origin, *_modules(Path(spec.origin).parent)]
    except (OSError, ImportError):
        return None
    parts += _DEPENDENCIES[namespace]()
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def _modules(package: Path) -> Iterator[str]:
    """The provider's code: its module, and those it shares with others."""
    for path in sorted(package.glob("*.py")):
        yield f"{path.name} {path.stat().st_mtime_ns}"


def _nvidia() -> Iterator[str]:
    yield from _variables(_NVIDIA_VARIABLES)
    for file in (
        "/proc/driver/nvidia/version",
        "/sys/module/nvidia/version",
        "/etc/nv_tegra_release",
    ):
        with contextlib.suppress(OSError):
            yield Path(file).read_text(errors="replace")
    # The management library tells the CUDA version of the libcuda that programs will load.
    newer = sorted(map(str, Path("/usr/local").glob("cuda*/compat")))  # NVIDIA's cuda-compat
    yield from _libraries("libnvidia-ml.so.1", "libcuda.so.1", folders=newer)
    for folder, pattern in (("/dev", "nvidia*"), ("/proc/driver/nvidia/gpus", "*")):
        yield from sorted(map(str, Path(folder).glob(pattern)))
    yield from _pci_devices("0x10de")


def _intel() -> Iterator[str]:
    yield from _variables(_INTEL_VARIABLES)
    # The loader, and the drivers that it loads by these names.
    yield from _libraries(
        "libze_loader.so.1", "libze_intel_gpu.so.1", "libze_intel_gpu_legacy1.so.1"
    )
    for device in sorted(Path("/dev/dri").glob("renderD*")):
        yield f"{device} {os.access(device, os.R_OK | os.W_OK)}"
    yield from _pci_devices("0x8086")


def _tpu() -> Iterator[str]:
    yield from _variables(_TPU_VARIABLES)
    yield from _pci_devices("0x1ae0")


def _amd() -> Iterator[str]:
    yield from _variables(_AMD_VARIABLES)
    for pattern in ("opt/rocm*", "opt/rocm/core*", "usr"):
        for folder in sorted(Path("/").glob(pattern)):
            yield from _rocm(folder)
    if chosen := os.environ.get("ROCM_PATH"):
        yield from _rocm(Path(chosen))
    yield str(Path("/dev/dxg").exists())
    for node in sorted(Path("/sys/class/kfd/kfd/topology/nodes").glob("*")):
        try:
            # Containers of one boot see different devices by what they may read here.
            yield f"{node} {(node / 'properties').read_text()}"
        except OSError as error:
            yield f"{node} {error.errno}"
    yield from _pci_devices("0x1002")


def _rocm(folder: Path) -> Iterator[str]:
    """Which ROCm is in a folder, if one is."""
    with contextlib.suppress(OSError):
        yield f"{folder.resolve()} {(folder / '.info' / 'version').read_text(errors='replace')}"
    for name in ("lib", "lib64"):
        for library in sorted((folder / name).glob("librocm-core.so.*")):
            yield str(library)
    yield from _state(folder / "bin/rocminfo")


def _variables(names: tuple[str, ...]) -> Iterator[str]:
    return (f"{name}={os.environ.get(name)}" for name in names)


def _libraries(*names: str, folders: Sequence[str] = ()) -> Iterator[str]:
    """Where libraries are found, and which build of them; an update changes both."""
    yield from _state(Path(_LOADER_CACHE))
    named = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    for folder in (*named, *folders, *_LIBRARY_FOLDERS):
        for name in names:
            yield from _state(Path(folder) / name)


def _state(path: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        state = path.stat()
        yield f"{path.resolve()} {state.st_size} {state.st_mtime_ns}"


def _pci_devices(vendor: str) -> Iterator[str]:
    for path in sorted(Path("/sys/bus/pci/devices").glob("*/vendor")):
        with contextlib.suppress(OSError):
            if path.read_text().strip() == vendor:
                yield str(path)


def _cpu() -> Iterator[str]:
    with contextlib.suppress(OSError), open("/proc/cpuinfo", "rb") as file:
        yield os.uname().machine
        for line in file.read(_CPU_DESCRIPTION_BYTES).split(b"\n\n")[0].splitlines():
            # The clock changes from one moment to the next, what the CPU can do does not.
            if not line.startswith((b"cpu MHz", b"bogomips")):
                yield line.decode(errors="replace")


_DEPENDENCIES = {
    "nvidia": _nvidia,
    "amd": _amd,
    "intel": _intel,
    "tpu": _tpu,
    "x86_64": _cpu,
    "aarch64": _cpu,
}


def load_answer(namespace: str, key: str) -> Any:
    """What was saved under this key, unchecked; ``None`` where there is nothing."""
    try:
        file = read_regular_file(_path(namespace), _MAX_ANSWER_BYTES, follow_links=False)
        if not is_ours(file.owner):
            return None
        saved = json.loads(file.content)
        return saved["answer"] if saved["key"] == key else None
    except (OSError, UnusableFile, ValueError, KeyError, TypeError, RuntimeError, RecursionError):
        return None


def save_answer(namespace: str, key: str, answer: Any) -> None:
    """Keep an answer; where that is not possible, nothing happens."""
    with contextlib.suppress(OSError, RuntimeError):
        path = _path(namespace)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        temporary = Path(name)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump({"key": key, "answer": answer}, file)
            temporary.replace(path)  # whole or not at all, whoever else writes
        except OSError:
            temporary.unlink()
            raise


def _path(namespace: str) -> Path:
    return cache_folder() / "answers" / f"{namespace}.json"
