from __future__ import annotations

import pytest
from variantsel_providers import intel
from variantsel_providers.feature import VariantFeatureConfig

VARIABLE = "INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP"

INTEL, NVIDIA, AMD = "0x8086", "0x10de", "0x1002"
ARC = (INTEL, "0x030000")
MAX_SERIES = (INTEL, "0x038000")
ETHERNET = (INTEL, "0x020000")
OLD_LOADER = ("WITHOUT_INIT_DRIVERS",)

DEVICE_LOST = 0x70000001
NO_PERMISSION = 0x70010000
NO_DRIVER = 0x78000001
UNSUPPORTED_VERSION = 0x78000002


def ip(architecture, release, revision):
    """The number that a driver tells, of 10, 8, (8 reserved) and 6 bits."""
    return hex(architecture << 22 | release << 14 | revision)


B580, A770, MAX_1550, LUNAR_LAKE = ip(20, 1, 0), ip(12, 55, 8), ip(12, 60, 7), ip(20, 4, 4)


def gpus(*versions):
    return "driver 0" + "".join(f"\ngpu {INTEL} {version}" for version in versions)


def device_ips(*values):
    return [VariantFeatureConfig("device_ip", list(values), True)]


# From figures to configs


@pytest.mark.parametrize(
    ("device_ip", "values"),
    [
        ("12.60.7", ["12.60.7"]),
        ("20.1.0", ["20.1.0"]),
        ("20.2.0", ["20.2.0", "20.1.0"]),
        ("20.4.4", ["20.4.4", "20.1.0"]),
        ("12.56.5", ["12.56.5", "12.55.8"]),
        ("12.71.4", ["12.71.4", "12.70.4"]),
        ("30.1.0", ["30.1.0", "30.0.4"]),
        ("99.1.2", ["99.1.2"]),
    ],
)
def test_architecture_comes_before_the_base_platform_whose_code_it_runs(device_ip, values):
    assert intel.supported_configs([device_ip]) == device_ips(*values)


def test_values_that_several_gpus_share_count_once_in_the_order_of_the_gpus():
    assert intel.supported_configs(["20.4.4", "12.55.8", "20.2.0", "20.4.4"]) == device_ips(
        "20.4.4", "20.1.0", "12.55.8", "20.2.0"
    )


def test_no_gpu_offers_nothing():
    assert intel.supported_configs([]) == []


def test_all_configs_hold_the_published_torch_builds_and_every_base_platform():
    (config,) = intel.get_all_configs()
    # Those of torch 2.9 and 2.10 on the published index.
    assert {
        "12.55.8", "12.60.7", "12.71.4", "12.74.4", "20.1.0", "20.4.4", "30.0.4", "30.1.0"
    } <= set(config.values)  # fmt: skip
    for device_ip in config.values:
        assert set(intel.supported_configs([device_ip])[0].values) <= set(config.values)


# Level Zero


@pytest.mark.parametrize(
    ("version", "value"),
    [
        (B580, "20.1.0"),
        (A770, "12.55.8"),
        (MAX_1550, "12.60.7"),
        (ip(1023, 255, 63), "1023.255.63"),
        # The reserved bits say nothing.
        (hex(20 << 22 | 1 << 14 | 0xFF << 6), "20.1.0"),
    ],
)
def test_bits_of_the_version_are_architecture_release_and_revision(ask_intel, version, value):
    answer = ask_intel(gpus(version))
    assert answer.values["device_ip"][0] == value
    assert answer.warnings == []


@pytest.mark.parametrize("without", [(), OLD_LOADER, ("WITHOUT_INIT",)])
def test_loader_of_any_age_is_started_the_way_it_can(ask_intel, without):
    answer = ask_intel(gpus(B580), without=without)
    assert answer.configs == device_ips("20.1.0")
    assert answer.warnings == []
    assert answer.calls[0] == ("zeInit" if without == OLD_LOADER else "zeInitDrivers")


def test_drivers_older_than_the_loader_are_started_the_old_way(ask_intel):
    answer = ask_intel(f"init_drivers {UNSUPPORTED_VERSION}\n{gpus(B580)}")
    assert answer.configs == device_ips("20.1.0")
    assert answer.warnings == []
    assert answer.calls[:3] == ["zeInitDrivers", "zeInit", "zeDriverGet"]


def test_gpus_of_all_drivers_count_in_their_order(ask_intel):
    answer = ask_intel(f"{gpus(MAX_1550, MAX_1550)}\n{gpus(LUNAR_LAKE)}")
    assert answer.configs == device_ips("12.60.7", "20.4.4", "20.1.0")


def test_other_makers_gpus_and_neural_processors_do_not_count(ask_intel):
    others = f"gpu {NVIDIA} {B580}\ngpu {AMD} {B580}\nnpu {INTEL}"
    answer = ask_intel(f"{gpus(A770)}\n{others}")
    assert answer.configs == device_ips("12.55.8")
    assert answer.warnings == []


