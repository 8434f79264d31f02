from __future__ import annotations

import os
import re
import tempfile
import warnings
from functools import partial
from pathlib import Path

import pytest
from rocm_bootstrap import _platform as rocm_bootstrap_platform
from rocm_bootstrap.targets import ALL_TARGETS
from rocm_bootstrap.variant_provider import AMDVariantPlugin as RocmBootstrapPlugin
from variantsel_providers import amd
from variantsel_providers.feature import VariantFeatureConfig
from variantsel_providers.notices import ProviderWarning

CAPTURES = Path(__file__).with_name("captures") / "amd"
NODES = "sys/class/kfd/kfd/topology/nodes"
ROCM_VERSION_FILE = "opt/rocm/.info/version"
AMD_GPU = ("0x1002", "0x030000")
AMD_ACCELERATOR = ("0x1002", "0x120000")
AMD_AUDIO = ("0x1002", "0x040300")
NVIDIA_GPU = ("0x10de", "0x030200")

CPU = "cpu_cores_count 64\nsimd_count 0\ngfx_target_version 0\n"
MI300X = "cpu_cores_count 0\nsimd_count 1216\ngfx_target_version 90402\n"
W7900 = "cpu_cores_count 0\nsimd_count 192\ngfx_target_version 110000\n"

RAPHAEL = "cpu_cores_count 0\nsimd_count 4\ngfx_target_version 100306\n"  # beside a Ryzen's cores
STRIX_HALO = "cpu_cores_count 0\nsimd_count 80\ngfx_target_version 110501\n"

OVERRIDE = "HSA_OVERRIDE_GFX_VERSION"

NOBODY = 65534


@pytest.fixture(autouse=True)
def _no_overrides(monkeypatch):
    for name in list(os.environ):
        if name in ("ROCM_PATH", OVERRIDE) or name.startswith(
            ("AMD_VARIANT_PROVIDER_", "ROCM_BOOTSTRAP_")
        ):
            monkeypatch.delenv(name)


@pytest.fixture
def machine():
    """Makes the root of a machine: from a capture, from files {path: text}, or from both."""
    # Not in tmp_path, which only the user who runs the tests may enter (see `forbid`).
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield partial(make_machine, Path(folder))


def make_machine(root, capture=None, files=None, pci=()):
    contents = dict(files or {})
    if capture is not None:
        text = (CAPTURES / f"{capture}.txt").read_text(encoding="ascii")
        for part in text.split("== ")[1:]:
            path, _, content = part.partition("\n")
            contents.setdefault(path, content)
    for index, (vendor, kind) in enumerate(pci):
        device = f"sys/bus/pci/devices/0000:{index:02x}:00.0"
        contents |= {f"{device}/vendor": f"{vendor}\n", f"{device}/class": f"{kind}\n"}
    for path, content in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="latin-1")
    return root


@pytest.fixture
def forbid():
    """Takes all permissions from a path, also for root: the test goes on as nobody."""
    forbidden = []

    def take(path):
        path.chmod(0)
        forbidden.append(path)
        if os.geteuid() == 0:
            os.seteuid(NOBODY)

    yield take
    os.seteuid(os.getuid())
    for path in forbidden:
        path.chmod(0o700)


def nodes(*properties):
    return {f"{NODES}/{number}/properties": text for number, text in enumerate(properties)}


def gfx_archs(*values):
    return VariantFeatureConfig("gfx_arch", list(values), True)


def rocm_version(value):
    return VariantFeatureConfig("rocm_version", [value], False)


