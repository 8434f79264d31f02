from __future__ import annotations

from pathlib import Path

import pytest
from variantsel_providers import nvidia
from variantsel_providers.tegra import TegraGpu, tegra_gpu

CAPTURES = Path(__file__).with_name("captures") / "jetson"
CUDA_VARIABLE = "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION"
SM_VARIABLE = "NV_VARIANT_PROVIDER_FORCE_SM_ARCH"
NOT_SUPPORTED = 3
DRIVER_NOT_LOADED = 9

RELEASE = "etc/nv_tegra_release"
COMPATIBLE = "proc/device-tree/compatible"
JETPACK_62 = "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n"
ORIN = {COMPATIBLE: "nvidia,p3737-0000+p3701-0005\0nvidia,p3701-0005\0nvidia,tegra234\0"}


def capture(name):
    """The files of a captured machine: {path: text}."""
    text = (CAPTURES / f"{name}.txt").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.split("== ")[1:])
    # The device tree separates names by NUL, which no editor likes.
    return {path: content.replace("\\0\n", "\0").replace("\\0", "\0") for path, _, content in parts}


@pytest.mark.parametrize(
    ("name", "cuda_version", "sm_arch"),
    [
        ("orin-nano-jetpack6", "12.6", ["87_real"]),
        ("orin-jetpack7", "13.2", ["87_real", "80_virtual"]),
        ("orin-container", "12.6", ["87_real"]),
        ("xavier-jetpack5", "11.4", ["72_real"]),
        ("thor-jetpack7", "13.0", ["110_real", "110_virtual"]),
    ],
)
def test_jetson_without_nvml_is_answered_from_its_files(ask_nvidia, name, cuda_version, sm_arch):
    answer = ask_nvidia(None, files=capture(name))
    assert answer.values["cuda_version_lower_bound"][0] == cuda_version
    assert answer.values["sm_arch"] == sm_arch
    assert answer.warnings == []


def test_jetson_whose_cuda_no_variant_can_name_is_told(ask_nvidia):
    answer = ask_nvidia(None, files=capture("nano-jetpack4"))
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "CUDA version 10.2 is outside the range" in warning


@pytest.mark.parametrize(
    ("release", "cuda_version"),
    [
        ("# R34 (release), REVISION: 1.1, GCID: 30414990", (11, 4)),
        ("# R35 (release), REVISION: 6.1, GCID: 39721438", (11, 4)),
        ("# R36 (release), REVISION: 2.0, GCID: 35084178", (12, 2)),
        ("# R36 (release), REVISION: 3.0, GCID: 36191598", (12, 2)),
        ("# R36 (release), REVISION: 5.2, GCID: 1", (12, 6)),
        ("# R38 (release), REVISION: 4.0, GCID: 43443517", (13, 0)),
        ("# R39 (release), REVISION: 2.1, GCID: 46758480", (13, 2)),
        ("# R99 (release), REVISION: 0.0, GCID: 1", (13, 2)),
        ("# R28 (release), REVISION: 2.1, GCID: 1", None),
        ("R36", None),
        ("", None),
    ],
)
def test_cuda_version_is_that_of_the_newest_known_release_not_above(
    tmp_path, release, cuda_version
):
    write(tmp_path, {**ORIN, RELEASE: release})
    gpu = tegra_gpu(tmp_path)
    assert gpu.cuda_version == cuda_version
    assert bool(gpu.problem) == (cuda_version is None)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {COMPATIBLE: "raspberrypi,5-model-b\0brcm,bcm2712\0"},
        # NVIDIA's, but without a GPU inside: Grace.
        {"sys/devices/soc0/family": "Tegra\n", "sys/devices/soc0/soc_id": "36\n"},
        {"sys/devices/soc0/family": "jep106:0070\n", "sys/devices/soc0/soc_id": "35\n"},
        {"sys/devices/soc0/soc_id": "35\n"},
    ],
)
def test_other_machines_have_no_such_gpu(tmp_path, files):
    write(tmp_path, {**files, RELEASE: JETPACK_62})
    assert tegra_gpu(tmp_path) is None


