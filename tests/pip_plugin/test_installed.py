"""What an environment holds already: no accelerated build is swapped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.wheels import metadata, write_release, write_wheel

GPU = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
PACKAGES = ("torchlike", "vllmlike", "nvidia-runtime")


@pytest.fixture
def index(tmp_path: Path, environment: Environment) -> Iterator[Index]:
    """torchlike 1.0 in several builds, and an application that wants 2.0."""
    folder = tmp_path / "index"
    document = metadata({"cuda12": GPU, "null": {}}, namespaces=["nvidia"])
    write_release(folder / "torchlike", "torchlike", "1.0", document)
    write_wheel(folder / "torchlike", "torchlike", "1.0+cu128")
    write_wheel(folder / "torchlike", "torchlike", "2.0")
    write_wheel(folder / "vllmlike", "vllmlike", "1.0", requires=["torchlike==2.0"])
    with serve(Index(folder)) as index:
        yield index
    environment.pip("uninstall", "--yes", *PACKAGES, variables={"VARIANTSEL": "0"})


def install(environment: Environment, index: Index, *arguments: str, **variables: str) -> Any:
    variables = {"VARIANTSEL_TARGET": "gh200", **variables}
    return environment.pip("install", "--index-url", index.url, *arguments, variables=variables)


@pytest.mark.parametrize(
    ("build", "shown"),
    [("1.0+cu128", "torchlike 1.0+cu128"), ("1.0", "torchlike 1.0 (variant cuda12)")],
    ids=["local version", "variant"],
)
def test_an_application_that_swaps_a_gpu_build_for_a_cpu_one_is_named(
    environment: Environment, index: Index, build: str, shown: str
) -> None:
    wheel = f"torchlike=={build}"
    if build == "1.0":
        (index.folder / "torchlike" / "torchlike-1.0+cu128-py3-none-any.whl").unlink()
    assert install(environment, index, wheel).returncode == 0
    strict = install(environment, index, "vllmlike", VARIANTSEL_STRICT="1")
    assert strict.returncode == 1
    expected = (
        f"{shown}, which uses nvidia hardware, would be replaced by 2.0, which does not "
        "(torchlike-2.0-py3-none-any.whl). Because of: torchlike==2.0 (vllmlike 1.0)"
    )
    assert f"ERROR: variantsel (strict): {expected}" in strict.stderr
    held = environment.pip("list", variables={"VARIANTSEL": "0"})
    assert build in held.stdout
    warned = install(environment, index, "vllmlike")
    assert warned.returncode == 0
    assert f"WARNING: {expected}" in warned.stderr


def test_a_build_that_brings_its_accelerator_along_is_no_swap(
    environment: Environment, index: Index
) -> None:
    write_wheel(index.folder / "torchlike", "torchlike", "3.0", requires=["nvidia-runtime"])
    write_wheel(index.folder / "nvidia-runtime", "nvidia_runtime", "1.0")
    assert install(environment, index, "torchlike==1.0+cu128").returncode == 0
    upgraded = install(environment, index, "torchlike==3.0")
    assert upgraded.returncode == 0
    assert "would be replaced" not in upgraded.stderr


def test_an_installed_variant_that_fits_no_more_is_said_and_left_alone(
    environment: Environment, index: Index
) -> None:
    (index.folder / "torchlike" / "torchlike-1.0+cu128-py3-none-any.whl").unlink()
    assert install(environment, index, "torchlike==1.0").returncode == 0
    again = install(environment, index, "torchlike==1.0")
    assert (again.returncode, again.stderr) == (0, "")
    elsewhere = install(environment, index, "torchlike==1.0", VARIANTSEL_TARGET="cpu-x86-64-v1")
    assert elsewhere.returncode == 0
    assert "torchlike 1.0 is installed as variant cuda12, which does not fit" in elsewhere.stderr
    assert "Requirement already satisfied: torchlike==1.0" in elsewhere.stdout
    forced = install(
        environment,
        index,
        *("--force-reinstall", "torchlike==1.0"),
        VARIANTSEL_TARGET="cpu-x86-64-v1",
    )
    assert "torchlike 1.0: variant null" in forced.stdout
    label = environment.run("-c", "import torchlike; print(torchlike.LABEL)")
    assert label.stdout == "null\n"
