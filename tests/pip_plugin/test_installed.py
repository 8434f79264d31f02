"""What an environment holds already: no accelerated build is swapped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.machines import HOPPER
from support.wheels import metadata, write_release, write_wheel

GPU = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
PACKAGES = ("torchlike", "vllmlike", "nvidia-runtime", "kernels", "gpuonly")
CPU = "cpu-x86-64-v1"


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
    environment.remove(*PACKAGES)


def install(environment: Environment, index: Index, *arguments: str, **variables: str) -> Any:
    variables = {"VARIANTSEL_TARGET": HOPPER, **variables}
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
    legacy = ("--dry-run", "--use-deprecated", "legacy-resolver", "vllmlike")
    assert f"WARNING: {expected}" in install(environment, index, *legacy).stderr
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


@pytest.fixture
def misfits(environment: Environment, index: Index) -> Index:
    """torchlike and the kernels it requires are installed as variants for a GPU, as is gpuonly."""
    torchlike = index.folder / "torchlike"
    for wheel in torchlike.glob("*"):
        wheel.unlink()
    better = {"nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["90_real"]}}
    document = metadata({"cuda12": GPU, "cuda13": better, "null": {}}, namespaces=["nvidia"])
    write_release(torchlike, "torchlike", "1.0", document, requires=["kernels"])
    write_release(index.folder / "kernels", "kernels", "1.0", document)
    write_release(index.folder / "gpuonly", "gpuonly", "1.0", metadata({"cuda12": GPU}))
    for name in ("torchlike", "kernels", "gpuonly"):
        environment.unpack(index.folder / name / f"{name}-1.0-py3-none-any-cuda12.whl")
    return index


def installed_labels(environment: Environment) -> str:
    code = "import torchlike, kernels; print(torchlike.LABEL, kernels.LABEL)"
    return environment.run("-c", code).stdout.strip()


def would_install(environment: Environment, index: Index, *arguments: str) -> str:
    result = install(environment, index, "--dry-run", *arguments, VARIANTSEL_TARGET=CPU)
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if line.startswith("Would install")]
    return " ".join(lines)


def test_an_upgrade_replaces_what_its_strategy_allows_of_the_variants_that_fit_no_more(
    environment: Environment, misfits: Index
) -> None:
    assert would_install(environment, misfits, "torchlike") == ""
    upgrade = ("--upgrade", "torchlike")
    assert would_install(environment, misfits, *upgrade) == "Would install torchlike-1.0"
    eager = ("--upgrade-strategy", "eager", *upgrade)
    both = "Would install kernels-1.0 torchlike-1.0"
    assert would_install(environment, misfits, *eager) == both
    legacy = ("--use-deprecated", "legacy-resolver", *upgrade)
    assert would_install(environment, misfits, *legacy) == "Would install torchlike-1.0"


def test_an_upgrade_says_which_variant_fits_no_more_and_what_is_left(
    environment: Environment, misfits: Index
) -> None:
    options = ("--upgrade", "torchlike", "gpuonly")
    # Nobody loses an accelerator here: this machine has none. Being strict changes nothing.
    upgraded = install(environment, misfits, *options, VARIANTSEL_TARGET=CPU, VARIANTSEL_STRICT="1")
    assert upgraded.returncode == 0, upgraded.stderr
    why = "it needs nvidia :: cuda_version_lower_bound :: 12.0, but the machine supports nothing in"
    assert (
        f"torchlike 1.0 is installed as variant cuda12, which does not fit {CPU}: {why} nvidia. "
        "Taking another instead."
    ) in upgraded.stdout
    assert f"kernels 1.0 is installed as variant cuda12, which does not fit {CPU}" in (
        upgraded.stderr
    )
    assert "'pip install --upgrade kernels' takes one that fits." in upgraded.stderr
    left = [line for line in upgraded.stderr.splitlines() if "gpuonly 1.0 is installed as" in line]
    assert [line.endswith("Nothing else could be taken.") for line in left] == [True]
    assert "would be replaced" not in upgraded.stderr
    assert installed_labels(environment) == "null cuda12"
    again = install(environment, misfits, "--upgrade", "torchlike", VARIANTSEL_TARGET=CPU)
    assert "Successfully installed" not in again.stdout


def test_an_installed_variant_that_fits_is_left_alone_although_a_better_one_would_fit(
    environment: Environment, misfits: Index
) -> None:
    options = ("--upgrade", "torchlike")
    result = install(environment, misfits, *options, VARIANTSEL_TARGET=f"{HOPPER}@13.0")
    assert (result.returncode, result.stderr) == (0, "")
    assert installed_labels(environment) == "cuda12 cuda12"
    forced = ("--force-reinstall", "--no-deps", "torchlike")
    assert (
        install(environment, misfits, *forced, VARIANTSEL_TARGET=f"{HOPPER}@13.0").returncode == 0
    )
    assert installed_labels(environment) == "cuda13 cuda12"


def test_a_driver_that_fails_is_no_reason_to_replace_a_variant(
    environment: Environment, misfits: Index
) -> None:
    broken = {"NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "99.0"}
    options = ("--upgrade", "--upgrade-strategy", "eager", "torchlike")
    variables = {"VARIANTSEL_TARGET": "", "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0", **broken}
    assert install(environment, misfits, *options, **variables).returncode == 0
    assert installed_labels(environment) == "cuda12 cuda12"