@pytest.mark.parametrize(
    ("device", "reason"),
    [
        (f"device_error {DEVICE_LOST}", "zeDeviceGetProperties says: device lost (0x70000001)"),
        (f"device_error {NO_PERMISSION}", "insufficient permissions"),
        ("device_error 0x70000777", "error (0x70000777)"),
        (f"gpu {INTEL} 0", "the driver is too old to tell its architecture"),
    ],
)
def test_erring_device_is_left_out_and_the_rest_count(ask_intel, device, reason):
    answer = ask_intel(f"driver 0\n{device}\ngpu {INTEL} {A770}")
    assert answer.configs == device_ips("12.55.8")
    (warning,) = answer.warnings
    assert warning.startswith("Level Zero device 0 of 2 is left out: ")
    assert reason in warning


def test_erring_driver_is_left_out_and_the_rest_count(ask_intel):
    answer = ask_intel(f"driver {DEVICE_LOST}\n{gpus(A770)}")
    assert answer.configs == device_ips("12.55.8")
    (warning,) = answer.warnings
    assert "driver are left out: zeDeviceGet says: device lost" in warning


@pytest.mark.parametrize("without", [(), OLD_LOADER, ("WITHOUT_INIT",)])
@pytest.mark.parametrize("code", [DEVICE_LOST, NO_PERMISSION, 0x70000777])
def test_level_zero_that_does_not_start_is_told(ask_intel, without, code):
    answer = ask_intel(f"init {code}\ninit_drivers {code}\n{gpus(B580)}", without=without)
    assert answer.configs == []
    (warning,) = answer.warnings
    assert warning.startswith("Level Zero does not start: zeInit")
    assert f"({code:#x})" in warning


def test_list_longer_than_any_machines_is_an_error(ask_intel):
    answer = ask_intel(f"count 4000000000\n{gpus(B580)}")
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "counts 4000000000 handles" in warning


# No Level Zero


@pytest.mark.parametrize("pci", [(), (ETHERNET,), ((NVIDIA, "0x030200"),)])
def test_machine_without_level_zero_and_gpu_offers_nothing_silently(ask_intel, pci):
    answer = ask_intel(None, pci=pci)
    assert (answer.configs, answer.warnings) == ([], [])


def test_integrated_gpu_without_level_zero_is_no_matter(ask_intel):
    device = "sys/bus/pci/devices/0000:00:02.0"
    files = {f"{device}/vendor": f"{INTEL}\n", f"{device}/class": "0x030000\n"}
    answer = ask_intel(None, files=files)
    assert (answer.configs, answer.warnings) == ([], [])


@pytest.mark.parametrize("device", [ARC, MAX_SERIES])
def test_discrete_gpu_without_level_zero_is_told(ask_intel, device):
    answer = ask_intel(None, pci=(ETHERNET, device))
    assert answer.configs == []
    (warning,) = answer.warnings
    assert warning.startswith("an Intel GPU is there but Level Zero is not (")
    assert "--device /dev/dri" in warning
    assert VARIABLE in warning


def test_discrete_gpu_without_its_driver_is_told(ask_intel):
    answer = ask_intel(f"init_drivers {NO_DRIVER}\ninit {NO_DRIVER}", pci=(ARC,))
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "Level Zero is not (zeInit says: no driver is loaded (0x78000001))" in warning


def test_loader_without_a_driver_and_a_gpu_is_silent(ask_intel):
    answer = ask_intel(f"init_drivers {NO_DRIVER}\ninit {NO_DRIVER}", pci=(ETHERNET,))
    assert (answer.configs, answer.warnings) == ([], [])


def test_discrete_gpu_that_the_driver_does_not_list_is_told(ask_intel):
    answer = ask_intel("driver 0", pci=(ARC,))
    assert answer.configs == []
    (warning,) = answer.warnings
    assert "an Intel GPU is there but Level Zero does not list it" in warning


# Override


def test_override_asks_no_driver(ask_intel):
    answer = ask_intel(gpus(MAX_1550), forced={VARIABLE: "20.2.0"})
    assert answer.configs == device_ips("20.2.0", "20.1.0")
    assert (answer.warnings, answer.calls) == ([], [])


@pytest.mark.parametrize("value", ["bmg", "20.1", "20.1.0.0", "0x5004000", "20.1.0 "])
def test_unreadable_override_is_told_and_the_machine_is_asked(ask_intel, value):
    answer = ask_intel(gpus(MAX_1550), forced={VARIABLE: value})
    assert answer.configs == device_ips("12.60.7")
    (warning,) = answer.warnings
    assert warning.startswith(f"{VARIABLE} is {value!r}, expected architecture.release.revision")


def test_empty_override_counts_as_unset(ask_intel):
    answer = ask_intel(gpus(MAX_1550), forced={VARIABLE: ""})
    assert (answer.configs, answer.warnings) == (device_ips("12.60.7"), [])


def test_importing_the_provider_needs_only_the_standard_library(imported_by):
    assert imported_by("variantsel_providers.intel").isdisjoint({"archspec", "pynvml", "packaging"})
