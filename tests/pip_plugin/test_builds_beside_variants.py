"""Ordinary builds beside variants: what each is known to use, and advice that works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.machines import HOPPER
from support.wheels import metadata, write_release, write_wheel

CUDA = {"nvidia": {"cuda_version_lower_bound": ["12.0"]}}
DOCUMENT = metadata({"cuda12": CUDA, "null": {}}, namespaces=["nvidia"])
PACKAGES = ("torch", "nvidia-cublas", "nvidia-nccl-cu13", "app")


@pytest.fixture
def indexes(tmp_path: Path, environment: Environment) -> Iterator[tuple[Index, Index]]:
    """One index with variants of torch 2.12.0, and another that is still empty."""
    variants, others = tmp_path / "variants", tmp_path / "others"
    write_release(variants / "torch", "torch", "2.12.0", DOCUMENT)
    others.mkdir()
    with serve(Index(variants)) as first, serve(Index(others)) as second:
        yield first, second
    environment.remove(*PACKAGES)


def install(
    environment: Environment, indexes: tuple[Index, Index], *arguments: str, **variables: str
) -> Any:
    options = ("--index-url", indexes[0].url, "--extra-index-url", indexes[1].url)
    result = environment.pip(
        *("install", *options, *arguments),
        variables={"VARIANTSEL_TARGET": f"{HOPPER}@13.0", **variables},
    )
    assert result.returncode == 0, result.stderr
    return result


def installed(environment: Environment) -> str:
    code = "import torch, importlib.metadata as m; print(m.version('torch'), torch.LABEL)"
    return environment.run("-c", code).stdout.strip()


LEGACY = ("--use-deprecated", "legacy-resolver")


@pytest.mark.parametrize("options", [(), LEGACY], ids=["resolvelib", "legacy"])
@pytest.mark.parametrize("newest", ["2.12.0+cpu", "2.13.0+cpu"])
def test_the_advice_against_a_cpu_build_works_when_it_is_followed(
    environment: Environment,
    indexes: tuple[Index, Index],
    options: tuple[str, ...],
    newest: str,
) -> None:
    write_wheel(indexes[1].folder / "torch", "torch", "2.12.0+cpu")
    write_wheel(indexes[1].folder / "torch", "torch", newest)
    warned = install(environment, indexes, *options, "torch").stderr
    assert installed(environment) == newest
    assert f"torch-{newest}-py3-none-any.whl was published without variants and does not use" in (
        warned
    )
    advice = re.search(r"has the variant cuda12 for it \(pip install (.*)\)", warned)
    assert advice is not None, warned
    followed = install(environment, indexes, *options, *shlex.split(advice[1]))
    assert installed(environment) == "2.12.0 cuda12"
    assert followed.stderr == ""


@pytest.mark.parametrize("options", [(), LEGACY], ids=["resolvelib", "legacy"])
@pytest.mark.parametrize(
    ("version", "requires"),
    [
        ("2.12.0+cu130", []),
        ("2.13.0", ["nvidia-cublas"]),
        ("2.13.0a0+50eac811a6.nv25.9", []),
    ],
)
def test_a_build_for_the_accelerator_is_no_reason_to_warn(
    environment: Environment,
    indexes: tuple[Index, Index],
    options: tuple[str, ...],
    version: str,
    requires: list[str],
) -> None:
    write_wheel(indexes[1].folder / "torch", "torch", version, requires=requires)
    write_wheel(indexes[1].folder / "nvidia-cublas", "nvidia_cublas", "13.1")
    result = install(environment, indexes, *options, "--pre", "torch")
    assert installed(environment).split()[0] == version
    assert result.stderr == ""


def test_a_build_whose_libraries_are_required_on_other_machines_only_is_a_cpu_build(
    environment: Environment, indexes: tuple[Index, Index]
) -> None:
    requires = ["nvidia-cublas; platform_machine == 's390x'"]
    write_wheel(indexes[1].folder / "torch", "torch", "2.13.0", requires=requires)
    warned = install(environment, indexes, "torch").stderr
    assert "torch-2.13.0-py3-none-any.whl was published without variants and does not use" in warned


def test_the_libraries_of_the_maker_are_no_reason_to_warn(
    environment: Environment, indexes: tuple[Index, Index]
) -> None:
    variants, others = (index.folder for index in indexes)
    for project in ("nvidia-cublas", "nvidia-nccl-cu13"):
        name = project.replace("-", "_")
        write_release(variants / project, name, "13.1", metadata({"gpu": CUDA}))
        write_wheel(others / project, name, "13.0")
    requires = ["nvidia-cublas==13.0", "nvidia-nccl-cu13==13.0"]
    write_wheel(others / "torch", "torch", "2.13.0", requires=requires)
    result = install(environment, indexes, "torch")
    assert "Successfully installed nvidia" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("options", [(), LEGACY], ids=["resolvelib", "legacy"])
def test_what_another_package_requires_is_named_instead_of_advice_against_it(
    environment: Environment, indexes: tuple[Index, Index], options: tuple[str, ...]
) -> None:
    write_wheel(indexes[1].folder / "torch", "torch", "2.11.0")
    write_wheel(indexes[1].folder / "app", "app", "1.0", requires=["torch==2.11.0"])
    warned = install(environment, indexes, *options, "app").stderr
    assert (
        "torch-2.11.0-py3-none-any.whl was published without variants and may not use "
        f"{HOPPER}@13.0's nvidia hardware; torch 2.12.0 has the variant cuda12 for it, but app 1.0 "
        "requires torch==2.11.0\n"
    ) in warned


@pytest.mark.parametrize("options", [(), LEGACY], ids=["resolvelib", "legacy"])
@pytest.mark.parametrize("requires", [["nvidia-cublas"], []])
def test_an_ordinary_wheel_taken_instead_of_variants_is_judged_by_what_it_requires(
    environment: Environment,
    indexes: tuple[Index, Index],
    options: tuple[str, ...],
    requires: list[str],
) -> None:
    variants, others = (index.folder for index in indexes)
    new = {"nvidia": {"cuda_version_lower_bound": ["14.0"]}}
    write_release(variants / "torch", "torch", "2.13.0", metadata({"cuda14": new}))
    write_wheel(variants / "torch", "torch", "2.13.0", requires=requires)
    write_wheel(others / "nvidia-cublas", "nvidia_cublas", "13.1")
    result = install(environment, indexes, *options, "torch")
    assert installed(environment) == "2.13.0"
    if requires:
        assert result.stderr == ""
    else:
        assert "but torch-2.13.0-py3-none-any.whl may not use it. cuda14 needs" in result.stderr