def ask(root):
    """The answer and the warnings."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        configs = amd.get_supported_configs(root=root)
    assert {warning.category for warning in told} <= {ProviderWarning}
    return configs, [str(warning.message) for warning in told]


# From figures to configs


def test_architectures_come_first_then_the_one_version():
    assert amd.supported_configs(["gfx942"], (7, 1)) == [gfx_archs("gfx942"), rocm_version("7.1")]


def test_architecture_that_several_gpus_share_counts_once_in_the_order_of_the_gpus():
    (configs,) = amd.supported_configs(["gfx942", "gfx90a", "gfx942"], None)
    assert configs.values == ["gfx942", "gfx90a"]


def test_feature_without_a_value_is_left_out():
    assert amd.supported_configs([], None) == []
    assert amd.supported_configs([], (6, 4)) == [rocm_version("6.4")]
    assert amd.supported_configs(["gfx1100"], None) == [gfx_archs("gfx1100")]


def test_all_configs_hold_the_features_in_the_order_of_the_supported_ones():
    archs, versions = amd.get_all_configs()
    assert (archs.name, archs.multi_value) == ("gfx_arch", True)
    assert (versions.name, versions.multi_value) == ("rocm_version", False)
    assert len(set(archs.values)) == len(archs.values)
    # Those of amd-variant-provider 0.0.2 and of the published torch 2.9 and 2.10.
    assert {
        "gfx900", "gfx906", "gfx908", "gfx90a", "gfx942", "gfx950", "gfx1030", "gfx1100",
        "gfx1101", "gfx1102", "gfx1150", "gfx1151", "gfx1200", "gfx1201",
    } <= set(archs.values)  # fmt: skip
    published = [f"7.{minor}" for minor in range(10, -1, -1)] + ["6.4", "6.3"]
    assert [version for version in versions.values if version in published] == published


# Captures


@pytest.mark.parametrize(
    ("capture", "expected"),
    [
        ("mi300x", [gfx_archs("gfx942"), rocm_version("7.1")]),
        ("mi210", [gfx_archs("gfx90a"), rocm_version("7.0")]),
        ("two-kinds", [gfx_archs("gfx1100", "gfx1036"), rocm_version("6.4")]),
        ("cpu-only", []),
    ],
)
def test_captured_machine_is_answered_without_a_word(machine, capture, expected):
    assert ask(machine(capture)) == (expected, [])


def test_gpu_without_rocm_is_answered_with_its_architecture_and_a_warning(machine):
    configs, (told,) = ask(machine("apu"))
    assert configs == [gfx_archs("gfx1151")]
    assert "no ROCm is installed" in told
    assert "AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION" in told


def test_kernel_that_does_not_tell_architectures_is_said_to_be_too_old(machine):
    configs, (told,) = ask(machine("old-kernel"))
    assert configs == []
    assert re.search("of 2 devices, 1 left out: this kernel is too old", told)


# Compared with rocm-bootstrap


@pytest.fixture
def rocm_bootstrap(monkeypatch):
    def answer(root):
        monkeypatch.setattr(rocm_bootstrap_platform, "KFD_TOPOLOGY", root / NODES)
        monkeypatch.setattr(rocm_bootstrap_platform, "run_clinfo", lambda: "")
        configs = RocmBootstrapPlugin.get_supported_configs()
        return [(config.name, config.values, config.multi_value) for config in configs]

    return answer


def own_vocabulary(configs):
    return [(c.name, c.values, c.multi_value) for c in configs if c.name == "gfx_arch"]


@pytest.mark.parametrize("capture", sorted(path.stem for path in CAPTURES.glob("*.txt")))
def test_answer_is_rocm_bootstraps_for_every_capture(machine, rocm_bootstrap, capture):
    root = machine(capture)
    assert own_vocabulary(ask(root)[0]) == rocm_bootstrap(root)


@pytest.mark.parametrize("target", ALL_TARGETS, ids=lambda target: target.name)
def test_answer_is_rocm_bootstraps_for_every_target(machine, rocm_bootstrap, target):
    gpu = f"simd_count 64\ngfx_target_version {target.gfx_target_version}\n"
    root = machine(files=nodes(CPU, gpu))
    assert own_vocabulary(ask(root)[0]) == rocm_bootstrap(root) != []


def test_all_architectures_are_rocm_bootstraps():
    (published,) = RocmBootstrapPlugin.get_all_configs()
    assert amd.get_all_configs()[0].values == published.values


# Devices


def test_devices_are_ordered_by_number(machine):
    properties = {
        f"{NODES}/{number}/properties": text
        for number, text in ((0, CPU), (10, W7900), (9, MI300X), ("11", W7900))
    }
    configs, _ = ask(machine(files=properties))
    assert configs == [gfx_archs("gfx942", "gfx1100")]


def test_gpu_newer_than_every_list_is_answered_with_its_own_name(machine):
    gpu = "simd_count 64\ngfx_target_version 130011\n"
    configs, _ = ask(machine(files=nodes(CPU, gpu)))
    assert configs == [gfx_archs("gfx130b")]


def test_processor_whose_gpu_shares_its_device_counts_as_a_gpu(machine):
    shared = "cpu_cores_count 8\nsimd_count 44\ngfx_target_version 90002\n"
    configs, _ = ask(machine(files=nodes(shared)))
    assert configs == [gfx_archs("gfx902")]


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ("", "simd_count is missing"),
        ("\n \nsimd_count\n", "simd_count is missing"),
        ("simd_count many\ngfx_target_version 90402\n", "simd_count is 'many', expected a number"),
        ("simd_count 64\ngfx_target_version gfx942\n", "gfx_target_version is 'gfx942'"),
        ("simd_count 64\ngfx_target_version -1\n", "gfx_target_version is '-1'"),
        ("simd_count 64\ngfx_target_version 0\n", "gfx_target_version is 0, expected major"),
        ("simd_count 64\ngfx_target_version 90416\n", "gfx_target_version is 90416"),
        ("simd_count 64\ngfx_target_version 91002\n", "gfx_target_version is 91002"),
        (f"simd_count 64\ngfx_target_version {'9' * 19}\n", "expected major, minor and stepping"),
        (f"simd_count 64\ngfx_target_version {'9' * 5000}\n", "expected a number"),
        ("simd_count \xb2\ngfx_target_version 90402\n", "simd_count is "),
    ],
)
def test_malformed_device_is_left_out_with_a_warning(machine, properties, reason):
    root = machine(files={**nodes(CPU, properties, MI300X), ROCM_VERSION_FILE: "7.1.0"})
    configs, (told,) = ask(root)
    assert configs == [gfx_archs("gfx942"), rocm_version("7.1")]
    assert "of 3 devices, 1 left out: " in told
    assert reason in told


def test_devices_left_out_for_one_reason_share_a_warning(machine):
    root = machine(files=nodes(CPU, "", MI300X, "", "simd_count ?\n") | {ROCM_VERSION_FILE: "7.1"})
    _, told = ask(root)
    assert len(told) == 2
    assert "of 5 devices, 1, 3 left out: simd_count is missing" in told[0]
    assert "of 5 devices, 4 left out: simd_count is '?'" in told[1]


def test_device_without_properties_is_left_out_with_a_warning(machine):
    root = machine(files={**nodes(CPU, MI300X), ROCM_VERSION_FILE: "7.1"})
    (root / NODES / "2").mkdir()
    configs, (told,) = ask(root)
    assert configs == [gfx_archs("gfx942"), rocm_version("7.1")]
    assert "2 left out: No such file" in told


def test_gpu_that_the_kernel_keeps_back_is_left_out_with_a_hint(machine, forbid):
    root = machine(files={**nodes(CPU, MI300X, W7900), ROCM_VERSION_FILE: "7.1"})
    forbid(root / NODES / "1/properties")
    configs, (told,) = ask(root)
    assert configs == [gfx_archs("gfx1100"), rocm_version("7.1")]
    assert "1 left out: Permission denied. In a container, pass the GPUs in" in told


@pytest.mark.parametrize("folder", [NODES, "sys/class/kfd"])
def test_devices_that_may_not_be_listed_are_a_warning(machine, forbid, folder):
    root = machine(files=nodes(CPU, MI300X), pci=[AMD_GPU])
    forbid(root / folder)
    configs, (told,) = ask(root)
    assert configs == []
    assert "cannot be read: Permission denied" in told


def test_file_in_place_of_the_devices_is_a_warning(machine):
    configs, (told,) = ask(machine(files={NODES: "nonsense"}))
    assert configs == []
    assert "cannot be read: Not a directory" in told


def test_tree_without_devices_is_a_warning(machine):
    root = machine()
    (root / NODES).mkdir(parents=True)
    (root / NODES / "not-a-number").mkdir()
    configs, (told,) = ask(root)
    assert configs == []
    assert "lists no device, not even the CPU" in told


# GPUs that the kernel does not offer


def test_machine_without_amd_hardware_is_answered_without_a_word(machine):
    assert ask(machine(pci=[NVIDIA_GPU, AMD_AUDIO])) == ([], [])


@pytest.mark.parametrize("device", [AMD_GPU, AMD_ACCELERATOR])
def test_gpu_on_the_pci_bus_without_its_driver_is_a_warning(machine, device):
    configs, (told,) = ask(machine(pci=[NVIDIA_GPU, device]))
    assert configs == []
    assert "on the PCI bus" in told
    assert "nodes is missing" in told
    assert "AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH" in told


def test_gpu_on_the_pci_bus_that_the_driver_does_not_offer_is_a_warning(machine):
    configs, (told,) = ask(machine(files=nodes(CPU), pci=[AMD_GPU]))
    assert configs == []
    assert "lists only CPUs" in told


def test_pci_devices_that_vanish_are_passed_over(machine):
    root = machine(pci=[AMD_GPU])
    (root / "sys/bus/pci/devices/0000:00:00.0/class").unlink()
    assert ask(root) == ([], [])


# The version of ROCm


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("7.1.0-38\n", "7.1"),
        ("7.1.1\n", "7.1"),
        ("6.4\n", "6.4"),
        ("7.10.0a20251120\n", "7.10"),
        ("  5.7.1  \n", "5.7"),
    ],
)
def test_rocm_version_is_the_major_and_minor_of_the_installed_one(machine, text, version):
    assert ask(machine(files={ROCM_VERSION_FILE: text})) == ([rocm_version(version)], [])


@pytest.mark.parametrize("text", ["", "7\n", "rocm-7.1\n", "7.x.1", "\xff\xfe", "7.1rc1", "700.1"])
def test_version_file_that_says_no_version_is_a_warning(machine, text):
    configs, (told,) = ask(machine("mi300x", {ROCM_VERSION_FILE: text}))
    assert configs == [gfx_archs("gfx942")]
    assert "expected a version such as 7.1.0" in told


def test_version_file_that_may_not_be_read_is_a_warning(machine, forbid):
    root = machine("mi300x")
    forbid(root / ROCM_VERSION_FILE)
    configs, (told,) = ask(root)
    assert configs == [gfx_archs("gfx942")]
    assert "version cannot be read: Permission denied" in told


def test_rocm_path_chooses_the_installation(machine, monkeypatch):
    root = machine("mi300x", {"elsewhere/.info/version": "6.4.2-120\n"})
    monkeypatch.setenv("ROCM_PATH", str(root / "elsewhere"))
    assert ask(root) == ([gfx_archs("gfx942"), rocm_version("6.4")], [])


def test_rocm_path_without_an_installation_is_a_warning(machine, monkeypatch):
    monkeypatch.setenv("ROCM_PATH", "/nowhere/rocm")
    configs, (told,) = ask(machine("mi300x"))
    assert configs == [gfx_archs("gfx942")]
    assert "ROCM_PATH is '/nowhere/rocm'" in told


# Overrides


def test_overrides_stand_in_for_what_is_detected(machine, monkeypatch):
    monkeypatch.setenv("AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH", "gfx1100, gfx90a;gfx1100")
    monkeypatch.setenv("AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION", "6.4.1")
    expected = [gfx_archs("gfx1100", "gfx90a"), rocm_version("6.4")]
    assert ask(machine("mi300x")) == (expected, [])
    assert ask(machine(pci=[AMD_GPU])) == (expected, [])


@pytest.mark.parametrize("value", ["", " , "])
def test_empty_override_counts_as_none(machine, monkeypatch, value):
    monkeypatch.setenv("AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH", value)
    monkeypatch.setenv("AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION", "")
    assert ask(machine("mi300x")) == ([gfx_archs("gfx942"), rocm_version("7.1")], [])


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH", "gfx942,mi300x"),
        ("AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH", "GFX942"),
        ("AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH", "gfx9-generic"),
        ("AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION", "7"),
        ("AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION", "latest"),
    ],
)
def test_override_that_cannot_be_read_is_ignored_with_a_warning(
    machine, monkeypatch, variable, value
):
    monkeypatch.setenv(variable, value)
    configs, (told,) = ask(machine("mi300x"))
    assert configs == [gfx_archs("gfx942"), rocm_version("7.1")]
    assert told.startswith(f"{variable} is {value!r}, expected ")


# The interface


def test_a_real_machine_is_asked_without_arguments():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProviderWarning)
        configs = amd.get_supported_configs()
    assert {config.name for config in configs} <= {"gfx_arch", "rocm_version"}


def test_importing_the_provider_needs_only_the_standard_library(imported_by):
    assert imported_by("variantsel_providers.amd").isdisjoint({"archspec", "pynvml", "packaging"})


# Where ROCm is


def answered(root):
    """The answer as ``{feature: values}``, and the warnings as one text."""
    configs, told = ask(root)
    return {config.name: config.values for config in configs}, " ".join(told)


def one_gpu(**files):
    return {f"{NODES}/0/properties": CPU, f"{NODES}/1/properties": MI300X} | files


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("opt/rocm/.info/version", "7.1"),
        ("opt/rocm/core-7.14/.info/version", "7.14"),  # no link: of several the newest
        ("opt/rocm/core-10.0/.info/version", "10.0"),
        ("opt/rocm-6.3.0/.info/version", "6.3"),
        ("usr/.info/version", "7.1"),
    ],
)
def test_rocm_is_found_in_each_of_its_places(machine, path, version):
    older = "opt/rocm/core-7.2/.info/version" if "core-" in path else "opt/rocm-5.7.1/.info/version"
    files = {path: f"{version}.0\n"}
    if path.startswith(("opt/rocm/core", "opt/rocm-")):
        files[older] = "5.7.1\n"
    answer, told = answered(machine(files=one_gpu(**files)))
    assert (answer["rocm_version"], told) == ([version], "")


def test_the_link_says_which_of_several_rocms_is_in_use(machine):
    files = {f"opt/rocm/core-{v}/.info/version": f"{v}.0\n" for v in ("7.14", "10.0")}
    root = machine(files=one_gpu(**files))
    (root / "opt/rocm/core").symlink_to("core-7.14")
    assert answered(root) == ({"gfx_arch": ["gfx942"], "rocm_version": ["7.14"]}, "")


@pytest.mark.parametrize("folder", ["usr/lib64", "usr/lib/x86_64-linux-gnu", "opt/rocm/lib"])
def test_where_no_file_tells_the_version_the_librarys_name_does(machine, folder):
    files = {f"{folder}/librocm-core.so.1": "", f"{folder}/librocm-core.so.1.0.60300": ""}
    answer, told = answered(machine(files=one_gpu(**files)))
    assert (answer["rocm_version"], told) == (["6.3"], "")


def test_every_rocm_that_is_out_is_in_the_vocabulary():
    _, versions = amd.get_all_configs()
    assert {"10.0", "7.14", "7.1", "6.3"} <= set(versions.values)


# What ROCm takes a GPU for


@pytest.mark.parametrize(
    ("value", "name"), [("10.3.0", "gfx1030"), ("9.0.10", "gfx90a"), ("11.0.1", "gfx1101")]
)
def test_the_override_of_rocm_counts(machine, monkeypatch, value, name):
    monkeypatch.setenv(OVERRIDE, value)
    answer, told = answered(machine(files=one_gpu(**{ROCM_VERSION_FILE: "7.1.0\n"})))
    assert (answer["gfx_arch"], told) == ([name], "")


@pytest.mark.parametrize("value", ["10.3", "gfx1030", "10.3.0.0", "99.99.99"])
def test_an_override_that_is_no_version_is_ignored_and_said(machine, monkeypatch, value):
    monkeypatch.setenv(OVERRIDE, value)
    answer, told = answered(machine(files=one_gpu(**{ROCM_VERSION_FILE: "7.1.0\n"})))
    assert answer["gfx_arch"] == ["gfx942"]
    assert f"{OVERRIDE} is {value!r}" in told


def test_an_override_makes_no_gpu_of_none(machine, monkeypatch):
    monkeypatch.setenv(OVERRIDE, "10.3.0")
    assert answered(machine(files={f"{NODES}/0/properties": CPU})) == ({}, "")


# Graphics beside the cores


def test_graphics_beside_the_cores_ask_for_no_rocm(machine):
    files = {f"{NODES}/0/properties": CPU, f"{NODES}/1/properties": RAPHAEL}
    assert answered(machine(files=files, pci=(NVIDIA_GPU, AMD_GPU))) == (
        {"gfx_arch": ["gfx1036"]},
        "",
    )


@pytest.mark.parametrize("gpu", [MI300X, STRIX_HALO])
def test_a_gpu_bought_for_computing_does(machine, gpu):
    files = {f"{NODES}/{i}/properties": text for i, text in enumerate((CPU, RAPHAEL, gpu))}
    assert "no ROCm is installed" in answered(machine(files=files))[1]


# WSL

ROCMINFO = """\
#!/bin/sh
[ "$HSA_ENABLE_DXG_DETECTION" = 1 ] || exit 1
cat <<'END'
HSA Agents
==========
Agent 1
  Name:                    AMD Ryzen 9 7950X 16-Core Processor
  Device Type:             CPU
Agent 2
  Name:                    gfx1100
  Marketing Name:          AMD Radeon RX 7900 XTX
  Device Type:             GPU
      Name:                    amdgcn-amd-amdhsa--gfx1100
END
"""


def wsl(machine, program):
    files = {"dev/dxg": "", ROCM_VERSION_FILE: "7.1.0\n", "opt/rocm/bin/rocminfo": program}
    root = machine(files=files)
    (root / "opt/rocm/bin/rocminfo").chmod(0o755)
    return root


def test_under_wsl_rocminfo_is_asked(machine):
    expected = {"gfx_arch": ["gfx1100"], "rocm_version": ["7.1"]}
    assert answered(wsl(machine, ROCMINFO)) == (expected, "")


@pytest.mark.parametrize("program", ["#!/bin/sh\nexit 3\n", "no program"])
def test_under_wsl_a_rocminfo_that_does_not_answer_is_said(machine, program):
    answer, told = answered(wsl(machine, program))
    assert "gfx_arch" not in answer
    assert "this is WSL" in told


def test_wsl_without_rocm_is_passed_over(machine):
    assert answered(machine(files={"dev/dxg": ""})) == ({}, "")
