from __future__ import annotations

import warnings

import pytest
from variantsel_providers import nvidia
from variantsel_providers.feature import VariantFeatureConfig
from variantsel_providers.notices import ProviderWarning

CUDA_VARIABLE = "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION"
SM_VARIABLE = "NV_VARIANT_PROVIDER_FORCE_SM_ARCH"

NVIDIA_GPU = ("0x10de", "0x030200")
NVIDIA_DISPLAY = ("0x10de", "0x030000")
NVIDIA_AUDIO = ("0x10de", "0x040300")
INTEL_DISPLAY = ("0x8086", "0x030000")

# NVML's error codes (nvml.h, nvmlReturn_t).
NO_PERMISSION = 4
DRIVER_NOT_LOADED = 9
LIBRARY_NOT_FOUND = 12
GPU_IS_LOST = 15
LIB_RM_VERSION_MISMATCH = 18
GPU_NOT_FOUND = 28

HOPPER_MACHINE = "cuda_v2 12080\ngpu 9 0"


def major(number, highest=20):
    """A major version in the vocabulary: its minors downwards, closed by the bare major."""
    return [*(f"{number}.{minor}" for minor in range(highest, -1, -1)), str(number)]


HOPPER_CONFIGS = [
    VariantFeatureConfig("cuda_version_lower_bound", major(12, 8) + major(11), False),
    VariantFeatureConfig(
        "cuda_version_upper_bound",
        [*major(15), *major(14), *major(13), *(f"12.{minor}" for minor in range(20, 8, -1))],
        False,
    ),
    VariantFeatureConfig("sm_arch", ["90_real", "90_virtual"], True),
]


# From figures to configs


def test_both_bounds_split_the_vocabulary_at_the_drivers_version():
    assert nvidia.supported_configs((12, 8), (9, 0)) == HOPPER_CONFIGS


def test_lowest_driver_offers_its_version_and_the_bare_major():
    lower, upper = nvidia.supported_configs((11, 0), None)
    assert lower.values == ["11.0", "11"]
    assert upper.values[-2:] == ["11.2", "11.1"]
    assert len(upper.values) == 5 * 22 - 2


def test_first_minor_of_a_major_keeps_its_bare_major_out_of_the_upper_bound():
    lower, upper = nvidia.supported_configs((13, 0), None)
    assert lower.values[:3] == ["13.0", "13", "12.20"]
    assert upper.values[-2:] == ["13.2", "13.1"]


def test_last_minor_of_a_major_ends_the_upper_bound_with_the_next_bare_major():
    _, upper = nvidia.supported_configs((12, 20), None)
    assert upper.values[-2:] == ["13.0", "13"]


def test_highest_driver_has_no_upper_bound_feature():
    (lower,) = nvidia.supported_configs((15, 20), None)
    assert lower.name == "cuda_version_lower_bound"
    assert lower.values == major(15) + major(14) + major(13) + major(12) + major(11)


@pytest.mark.parametrize("version", [(10, 2), (15, 21), (16, 0), (0, 0)])
def test_cuda_version_outside_the_vocabulary_offers_nothing_and_warns(version):
    with pytest.warns(ProviderWarning, match=rf"{version[0]}\.{version[1]} .* 11\.0 to 15\.20"):
        assert nvidia.supported_configs(version, (9, 0)) == []


def test_no_driver_offers_nothing():
    assert nvidia.supported_configs(None, (9, 0)) == []


