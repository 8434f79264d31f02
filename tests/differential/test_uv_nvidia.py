"""What our NVIDIA provider supports and prefers, the one built into uv does too."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from variantsel_providers import nvidia

from .random_metadata import SCHEMA
from .uv_peer import publish, uv_selections

CUDA_VERSIONS = [
    version
    for major in range(9, 18)
    for version in (str(major), *(f"{major}.{minor}" for minor in range(23)))
]
CANDIDATES = {
    "cuda_version_lower_bound": CUDA_VERSIONS,
    "cuda_version_upper_bound": CUDA_VERSIONS,
    "sm_arch": [
        f"{major}{minor}{kind}"
        for major in range(4, 15)
        for minor in range(10)
        for kind in ("", "_real", "_virtual", "a_real")
    ],
}
"""The whole vocabulary and what is beyond its edges, in no order of preference."""

Property = tuple[str, str]
"""A feature of the namespace ``nvidia`` and a value."""


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Property]]:
    """An index of projects that have one variant each, with one candidate property."""
    index = tmp_path_factory.mktemp("candidates") / "index"
    projects = _numbered(
        (feature, value) for feature in CANDIDATES for value in CANDIDATES[feature]
    )
    publish(index, {name: _release({"wanted": wanted}) for name, wanted in projects.items()})
    return index, projects


@pytest.mark.filterwarnings("ignore:.*compute capability.*is below")
@pytest.mark.parametrize(
    ("cuda_version", "compute_capability"),
    [
        pytest.param((12, 8), (9, 0), id="H200"),
        pytest.param((13, 0), (12, 0), id="minor zero"),
        pytest.param((12, 20), (8, 9), id="highest minor"),
        pytest.param((11, 0), (5, 0), id="lowest of all"),
        pytest.param((15, 20), (12, 1), id="highest of all: no upper bound"),
        pytest.param((15, 19), (10, 3), id="one upper bound"),
        pytest.param((12, 4), (13, 0), id="a GPU of the future"),
        pytest.param((11, 8), (4, 9), id="a GPU too old: no sm_arch"),
    ],
)
def test_supports_and_prefers_what_uv_does(
    cuda_version: tuple[int, int],
    compute_capability: tuple[int, int],
    candidates: tuple[Path, dict[str, Property]],
    tmp_path: Path,
) -> None:
    machine = {
        "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "{}.{}".format(*cuda_version),
        "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "{}.{}".format(*compute_capability),
    }
    supported = [
        (config.name, value)
        for config in nvidia.supported_configs(cuda_version, compute_capability)
        for value in config.values
    ]
    assert uv_supported(candidates, machine) == set(supported)
    assert uv_disagreements(supported, machine, tmp_path / "index") == []


def uv_supported(
    candidates: tuple[Path, dict[str, Property]], machine: Mapping[str, str]
) -> set[Property]:
    """The candidate properties that uv finds compatible."""
    index, projects = candidates
    selected = uv_selections(list(projects), index, machine)
    return {wanted for name, wanted in projects.items() if selected[name] == "wanted"}


def uv_disagreements(
    best_first: list[Property], machine: Mapping[str, str], index: Path
) -> list[tuple[Property, Property]]:
    """The neighbours in a list of supported properties that uv would put the other way round.

    The labels are such that uv cannot be right by breaking a tie.
    """
    projects = _numbered(pairwise(best_first))
    publish(
        index, {n: _release({"z": better, "a": worse}) for n, (better, worse) in projects.items()}
    )
    selected = uv_selections(list(projects), index, machine)
    return [pair for name, pair in projects.items() if selected[name] != "z"]


def _numbered(things: Any) -> dict[str, Any]:
    return {f"project{number}": thing for number, thing in enumerate(things)}


def _release(variants: Mapping[str, Property]) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": ["nvidia"]},
        "providers": {
            "nvidia": {
                "requires": ["nvidia-variant-provider"],
                "plugin-api": "nvidia_variant_provider.plugin:NvidiaVariantPlugin",
            }
        },
        "variants": {
            label: {"nvidia": {feature: [value]}} for label, (feature, value) in variants.items()
        },
    }
