"""A copy of a real index: every file is read, and well-known packages rank as they should.

The copy is not part of the repository: ``VARIANTSEL_SHARED`` names the folder it is in.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from variantsel_providers import nvidia

from variantsel import Ranking, RejectionKind, Target, VariantMetadata, WheelName, rank
from variantsel.formats.wheel_label import OLD_NULL_LABEL
from variantsel.formats.wheel_name import parse_index_metadata_name
from variantsel.targets.target import Properties, StaticProperties

INDEX = Path(os.environ.get("VARIANTSEL_SHARED", "../shared")) / "variant-index" / "v0.0.3"
FILES = sorted(INDEX.glob("*/*-variants.json"))

pytestmark = pytest.mark.skipif(
    not FILES, reason=f"{INDEX} is not there; VARIANTSEL_SHARED names the folder it is in"
)

LINUX_X86_64 = {"platform_machine": "x86_64", "platform_system": "Linux", "sys_platform": "linux"}
LINUX_AARCH64 = {**LINUX_X86_64, "platform_machine": "aarch64"}
WINDOWS = {"platform_machine": "AMD64", "platform_system": "Windows", "sys_platform": "win32"}


def published(project: str, version: str) -> VariantMetadata:
    return VariantMetadata.parse(
        (INDEX / project / f"{project}-{version}-variants.json").read_bytes()
    )


def ranked(
    metadata: VariantMetadata, properties: Properties, environment: dict[str, str] | None = None
) -> Ranking:
    target = Target(
        "a machine", StaticProperties(properties), environment=environment or LINUX_X86_64
    )
    return rank(metadata, target)


def nvidia_machine(cuda: tuple[int, int], compute_capability: tuple[int, int]) -> Properties:
    configs = nvidia.supported_configs(cuda, compute_capability)
    return {"nvidia": {config.name: config.values for config in configs}}


# -- every file


def test_the_whole_index_is_there() -> None:
    assert len(FILES) >= 132


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_read_and_ranks_every_variant(path: Path) -> None:
    metadata = VariantMetadata.parse(path.read_bytes(), source=path.name)
    assert metadata.generation == (0, 0, 3)
    assert set(metadata.variants) == set(json.loads(path.read_text())["variants"])
    ranking = ranked(metadata, {})
    assert {*ranking.labels, *ranking.rejected} == set(metadata.variants)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_named_after_its_release(path: Path) -> None:
    name, version = parse_index_metadata_name(path.name)
    assert name == path.parent.name
    assert f"-{version}-variants.json" in path.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_wheels_of_every_release_have_labels_that_its_file_lists(path: Path) -> None:
    name, version = parse_index_metadata_name(path.name)
    listed = [line.split("\t")[0] for line in (path.parent / "files.tsv").read_text().splitlines()]
    wheels = [WheelName.parse(filename) for filename in listed if filename.endswith(".whl")]
    labels = {
        wheel.label
        for wheel in wheels
        if (wheel.name, wheel.version) == (name, version) and wheel.is_variant
    }
    assert labels
    assert labels <= set(VariantMetadata.parse(path.read_bytes()).variants)


def everything_used(metadata: VariantMetadata) -> dict[str, dict[str, list[str]]]:
    """A machine that supports all a release was built for, each value in a place of its own."""
    result: dict[str, dict[str, list[str]]] = {}
    for _, properties in sorted(metadata.variants.items()):
        for namespace, features in properties.items():
            for feature, values in features.items():
                known = result.setdefault(namespace, {}).setdefault(feature, [])
                known.extend(value for value in reversed(values) if value not in known)
    return result


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_ranks_the_same_once_written_anew(path: Path) -> None:
    metadata = VariantMetadata.parse(path.read_bytes())
    host = Target("a machine", StaticProperties({}), environment=LINUX_X86_64)
    providers = metadata.providers or {}
    machine = {
        namespace: features
        for namespace, features in everything_used(metadata).items()
        if (marker := providers[namespace].enable_if) is None or host.matches_marker(marker)
        if providers[namespace].static_properties is None  # what the file says counts, in its order
    }
    again = VariantMetadata.parse(metadata.to_json())
    assert ranked(again, machine).labels == ranked(metadata, machine).labels


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_variantlib_reads_every_file_once_written_anew(path: Path) -> None:
    variants_json = pytest.importorskip("variantlib.variants_json")
    metadata = VariantMetadata.parse(path.read_bytes())
    if OLD_NULL_LABEL in metadata.variants:
        with pytest.raises(ValueError, match="null"):
            variants_json.VariantsJson(metadata.to_dict())
        return
    read = variants_json.VariantsJson(json.loads(metadata.to_json()))
    assert set(read.variants) == set(metadata.variants)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_release_merges_from_its_wheels(path: Path) -> None:
    document: dict[str, Any] = json.loads(path.read_text())
    wheels = [
        VariantMetadata.parse({**document, "variants": {label: properties}})
        for label, properties in document["variants"].items()
    ]
    release = VariantMetadata.parse(document)
    assert VariantMetadata.merge(wheels).to_json() == release.to_json()
    assert VariantMetadata.merge(reversed(wheels)).to_json() == release.to_json()
    for label, wheel in zip(document["variants"], wheels, strict=True):
        release.check_wheel(wheel, label)


# -- torch 2.10.0


@pytest.mark.parametrize(
    ("cuda", "compute_capability", "expected"),
    [
        pytest.param(
            (13, 0), (9, 0), ["cuda13.0", "cuda12.8", "cuda12.6", "null"], id="H100, CUDA 13.0"
        ),
        pytest.param((12, 8), (9, 0), ["cuda12.8", "cuda12.6", "null"], id="H100, CUDA 12.8"),
        pytest.param((12, 0), (9, 0), ["cuda12.8", "cuda12.6", "null"], id="H100, CUDA 12.0"),
        pytest.param((11, 8), (9, 0), ["null"], id="H100, CUDA 11.8"),
        pytest.param((13, 0), (7, 0), ["cuda12.8", "cuda12.6", "null"], id="V100, CUDA 13.0"),
        pytest.param((13, 0), (6, 0), ["cuda12.6", "null"], id="P100, CUDA 13.0"),
        pytest.param((13, 0), (10, 0), ["cuda13.0", "cuda12.8", "null"], id="B200, CUDA 13.0"),
    ],
)
def test_torch_takes_the_newest_cuda_that_driver_and_gpu_allow(
    cuda: tuple[int, int], compute_capability: tuple[int, int], expected: list[str]
) -> None:
    ranking = ranked(published("torch", "2.10.0"), nvidia_machine(cuda, compute_capability))
    assert ranking.labels == expected


def test_torch_says_which_property_an_older_driver_lacks() -> None:
    ranking = ranked(published("torch", "2.10.0"), nvidia_machine((12, 8), (9, 0)))
    rejection = ranking.rejected["cuda13.0"]
    assert rejection.kind is RejectionKind.VALUE
    assert rejection.feature == "cuda_version_lower_bound"
    assert rejection.wanted == ("13.0",)
    assert rejection.supported[0] == "12.8"


def test_torch_says_which_property_an_older_gpu_lacks() -> None:
    ranking = ranked(published("torch", "2.10.0"), nvidia_machine((13, 0), (7, 0)))
    rejection = ranking.rejected["cuda13.0"]
    assert (rejection.kind, rejection.feature) == (RejectionKind.VALUE, "sm_arch")


@pytest.mark.parametrize(
    ("rocm", "expected"), [("7.1", ["rocm7.1", "null"]), ("7.0", ["rocm7.0", "null"])]
)
def test_torch_takes_the_rocm_of_the_machine(rocm: str, expected: list[str]) -> None:
    machine = {"amd": {"gfx_arch": ["gfx942"], "rocm_version": [rocm]}}
    assert ranked(published("torch", "2.10.0"), machine).labels == expected


def test_torch_has_no_rocm_on_windows() -> None:
    machine = {"amd": {"gfx_arch": ["gfx942"], "rocm_version": ["7.1"]}}
    ranking = ranked(published("torch", "2.10.0"), machine, WINDOWS)
    assert ranking.labels == ["null"]
    assert ranking.rejected["rocm7.1"].kind is RejectionKind.ENABLE_IF


def test_torch_takes_xpu_on_an_intel_gpu() -> None:
    machine = {"intel": {"device_ip": ["20.1.0"]}}
    assert ranked(published("torch", "2.10.0"), machine).labels == ["xpu", "null"]


def test_torch_prefers_nvidia_over_intel_and_amd_as_its_publisher_does() -> None:
    machine = {
        "amd": {"gfx_arch": ["gfx942"], "rocm_version": ["7.1"]},
        "intel": {"device_ip": ["20.1.0"]},
        **nvidia_machine((12, 8), (9, 0)),
    }
    assert ranked(published("torch", "2.10.0"), machine).labels == [
        "cuda12.8",
        "cuda12.6",
        "xpu",
        "rocm7.1",
        "null",
    ]


def test_torch_takes_the_null_variant_where_there_is_no_gpu() -> None:
    ranking = ranked(published("torch", "2.10.0"), {})
    assert ranking.labels == ["null"]
    assert {reason.kind for reason in ranking.rejected.values()} == {RejectionKind.NAMESPACE}


def test_the_old_spelling_of_null_comes_last_too() -> None:
    ranking = ranked(published("torch", "2.8.0"), nvidia_machine((12, 8), (9, 0)))
    assert ranking.labels[-1] == OLD_NULL_LABEL
    assert len(ranking.labels) > 1


# -- cupy 13.6.0, which has no null variant


@pytest.mark.parametrize(
    ("cuda", "compute_capability", "expected"),
    [
        ((13, 0), (9, 0), ["cu13", "cu12", "cu11"]),
        ((12, 8), (9, 0), ["cu12", "cu11"]),
        ((11, 8), (9, 0), ["cu11"]),
        ((13, 0), (10, 0), ["cu13", "cu12"]),
        ((13, 0), (7, 0), ["cu12", "cu11"]),
    ],
)
def test_cupy_takes_the_newest_cuda_that_driver_and_gpu_allow(
    cuda: tuple[int, int], compute_capability: tuple[int, int], expected: list[str]
) -> None:
    ranking = ranked(published("cupy", "13.6.0"), nvidia_machine(cuda, compute_capability))
    assert ranking.labels == expected


def test_cupy_has_nothing_for_a_machine_without_gpu() -> None:
    ranking = ranked(published("cupy", "13.6.0"), {})
    assert ranking.labels == []
    assert set(ranking.rejected) == {"cu11", "cu12", "cu13"}


# -- numpy 2.3.4


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["v4", "v3", "v2", "v1"], ["x8664v4_mkl", "accelerate", "openblas"]),
        (["v3", "v2", "v1"], ["accelerate", "openblas"]),
        (["v1"], ["accelerate", "openblas"]),
    ],
)
def test_numpy_takes_what_the_x86_64_level_allows(levels: list[str], expected: list[str]) -> None:
    ranking = ranked(published("numpy", "2.3.4"), {"x86_64": {"level": levels}})
    assert ranking.labels == expected


def test_numpy_has_no_x86_64_variant_elsewhere() -> None:
    machine = {"x86_64": {"level": ["v4"]}, "aarch64": {"version": ["8a"]}}
    ranking = ranked(published("numpy", "2.3.4"), machine, LINUX_AARCH64)
    assert ranking.labels == ["accelerate", "openblas"]
    assert ranking.rejected["x8664v4_mkl"].kind is RejectionKind.ENABLE_IF