@pytest.mark.parametrize(
    ("capability", "values"),
    [
        ((5, 0), ["50_real", "50_virtual"]),
        ((5, 2), ["52_real", "51_real", "50_real", "50_virtual"]),
        ((7, 0), ["70_real", "70_virtual"]),
        ((9, 0), ["90_real", "90_virtual"]),
        ((10, 0), ["100_real", "100_virtual"]),
        ((12, 1), ["121_real", "120_real", "120_virtual"]),
    ],
)
def test_sm_arch_goes_down_to_the_majors_first_capability(capability, values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        *_, sm_arch = nvidia.supported_configs((12, 8), capability)
    assert sm_arch == VariantFeatureConfig("sm_arch", values, True)


@pytest.mark.parametrize("capability", [(3, 7), (4, 9)])
def test_capability_below_5_0_has_no_sm_arch_and_warns(capability):
    with pytest.warns(ProviderWarning, match=rf"{capability[0]}\.{capability[1]} is below 5\.0"):
        configs = nvidia.supported_configs((11, 4), capability)
    assert [config.name for config in configs] == [
        "cuda_version_lower_bound",
        "cuda_version_upper_bound",
    ]


def test_all_configs_hold_whatever_any_machine_may_support():
    everything = {config.name: config for config in nvidia.get_all_configs()}
    assert list(everything) == ["cuda_version_lower_bound", "cuda_version_upper_bound", "sm_arch"]
    assert everything["cuda_version_lower_bound"].values == [
        *major(15), *major(14), *major(13), *major(12), *major(11)
    ]  # fmt: skip
    assert everything["sm_arch"].values[0] == "129_real"
    assert everything["sm_arch"].values[80] == "129_virtual"
    assert everything["sm_arch"].values[-1] == "50_virtual"
    for figures in [((11, 0), (5, 0)), ((12, 8), (12, 1)), ((15, 20), (7, 5))]:
        for config in nvidia.supported_configs(*figures):
            assert set(config.values) <= set(everything[config.name].values)
            assert config.multi_value == everything[config.name].multi_value


# No driver


def test_machine_without_driver_and_gpu_offers_nothing_silently(ask_nvidia):
    answer = ask_nvidia(None, pci=(INTEL_DISPLAY, NVIDIA_AUDIO))
    assert (answer.configs, answer.warnings) == ([], [])


def test_machine_without_a_pci_bus_offers_nothing_silently(ask_nvidia):
    answer = ask_nvidia(None)
    assert (answer.configs, answer.warnings) == ([], [])


@pytest.mark.parametrize("device", [NVIDIA_GPU, NVIDIA_DISPLAY])
def test_gpu_without_driver_is_told(ask_nvidia, device):
    answer = ask_nvidia(None, pci=(INTEL_DISPLAY, device))
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "GPU is on the PCI bus but no NVIDIA driver answers" in warning
    assert "NVML Shared Library Not Found" in warning
    assert "--gpus all" in warning


def test_library_without_kernel_driver_and_gpu_is_silent(ask_nvidia):
    answer = ask_nvidia(f"init {DRIVER_NOT_LOADED}", pci=(INTEL_DISPLAY,))
    assert (answer.configs, answer.warnings) == ([], [])


def test_library_without_kernel_driver_but_with_a_gpu_is_told(ask_nvidia):
    answer = ask_nvidia(f"init {DRIVER_NOT_LOADED}", pci=(NVIDIA_GPU,))
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "no NVIDIA driver answers (Driver Not Loaded)" in warning


# A driver that answers


def test_one_gpu(ask_nvidia):
    answer = ask_nvidia(HOPPER_MACHINE, pci=(NVIDIA_GPU,))
    assert answer.configs == HOPPER_CONFIGS
    assert answer.warnings == []


def test_eight_equal_gpus_answer_like_one(ask_nvidia):
    answer = ask_nvidia("cuda_v2 12080" + "\ngpu 9 0" * 8)
    assert answer.configs == HOPPER_CONFIGS
    assert answer.warnings == []


def test_of_different_gpus_the_highest_capability_counts(ask_nvidia):
    answer = ask_nvidia("cuda_v2 13000\ngpu 8 9\ngpu 12 0\ngpu 7 5")
    assert answer.values["sm_arch"] == ["120_real", "120_virtual"]


@pytest.mark.parametrize("kind", ["gpu_error", "gpu_lost"])
def test_erring_gpu_is_left_out_and_the_rest_count(ask_nvidia, kind):
    answer = ask_nvidia(f"cuda_v2 12080\n{kind} {GPU_IS_LOST}\ngpu 8 0\ngpu 8 6")
    assert answer.values["sm_arch"][0] == "86_real"
    assert answer.warnings == ["NVIDIA GPU 0 of 3 is left out: GPU is lost"]


def test_only_erring_gpus_leave_the_cuda_version(ask_nvidia):
    answer = ask_nvidia(f"cuda_v2 12080\ngpu_lost {GPU_IS_LOST}")
    assert answer.configs == HOPPER_CONFIGS[:2]
    assert len(answer.warnings) == 1


def test_driver_without_visible_gpu_leaves_the_cuda_version_and_warns(ask_nvidia):
    answer = ask_nvidia("cuda_v2 12080")
    assert answer.configs == HOPPER_CONFIGS[:2]
    (warning,) = answer.warnings
    assert "shows no GPU" in warning


def test_uncountable_gpus_leave_the_cuda_version_and_warn(ask_nvidia):
    answer = ask_nvidia(f"cuda_v2 12080\ncount_error {NO_PERMISSION}\ngpu 9 0")
    assert answer.configs == HOPPER_CONFIGS[:2]
    (warning,) = answer.warnings
    assert "Insufficient Permissions" in warning


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (LIB_RM_VERSION_MISMATCH, "RM has detected an NVML/RM version mismatch."),
        (NO_PERMISSION, "Insufficient Permissions"),
        (GPU_IS_LOST, "GPU is lost"),
        (GPU_NOT_FOUND, f"the stub's words for error {GPU_NOT_FOUND}"),
    ],
)
def test_driver_that_does_not_start_is_told_in_its_own_words(ask_nvidia, code, words):
    answer = ask_nvidia(f"init {code}\n{HOPPER_MACHINE}")
    assert answer.configs == []
    (warning,) = answer.warnings
    assert f"the NVIDIA driver does not start: {words}" in warning


