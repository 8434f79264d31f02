"""Builds without variants on a machine with an accelerator: what is known of them is said."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.machines import HOPPER
from support.resolvers import RESOLVERS
from support.wheels import metadata, write_release, write_wheel

CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
TWO = metadata({"cuda12": CUDA12, "null": {}}, namespaces=["nvidia"])
PYTHON = f"cp3{sys.version_info[1]}"
OWN = f"{PYTHON}-{PYTHON}-manylinux_2_17_{platform.machine()}"
GPU = {
    "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "12.8",
    "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0",
}
ELSEWHERE = ["nvidia-cublas-cu12; platform_machine == 'x86_64'", "filelock"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """No variants but of ``gpu``; torch for two machines and of two kinds."""
    folder = tmp_path_factory.mktemp("index")
    for machine in ("x86_64", "aarch64"):
        tag = f"cp312-cp312-manylinux_2_28_{machine}"
        write_wheel(folder / "torch", "torch", "2.10.0", tag=tag, requires=ELSEWHERE)
        write_wheel(folder / "numpy", "numpy", "2.0", tag=tag)
        write_wheel(folder / "vllm", "vllm", "1.0", tag=tag)
    write_wheel(folder / "torch", "torch", "2.9.0", tag=OWN, requires=ELSEWHERE[1:])
    write_wheel(folder / "torch", "torch", "2.8.0+cpu")
    write_wheel(folder / "pure", "pure", "1.0", requires=["numpy", "filelock"])
    for name in ("filelock", "nvidia-cublas-cu12"):
        write_wheel(folder / name, name.replace("-", "_"), "1.0")
    write_release(folder / "gpu", "gpu", "1.0", TWO, non_variant=True)
    with serve(Index(folder, json_pages=True)) as index:
        yield index


def fill(environment: Environment, index: Index, into: Path, *arguments: str, **more: str) -> Any:
    """``variantsel pip --target … install … --into``; the target comes first."""
    target, *others = arguments
    result = environment.run(
        *("-m", "variantsel", "pip", "--target", target, "install", "--python-version", "3.12"),
        *("--index-url", index.url, "--into", str(into), *others),
        variables=more,
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result


def install(
    environment: Environment, index: Index, into: Path, *arguments: str, **more: str
) -> Any:
    options = ("--index-url", index.url, "--target", str(into))
    result = environment.pip("install", *options, *arguments, variables=more)
    assert "Traceback" not in result.stdout + result.stderr
    return result


def warnings(result: Any) -> list[str]:
    assert result.returncode == 0, result.stdout + result.stderr
    return [line for line in result.stderr.splitlines() if not line.startswith("  WARNING: Disca")]


def test_a_cpu_build_for_a_machine_with_an_accelerator_is_said_and_strict_refuses_it(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    expected = (
        "torch 2.10.0: torch-2.10.0-cp312-cp312-manylinux_2_28_aarch64.whl does not use "
        "gb200@12.8's nvidia hardware (it requires nvidia-cublas-cu12 on other machines only), "
        f"and there are no variants of torch on {index.url}torch. Another index may have them: "
        "--index-url, --extra-index-url or --find-links."
    )
    result = fill(environment, index, tmp_path / "layer", "gb200", "torch==2.10.0")
    assert warnings(result) == [f"WARNING: {expected}"]
    assert (tmp_path / "layer" / "torch.py").is_file()
    strict = {"VARIANTSEL_STRICT": "1"}
    refused = fill(environment, index, tmp_path / "none", "gb200", "torch==2.10.0", **strict)
    assert (refused.returncode, (tmp_path / "none").exists()) == (1, False)
    assert f"ERROR: variantsel (strict): {expected}" in refused.stderr


def test_of_a_build_for_the_targets_accelerator_it_is_said_what_tells(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = fill(environment, index, tmp_path / "layer", "h100", "torch==2.10.0", "vllm")
    assert warnings(result) == []
    assert (
        "torch 2.10.0: torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl uses nvidia hardware (it "
        f"requires nvidia-cublas-cu12); there are no variants of torch on {index.url}torch, so "
        "nothing tells whether it is the build for h100@"
    ) in result.stdout
    assert (
        "vllm-1.0-cp312-cp312-manylinux_2_28_x86_64.whl: nothing tells whether it uses h100@"
        in (result.stdout)
    )


def test_a_build_for_another_makers_accelerator_is_said(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    (warning,) = warnings(fill(environment, index, tmp_path / "layer", "mi300x", "torch==2.10.0"))
    assert "x86_64.whl does not use mi300x@" in warning
    assert "amd hardware (it requires nvidia-cublas-cu12), and there are no variants" in warning


@RESOLVERS
@pytest.mark.parametrize(
    ("version", "evidence"),
    [("2.9.0", "it requires no library for it"), ("2.8.0+cpu", "its version says cpu")],
)
def test_a_cpu_build_on_this_machine_is_said(
    environment: Environment,
    index: Index,
    tmp_path: Path,
    resolver: tuple[str, ...],
    version: str,
    evidence: str,
) -> None:
    site = tmp_path / "site"
    result = install(environment, index, site, *resolver, f"torch=={version}", **GPU)
    (warning,) = warnings(result)
    assert f"does not use this machine's nvidia hardware ({evidence}), and there are no" in warning
    assert (site / "torch.py").is_file()


def test_what_seldom_has_builds_for_accelerators_is_never_warned_of(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = fill(environment, index, tmp_path / "layer", "gb200", "pure", "numpy")
    assert warnings(result) == []
    assert "variants" not in result.stdout
    ordinary = install(environment, index, tmp_path / "site", "filelock", **GPU)
    assert warnings(ordinary) == []
    assert "variants" not in ordinary.stdout


def test_what_the_user_asked_for_is_not_remarked_on(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    settings = ({"VARIANTSEL_OFF": "torch"}, {"VARIANTSEL_TAKE": "torch=x,torch=non-variant"})
    for setting in settings:
        site = tmp_path / next(iter(setting))
        result = install(environment, index, site, "torch==2.8.0+cpu", **GPU, **setting)
        assert warnings(result) == []
    wheel = index.folder / "torch" / "torch-2.8.0+cpu-py3-none-any.whl"
    asked = len(index.requests)
    named = install(environment, index, tmp_path / "named", "--no-deps", str(wheel), **GPU)
    assert warnings(named) == []
    assert len(index.requests) == asked


# -- variants that are there, and not reached


@pytest.fixture
def nightly(tmp_path: Path) -> Iterator[Index]:
    write_release(tmp_path / "nightly" / "torch", "torch", "2.13.0.dev20260101", TWO)
    with serve(Index(tmp_path / "nightly")) as index:
        yield index


@RESOLVERS
def test_variants_of_a_pre_release_beside_a_cpu_build_are_said(
    environment: Environment,
    index: Index,
    nightly: Index,
    tmp_path: Path,
    resolver: tuple[str, ...],
) -> None:
    expected = (
        "torch-2.8.0+cpu-py3-none-any.whl was published without variants and does not use "
        f"{HOPPER}@12.8's nvidia hardware; torch 2.13.0.dev20260101 has the variant cuda12 for it "
        "(a pre-release: pip install --pre torch, or pip install torch==2.13.0.dev20260101)"
    )
    options = (*resolver, "--extra-index-url", nightly.url, "torch<2.9")
    settings = {"VARIANTSEL_TARGET": HOPPER}
    result = install(environment, index, tmp_path / "site", *options, **settings)
    assert warnings(result) == [f"WARNING: {expected}"]
    strict = {**settings, "VARIANTSEL_STRICT": "1"}
    refused = install(environment, index, tmp_path / "none", *options, **strict)
    assert (refused.returncode, (tmp_path / "none").exists()) == (1, False)
    assert f"ERROR: variantsel (strict): {expected}" in refused.stderr
    for advice in (("--pre", "torch"), ("torch==2.13.0.dev20260101",)):
        followed = install(
            *(environment, index, tmp_path / advice[-1], *resolver),
            *("--extra-index-url", nightly.url, *advice),
            **settings,
        )
        assert "torch 2.13.0.dev20260101: variant cuda12 " in followed.stdout


def sha256(index: Index, label: str) -> str:
    path = index.folder / "gpu" / f"gpu-1.0-py3-none-any{label}.whl"
    return hashlib.sha256(path.read_bytes()).hexdigest()


@RESOLVERS
@pytest.mark.parametrize("label", ["-null", ""])
def test_a_hash_that_rules_a_variant_out_is_said(
    environment: Environment, index: Index, tmp_path: Path, label: str, resolver: tuple[str, ...]
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"gpu==1.0 --hash=sha256:{sha256(index, label)}\n")
    options = (*resolver, "-v", "--require-hashes", "-r", str(requirements))
    result = install(environment, index, tmp_path / "site", *options, VARIANTSEL_TARGET=HOPPER)
    text = " ".join(warnings(result))
    if label:
        assert "cuda12 fits, but has a hash that is none of those given." in text
        assert "1. cuda12  (a hash that is none of those given)" in result.stdout
    else:
        assert "gpu 1.0 has the variant cuda12 for it, but its hash is none of those that were" in (
            text
        )


@pytest.mark.parametrize("late", ["gpu-1.0-py3-none-any-cuda12.whl", "every variant"])
def test_a_date_that_rules_a_variant_out_is_said(
    environment: Environment, index: Index, tmp_path: Path, late: str
) -> None:
    if tuple(map(int, environment.pip_version.split(".")[:2])) < (26, 0):
        pytest.skip("this pip has no --uploaded-prior-to")
    days = {False: "2025-01-01T00:00:00Z", True: "2026-01-01T00:00:00Z"}
    names = [path.name for path in (index.folder / "gpu").iterdir()]
    index.upload_times = {
        name: days[name == late or (late == "every variant" and "-any-" in name)] for name in names
    }
    options = ("-v", "--uploaded-prior-to", "2025-06-01T00:00:00Z", "gpu")
    result = install(environment, index, tmp_path / "site", *options, VARIANTSEL_TARGET=HOPPER)
    (warning,) = warnings(result)
    reason = "was uploaded on 2026-01-01, too late for --uploaded-prior-to"
    if late == "every variant":
        assert "gpu-1.0-py3-none-any.whl was published without variants; " in warning
        assert f"gpu-1.0-py3-none-any-cuda12.whl {reason}" in warning
    else:
        assert f"cuda12 fits, but {reason}." in warning
        assert f"1. cuda12  ({reason})" in result.stdout
