"""The ``nvidia`` namespace: the driver's CUDA version and the GPU's compute capability.

The vocabulary and its order are those of ``nvidia-variant-provider``
(``nvidia_variant_provider.plugin:NvidiaVariantPlugin``).
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from variantsel_providers.cuda_driver import ask_cuda_driver
from variantsel_providers.driver_library import load_library
from variantsel_providers.feature import VariantFeatureConfig
from variantsel_providers.notices import ProviderWarning
from variantsel_providers.pci import pci_devices
from variantsel_providers.tegra import TegraGpu, tegra_gpu

__all__ = ["get_all_configs", "get_supported_configs", "namespace", "supported_configs"]

namespace = "nvidia"

_Tell = Callable[[str], None]

_FORCED_CUDA_VERSION = "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION"
_FORCED_COMPUTE_CAPABILITY = "NV_VARIANT_PROVIDER_FORCE_SM_ARCH"

# As nvidia-variant-provider and uv read them: "12" is 12.0 and "12.8.1" is 12.8 for the CUDA
# version, a compute capability has exactly two numbers.
_CUDA_VERSION_FORM = re.compile(r"([0-9]{1,2})(?:\.([0-9]{1,2})(?:\.[0-9]+)*)?")
_COMPUTE_CAPABILITY_FORM = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})")

_LOWEST_CUDA_VERSION = (11, 0)
_HIGHEST_CUDA_VERSION = (15, 20)

# A bare major, "12", stands below "12.0": both the vocabulary and tuple order say so.
_NO_MINOR = -1
_CUDA_VERSIONS = [
    (major, minor)
    for major in range(_HIGHEST_CUDA_VERSION[0], _LOWEST_CUDA_VERSION[0] - 1, -1)
    for minor in range(_HIGHEST_CUDA_VERSION[1], _NO_MINOR - 1, -1)
]

_LOWEST_COMPUTE_CAPABILITY = (5, 0)
_COMPUTE_CAPABILITIES = [(major, minor) for major in range(12, 4, -1) for minor in range(9, -1, -1)]

_PCI_VENDOR = "0x10de"
_NVML = "libnvidia-ml.so.1"
# Written by the kernel's driver, in every container too.
_KERNEL_DRIVER = "proc/driver/nvidia/version"
# What is used of pynvml; another package's module of that name lacks some of it.
_ASKED_OF_PYNVML = (
    *("NVMLError_LibraryNotFound", "NVMLError_DriverNotLoaded", "NVMLError"),
    *("nvmlInit", "nvmlShutdown", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex"),
    *("nvmlDeviceGetCudaComputeCapability", "nvmlSystemGetCudaDriverVersion"),
    *("nvmlSystemGetCudaDriverVersion_v2", "NVMLError_NoPermission"),
)


def get_supported_configs(*, root: Path = Path("/")) -> list[VariantFeatureConfig]:
    """What this machine's driver and GPUs support (providers draft, "Plugin interface").

    See `supported_configs` for the answer's shape. The driver is asked through NVML, or where that
    is missing through libcuda; on a Jetson, what NVML does not tell comes from the device tree and
    the release of L4T (``tegra``).

    Of several GPUs the highest compute capability counts. All that the driver shows to this process
    count: in a container, those passed in. ``CUDA_VISIBLE_DEVICES`` does not, because what is
    installed outlives the shell it is set in; nor does MIG, whose instances have their GPU's
    capability. The environment variables ``NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION`` and
    ``NV_VARIANT_PROVIDER_FORCE_SM_ARCH``, each ``major.minor``, stand in for what is detected.

    ``root`` is the directory that ``proc``, ``sys``, ``etc`` and ``usr`` are in.

    Raises nothing; warns with `ProviderWarning` when an override cannot be read, when a GPU is
    there but no driver answers, and when the driver or a GPU answers with an error. A machine
    without an NVIDIA GPU and driver gets an empty answer without a word, and so does a GPU that
    this process may not use beside one that it may.
    """
    cuda_version = _forced(_FORCED_CUDA_VERSION, _CUDA_VERSION_FORM, "12.8")
    compute_capability = _forced(_FORCED_COMPUTE_CAPABILITY, _COMPUTE_CAPABILITY_FORM, "9.0")
    tegra = tegra_gpu(root)
    if cuda_version is None or compute_capability is None:
        asked = _ask_driver(root, _warn if tegra is None else _ignore)
        cuda_version = cuda_version or asked[0]
        compute_capability = compute_capability or asked[1]
    if tegra is None:
        return supported_configs(cuda_version, compute_capability)
    if cuda_version is None:
        cuda_version = tegra.cuda_version
        if cuda_version is None:
            _tell_of_unknown_release(tegra)
    compute_capability = compute_capability or tegra.compute_capability
    # A discrete GPU beside it is like any other.
    integrated = compute_capability == tegra.compute_capability and tegra.is_integrated
    return supported_configs(
        cuda_version,
        compute_capability,
        integrated=integrated,
        servers_cuda=tegra.has_servers_cuda,
    )


def supported_configs(
    cuda_version: tuple[int, int] | None,
    compute_capability: tuple[int, int] | None,
    *,
    integrated: bool = False,
    servers_cuda: bool = False,
) -> list[VariantFeatureConfig]:
    """What a machine with those figures supports, as `get_supported_configs` would answer there.

    ``cuda_version`` is the (major, minor) CUDA version that the driver supports, None without a
    driver; ``compute_capability`` the (major, minor) of the best GPU, None without a GPU.
    ``integrated`` says that it is the GPU inside a Jetson's processor, up to Orin;
    ``servers_cuda``, that its CUDA is that of Arm servers, as Orin's is from JetPack 7.2 on.

    Features in this order: ``cuda_version_lower_bound``, the versions a wheel may ask for at least,
    from the driver's downwards; ``cuda_version_upper_bound``, those it may ask to stay below, from
    the highest downwards; ``sm_arch``. A feature with no value is left out; without a driver the
    answer is empty.

    For an ``integrated`` GPU the vocabulary promises what NVIDIA does not, so less is claimed:
    ``sm_arch`` is machine code for its own capability, nothing lower ("CUDA C++ Programming Guide",
    Binary Compatibility: only for the desktop), and PTX, which comes with libraries of the CUDA for
    servers, only with ``servers_cuda``; the lower bounds are of the driver's own major version.

    Warns with `ProviderWarning` when the CUDA version is outside 11.0 to 15.20 (the answer is
    empty) or the compute capability below 5.0 (there is no ``sm_arch``).
    """
    if cuda_version is None:
        return []
    if not _LOWEST_CUDA_VERSION <= cuda_version <= _HIGHEST_CUDA_VERSION:
        _warn(
            f"the NVIDIA driver's CUDA version {_dotted(cuda_version)} is outside the range that "
            f"variants can name, {_dotted(_LOWEST_CUDA_VERSION)} to "
            f"{_dotted(_HIGHEST_CUDA_VERSION)}: no NVIDIA variant is compatible. "
            "Update the driver if the version is too low"
        )
        return []
    oldest_major = cuda_version[0] if integrated else _LOWEST_CUDA_VERSION[0]
    bounds = {
        "cuda_version_lower_bound": [
            v for v in _CUDA_VERSIONS if v <= cuda_version and v[0] >= oldest_major
        ],
        "cuda_version_upper_bound": [v for v in _CUDA_VERSIONS if v > cuda_version],
    }
    configs = [
        VariantFeatureConfig(name, [_dotted(v) for v in versions], multi_value=False)
        for name, versions in bounds.items()
        if versions
    ]
    if compute_capability is not None:
        if compute_capability >= _LOWEST_COMPUTE_CAPABILITY:
            configs.append(
                VariantFeatureConfig(
                    "sm_arch",
                    _sm_archs(compute_capability, integrated, servers_cuda),
                    multi_value=True,
                )
            )
        else:
            _warn(
                f"the NVIDIA GPU's compute capability {_dotted(compute_capability)} is below "
                f"{_dotted(_LOWEST_COMPUTE_CAPABILITY)}, the lowest that variants can name: no "
                "variant built for particular GPUs (sm_arch) is compatible"
            )
    return configs


def get_all_configs() -> list[VariantFeatureConfig]:
    """Every feature and value of the namespace, in the order of `get_supported_configs`."""
    cuda_versions = [_dotted(version) for version in _CUDA_VERSIONS]
    sm_archs = [
        f"{major}{minor}_{kind}"
        for kind in ("real", "virtual")
        for major, minor in _COMPUTE_CAPABILITIES
    ]
    return [
        VariantFeatureConfig("cuda_version_lower_bound", cuda_versions, multi_value=False),
        VariantFeatureConfig("cuda_version_upper_bound", cuda_versions, multi_value=False),
        VariantFeatureConfig("sm_arch", sm_archs, multi_value=True),
    ]


def _dotted(version: tuple[int, int]) -> str:
    major, minor = version
    return str(major) if minor == _NO_MINOR else f"{major}.{minor}"


def _sm_archs(
    compute_capability: tuple[int, int], integrated: bool, servers_cuda: bool
) -> list[str]:
    # Machine code ("real") runs on its own and on higher minors of its major. PTX ("virtual")
    # would run on more, but the vocabulary promises only that of the major's first capability.
    major, minor = compute_capability
    if integrated:
        return [f"{major}{minor}_real", *([f"{major}0_virtual"] if servers_cuda else [])]
    return [*(f"{major}{lower}_real" for lower in range(minor, -1, -1)), f"{major}0_virtual"]


def _forced(variable: str, form: re.Pattern[str], example: str) -> tuple[int, int] | None:
    value = os.environ.get(variable)
    if not value:
        return None
    match = form.fullmatch(value)
    if match is None:
        _warn(
            f"{variable} is {value!r}, expected major.minor, such as {example}: "
            "it is ignored and the machine is asked instead"
        )
        return None
    return int(match[1]), int(match[2] or 0)


def _ask_driver(root: Path, tell: _Tell) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """The driver's CUDA version and the highest compute capability, each None where unknown."""
    try:
        with _nvml(root, tell) as nvml:
            if nvml is None:
                return None, None
            return _cuda_version(nvml, tell), _highest_compute_capability(nvml, tell)
    except _NoNvml as missing:
        problem = str(missing)
    found = ask_cuda_driver(root)
    if found is None:
        _tell_of_no_driver(root, problem, tell)
        return None, None
    if found.compute_capability is None:
        tell("an NVIDIA driver is loaded but shows no GPU to this process")
    return found.cuda_version, found.compute_capability


