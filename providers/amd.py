"""The ``amd`` namespace: the GPUs' architectures and the installed ROCm's version.

Features and names are those of ``amd-variant-provider`` 0.0.2
(``amd_variant_provider.plugin:AMDVariantPlugin``). The architectures are those that
``rocm-bootstrap`` 0.3.0 (``rocm_bootstrap.variant_provider:AMDVariantPlugin``) answers with too.
Both come from files of the kernel and of ROCm: neither ROCm nor any program of it is run, but for
``rocminfo`` under WSL, whose kernel tells nothing of the GPU.
"""

from __future__ import annotations

import os
import re
import subprocess
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from variantsel_providers.feature import VariantFeatureConfig
from variantsel_providers.notices import ProviderWarning
from variantsel_providers.pci import pci_devices
from variantsel_providers.rocm import parse_version, rocm_folders, rocm_version

__all__ = ["get_all_configs", "get_supported_configs", "namespace", "supported_configs"]

namespace = "amd"

_FORCED_ARCHITECTURES = "AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH"
_FORCED_ROCM_VERSION = "AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION"

_ARCHITECTURE_FORM = re.compile(r"gfx[0-9]{1,2}[0-9a-f]{2}")
# What ROCm's runtime takes every GPU for: "10.3.0" is gfx1030, "9.0.10" is gfx90a.
_OVERRIDE = "HSA_OVERRIDE_GFX_VERSION"
_OVERRIDE_FORM = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{1,2})", re.ASCII)

# Those that ROCm names its packages after (rocm-bootstrap's registry), oldest first.
_ARCHITECTURES = (
    "gfx900", "gfx902", "gfx904", "gfx906", "gfx908", "gfx909", "gfx90a", "gfx90c",
    "gfx942", "gfx950",
    "gfx1010", "gfx1011", "gfx1012", "gfx1013",
    "gfx1030", "gfx1031", "gfx1032", "gfx1033", "gfx1034", "gfx1035", "gfx1036",
    "gfx1100", "gfx1101", "gfx1102", "gfx1103", "gfx1150", "gfx1151", "gfx1152", "gfx1153",
    "gfx1200", "gfx1201", "gfx1250", "gfx1251",
)  # fmt: skip
_ROCM_VERSIONS = [(major, minor) for major in range(10, 4, -1) for minor in range(20, -1, -1)]

_PASS_GPUS_IN = "In a container, pass the GPUs in (docker run --device /dev/kfd --device /dev/dri)"

# The first GPUs that ROCm ever ran on are of major 7; minors and steppings are one digit each in
# a name, the stepping a hexadecimal one.
_MAJORS = range(7, 100)
_MINORS = range(10)
_STEPPINGS = range(16)

_WSL_DEVICE = "dev/dxg"
_ROCMINFO_SECONDS = 20
_ROCMINFO_NAME = re.compile(r"^\s*Name:\s*(gfx[0-9]{1,2}[0-9a-f]{2})\s*$", re.MULTILINE)

# The graphics beside a processor's cores, of which nobody expects to compute with ROCm. Those of
# Strix Halo (gfx1151) are bought for it.
_INTEGRATED = frozenset(
    ("gfx902", "gfx909", "gfx90c", "gfx1033", "gfx1035", "gfx1036", "gfx1103", "gfx1152", "gfx1153")
)

_PCI_VENDOR = "0x1002"
# Display controllers, and the accelerators without a display that AMD sells since MI300.
_PCI_CLASSES = ("0x03", "0x12")


def get_supported_configs(*, root: Path = Path("/")) -> list[VariantFeatureConfig]:
    """What this machine's GPUs and ROCm support (providers draft, "Plugin interface").

    See `supported_configs` for the answer's shape. The architectures come from the kernel's
    topology of compute devices (``sys/class/kfd``), in its order, which is the order in which
    programs number the GPUs; the version from the ROCm in ``ROCM_PATH``, or where that is not set
    from the one in its usual places (``rocm``). Under WSL, where the kernel offers no such
    topology, ROCm's ``rocminfo`` is asked. ``HSA_OVERRIDE_GFX_VERSION``, by which ROCm takes every
    GPU for another, counts as it does there. The environment variables
    ``AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH`` (names, separated by commas or blanks) and
    ``AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION`` (``major.minor``) stand in for what is detected.
    Variables that hide GPUs from one program, such as ``HIP_VISIBLE_DEVICES``, do not count.

    ``root`` is the directory that ``sys``, ``dev``, ``opt`` and ``usr`` are in.

    Raises nothing; warns with `ProviderWarning` when an override, a device or a version cannot be
    read, when an AMD GPU is there but the kernel does not offer it for computing, and when it does
    but there is no ROCm. A machine with neither gets an empty answer without a word.
    """
    rocm = _rocm(root)
    gfx_archs = _forced_architectures()
    if gfx_archs is None:
        gfx_archs = _overridden(_architectures(root, rocm[0]))
    version = _forced_rocm_version() or rocm[1]
    if version is None and not rocm[2]:
        _tell_of_no_rocm(root, gfx_archs)
    return supported_configs(gfx_archs, version)


