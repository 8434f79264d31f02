"""The default index and PyTorch's as they are today, in stub wheels: real names, versions, tags and
requirements, none of the content."""

from __future__ import annotations

from collections.abc import Mapping

from support.bridged_world import LINUX, PYTHON_TAG, BridgedWorld

TORCH_LABELS: Mapping[str, tuple[str, ...]] = {
    "2.10.0": ("cpu", "cu126", "cu128", "cu130", "rocm7.0", "rocm7.1", "xpu"),
    "2.11.0": ("cpu", "cu126", "cu128", "cu130", "rocm7.1", "rocm7.2", "xpu"),
    "2.14.1": ("cpu", "cu126", "cu130", "cu132", "rocm7.2", "xpu"),
    "2.15.0": ("cpu", "cu130", "cu132", "cu134", "rocm7.2", "rocm7.14", "xpu"),
}
"""Which builds of torch are on PyTorch's index."""

TORCHVISION = {"2.10.0": "0.25.0", "2.11.0": "0.26.0", "2.14.1": "0.29.1", "2.15.0": "0.30.0"}
"""The torchvision of each torch."""

CUDA_OF_DEFAULT = {"2.10.0": "cu12", "2.11.0": "cu13", "2.14.1": "cu13", "2.15.0": "cu13"}
"""What the torch of the default index requires on Linux."""

DEFAULT_LABELS = {
    ("torch", "2.15.0"): "cu132",
    ("torchvision", "0.30.0"): "cu132",
    ("torch", "2.14.1"): "cu130",
    ("torchvision", "0.29.1"): "cu130",
    ("torchaudio", "2.11.0"): "cu130",
}
"""What the wheels of the default index are for Linux."""

WINDOWS, MACOS = "win_amd64", "macosx_14_0_arm64"
PLATFORMS = (LINUX, "manylinux_2_28_aarch64", WINDOWS, MACOS)


def publish_torch(world: BridgedWorld) -> None:
    """torch, torchvision and torchaudio, on both indexes."""
    for name in ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13"):
        world.publish(name.replace("-", "_"), "9.20.0", tag="py3-none-any")
    for version, labels in TORCH_LABELS.items():
        cudnn = f"nvidia-cudnn-{CUDA_OF_DEFAULT[version]}"
        # https://pypi.org/project/torch/2.10.0/: on x86-64 only, since 2.11 on Linux.
        marker = 'platform_system == "Linux"'
        if version == "2.10.0":
            marker += ' and platform_machine == "x86_64"'
        for platform in dict.fromkeys(PLATFORMS):
            tag = f"{PYTHON_TAG}-{PYTHON_TAG}-{platform}"
            world.publish("torch", version, tag=tag, requires=[f"{cudnn}; {marker}"])
            _publish_companions(world, version, "", tag)
        for label in labels:
            for platform in dict.fromkeys(PLATFORMS[:3]):
                if "rocm" in label and platform != LINUX:
                    continue
                tag = f"{PYTHON_TAG}-{PYTHON_TAG}-{platform}"
                requires = []
                if label.startswith("cu"):
                    requires = [f'nvidia-cudnn-{label[:4]}; platform_system == "Linux"']
                world.publish("torch", version, label=label, tag=tag, requires=requires)
                _publish_companions(world, version, label, tag)


def _publish_companions(world: BridgedWorld, torch: str, label: str, tag: str) -> None:
    vision = TORCHVISION[torch]
    world.publish("torchvision", vision, label=label, tag=tag, requires=[f"torch=={torch}"])
    if torch in ("2.10.0", "2.11.0"):  # the last of torchaudio, which later torches use as well
        requires = ["torch==2.10.0" if torch == "2.10.0" else "torch"]
        world.publish("torchaudio", torch, label=label, tag=tag, requires=requires)


def publish_others(world: BridgedWorld) -> None:
    """What tells its builds apart by name, extra or version."""
    for suffix in ("12", "13"):
        world.publish(f"cupy_cuda{suffix}x", "14.1.1")
        world.publish(f"libcudf_cu{suffix}", "26.10.0", tag=f"py3-none-{LINUX}")
        world.publish(
            f"cudf_cu{suffix}",
            "26.10.0",
            requires=[f"cupy-cuda{suffix}x>=13.6.0", f"libcudf-cu{suffix}==26.10.*"],
        )
        world.publish(f"jax_cuda{suffix}_plugin", "0.12.0")
    world.publish("cudf", "0.6.1.post1", tag="py3-none-any")  # a stub that fails on import
    world.publish(
        "jax",
        "0.12.0",
        tag="py3-none-any",
        requires=[
            'jax-cuda12-plugin==0.12.0; extra == "cuda12"',
            'jax-cuda13-plugin==0.12.0; extra == "cuda13"',
        ],
        extras=["cuda12", "cuda13"],
    )
    for version in ("1.26.1", "1.27.0"):
        world.publish("onnxruntime", version)
        world.publish("onnxruntime_gpu", version)
    for version in ("3.3.0", "3.4.1"):
        world.publish("xgboost", version, tag=f"py3-none-{LINUX}")
        world.publish("xgboost_cpu", version, tag=f"py3-none-{LINUX}")
    world.publish("xgboost_cu12", "3.4.1", tag=f"py3-none-{LINUX}")
    world.publish("needs_onnx", "1.0", tag="py3-none-any", requires=["onnxruntime>=1.20"])
    world.publish("needs_cuda12", "1.0", tag="py3-none-any", requires=["cupy-cuda12x>=13"])
    for name in ("opencv_python", "opencv_python_headless"):
        world.publish(name, "5.0.0", tag=f"cp37-abi3-{LINUX}")
    world.publish("needs_window", "1.0", tag="py3-none-any", requires=["opencv-python"])
    world.publish("needs_no_window", "1.0", tag="py3-none-any", requires=["opencv-python-headless"])


def publish_by_page(world: BridgedWorld) -> None:
    """llama-cpp-python, whose wheels do not say which build they are: the page does."""
    for label in ("cpu", "cu124", "cu130"):
        world.publish(
            "llama_cpp_python", "0.3.20", label=label, local=False, tag=f"py3-none-{LINUX}"
        )
    (world.default.folder / "llama-cpp-python").mkdir()