class _NoNvml(Exception):
    """NVML cannot be asked; the text says why."""


@contextmanager
def _nvml(root: Path, tell: _Tell) -> Iterator[Any]:
    """The ``pynvml`` module with NVML initialised, None where the driver does not start.

    Raises `_NoNvml` when there is no NVML, or no binding to it that works.
    """
    load_library(_NVML, root)  # from where it is: pynvml finds it by its name then
    try:
        import pynvml

        for name in _ASKED_OF_PYNVML:
            getattr(pynvml, name)
    except (ImportError, AttributeError) as error:
        _tell_of_other_pynvml(error, tell)
        raise _NoNvml("the module pynvml is not NVIDIA's binding") from None
    try:
        pynvml.nvmlInit()
    except (pynvml.NVMLError_LibraryNotFound, pynvml.NVMLError_DriverNotLoaded) as error:
        raise _NoNvml(str(error)) from None
    except pynvml.NVMLError as error:
        tell(
            f"the NVIDIA driver does not start: {error}. No NVIDIA variant is compatible until "
            "`nvidia-smi` works; after a driver update, restart the machine"
        )
        yield None
        return
    try:
        yield pynvml
    finally:
        # By now the answers are in; a driver that cannot close does not make them wrong.
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _tell_of_other_pynvml(error: Exception, tell: _Tell) -> None:
    """Name the package that put another ``pynvml`` in the place of nvidia-ml-py's."""
    from importlib.metadata import packages_distributions

    owners = [name for name in packages_distributions().get("pynvml", ()) if name != "nvidia-ml-py"]
    package = f"that of {' and '.join(dict.fromkeys(owners))}" if owners else "another one"
    remedy = f"uninstall {owners[0]}, then " if owners else ""
    tell(
        f"the module pynvml is not NVIDIA's own but {package} ({error}), so NVML cannot be asked: "
        f"{remedy}`pip install --force-reinstall nvidia-ml-py`"
    )


