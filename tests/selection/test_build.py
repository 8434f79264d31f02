"""What a build uses of the machine: its variant, local version, project and requirements tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.wheels import metadata

from variantsel.formats.metadata import VariantMetadata
from variantsel.selection import accelerated_projects
from variantsel.selection.build import ACCELERATORS, Build, unused_accelerators
from variantsel.targets.target import Target

LINUX = {"platform_machine": "x86_64", "platform_system": "Linux", "sys_platform": "linux"}
GRACE = {**LINUX, "platform_machine": "aarch64"}
GPU = {"nvidia": {"cuda_version_lower_bound": ["12.0"]}}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.12.0+cu130", ("nvidia",)),
        ("0.33.0+cu129", ("nvidia",)),
        ("2.8.3+cu12torch2.8cxx11abiTRUE", ("nvidia",)),
        ("2.1.2+pt28cu126", ("nvidia",)),
        ("0.7.8+pt2.8.0cu128", ("nvidia",)),
        ("2.9.0a0+50eac811a6.nv25.9", ("nvidia",)),
        ("2.10.0a0+b558c986e8.nv25.11", ("nvidia",)),
        ("2.10.0+rocm7.1", ("amd",)),
        ("2.10.0+rocm7.1.0.lw.git1234567", ("amd",)),
        ("2.10.0+xpu", ("intel",)),
        ("2.12.0+cpu", ()),
        ("2.1.2+pt28cpu", ()),
        ("2.12.0+cpu.cxx11.abi", ()),
        ("2.12.0", None),
        ("2.9.0a0+gitd38164a", None),
        ("2.9.0a0+50ecu11a6", None),
    ],
)
def test_a_local_version_tells(version: str, expected: tuple[str, ...] | None) -> None:
    assert Build("torch", version).accelerators == expected


CU128 = (
    "filelock",
    "nvidia-cudnn-cu12==9.10.2.21; platform_system == 'Linux' and platform_machine == 'x86_64'",
    "triton==3.6.0; platform_system == 'Linux'",
)


@pytest.mark.parametrize(
    ("requires", "environment", "expected"),
    [
        (CU128, LINUX, ("nvidia",)),
        (CU128, GRACE, ()),  # torch 2.10.0 of PyPI: on aarch64 a build for CPUs
        (["cuda-toolkit[cublas,cudart]==13.0.2; platform_system == 'Linux'"], GRACE, ("nvidia",)),
        (["triton-rocm==3.6.0"], LINUX, ("amd",)),
        (["pytorch-triton-xpu==3.6.0"], LINUX, ("intel",)),
        (["nvidia-cublas; extra == 'cuda'"], LINUX, None),
        (["nvidia-ml-py"], LINUX, None),  # asks the driver, and brings nothing
        (["triton", "faiss-cpu"], LINUX, None),
        (["a line that is none ==="], LINUX, None),
        ([], LINUX, None),
    ],
)
def test_requirements_tell_on_the_machine_they_are_for(
    requires: Sequence[str], environment: dict[str, str], expected: tuple[str, ...] | None
) -> None:
    build = Build.read("torch", "2.10.0", requires, environment=environment)
    assert build.accelerators == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nvidia-cublas", ("nvidia",)),
        ("nvidia-cudnn-cu13", ("nvidia",)),
        ("cudf-cu13", ("nvidia",)),
        ("cupy-cuda12x", ("nvidia",)),
        ("nvidia-dali-cuda130", ("nvidia",)),
        ("triton", ("nvidia", "amd")),
        ("libtpu", ("tpu",)),
        ("xgboost-cpu", ()),
        ("nvidia-ml-py", None),
        ("torch", None),
        ("requests", None),
    ],
)
def test_a_project_tells(name: str, expected: tuple[str, ...] | None) -> None:
    assert Build(name, "1.0").accelerators == expected


def test_a_variant_tells_before_all_else() -> None:
    parsed = VariantMetadata.parse(metadata({"null": {}}, namespaces=["nvidia"]))
    assert Build("torch", "2.10.0+cu128", parsed, ("nvidia-cublas",)).accelerators == ()
    parsed = VariantMetadata.parse(metadata({"gpu": GPU}, namespaces=["nvidia"]))
    assert Build("torch", "2.10.0+cpu", parsed).accelerators == ("nvidia",)


def test_what_a_build_leaves_unused_is_what_its_release_or_its_project_is_also_built_for() -> None:
    gpu, cpu = Target.named("gh200@13.0"), Target.named("cpu-x86-64-v3")
    null = VariantMetadata.parse(metadata({"null": {}}, namespaces=["nvidia"]))
    for build in (
        Build("anything", "1.0", null),
        Build("torch", "2.12.0+cpu"),
        Build("torch", "2.12.0"),
        Build.read("anything", "1.0", CU128, environment=gpu.environment),
    ):
        assert unused_accelerators(build, gpu) == ["nvidia"]
        assert unused_accelerators(build, cpu) == []
    only_cpus = VariantMetadata.parse(metadata({"null": {}}, namespaces=["x86_64"]))
    for build in (
        Build("anything", "1.0", only_cpus),
        Build("torch", "2.12.0+cu130"),
        Build("requests", "1.0"),
    ):
        assert unused_accelerators(build, gpu) == []


def test_the_known_projects_are_named_as_they_are_looked_up_and_say_where_that_was_read() -> None:
    names = [
        *accelerated_projects.PROJECTS,
        *accelerated_projects.PUBLISHED_FOR,
        *accelerated_projects.PROJECT_PREFIXES,
        *accelerated_projects.NO_LIBRARIES,
    ]
    assert [name for name in names if not re.fullmatch("[a-z0-9-]+", name)] == []
    spaces = {
        *accelerated_projects.PROJECT_PREFIXES.values(),
        *(space for known in accelerated_projects.PROJECTS.values() for space in known),
        *(space for known in accelerated_projects.PUBLISHED_FOR.values() for space in known),
    }
    assert spaces <= set(ACCELERATORS)
    text = Path(accelerated_projects.__file__).read_text()
    assert "as of 20" in text
    assert text.count("https://") > 12
