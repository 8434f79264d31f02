"""NVIDIA's Jetsons: the GPU inside a Tegra processor, told from files of the kernel and of L4T.

L4T is the Linux that Jetsons run (Jetson Linux). Its driver has no NVML before release 36, and
later ones' NVML tells little of this GPU.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TegraGpu", "tegra_gpu"]

# NVIDIA, "CUDA GPU Compute Capability" and its legacy page:
# https://developer.nvidia.com/cuda-gpus and https://developer.nvidia.com/cuda-legacy-gpus
_COMPUTE_CAPABILITIES = {
    "tegra210": (5, 3),  # Jetson TX1, Nano
    "tegra186": (6, 2),  # TX2
    "tegra194": (7, 2),  # Xavier
    "tegra234": (8, 7),  # Orin
    "tegra264": (11, 0),  # Thor
}

# What Linux calls the same processors in sys/devices/soc0 (include/soc/tegra/fuse.h).
_CHIP_NUMBERS = {
    "33": "tegra210",
    "24": "tegra186",
    "25": "tegra194",
    "35": "tegra234",
    "38": "tegra264",
}

# The first L4T release with a CUDA version in its driver, newest first. NVIDIA, "JetPack
# Archive": https://developer.nvidia.com/embedded/jetpack-archive
_CUDA_VERSIONS = {
    (39, 2): (13, 2),  # JetPack 7.2
    (38, 2): (13, 0),  # JetPack 7.0
    (36, 4): (12, 6),  # JetPack 6.1
    (36, 2): (12, 2),  # JetPack 6.0
    (34, 1): (11, 4),  # JetPack 5.0
    (32, 4): (10, 2),  # JetPack 4.4
    (32, 3): (10, 0),  # JetPack 4.3
}

# Orin's CUDA is that of Arm servers from JetPack 7.2 on: https://github.com/NixOS/nixpkgs/pull/528562
# and a build for servers that runs there: https://github.com/conda-forge/pytorch-cpu-feedstock/issues/527
_SERVERS_CUDA_ON_ORIN = (13, 2)

# "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: ..."
_RELEASE_FORM = re.compile(r"# R([0-9]{1,3}) \(release\), REVISION: ([0-9]{1,3})[.,]")


@dataclass(frozen=True)
class TegraGpu:
    """The GPU of a Tegra processor.

    ``processor`` is the kernel's name for it (``tegra234``), ``compute_capability`` its (major,
    minor). ``cuda_version`` is the (major, minor) of the driver's CUDA, None where L4T does not
    tell; ``problem`` says then what was found and expected, and is empty otherwise.
    ``is_integrated`` says that NVIDIA promises less of it than of its other GPUs: up to Orin.
    ``has_servers_cuda`` says that its CUDA is that of Arm servers, and not one of its own.
    """

    processor: str
    compute_capability: tuple[int, int]
    cuda_version: tuple[int, int] | None
    problem: str = ""

    @property
    def is_integrated(self) -> bool:
        return self.processor != "tegra264"

    @property
    def has_servers_cuda(self) -> bool:
        if self.processor == "tegra234":
            return self.cuda_version is not None and self.cuda_version >= _SERVERS_CUDA_ON_ORIN
        return not self.is_integrated


def tegra_gpu(root: Path) -> TegraGpu | None:
    """The GPU inside this machine's processor, None on any other machine.

    ``root`` is the directory that ``proc``, ``sys`` and ``etc`` are in. The processor comes from
    the device tree, or, in containers, which see none, from ``sys/devices/soc0``; the CUDA
    version from the L4T release in ``etc/nv_tegra_release``. A newer release than the newest
    known here counts as that one. Raises nothing.
    """
    processor = _processor(root)
    if processor not in _COMPUTE_CAPABILITIES:
        return None
    release = root / "etc/nv_tegra_release"
    cuda_version, problem = None, ""
    try:
        text = release.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        problem = f"{release} cannot be read ({error.strerror})"
    else:
        cuda_version = _cuda_version(text)
        if cuda_version is None:
            problem = f"{release} says {text[:60]!r}, expected '# R36 (release), REVISION: 4.3, …'"
    return TegraGpu(processor, _COMPUTE_CAPABILITIES[processor], cuda_version, problem)


def _processor(root: Path) -> str:
    # Names separated by NUL, the board's first: "nvidia,p3737-0000+p3701-0000", "nvidia,tegra234".
    for name in _text(root / "proc/device-tree/compatible").split("\0"):
        vendor, _, processor = name.partition(",")
        if vendor == "nvidia" and processor in _COMPUTE_CAPABILITIES:
            return processor
    if _text(root / "sys/devices/soc0/family").strip() == "Tegra":
        return _CHIP_NUMBERS.get(_text(root / "sys/devices/soc0/soc_id").strip(), "")
    return ""


def _cuda_version(text: str) -> tuple[int, int] | None:
    match = _RELEASE_FORM.match(text)
    if match is None:
        return None
    release = (int(match[1]), int(match[2]))
    return next((cuda for first, cuda in _CUDA_VERSIONS.items() if release >= first), None)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