def _tell_of_no_driver(root: Path, problem: str, tell: _Tell) -> None:
    """Say what is missing, where there is a GPU.

    The library alone says nothing about the machine: it also comes with container images and on the
    GPU-less nodes of a cluster.
    """
    if not any(device.is_display_controller for device in pci_devices(root, _PCI_VENDOR)):
        return
    overrides = f"{_FORCED_CUDA_VERSION} and {_FORCED_COMPUTE_CAPABILITY}"
    if (root / _KERNEL_DRIVER).exists():
        tell(
            "an NVIDIA GPU is on the PCI bus and the kernel's driver is loaded, but its libraries "
            f"({_NVML}, libcuda.so.1) are not where the loader looks ({problem}): no NVIDIA "
            "variant is compatible. In a container, pass the GPU in with "
            "NVIDIA_DRIVER_CAPABILITIES=compute,utility; elsewhere install the driver's "
            f"libraries, name their folder in LD_LIBRARY_PATH, or set {overrides}"
        )
        return
    tell(
        f"an NVIDIA GPU is on the PCI bus but no NVIDIA driver answers ({problem}): no "
        "NVIDIA variant is compatible. Install or load the driver (`nvidia-smi` tells "
        "whether it works), in a container pass the GPU in (docker run --gpus all), or "
        f"set {overrides}"
    )