def supported_configs(
    gfx_archs: Iterable[str], rocm_version: tuple[int, int] | None
) -> list[VariantFeatureConfig]:
    """What a machine with those figures supports, as `get_supported_configs` would answer there.

    ``gfx_archs`` are the architectures of its GPUs as ROCm names them (``gfx942``), the first GPU
    first; one that several GPUs share counts once. ``rocm_version`` is the (major, minor) of the
    ROCm installed, None without one.

    Features in this order: ``gfx_arch``, all the architectures, best first; ``rocm_version``, the
    one version. A feature with no value is left out.
    """
    configs = []
    if distinct := list(dict.fromkeys(gfx_archs)):
        configs.append(VariantFeatureConfig("gfx_arch", distinct, multi_value=True))
    if rocm_version is not None:
        configs.append(
            VariantFeatureConfig("rocm_version", [_dotted(rocm_version)], multi_value=False)
        )
    return configs


def get_all_configs() -> list[VariantFeatureConfig]:
    """Every feature and value of the namespace, in the order of `get_supported_configs`.

    The values known when this was written: a newer GPU or ROCm is answered with its own name
    all the same.
    """
    return [
        VariantFeatureConfig("gfx_arch", list(_ARCHITECTURES), multi_value=True),
        VariantFeatureConfig("rocm_version", list(map(_dotted, _ROCM_VERSIONS)), multi_value=False),
    ]


def _dotted(version: tuple[int, int]) -> str:
    major, minor = version
    return f"{major}.{minor}"


def _forced_architectures() -> list[str] | None:
    value = os.environ.get(_FORCED_ARCHITECTURES, "")
    names = [name for name in re.split(r"[,;\s]+", value) if name]
    unknown = [name for name in names if not _ARCHITECTURE_FORM.fullmatch(name)]
    if unknown:
        _warn(
            f"{_FORCED_ARCHITECTURES} is {value!r:.200}, expected names such as gfx942 separated "
            "by commas: it is ignored and the machine is asked instead"
        )
        return None
    return names or None


def _forced_rocm_version() -> tuple[int, int] | None:
    value = os.environ.get(_FORCED_ROCM_VERSION)
    if not value:
        return None
    version = parse_version(value)
    if version is None:
        _warn(
            f"{_FORCED_ROCM_VERSION} is {value!r:.200}, expected major.minor, such as 7.1: it is "
            "ignored and the machine is asked instead"
        )
    return version


def _overridden(gfx_archs: list[str]) -> list[str]:
    """What ROCm takes the GPUs for."""
    value = os.environ.get(_OVERRIDE)
    if not value or not gfx_archs:
        return gfx_archs
    match = _OVERRIDE_FORM.fullmatch(value)
    name = match and f"gfx{int(match[1])}{int(match[2])}{int(match[3]):x}"
    if not name or not _ARCHITECTURE_FORM.fullmatch(name):
        _warn(f"{_OVERRIDE} is {value!r:.200}, expected a version such as 10.3.0: it is ignored")
        return gfx_archs
    return [name]


