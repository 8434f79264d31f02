"""Where the bridge torch and uv's ``--torch-backend=auto`` differ, and why: never to our cost.

Both are asked about the same machines and the same releases. uv knows a machine by its NVIDIA
driver, or its first known AMD GPU, or an Intel display; takes no notice of what a GPU can run or
which ROCm is there; and takes the newest release of the first backend that has any.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.version import Version
from support.torch_releases import TORCH_RELEASES
from variantsel_providers import amd, intel, nvidia

from variantsel.bridges.catalogue import shipped_bridge
from variantsel.selection.bridged import BridgedEnvironment
from variantsel.targets.target import StaticProperties, Target

from .uv_torch import can_show_a_display, sees_a_gpu_of_this_machine, uv_backends


class Machine(NamedTuple):
    """A machine as both have to be told of it.

    :ivar driver: of NVIDIA, as uv compares it.
    :ivar cuda: the CUDA version of that driver, as NVML tells it.
    :ivar integrated: whether the GPU is a Jetson's, up to Orin.
    :ivar display: of Intel; ``device_ip`` is what Level Zero tells of it.
    """

    platform: str = "linux-x86_64"
    driver: str = ""
    cuda: str = ""
    capability: str = ""
    integrated: bool = False
    gfx: str = ""
    rocm: str = ""
    display: bool = False
    device_ip: str = ""


def on_nvidia(driver: str, capability: str, platform: str = "linux-x86_64") -> Machine:
    return Machine(platform, driver, CUDA_OF_DRIVER[driver], capability)


def on_amd(gfx: str, rocm: str, platform: str = "linux-x86_64") -> Machine:
    return Machine(platform, gfx=gfx, rocm=rocm)


ARM, WINDOWS, MACOS = "linux-aarch64", "windows-x86_64", "macos-aarch64"

CUDA_OF_DRIVER = {
    "450.80.02": "11.0",
    "470.256.02": "11.4",
    "525.60.13": "12.0",
    "535.183.01": "12.2",
    "550.54.14": "12.4",
    "560.94": "12.6",
    "570.26": "12.8",
    "575.51.03": "12.9",
    "580.65.06": "13.0",
    "595.45.04": "13.2",
}
"""NVIDIA's release notes of the CUDA toolkit, table of drivers; 560.94 is for Windows."""

MACHINES = {
    "K80, driver 470": on_nvidia("470.256.02", "3.7"),
    "GTX 970, driver 535": on_nvidia("535.183.01", "5.2"),
    "P100, driver 550": on_nvidia("550.54.14", "6.0"),
    "GTX 1080 Ti, driver 570": on_nvidia("570.26", "6.1"),
    "GTX 1080 Ti, driver 580": on_nvidia("580.65.06", "6.1"),
    "V100, driver 450": on_nvidia("450.80.02", "7.0"),
    "V100, driver 535": on_nvidia("535.183.01", "7.0"),
    "V100, driver 580": on_nvidia("580.65.06", "7.0"),
    "T4, driver 470": on_nvidia("470.256.02", "7.5"),
    "T4, driver 535": on_nvidia("535.183.01", "7.5"),
    "T4, driver 580": on_nvidia("580.65.06", "7.5"),
    "A100, driver 525": on_nvidia("525.60.13", "8.0"),
    "A100, driver 580": on_nvidia("580.65.06", "8.0"),
    "A10G, driver 580": on_nvidia("580.65.06", "8.6"),
    "RTX 4090, driver 570": on_nvidia("570.26", "8.9"),
    "L40S, driver 580": on_nvidia("580.65.06", "8.9"),
    "H100, driver 535": on_nvidia("535.183.01", "9.0"),
    "H100, driver 550": on_nvidia("550.54.14", "9.0"),
    "H100, driver 580": on_nvidia("580.65.06", "9.0"),
    "H200, driver 595": on_nvidia("595.45.04", "9.0"),
    "B200, driver 570": on_nvidia("570.26", "10.0"),
    "B200, driver 580": on_nvidia("580.65.06", "10.0"),
    "B300, driver 575": on_nvidia("575.51.03", "10.3"),
    "B300, driver 580": on_nvidia("580.65.06", "10.3"),
    "RTX 5090, driver 570": on_nvidia("570.26", "12.0"),
    "RTX 5090, driver 580": on_nvidia("580.65.06", "12.0"),
    "GH200, driver 550": on_nvidia("550.54.14", "9.0", ARM),
    "GH200, driver 580": on_nvidia("580.65.06", "9.0", ARM),
    "GB200, driver 570": on_nvidia("570.26", "10.0", ARM),
    "GB200, driver 580": on_nvidia("580.65.06", "10.0", ARM),
    "DGX Spark": on_nvidia("580.65.06", "12.1", ARM),
    "Jetson Thor": on_nvidia("580.65.06", "11.0", ARM),
    "Jetson Orin, JetPack 6": Machine(ARM, "540.4.0", "12.6", "8.7", integrated=True),
    "Windows, GTX 1080 Ti, driver 560": on_nvidia("560.94", "6.1", WINDOWS),
    "Windows, GTX 1080 Ti, driver 580": on_nvidia("580.65.06", "6.1", WINDOWS),
    "Windows, RTX 4090, driver 560": on_nvidia("560.94", "8.9", WINDOWS),
    "Windows, RTX 5090, driver 580": on_nvidia("580.65.06", "12.0", WINDOWS),
    "Windows, no GPU": Machine(WINDOWS),
    "MI300X, ROCm 7.14": on_amd("gfx942", "7.14"),
    "MI300X, ROCm 7.2": on_amd("gfx942", "7.2"),
    "MI300X, ROCm 7.1": on_amd("gfx942", "7.1"),
    "MI300X, ROCm 6.2": on_amd("gfx942", "6.2"),
    "MI210, ROCm 6.4": on_amd("gfx90a", "6.4"),
    "MI355X, ROCm 7.0": on_amd("gfx950", "7.0"),
    "RX 6800, ROCm 6.0": on_amd("gfx1030", "6.0"),
    "RX 7900, ROCm 7.2": on_amd("gfx1100", "7.2"),
    "RX 9070, ROCm 7.12": on_amd("gfx1201", "7.12"),
    "Strix Halo, ROCm 7.2": on_amd("gfx1151", "7.2"),
    "Radeon 780M, ROCm 7.2": on_amd("gfx1103", "7.2"),
    "RX 7900 beside a Ryzen's graphics": on_amd("gfx1036 gfx1100", "7.2"),
    "Windows, RX 9070": on_amd("gfx1201", "", WINDOWS),
    "H100 beside an MI300X": on_nvidia("580.65.06", "9.0")._replace(gfx="gfx942", rocm="7.2"),
    "Arc B580": Machine(display=True, device_ip="20.1.0"),
    "UHD Graphics 770": Machine(display=True, device_ip="12.2.0"),
    "no GPU": Machine(),
    "Graviton4": Machine(ARM),
    "Mac": Machine(MACOS),
}