@pytest.mark.parametrize(
    ("version", "first"),
    [(11000, "11.0"), (12080, "12.8"), (12060, "12.6"), (13000, "13.0"), (15200, "15.20")],
)
def test_nvml_spells_a_cuda_version_as_one_number(ask_nvidia, version, first):
    answer = ask_nvidia(f"cuda_v2 {version}\ngpu 9 0")
    assert answer.values["cuda_version_lower_bound"][0] == first
    assert answer.warnings == []


@pytest.mark.parametrize("version", [10020, 16000])
def test_driver_outside_the_vocabulary_offers_nothing_and_warns(ask_nvidia, version):
    answer = ask_nvidia(f"cuda_v2 {version}\ngpu 9 0")
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "outside the range" in warning


def test_libcudas_version_goes_before_the_drivers(ask_nvidia):
    answer = ask_nvidia("cuda_v1 12020\ncuda_v2 12080\ngpu 9 0")
    assert answer.configs == HOPPER_CONFIGS


def test_driver_without_the_second_version_call_is_asked_by_the_first(ask_nvidia):
    answer = ask_nvidia("cuda_v1 11040\ngpu 7 0", without=("WITHOUT_CUDA_VERSION_V2",))
    assert answer.values["cuda_version_lower_bound"][0] == "11.4"
    assert answer.warnings == []


def test_driver_that_fails_the_second_version_call_is_asked_by_the_first(ask_nvidia):
    answer = ask_nvidia(f"cuda_v2_error {LIBRARY_NOT_FOUND}\ncuda_v1 12080\ngpu 9 0")
    assert answer.configs == HOPPER_CONFIGS
    assert answer.warnings == []


def test_driver_without_any_version_call_offers_nothing_and_warns(ask_nvidia):
    answer = ask_nvidia("gpu 7 0", without=("WITHOUT_CUDA_VERSION",))
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "does not tell its CUDA version: Function Not Found" in warning