def _cuda_version(nvml: Any, tell: _Tell) -> tuple[int, int] | None:
    # The second call reads the version off the CUDA library that programs will load; the first,
    # all that old drivers have, off the driver.
    try:
        version = nvml.nvmlSystemGetCudaDriverVersion_v2()
    except nvml.NVMLError:
        try:
            version = nvml.nvmlSystemGetCudaDriverVersion()
        except nvml.NVMLError as error:
            tell(
                f"the NVIDIA driver does not tell its CUDA version: {error}. No NVIDIA variant is "
                f"compatible. Update the driver or set {_FORCED_CUDA_VERSION}"
            )
            return None
    return version // 1000, version % 1000 // 10


def _highest_compute_capability(nvml: Any, tell: _Tell) -> tuple[int, int] | None:
    try:
        count = nvml.nvmlDeviceGetCount()
    except nvml.NVMLError as error:
        tell(f"the NVIDIA driver does not list its GPUs: {error}")
        return None
    if count == 0:
        tell("an NVIDIA driver is loaded but shows no GPU to this process")
        return None
    found: list[tuple[int, int]] = []
    left_out: dict[str, list[str]] = {}
    forbidden: list[str] = []
    for index in range(count):
        try:
            device = nvml.nvmlDeviceGetHandleByIndex(index)
            found.append(nvml.nvmlDeviceGetCudaComputeCapability(device))
        except nvml.NVMLError_NoPermission:
            forbidden.append(str(index))
        except nvml.NVMLError as error:
            left_out.setdefault(str(error), []).append(str(index))
    if forbidden and not found:
        # Beside a GPU that may be used, those of others are as good as not there.
        left_out["this process may not use it; in a container, pass it in"] = forbidden
    for reason, indices in left_out.items():
        tell(f"NVIDIA GPU {', '.join(indices)} of {count} is left out: {reason}")
    return max(found, default=None)


def _tell_of_unknown_release(tegra: TegraGpu) -> None:
    _warn(
        f"this is a Jetson ({tegra.processor}), but {tegra.problem}, so its CUDA version is "
        "unknown: no NVIDIA variant is compatible. In a container, use --runtime nvidia, or set "
        f"{_FORCED_CUDA_VERSION}"
    )


def _warn(message: str) -> None:
    warnings.warn(message, ProviderWarning, stacklevel=2)


def _ignore(message: str) -> None:
    """For what NVML complains of where it is not expected to answer."""
