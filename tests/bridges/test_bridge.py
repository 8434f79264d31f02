"""What a bridge makes of a project's files: labels, pages, metadata."""

from __future__ import annotations

import pytest
from packaging.version import Version
from support.bridge_files import CUPY, JAX, MACOS, ONNXRUNTIME, SOURCE, TORCH, WINDOWS, bridge

from variantsel import VariantMetadata
from variantsel.bridges.platforms import PLATFORMS, platform_of
from variantsel.errors import InvalidBridge

LINUX, ARM = "linux-x86_64", "linux-aarch64"
BY_PAGE = TORCH.replace('told-by = "local-version"', 'told-by = "page"')

LABELS = [
    # the local version tells, whatever page it was found on
    (TORCH, "torch", "2.14.1+cu126", "", LINUX, "cu126"),
    (TORCH, "torch", "2.14.1+cu126", "cu128", LINUX, "cu126"),
    (TORCH, "torch", "2.3.0+cpu.cxx11.abi", "", LINUX, "cpu"),
    (TORCH, "torch", "2.9.0a0+50eac811a6.nv25.9", "", LINUX, ""),
    (TORCH, "torch", "2.9.0+rocm7.2.1", "", LINUX, "rocm7.2"),
    (TORCH, "torch", "2.9.0+rocm7.20", "", LINUX, ""),
    (TORCH, "torchvision", "0.30.0+xpu", "", LINUX, "xpu"),
    # one that does not say, by version and platform
    (TORCH, "torch", "2.15.0", "", LINUX, "cu132"),
    (TORCH, "torch", "2.15.1.post1", "", ARM, "cu132"),
    (TORCH, "torch", "2.14.1", "", ARM, "cu130"),
    (TORCH, "torch", "2.10.0", "", LINUX, "cu128"),
    (TORCH, "torch", "2.10.0", "", ARM, "cpu"),
    (TORCH, "torch", "2.15.0", "", "windows-x86_64", "cpu"),
    (TORCH, "torch", "2.15.0", "", "macos-aarch64", "cpu"),
    (TORCH, "torch", "2.16.0.dev20261101", "", LINUX, "cu132"),
    (TORCH, "torchvision", "0.30.0", "", LINUX, ""),
    # the page tells
    (BY_PAGE, "torch", "2.15.0", "cu126", LINUX, "cu126"),
    (BY_PAGE, "torch", "2.15.0+build7", "cu126", LINUX, "cu126"),
    (BY_PAGE, "torch", "2.15.0", "", LINUX, "cu132"),
    # the name tells
    (CUPY, "cupy-cuda13x", "14.0", "", LINUX, "cuda13"),
    (CUPY, "cupy-cuda13x", "13.0", "", LINUX, ""),
    (CUPY, "cupy-cuda12x", "13.0", "", ARM, "cuda12"),
    (CUPY, "cupy", "14.0", "", LINUX, ""),
    # the meaning of a name changes with the version
    (ONNXRUNTIME, "onnxruntime-gpu", "1.26.0", "", LINUX, "cuda12"),
    (ONNXRUNTIME, "onnxruntime-gpu", "1.27.0", "", LINUX, "cuda13"),
]


@pytest.mark.parametrize(("text", "project", "version", "page", "platform", "label"), LABELS)
def test_the_label_of_a_wheel_is_told_by_local_version_page_name_or_version(
    text: str, project: str, version: str, page: str, platform: str, label: str
) -> None:
    assert bridge(text).label_of(project, Version(version), page, platform) == label


def test_of_two_labels_that_a_local_version_begins_with_the_longer_is_meant() -> None:
    text = TORCH.replace('label = "xpu"', 'label = "rocm7.2.1"')
    assert bridge(text).label_of("torch", Version("2.9.0+rocm7.2.1"), "", LINUX) == "rocm7.2.1"


@pytest.mark.parametrize(
    ("label", "project", "platform", "page"),
    [
        ("cu126", "torch", LINUX, "https://download.example/whl/cu126/torch/"),
        ("cu126", "torch", ARM, ""),
        ("cpu", "torchvision", "macos-aarch64", "https://download.example/whl/cpu/torchvision/"),
        ("cu126", "pytorch-triton-rocm", LINUX, ""),
        ("cu126", "cupy", LINUX, ""),
        ("cu999", "torch", LINUX, ""),
    ],
)
def test_a_member_has_a_page_for_each_of_its_labels(
    label: str, project: str, platform: str, page: str
) -> None:
    assert bridge(TORCH).page_of(label, project, platform) == page


