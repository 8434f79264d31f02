"""uv as a peer: which of PyTorch's indexes ``--torch-backend=auto`` looks on, in which order."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .uv_peer import scrubbed_environment, uv

PLATFORMS = {
    "linux-x86_64": "x86_64-unknown-linux-gnu",
    "linux-aarch64": "aarch64-unknown-linux-gnu",
    "windows-x86_64": "x86_64-pc-windows-msvc",
    "macos-aarch64": "aarch64-apple-darwin",
}
"""What uv calls the platforms of a bridge's rows."""

_PCI = "/sys/bus/pci/devices"


def uv_backends(
    folder: Path,
    platform: str,
    *,
    driver: str = "",
    gfx: Sequence[str] = (),
    intel_display: bool = False,
) -> list[str]:
    """The backends that uv would take torch from, best first.

    It takes the newest release of the first that has any for the platform
    (``IndexStrategy::UnsafeFirstMatch``).

    :param folder: an empty folder to work in.
    :param platform: as a bridge's rows name it.
    :param driver: the NVIDIA driver's version.
    :param gfx: the AMD GPUs, as ``rocm_agent_enumerator`` lists them.
    :param intel_display: whether a display adapter of Intel is there.
    """
    programs = folder / "programs"
    programs.mkdir(parents=True)
    # One request after another, or their order says nothing.
    environment = {**scrubbed_environment(), "PATH": str(programs), "UV_CONCURRENT_DOWNLOADS": "1"}
    if driver:
        environment["UV_CUDA_DRIVER_VERSION"] = driver
    if gfx:
        enumerator = programs / "rocm_agent_enumerator"
        lines = "".join(f"echo {name}\n" for name in ("gfx000", *gfx))
        enumerator.write_text(f"#!/bin/sh\n{lines}")
        enumerator.chmod(0o755)
    command = [
        *(uv.find_uv_bin(), "pip", "install", "torch", "--torch-backend", "auto", "--dry-run"),
        *("--offline", "--no-config", "--no-cache", "--no-progress", "--color", "never", "-v"),
        *("--python", sys.executable, "--python-platform", PLATFORMS[platform]),
        *("--python-version", "3.12", "--target", str(folder / "target")),
    ]
    if intel_display:
        command = _with_display(folder, command)
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    found = re.findall(r"GET request for: https://[^/]+/whl/([^/]+)/torch/$", run.stderr, re.M)
    assert found, run.stderr
    return found


def sees_a_gpu_of_this_machine() -> bool:
    """Whether uv would answer about this machine's NVIDIA GPU where no other is given."""
    files = ("/sys/module/nvidia/version", "/proc/driver/nvidia/version")
    return any(Path(path).exists() for path in files)


def can_show_a_display() -> bool:
    """Whether this machine lets a process see other PCI devices."""
    unshare = shutil.which("unshare")
    if unshare is None or not Path(_PCI).is_dir():
        return False
    tried = [unshare, "-rm", "mount", "--bind", "/tmp", _PCI]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def _with_display(folder: Path, command: Sequence[str]) -> list[str]:
    """A command in a namespace of its own, where one Intel display adapter is all there is."""
    device = folder / "pci" / "0000:03:00.0"
    device.mkdir(parents=True)
    (device / "class").write_text("0x030000\n")
    (device / "vendor").write_text("0x8086\n")
    unshare, mount = shutil.which("unshare"), shutil.which("mount")
    assert unshare is not None and mount is not None, "the caller asked whether it can"
    devices = shlex.quote(str(device.parent))
    script = f"{mount} --bind {devices} {_PCI} && exec {shlex.join(command)}"
    return [unshare, "-rm", "/bin/sh", "-c", script]
