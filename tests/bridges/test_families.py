"""The files of today's families: what they know, and facts that were read off the indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from packaging.version import Version
from support.bridge_files import machine
from variantsel_providers import amd, intel, nvidia, tpu

from variantsel.bridges.bridge import Bridge
from variantsel.bridges.catalogue import find_bridges, shipped_bridge, shipped_names
from variantsel.bridges.platforms import platform_of
from variantsel.bridges.rows import Source
from variantsel.ranking.rank import rank

X86, ARM, WINDOWS, MACOS = "linux-x86_64", "linux-aarch64", "windows-x86_64", "macos-aarch64"

# What people install, by family; those that none of the files may lose.
PROJECTS = {
    "torch": (
        "torch torchvision torchaudio torchcodec torchao torchtext torchrec torch-tensorrt "
        "xformers fbgemm-gpu fbgemm-gpu-genai triton triton-rocm triton-xpu pytorch-triton "
        "pytorch-triton-rocm pytorch-triton-xpu"
    ),
    "torch-amd": "torch torchvision torchaudio amd-torch-device-gfx942 rocm-sdk-device-gfx1151",
    "torch-jetson": "torch torchvision torchaudio",
    "jax": "jax jax-cuda12-plugin jax-cuda13-plugin libtpu",
    "cupy": "cupy cupy-cuda11x cupy-cuda12x cupy-cuda13x cupy-rocm-7-0",
    "onnxruntime": (
        "onnxruntime onnxruntime-gpu onnxruntime-directml onnxruntime-openvino onnxruntime-migraphx"
    ),
    "rapids": (
        "cudf cuml cugraph cuvs cucim rmm pylibraft raft-dask dask-cudf cudf-polars kvikio ucxx "
        "nx-cugraph cuopt rapidsmpf rapids-singlecell cudf-cu12 cudf-cu13 rmm-cu11"
    ),
    "nvidia": (
        "nvidia-cublas nvidia-cublas-cu12 nvidia-cuda-runtime nvidia-cufft nvidia-cudnn "
        "nvidia-cudnn-cu13 nvidia-nccl nvidia-cusparselt nvidia-nvshmem nvidia-libnvcomp "
        "nvidia-nvimgcodec nvidia-cudss nvidia-cutlass-dsl-libs"
    ),
    "xgboost": "xgboost xgboost-cu12 xgboost-cu13 xgboost-cpu",
    "faiss": "faiss faiss-cpu faiss-gpu faiss-gpu-cuvs faiss-gpu-cu11 faiss-gpu-cu12",
    "tensorflow": "tensorflow tensorflow-cpu",
    "paddlepaddle": "paddlepaddle paddlepaddle-gpu",
    "vllm": "vllm vllm-tpu",
    "sglang": "sglang sglang-kernel sgl-kernel",
    "flashinfer": "flashinfer-python flashinfer-jit-cache",
    "llama-cpp-python": "llama-cpp-python",
    "mlx": "mlx",
    "numba-cuda": "numba-cuda",
    "cuda-python": "cuda-python cuda-bindings cuda-toolkit",
    "dali": "nvidia-dali nvidia-dali-cuda120 nvidia-dali-cuda130",
    "tensorrt": "tensorrt tensorrt-cu12 tensorrt-cu13 tensorrt-lean tensorrt-dispatch",
    "transformer-engine": "transformer-engine transformer-engine-cu12 transformer-engine-cu13",
    "opencv": (
        "opencv-python opencv-python-headless opencv-contrib-python opencv-contrib-python-headless"
    ),
    "bitsandbytes": "bitsandbytes",
    "ctranslate2": "ctranslate2",
    "openmm": "openmm",
    "gpu4pyscf": "gpu4pyscf gpu4pyscf-cuda12x gpu4pyscf-cuda13x",
    "holoscan": "holoscan holoscan-cu12 holoscan-cu13",
    "cvcuda": "cvcuda cvcuda-cu12 cvcuda-cu13",
    "cuequivariance": "cuequivariance-ops-torch cuequivariance-ops-torch-cu13",
}

# Read off PyPI on 2026-11-25: requirements, file names, version.py inside of wheels.
FACTS = [
    ("torch", "torch", "2.15.0", X86, "cu132"),
    ("torch", "torch", "2.15.0", ARM, "cu132"),
    ("torch", "torch", "2.15.0", WINDOWS, "cpu"),
    ("torch", "torch", "2.15.0", MACOS, "cpu"),
    ("torch", "torch", "2.14.1", X86, "cu130"),
    ("torch", "torch", "2.11.0", ARM, "cu130"),
    ("torch", "torch", "2.10.0", X86, "cu128"),
    ("torch", "torch", "2.10.0", ARM, "cpu"),
    ("torch", "torch", "2.8.0", X86, "cu128"),
    ("torch", "torch", "2.7.1", X86, "cu126"),
    ("torch", "torch", "2.6.0", X86, "cu124"),
    ("torch", "torch", "2.4.1", X86, "cu121"),
    ("torch", "torch", "2.0.1", X86, "cu117"),
    ("torch", "torch", "2.14.1+cu126", X86, "cu126"),
    ("torch", "torch", "2.5.1+rocm6.2", X86, "rocm6.2"),
    ("torch", "torch", "2.6.0+rocm6.2.4", X86, "rocm6.2.4"),
    ("torch", "torchvision", "0.29.2", X86, "cu132"),
    ("torch", "torchvision", "0.29.2", WINDOWS, "cpu"),
    ("torch", "torchvision", "0.29.1", ARM, "cu130"),
    ("torch", "torchvision", "0.26.0", X86, "cu130"),
    ("torch", "torchvision", "0.25.0", X86, "cu128"),
    ("torch", "torchvision", "0.25.0", ARM, "cpu"),
    ("torch", "torchvision", "0.21.0", X86, "cu124"),
    ("torch", "torchvision", "0.15.2", X86, "cu117"),
    ("torch", "torchaudio", "2.11.0", ARM, "cu130"),
    ("torch", "torchaudio", "2.10.0", X86, "cu128"),
    ("torch", "torchaudio", "2.11.0", WINDOWS, "cpu"),
    ("torch", "torchcodec", "0.17.0", X86, "cu130"),
    ("torch", "torchcodec", "0.10.0", X86, "cpu"),
    ("torch", "triton", "3.9.0", X86, ""),
    ("cupy", "cupy-cuda13x", "14.2.0", X86, "cuda13"),
    ("cupy", "cupy-cuda12x", "13.6.0", ARM, "cuda12"),
    ("cupy", "cupy-rocm-7-0", "14.2.0", X86, "rocm7"),
    ("onnxruntime", "onnxruntime-gpu", "1.31.1", ARM, "cuda13"),
    ("onnxruntime", "onnxruntime-gpu", "1.27.0", X86, "cuda13"),
    ("onnxruntime", "onnxruntime-gpu", "1.26.0", X86, "cuda12"),
    ("onnxruntime", "onnxruntime", "1.32.0", X86, "cpu"),
    ("xgboost", "xgboost", "3.4.1", X86, "cuda13"),
    ("xgboost", "xgboost", "3.3.0", ARM, "cuda12"),
    ("xgboost", "xgboost", "3.2.0", X86, "cuda12.sm50"),
    ("xgboost", "xgboost", "3.4.1", MACOS, "cpu"),
    ("xgboost", "xgboost-cu12", "3.4.1", X86, "cuda12"),
    ("rapids", "cudf-cu13", "26.10.2", ARM, "cuda13"),
    ("rapids", "rmm-cu12", "26.10.0", X86, "cuda12"),
    ("vllm", "vllm", "0.33.0", X86, "cuda13"),
    ("vllm", "vllm", "0.19.1", X86, "cuda12"),
    ("sglang", "sglang", "0.5.11", X86, "cuda13"),
    ("sglang", "sglang", "0.5.10.post1", X86, "cuda12"),
    ("cuda-python", "cuda-bindings", "13.5.0", X86, "cuda13"),
    ("cuda-python", "cuda-toolkit", "12.9.1", X86, "cuda12"),
    ("nvidia", "nvidia-cublas", "13.10.0.20", X86, "cuda13"),
    ("nvidia", "nvidia-cudnn-cu12", "9.28.0.42", X86, "cuda12"),
    ("faiss", "faiss-gpu", "1.15.1", X86, "cuda12"),
    ("tensorflow", "tensorflow-cpu", "2.21.0", X86, "cpu"),
    ("paddlepaddle", "paddlepaddle-gpu", "2.6.2", X86, "cu118"),
]

# What a machine takes of a release's builds, best first; of two that need the same, PyPI's.
MACHINES = [
    ("h100@12.4", "torch", "2.10.0", ["cu128", "cu126", "cpu"]),
    ("h100@13.0", "torch", "2.15.0", ["cu132", "cu130", "cpu"]),
    ("v100@13.0", "torch", "2.14.1", ["cu126", "cpu"]),
    ("v100@13.0", "torch", "2.11.0", ["cu126", "cpu"]),  # no Volta in cu128 any more
    ("v100@13.0", "torch", "2.10.0", ["cu128", "cu126", "cpu"]),
    ("v100@13.0", "torchvision", "0.25.0", ["cu128", "cu126", "cpu"]),
    ("gtx-1080-ti@12.8", "torch", "2.14.1", ["cu126", "cpu"]),
    ("rtx-5090@12.8", "torch", "2.11.0", ["cu128", "cpu"]),
    ("rtx-5090@13.0", "torch", "2.14.1", ["cu130", "cu132", "cpu"]),
    ("gh200@13.0", "torch", "2.14.1", ["cu130", "cu132", "cu126", "cpu"]),
    ("jetson-thor", "torch", "2.14.1", ["cu130", "cu132", "cpu"]),
    ("jetson-orin", "torch", "2.14.1", ["cpu"]),
    ("dgx-spark", "torch", "2.14.1", ["cu130", "cu132", "cpu"]),
    ("mi300x@7.2", "torch", "2.11.0", ["rocm7.2", "rocm7.1", "cpu"]),
    ("mi300x@7.1", "torch", "2.11.0", ["rocm7.2", "rocm7.1", "cpu"]),
    ("arc-b580", "torch", "2.15.0", ["xpu", "cpu"]),
    ("cpu-x86-64-v3", "torch", "2.15.0", ["cpu"]),
    ("windows h100@13.0", "torch", "2.14.1", ["cu132", "cu130", "cu126", "cpu"]),
    ("macos", "torch", "2.15.0", ["cpu"]),
    ("v100@13.0", "xgboost", "3.2.0", ["cuda12.sm50", "cpu"]),
    ("h100@12.4", "xgboost", "3.4.1", ["cuda12", "cuda12.sm50", "cpu"]),
    ("rtx-5090@12.8", "onnxruntime", "1.26.0", ["cuda12", "cpu"]),
    ("gh200@12.8", "onnxruntime", "1.31.1", ["cpu"]),  # aarch64 has CUDA 13 alone
    ("jetson-orin", "cupy", "14.2.0", ["cuda12", "cpu"]),
]
# Those of torch 2.10 to 2.15 on its index, and all of the others.
ON_THE_INDEX = {
    "2.15.0": ("cu132", "cu130", "rocm7.2", "xpu", "cpu"),
    "2.14.1": ("cu132", "cu130", "cu126", "rocm7.2", "xpu", "cpu"),
    "2.11.0": ("cu130", "cu128", "cu126", "rocm7.2", "rocm7.1", "xpu", "cpu"),
    "2.10.0": ("cu130", "cu128", "cu126", "rocm7.1", "rocm7.0", "xpu", "cpu"),
    "0.25.0": ("cu130", "cu128", "cu126", "rocm7.1", "rocm7.0", "xpu", "cpu"),
}

CONFIGS = {module.namespace: module.get_all_configs() for module in (nvidia, amd, intel, tpu)}
NAMES = tuple(PROJECTS)


def sources(bridge: Bridge) -> Iterator[Source]:
    rows = (bridge.labels, bridge.members.values(), bridge.defaults, bridge.names)
    for kind in (*rows, bridge.extras, bridge.exclusives, bridge.unmapped):
        yield from (row.source for row in kind)


def taken(bridge: Bridge) -> set[str]:
    """Every project that a row is about, or names."""
    defaults = {name for row in bridge.defaults for name in row.scope.projects or ()}
    names = {name for row in bridge.names for name in (row.project, row.name)}
    exclusive = {name for row in bridge.exclusives for name in row.names}
    extras = {row.project for row in bridge.extras}
    return {*bridge.members, *defaults, *names, *exclusive, *extras}


def test_there_is_a_file_for_each_family() -> None:
    assert set(NAMES) == set(shipped_names())


@pytest.mark.parametrize("name", NAMES)
def test_a_familys_file_can_be_read_and_knows_its_projects(name: str) -> None:
    bridge = shipped_bridge(name)
    assert bridge.name == name
    assert set(PROJECTS[name].split()) <= taken(bridge)
    assert all(source.text and source.date.year >= 2025 for source in sources(bridge))


def test_all_leaves_out_what_would_change_more_than_it_is_asked_for() -> None:
    left_out = set(shipped_names()).difference(bridge.name for bridge in find_bridges(["all"]))
    assert left_out == {"nvidia", "torch-amd"}


def test_what_must_not_be_mapped_is_mapped_by_no_family() -> None:
    bridges = [shipped_bridge(name) for name in shipped_names()]
    unmapped = {row.name for bridge in bridges for row in bridge.unmapped}
    assert {"apex", "kaolin", "cupy-wheel", "nvidia-cublas-cu13", "vllm-xpu"} <= unmapped
    for bridge in bridges:
        assert not unmapped.intersection(taken(bridge)), bridge.name
        # a stub is what people ask for, never what they get
        stubs = {"cudf", "cuml", "cugraph", "rmm", "cuopt", "nvidia-cudnn", "nvidia-nccl", "faiss"}
        assert not stubs.intersection(row.name for row in bridge.names), bridge.name


def test_a_project_belongs_to_one_family_but_where_an_index_has_its_own_builds() -> None:
    owners: dict[str, list[str]] = {}
    for name in shipped_names():
        for project in taken(shipped_bridge(name)):
            owners.setdefault(project, []).append(name)
    shared = {project: names for project, names in owners.items() if len(names) > 1}
    # What torch's newer builds for ROCm bring along is on either index.
    rocm = {project for project in shared if project == "rocm" or project.startswith("rocm-sdk-")}
    assert all(shared.pop(project) == ["torch", "torch-amd"] for project in rocm)
    assert shared == {
        "torch": ["torch", "torch-amd", "torch-jetson"],
        "torchvision": ["torch", "torch-amd", "torch-jetson"],
        "torchaudio": ["torch", "torch-amd", "torch-jetson"],
        "triton": ["torch", "torch-amd"],
    }


@pytest.mark.parametrize("name", NAMES)
def test_what_builds_need_are_words_of_the_providers(name: str) -> None:
    for row in shipped_bridge(name).labels:
        for namespace, features in row.needs.items():
            known = {config.name: set(config.values) for config in CONFIGS[namespace]}
            for feature, values in features.items():
                assert set(values) <= known[feature], (row.label, row.scope.platforms)


@pytest.mark.parametrize("name", NAMES)
def test_the_toolkit_is_the_cuda_major_that_the_driver_has_to_have(name: str) -> None:
    for row in shipped_bridge(name).labels:
        bounds = row.needs.get("nvidia", {}).get("cuda_version_lower_bound", ())
        expected = {f"cu{bound.split('.')[0]}" for bound in bounds}
        # CUDA 10's drivers have no name; and one wheel is for CPUs too, with CUDA 12 where it is
        if row.label != "cu102" and name != "ctranslate2":
            assert {row.toolkit} == (expected or {""}), row.label


def test_newer_toolkits_of_pytorch_come_first_and_the_cpu_last() -> None:
    labels = shipped_bridge("torch").label_names
    cuda = [int(label[2:]) for label in labels if re.fullmatch(r"cu\d+", label)]
    rocm = [Version(label[4:]) for label in labels if label.startswith("rocm")]
    assert cuda == sorted(cuda, reverse=True)
    assert rocm == sorted(rocm, reverse=True)
    assert labels[-1] == "cpu"
    assert {134, 132, 130, 129, 128, 126} <= set(cuda)
    assert Version("7.14") in rocm


def test_no_page_of_pytorch_is_looked_for_that_no_supported_python_has_wheels_on() -> None:
    torch = shipped_bridge("torch")
    assert torch.page_of("cu126", "torch", X86) == "https://download.pytorch.org/whl/cu126/torch/"
    assert torch.page_of("cu117", "torch", X86) == ""
    assert torch.page_of("cu134", "torch", WINDOWS) == ""


def test_a_jetson_has_its_own_pages() -> None:
    jetson = shipped_bridge("torch-jetson")
    page = "https://pypi.jetson-ai-lab.io/jp6/cu126/torch/"
    assert jetson.page_of("cu126", "torch", ARM) == page
    assert jetson.label_of("torch", Version("2.8.0"), "cu126", ARM) == "cu126"
    assert jetson.page_of("cu126", "torch", X86) == ""


@pytest.mark.parametrize(("name", "project", "version", "platform", "label"), FACTS)
def test_facts_read_off_the_indexes(
    name: str, project: str, version: str, platform: str, label: str
) -> None:
    assert shipped_bridge(name).label_of(project, Version(version), "", platform) == label


@pytest.mark.parametrize(("name", "project", "version", "labels"), MACHINES)
def test_what_a_machine_takes_of_a_release(
    name: str, project: str, version: str, labels: list[str]
) -> None:
    bridge = shipped_bridge("torch" if project.startswith("torch") else project)
    target = machine(name)
    there_are = ON_THE_INDEX.get(version, bridge.label_names)
    platform = platform_of(target.environment)
    metadata = bridge.metadata(project, Version(version), there_are, platform)
    found = [label for label in rank(metadata, target).labels if is_chosen(bridge, label)]
    assert found == labels


def is_chosen(bridge: Bridge, label: str) -> bool:
    """Not those that nothing tells apart, which are kept where they were asked for."""
    return label == "cpu" or any(row.needs for row in bridge.labels if row.label == label)
