"""What file names and requirements tell, in the words of a bridge's rows."""

from __future__ import annotations

import pytest

from variantsel.bridges.check.published import (
    Metadata,
    platforms_of,
    toolkit_of_name,
    toolkits_of,
    wheels_of,
)
from variantsel.bridges.platforms import PLATFORMS


@pytest.mark.parametrize(
    ("tags", "platforms"),
    [
        ("manylinux_2_28_x86_64", {"linux-x86_64"}),
        ("manylinux2014_aarch64.manylinux_2_17_aarch64", {"linux-aarch64"}),
        ("manylinux1_x86_64", {"linux-x86_64"}),
        ("musllinux_1_2_aarch64", {"linux-aarch64"}),
        ("linux_x86_64", {"linux-x86_64"}),
        ("win_amd64", {"windows-x86_64"}),
        ("win_arm64", {"windows-aarch64"}),
        ("macosx_14_0_arm64", {"macos-aarch64"}),
        ("macosx_10_9_universal2", {"macos-x86_64", "macos-aarch64"}),
        ("macosx_11_0_x86_64", {"macos-x86_64"}),
        ("any", {*PLATFORMS}),
        ("win32", {"windows-32"}),
        ("emscripten_4_0_9_wasm32", set()),
    ],
)
def test_platform_tags_tell_the_platforms(tags: str, platforms: set[str]) -> None:
    found = platforms_of(tags)
    assert found.intersection(PLATFORMS) == platforms.intersection(PLATFORMS)


def test_wheels_come_newest_first_without_pre_releases_and_other_projects() -> None:
    names = [
        "demo-1.9-py3-none-any.whl",
        "demo-1.10+cu130-1-cp312-cp312-win_amd64.whl",
        "demo-1.10%2Bcpu-cp312-cp312-win_amd64.whl",
        "demo-2.0rc1-py3-none-any.whl",
        "demo_other-3.0-py3-none-any.whl",
        "demo-new-py3-none-any.whl",
        "demo-3.0.tar.gz",
        "demo.whl",
    ]
    found = [str(wheel.version) for wheel in wheels_of("demo", names)]
    assert found == ["1.10+cu130", "1.10+cpu", "1.9"]


@pytest.mark.parametrize(
    ("name", "toolkit"),
    [
        ("nvidia-nccl-cu13", "cu13"),
        ("cupy-cuda12x", "cu12"),
        ("nvidia-dali-cuda130", "cu13"),
        ("jax-cuda13-plugin", "cu13"),
        ("faiss-gpu-cu12", "cu12"),
        ("nvidia-cudnn", ""),
        ("cucim", ""),
        ("cuda-python", ""),
        ("curand1234", ""),
    ],
)
def test_a_name_may_tell_the_toolkit(name: str, toolkit: str) -> None:
    assert [*toolkit_of_name(name)] == ([toolkit] if toolkit else [])


REQUIRES = [
    "numpy",
    "not a requirement!",
    "nvidia-nccl-cu12; platform_system == 'Linux' and platform_machine == 'x86_64'",
    "cuda-toolkit[cudart]==13.*; sys_platform == 'win32'",
    "nvidia-cublas>=14.0; platform_machine == 'ARM64'",
    "jax-cuda13-plugin; extra == 'cuda13'",
]


@pytest.mark.parametrize(
    ("platform", "extras", "toolkits"),
    [
        ("linux-x86_64", (), ["cu12"]),
        ("linux-aarch64", (), []),
        ("windows-x86_64", (), ["cu13"]),
        ("windows-aarch64", (), ["cu13", "cu14"]),
        ("linux-aarch64", ("cuda13",), ["cu13"]),
        ("macos-aarch64", (), []),
    ],
)
def test_requirements_tell_the_toolkit_on_a_platform(
    platform: str, extras: tuple[str, ...], toolkits: list[str]
) -> None:
    metadata = Metadata(REQUIRES, frozenset({"cuda13"}))
    assert sorted(toolkits_of(metadata, platform, extras)) == toolkits