# The releases of the driver, each with the CUDA version it brings


@pytest.mark.parametrize(
    ("release", "version", "first"),
    [
        ("R450", 11000, "11.0"),
        ("R470", 11040, "11.4"),
        ("R510", 11060, "11.6"),
        ("R525", 12000, "12.0"),
        ("R535", 12020, "12.2"),
        ("R550", 12040, "12.4"),
        ("R570", 12080, "12.8"),
        ("R580", 13000, "13.0"),
        ("R590", 13010, "13.1"),
        ("R595", 13020, "13.2"),
        ("R610", 13030, "13.3"),
    ],
)
def test_every_release_from_r450_to_r610_is_answered(ask_nvidia, release, version, first):
    answer = ask_nvidia(f"cuda_v2 {version}\ngpu 7 5")
    assert answer.values["cuda_version_lower_bound"][0] == first, release
    assert answer.values["cuda_version_upper_bound"][-1] == f"{first[:3]}{int(first[3:]) + 1}"
    assert answer.warnings == []


# What a process is shown


@pytest.mark.parametrize("visible", ["", "-1", "1", "GPU-5ebe9f43", "MIG-b5b3"])
def test_devices_hidden_from_cuda_programs_count_all_the_same(ask_nvidia, visible):
    answer = ask_nvidia(HOPPER_MACHINE, forced={"CUDA_VISIBLE_DEVICES": visible})
    assert (answer.configs, answer.warnings) == (HOPPER_CONFIGS, [])


def test_gpu_split_into_instances_counts_with_its_own_capability(ask_nvidia):
    answer = ask_nvidia("cuda_v2 12080\nmig 9 0\nmig 9 0", pci=(NVIDIA_GPU,))
    assert (answer.configs, answer.warnings) == (HOPPER_CONFIGS, [])
    assert "nvmlDeviceGetMigMode" not in answer.calls


def test_gpus_of_others_beside_one_that_may_be_used_are_no_matter(ask_nvidia):
    forbidden = f"gpu_lost {NO_PERMISSION}\n"
    answer = ask_nvidia(f"cuda_v2 12080\n{forbidden * 3}gpu 9 0\ngpu_error {NO_PERMISSION}")
    assert (answer.configs, answer.warnings) == (HOPPER_CONFIGS, [])


def test_only_gpus_that_may_not_be_used_are_told_in_one_line(ask_nvidia):
    answer = ask_nvidia("cuda_v2 12080" + f"\ngpu_lost {NO_PERMISSION}" * 8)
    assert answer.configs == HOPPER_CONFIGS[:2]
    (warning,) = answer.warnings
    assert "GPU 0, 1, 2, 3, 4, 5, 6, 7 of 8 is left out: this process may not use it" in warning


def test_gpus_left_out_for_one_reason_share_a_line(ask_nvidia):
    lost = f"gpu_lost {GPU_IS_LOST}"
    answer = ask_nvidia(f"cuda_v2 12080\n{lost}\ngpu 9 0\n{lost}\ngpu_error {LIBRARY_NOT_FOUND}")
    assert answer.configs == HOPPER_CONFIGS
    assert answer.warnings == [
        "NVIDIA GPU 0, 2 of 4 is left out: GPU is lost",
        "NVIDIA GPU 3 of 4 is left out: NVML Shared Library Not Found",
    ]


# WSL


PLACES = [
    "usr/lib/wsl/lib",
    "usr/local/nvidia/lib64",
    "home/kubernetes/bin/nvidia/lib64",
    "run/opengl-driver/lib",
]


@pytest.mark.parametrize("place", PLACES)
def test_driver_is_found_where_the_loader_does_not_look(ask_nvidia, place):
    answer = ask_nvidia(HOPPER_MACHINE, place=place)
    assert (answer.configs, answer.warnings) == (HOPPER_CONFIGS, [])