def _architectures(root: Path, rocm: Path | None) -> list[str]:
    """The architecture of each GPU that the kernel offers for computing."""
    nodes = root / "sys/class/kfd/kfd/topology/nodes"
    try:
        devices = sorted(_numbered(nodes), key=lambda path: int(path.name))
    except FileNotFoundError:
        if (root / _WSL_DEVICE).exists() and rocm is not None:
            return _architectures_under_wsl(rocm)
        devices = None
    except OSError as error:
        _warn(f"{nodes} cannot be read: {error.strerror}. No AMD GPU is seen")
        return []
    found: list[str] = []
    left_out: dict[str, list[str]] = {}
    for device in devices or ():
        try:
            text = (device / "properties").read_text(encoding="ascii", errors="replace")
            architecture = _architecture(text)
        except PermissionError as error:
            # So the kernel answers in a container for the GPUs that were not passed in.
            reason = f"{error.strerror}. {_PASS_GPUS_IN}"
            left_out.setdefault(reason, []).append(device.name)
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error)
            left_out.setdefault(reason, []).append(device.name)
        else:
            if architecture is not None:
                found.append(architecture)
    for reason, names in left_out.items():
        _warn(f"{nodes}: of {len(devices or ())} devices, {', '.join(names)} left out: {reason}")
    if devices == []:
        _warn(f"{nodes} lists no device, not even the CPU: no AMD GPU is seen")
    elif not found and not left_out and _gpu_on_pci_bus(root):
        _warn(
            "an AMD GPU is on the PCI bus but the kernel does not offer it for computing "
            f"({nodes} {'lists only CPUs' if devices else 'is missing'}): no variant built for "
            "particular AMD GPUs (gfx_arch) is compatible. Load the amdgpu driver (`modprobe "
            f"amdgpu`; `dmesg` tells what it lacks) or set {_FORCED_ARCHITECTURES}"
        )
    return found


def _numbered(nodes: Path) -> Iterator[Path]:
    return (path for path in nodes.iterdir() if path.name.isascii() and path.name.isdecimal())


def _architecture(properties: str) -> str | None:
    """The architecture named by one device's ``properties``; None for a CPU.

    Raises ValueError, with what was found and expected, for text that tells neither.
    """
    words = (line.split(maxsplit=1) for line in properties.splitlines())
    values = {pair[0]: pair[1] for pair in words if len(pair) == 2}
    if _number(values, "simd_count") == 0:
        return None
    if "gfx_target_version" not in values:
        raise ValueError(
            "this kernel is too old to tell a GPU's architecture (gfx_target_version); update it "
            f"or set {_FORCED_ARCHITECTURES}"
        )
    version = _number(values, "gfx_target_version")
    major, minor, stepping = version // 10000, version // 100 % 100, version % 100
    if major not in _MAJORS or minor not in _MINORS or stepping not in _STEPPINGS:
        raise ValueError(
            f"gfx_target_version is {version}, expected major, minor and stepping such as 90402"
        )
    return f"gfx{major}{minor}{stepping:x}"


def _number(values: dict[str, str], name: str) -> int:
    if name not in values:
        raise ValueError(f"{name} is missing")
    text = values[name].strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise ValueError(f"{name} is {text!r:.100}, expected a number")
    return int(text)


def _architectures_under_wsl(rocm: Path) -> list[str]:
    """The GPUs that ROCm finds through Windows' driver, which has no place in the topology."""
    program = rocm / "bin/rocminfo"
    try:
        found = subprocess.run(
            [str(program)],
            env={**os.environ, "HSA_ENABLE_DXG_DETECTION": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ROCMINFO_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        _warn(
            f"this is WSL, whose AMD GPUs only ROCm's rocminfo tells, and it does not answer "
            f"({error}): no variant built for particular AMD GPUs (gfx_arch) is compatible. "
            f"Install ROCm for WSL, or set {_FORCED_ARCHITECTURES}"
        )
        return []
    return _ROCMINFO_NAME.findall(found.stdout)


def _rocm(root: Path) -> tuple[Path | None, tuple[int, int] | None, bool]:
    """The folder of the ROCm in use and its version, None where there is none; and whether there is
    something that was told already."""
    chosen = os.environ.get("ROCM_PATH")
    for folder in [Path(chosen)] if chosen else rocm_folders(root):
        version, problem = rocm_version(folder)
        if problem:
            _warn(problem)
            return folder, None, True
        if version is not None:
            return folder, version, False
    if chosen:
        _warn(f"ROCM_PATH is {chosen!r:.200}, but there is no ROCm in it: no ROCm is found")
        return None, None, True
    return None, None, False


def _tell_of_no_rocm(root: Path, gfx_archs: Iterable[str]) -> None:
    if all(name in _INTEGRATED for name in gfx_archs):
        return
    _warn(
        f"an AMD GPU is there but no ROCm is installed ({root / 'opt/rocm'} is missing or empty): "
        "no variant that asks for a ROCm version is compatible. Install ROCm, or set ROCM_PATH or "
        f"{_FORCED_ROCM_VERSION}"
    )


def _gpu_on_pci_bus(root: Path) -> bool:
    return any(device.kind.startswith(_PCI_CLASSES) for device in pci_devices(root, _PCI_VENDOR))


def _warn(message: str) -> None:
    warnings.warn(message, ProviderWarning, stacklevel=2)