def test_a_mirror_takes_the_place_of_the_index() -> None:
    mirrored = bridge(TORCH).at("https://mirror.example/torch/")
    assert mirrored.page_of("cu126", "torch", LINUX) == (
        "https://mirror.example/torch/cu126/torch/"
    )
    assert bridge(TORCH).at("").page_of("cpu", "torch", LINUX).startswith("https://download.")


def test_there_is_no_mirror_of_an_index_that_there_is_not() -> None:
    with pytest.raises(InvalidBridge) as caught:
        bridge(CUPY).at("https://mirror.example")
    assert "bridges.cupy.base: the bridge cupy has no index" in str(caught.value)


def test_a_labels_own_page_takes_the_place_of_the_indexs() -> None:
    text = TORCH.replace(
        'label = "xpu"\n', 'label = "xpu"\npage = "https://intel.example/{project}/"\n', 1
    )
    assert bridge(text).page_of("xpu", "torch", LINUX) == "https://intel.example/torch/"


def test_the_builds_of_a_release_that_are_for_the_platform_become_variants() -> None:
    found = bridge(TORCH).metadata(
        "torch", Version("2.15.0"), ["cu132", "cu126", "cpu", "rocm7.2", "nope"], ARM
    )
    assert {*found.variants} == {"cu132", "cpu"}  # those that there are builds of on aarch64
    assert found.variants["cpu"] == {}
    assert "110_real" in found.variants["cu132"]["nvidia"]["sm_arch"]


def test_what_needs_something_of_the_machine_can_be_written_as_metadata() -> None:
    found = bridge(TORCH).metadata("torch", Version("2.15.0"), ["cu132", "cu130", "xpu"], LINUX)
    again = VariantMetadata.parse(found.to_json())
    assert {*again.variants} == {"cu132", "cu130", "xpu"}
    assert again.namespaces == found.namespaces


def test_of_builds_that_need_the_same_the_one_that_whoever_chooses_none_gets_is_first() -> None:
    found = bridge(TORCH).metadata("torch", Version("2.14"), ["cu132", "cu130"], LINUX)
    order = {label: properties["bridge"]["order"] for label, properties in found.variants.items()}
    assert order == {"cu130": ("0",), "cu132": ("1",)}


def test_a_row_of_a_label_may_be_about_some_versions() -> None:
    older = (
        f'[[label]]\nlabel = "cpu"\nversions = "<2"\n'
        f'needs = {{ nvidia = {{ sm_arch = ["50_real"] }} }}\n{SOURCE}'
    )
    text = TORCH.replace('[[label]]\nlabel = "xpu"', f'{older}\n[[label]]\nlabel = "xpu"')
    found = bridge(text)
    assert found.metadata("torch", Version("1.13"), ["cpu"], LINUX).variants["cpu"]
    assert found.metadata("torch", Version("2.0"), ["cpu"], LINUX).variants["cpu"] == {}
    assert found.metadata("torch", None, ["cpu"], LINUX).variants["cpu"] == {}


@pytest.mark.parametrize(
    ("text", "mechanisms"),
    [
        (TORCH, ("index", "version")),
        (CUPY, ("name",)),
        (JAX, ("extra", "version")),
        (ONNXRUNTIME, ("version", "exclusive")),
    ],
)
def test_a_bridge_tells_how_its_family_encodes_hardware(
    text: str, mechanisms: tuple[str, ...]
) -> None:
    assert bridge(text).mechanisms == mechanisms


@pytest.mark.parametrize(
    ("environment", "platform"),
    [
        (WINDOWS, "windows-x86_64"),
        (MACOS, "macos-aarch64"),
        ({"sys_platform": "linux", "platform_machine": "x86_64"}, LINUX),
        ({"sys_platform": "linux", "platform_machine": "riscv64"}, "linux-riscv64"),
        ({"sys_platform": "cygwin", "platform_machine": "x86_64"}, "cygwin-x86_64"),
    ],
)
def test_a_machine_has_a_platform(environment: dict[str, str], platform: str) -> None:
    assert platform_of(environment) == platform
    assert (platform in PLATFORMS) == (not platform.startswith(("linux-r", "cygwin")))