class Difference(NamedTuple):
    """Where the two take something else.

    :ivar uv: uv's release and label.
    :ivar ours: ours.
    :ivar reason: one of :data:`REASONS`.
    """

    uv: str
    ours: str
    reason: str


DIFFERENCES = {
    "K80, driver 470": Difference("2.7.1+cu118", "2.15.0+cpu", "no word"),
    "GTX 970, driver 535": Difference("2.13.0+cu129", "2.14.1+cu126", "no kernels"),
    "P100, driver 550": Difference("2.13.0+cu129", "2.14.1+cu126", "no kernels"),
    "GTX 1080 Ti, driver 570": Difference("2.13.0+cu129", "2.14.1+cu126", "no kernels"),
    "GTX 1080 Ti, driver 580": Difference("2.15.0+cu132", "2.14.1+cu126", "no kernels"),
    "V100, driver 535": Difference("2.13.0+cu129", "2.14.1+cu126", "no kernels"),
    "V100, driver 580": Difference("2.15.0+cu132", "2.14.1+cu126", "no kernels"),
    "T4, driver 535": Difference("2.13.0+cu129", "2.14.1+cu126", "older"),
    "A100, driver 525": Difference("2.13.0+cu129", "2.14.1+cu126", "older"),
    "RTX 4090, driver 570": Difference("2.13.0+cu129", "2.14.1+cu126", "older"),
    "H100, driver 535": Difference("2.13.0+cu129", "2.14.1+cu126", "older"),
    "H100, driver 550": Difference("2.13.0+cu129", "2.14.1+cu126", "older"),
    "GH200, driver 550": Difference("2.9.1+cu129", "2.14.1+cu126", "older"),
    "GB200, driver 570": Difference("2.9.1+cu129", "2.11.0+cu128", "older"),
    "Jetson Orin, JetPack 6": Difference("2.9.1+cu129", "2.15.0+cpu", "no Jetson"),
    "Windows, GTX 1080 Ti, driver 560": Difference("2.9.0+cu129", "2.14.1+cu126", "no kernels"),
    "Windows, GTX 1080 Ti, driver 580": Difference("2.15.0+cu132", "2.14.1+cu126", "no kernels"),
    "Windows, RTX 4090, driver 560": Difference("2.9.0+cu129", "2.14.1+cu126", "older"),
    "MI300X, ROCm 7.14": Difference("2.15.0+rocm7.2", "2.15.0+rocm7.14", "no rocm7.14"),
    "MI300X, ROCm 6.2": Difference("2.15.0+rocm7.2", "2.10.0+rocm7.0", "no driver"),
    "RX 6800, ROCm 6.0": Difference("2.15.0+rocm7.2", "2.7.1+rocm6.2.4", "no driver"),
    "RX 9070, ROCm 7.12": Difference("2.15.0+rocm7.2", "2.15.0+rocm7.14", "no rocm7.14"),
    "UHD Graphics 770": Difference("2.15.0+xpu", "2.15.0+cpu", "any display"),
}
"""All there are: a new one fails."""