@pytest.mark.parametrize("place", PLACES)
def test_driver_that_lies_elsewhere_may_fail_like_any_other(ask_nvidia, place):
    answer = ask_nvidia(f"init {GPU_IS_LOST}\n{HOPPER_MACHINE}", place=place)
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "the NVIDIA driver does not start: GPU is lost" in warning


# Without NVML


@pytest.mark.parametrize("place", ["", *PLACES])
def test_without_nvml_libcuda_is_asked(ask_nvidia, place):
    """NVIDIA_DRIVER_CAPABILITIES=compute: the container has libcuda and no NVML."""
    answer = ask_nvidia(None, cuda="0 12080 8.6 9.0", place=place, pci=(NVIDIA_GPU,))
    assert (answer.configs, answer.warnings) == (HOPPER_CONFIGS, [])


def test_gpus_hidden_from_cuda_programs_count_all_the_same(ask_nvidia):
    answer = ask_nvidia(None, cuda="0 12080 9.0", forced={"CUDA_VISIBLE_DEVICES": ""})
    assert (answer.configs, answer.warnings) == (HOPPER_CONFIGS, [])


def test_a_libcuda_that_shows_no_gpu_says_so(ask_nvidia):
    answer = ask_nvidia(None, cuda="0 12080")
    assert answer.values.keys() == {"cuda_version_lower_bound", "cuda_version_upper_bound"}
    assert answer.warnings == ["an NVIDIA driver is loaded but shows no GPU to this process"]


@pytest.mark.parametrize("code", [34, 100, 803])  # a stub library, no device, no matching driver
def test_a_libcuda_that_does_not_start_is_as_none(ask_nvidia, code):
    answer = ask_nvidia(None, cuda=f"{code} 12080 9.0", pci=(NVIDIA_GPU,))
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "no NVIDIA driver answers" in warning


def test_a_kernel_driver_without_libraries_gets_the_cure_that_fits(ask_nvidia):
    loaded = {"proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550\n"}
    answer = ask_nvidia(None, pci=(NVIDIA_GPU,), files=loaded)
    (warning,) = answer.warnings
    assert "the kernel's driver is loaded, but its libraries" in warning
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in warning
    assert "Install or load the driver" not in warning


# What other packages put in the place of the binding

OLD_PYNVML = """
class NVMLError(Exception): pass
class NVMLError_LibraryNotFound(NVMLError): pass
class NVMLError_DriverNotLoaded(NVMLError): pass
class NVMLError_NoPermission(NVMLError): pass
def nvmlInit(): pass
def nvmlShutdown(): pass
def nvmlDeviceGetCount(): return 1
def nvmlDeviceGetHandleByIndex(index): return index
def nvmlSystemGetDriverVersion(): return b"550.90"
"""


@pytest.mark.parametrize("module", [OLD_PYNVML, "raise ImportError('no such thing')"])
def test_another_pynvml_does_not_take_the_gpu_away(ask_nvidia, module):
    answer = ask_nvidia(HOPPER_MACHINE, cuda="0 12080 9.0", modules={"pynvml": module})
    assert answer.configs == HOPPER_CONFIGS
    (warning,) = answer.warnings
    assert "the module pynvml is not NVIDIA's own" in warning
    assert "pip install --force-reinstall nvidia-ml-py" in warning


# Shutting down


@pytest.mark.parametrize(
    "inventory",
    [
        HOPPER_MACHINE,
        f"cuda_v2 12080\ngpu_error {GPU_IS_LOST}",
        f"cuda_v2 12080\ncount_error {NO_PERMISSION}",
        f"cuda_v2_error {NO_PERMISSION}\ncuda_v1_error {NO_PERMISSION}\ngpu 9 0",
        "cuda_v2 10020\ngpu 3 7",
    ],
)
def test_a_driver_that_started_is_shut_down(ask_nvidia, inventory):
    calls = ask_nvidia(inventory).calls
    assert calls[0] == "nvmlInitWithFlags"
    assert calls[-1] == "nvmlShutdown"
    assert calls.count("nvmlShutdown") == 1