def test_processor_is_told_by_the_kernel_where_the_device_tree_is_hidden(tmp_path):
    soc = {"sys/devices/soc0/family": "Tegra\n", "sys/devices/soc0/soc_id": "35\n"}
    write(tmp_path, {**soc, RELEASE: JETPACK_62})
    assert tegra_gpu(tmp_path) == TegraGpu("tegra234", (8, 7), (12, 6))


def test_jetson_without_its_release_is_told(ask_nvidia):
    answer = ask_nvidia(None, files=ORIN)
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "this is a Jetson (tegra234), but " in warning
    assert f"{RELEASE} cannot be read (No such file or directory)" in warning
    assert "--runtime nvidia" in warning


def test_jetson_with_an_unreadable_release_is_told(ask_nvidia):
    answer = ask_nvidia(None, files={**ORIN, RELEASE: "36.4.3\n"})
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "says '36.4.3\\n', expected '# R36 (release)" in warning


def test_override_stands_in_for_the_release(ask_nvidia):
    answer = ask_nvidia(None, files=ORIN, forced={CUDA_VARIABLE: "12.6"})
    assert answer.values["cuda_version_lower_bound"][0] == "12.6"
    assert answer.values["sm_arch"] == ["87_real"]
    assert answer.warnings == []


@pytest.mark.parametrize(
    "inventory",
    [
        f"cuda_v2 12060\ngpu_error {NOT_SUPPORTED}",
        f"cuda_v2_error {NOT_SUPPORTED}\ncuda_v1_error {NOT_SUPPORTED}\ngpu_lost {NOT_SUPPORTED}",
        f"cuda_v2 12060\ncount_error {NOT_SUPPORTED}",
        "cuda_v2 12060",
        f"init {DRIVER_NOT_LOADED}",
        f"init {NOT_SUPPORTED}",
    ],
)
def test_what_nvml_does_not_tell_of_a_jetson_comes_from_its_files(ask_nvidia, inventory):
    answer = ask_nvidia(inventory, files={**ORIN, RELEASE: JETPACK_62})
    assert answer.values["cuda_version_lower_bound"][0] == "12.6"
    assert answer.values["sm_arch"] == ["87_real"]
    assert answer.warnings == []


def test_what_nvml_tells_of_a_jetson_goes_before_its_files(ask_nvidia):
    answer = ask_nvidia("cuda_v2 12090\ngpu 8 7", files={**ORIN, RELEASE: JETPACK_62})
    assert answer.values["cuda_version_lower_bound"][0] == "12.9"
    assert answer.values["sm_arch"] == ["87_real"]


def test_discrete_gpu_of_a_jetson_is_like_any_other(ask_nvidia):
    answer = ask_nvidia("cuda_v2 12060\ngpu 8 9", files={**ORIN, RELEASE: JETPACK_62})
    assert answer.values["sm_arch"][:2] == ["89_real", "88_real"]


def test_less_is_claimed_of_a_gpu_inside_a_processor():
    lower, upper, sm_arch = nvidia.supported_configs((12, 6), (8, 7), integrated=True)
    assert lower.values == [*(f"12.{minor}" for minor in range(6, -1, -1)), "12"]
    assert sm_arch.values == ["87_real"]
    _, upper_of_others, sm_arch = nvidia.supported_configs((12, 6), (8, 7))
    assert upper == upper_of_others
    assert sm_arch.values[:2] == ["87_real", "86_real"]


def test_orin_has_the_cuda_of_servers_from_jetpack_7_2_on(ask_nvidia):
    """Their libraries bring PTX that runs; machine code for 8.0 does not, and older CUDAs had none
    of Orin's."""
    answer = ask_nvidia("cuda_v2 13020\ngpu 8 7", files=capture("orin-jetpack7"))
    assert answer.values["sm_arch"] == ["87_real", "80_virtual"]
    assert answer.values["cuda_version_lower_bound"] == ["13.2", "13.1", "13.0", "13"]


def test_thor_has_the_cuda_of_servers(ask_nvidia):
    answer = ask_nvidia(None, files=capture("thor-jetpack7"))
    assert answer.values["sm_arch"] == ["110_real", "110_virtual"]
    assert answer.values["cuda_version_lower_bound"][-1] == "11"


def write(root, files):
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