REASONS = {
    "no kernels": "uv knows no compute capability: what it takes has no code for the GPU",
    "older": "uv stays with the first backend that has any torch: newer ones are in another",
    "no driver": "uv knows no ROCm version: AMD does not support that build on that driver",
    "no Jetson": "uv knows no Jetsons: builds for Arm servers do not run there",
    "no rocm7.14": "uv does not know the backend",
    "any display": "uv takes every Intel display for one that can compute",
    "no word": "cu118 has code for it; the vocabulary of compute capabilities starts at 5.0",
}
"""``no word`` is the one that costs something, and nothing here can change: a provider has no word
for such a GPU, so no build can ask for one."""


def uv_takes(machine: Machine, folder: Path) -> tuple[str, str]:
    """The release and the label that uv takes."""
    if not machine.driver and sees_a_gpu_of_this_machine():
        pytest.skip("uv would tell of this machine's own GPU")
    if machine.display and not can_show_a_display():
        pytest.skip("this machine does not let a process see other PCI devices")
    backends = uv_backends(
        folder,
        machine.platform,
        driver=machine.driver,
        gfx=machine.gfx.split(),
        intel_display=machine.display,
    )
    for backend in backends:
        for version, labels in TORCH_RELEASES[machine.platform].items():
            if backend in labels.split():
                return version, backend
    raise AssertionError(f"none of {backends} has a torch for {machine.platform}")


def bridged(machine: Machine) -> BridgedEnvironment:
    """The bridge torch on a machine."""
    driver, capability, rocm = (
        tuple(map(int, text.split("."))) if text else None
        for text in (machine.cuda, machine.capability, machine.rocm)
    )
    configs = {
        "nvidia": nvidia.supported_configs(driver, capability, integrated=machine.integrated),
        "amd": amd.supported_configs(machine.gfx.split(), rocm),
        "intel": intel.supported_configs([machine.device_ip] if machine.device_ip else []),
    }
    properties = {
        namespace: {feature.name: feature.values for feature in features}
        for namespace, features in configs.items()
        if features
    }
    system, _, processor = machine.platform.partition("-")
    environment = {
        "sys_platform": {"windows": "win32", "macos": "darwin"}.get(system, system),
        "platform_machine": processor,
    }
    target = Target("the machine", StaticProperties(properties), environment=environment)
    return BridgedEnvironment([shipped_bridge("torch")], target)


def we_take(machine: Machine) -> tuple[str, str]:
    """The release and the label that the bridge takes: the newest that uses an accelerator."""
    environment = bridged(machine)
    best = {}
    for version, labels in TORCH_RELEASES[machine.platform].items():
        metadata = environment.metadata("torch", Version(version), labels.split())
        ranking = environment.ranking("torch", Version(version), labels.split())
        assert metadata is not None and ranking is not None
        best[version] = ranking.labels[0]
        if metadata.variants[ranking.labels[0]]:
            return version, ranking.labels[0]
    return next(iter(best.items()))


def fits(machine: Machine, version: str, label: str) -> bool:
    """Whether the machine can use a build, by what the bridge says of it."""
    ranking = bridged(machine).ranking("torch", Version(version), [label])
    return ranking is not None and label in ranking.labels


def test_the_table_is_of_forty_machines_and_more() -> None:
    assert len(MACHINES) >= 40


@pytest.mark.filterwarnings("ignore:.*compute capability.*is below")
@pytest.mark.parametrize("name", MACHINES)
def test_what_uv_takes_and_what_we_take(name: str, tmp_path: Path) -> None:
    machine = MACHINES[name]
    theirs, ours = uv_takes(machine, tmp_path), we_take(machine)
    if theirs == ours:
        assert name not in DIFFERENCES
        return
    difference = DIFFERENCES.get(name, Difference("", "", "not known"))
    found = Difference("+".join(theirs), "+".join(ours), difference.reason)
    assert found == difference


@pytest.mark.filterwarnings("ignore:.*compute capability.*is below")
@pytest.mark.parametrize("name", DIFFERENCES)
def test_no_difference_is_to_our_cost(name: str) -> None:
    """What we take fits the machine; and is newer, or uv's does not fit."""
    machine, difference = MACHINES[name], DIFFERENCES[name]
    theirs, ours = difference.uv.split("+"), difference.ours.split("+")
    assert difference.reason in REASONS
    assert fits(machine, *ours)
    if difference.reason == "no word":
        assert float(machine.capability) < 5.0
    elif difference.reason == "no rocm7.14":
        assert Version(ours[0]) >= Version(theirs[0])
    elif difference.reason == "older":
        assert fits(machine, *theirs)
        assert Version(ours[0]) > Version(theirs[0])
    else:
        assert not fits(machine, *theirs)