def test_failing_shutdown_does_not_spoil_the_answer(ask_nvidia):
    answer = ask_nvidia(f"shutdown {GPU_IS_LOST}\n{HOPPER_MACHINE}")
    assert answer.calls[-1] == "nvmlShutdown"
    assert answer.configs == HOPPER_CONFIGS


# Overrides


def test_both_overrides_together_ask_no_driver(ask_nvidia):
    answer = ask_nvidia("gpu 7 0", forced={CUDA_VARIABLE: "12.8", SM_VARIABLE: "9.0"})
    assert answer.configs == HOPPER_CONFIGS
    assert answer.calls == []


def test_both_overrides_stand_in_for_a_missing_driver(ask_nvidia):
    answer = ask_nvidia(None, pci=(NVIDIA_GPU,), forced={CUDA_VARIABLE: "12.8", SM_VARIABLE: "9.0"})
    assert answer.configs == HOPPER_CONFIGS
    assert answer.warnings == []


def test_forced_cuda_version_keeps_the_detected_capability(ask_nvidia):
    answer = ask_nvidia("cuda_v2 13000\ngpu 9 0", forced={CUDA_VARIABLE: "12.8"})
    assert answer.configs == HOPPER_CONFIGS


def test_forced_capability_keeps_the_detected_cuda_version(ask_nvidia):
    answer = ask_nvidia("cuda_v2 12080\ngpu 7 0", forced={SM_VARIABLE: "9.0"})
    assert answer.configs == HOPPER_CONFIGS


def test_forced_cuda_version_without_a_driver_has_no_sm_arch(ask_nvidia):
    answer = ask_nvidia(None, forced={CUDA_VARIABLE: "12.8"})
    assert answer.configs == HOPPER_CONFIGS[:2]


def test_forced_capability_without_a_driver_offers_nothing(ask_nvidia):
    assert ask_nvidia(None, forced={SM_VARIABLE: "9.0"}).configs == []


def test_forced_cuda_version_outside_the_vocabulary_offers_nothing_and_warns(ask_nvidia):
    answer = ask_nvidia(HOPPER_MACHINE, forced={CUDA_VARIABLE: "16.0"})
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "outside the range" in warning


def test_empty_overrides_count_as_unset(ask_nvidia):
    answer = ask_nvidia(HOPPER_MACHINE, forced={CUDA_VARIABLE: "", SM_VARIABLE: ""})
    assert answer.configs == HOPPER_CONFIGS
    assert answer.warnings == []


@pytest.mark.parametrize(("value", "first"), [("12", "12.0"), ("12.8.1", "12.8")])
def test_forced_cuda_version_counts_by_its_first_two_numbers(ask_nvidia, value, first):
    answer = ask_nvidia(None, forced={CUDA_VARIABLE: value})
    assert answer.values["cuda_version_lower_bound"][0] == first
    assert answer.warnings == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *((CUDA_VARIABLE, value) for value in ["cu128", "12.", "-12.8", "12,8", " 12.8"]),
        *((SM_VARIABLE, value) for value in ["9", "9.0.0", "sm_90", "9.0a", "9.0 ", "\uff19.0"]),
    ],
)
def test_unreadable_override_is_told_and_the_machine_is_asked(ask_nvidia, variable, value):
    answer = ask_nvidia(HOPPER_MACHINE, forced={variable: value})
    assert answer.configs == HOPPER_CONFIGS
    (warning,) = answer.warnings
    assert warning.startswith(f"{variable} is {value!r}, expected major.minor, such as ")


# The module itself


def test_importing_the_provider_does_not_import_pynvml(imported_by):
    assert "pynvml" not in imported_by("variantsel_providers.nvidia")
