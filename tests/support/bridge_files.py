"""Bridges shaped like those of today's families, and machines to ask them about.

Not the families' own files: what those say changes with the indexes.
"""

from __future__ import annotations

from pathlib import Path

from variantsel_providers import nvidia

from variantsel.bridges.bridge import Bridge
from variantsel.bridges.bridge_file import parse_bridge
from variantsel.targets.target import StaticProperties, Target

SOURCE = 'source = "https://example.org/"\ndate = 2026-11-25\n'
"""The two keys that every row ends with."""

_CUDA_13 = '["75_real", "80_real", "86_real", "89_real", "90_real", "100_real", "120_real"]'
_CUDA_13_ARM = '["80_real", "90_real", "100_real", "110_real", "120_real"]'
_CUDA_128 = '["70_real", "75_real", "80_real", "86_real", "89_real", "90_real", "120_real"]'
_CUDA_126 = '["50_real", "60_real", "61_real", "70_real", "75_real", "80_real", "90_real"]'


def _cuda(label: str, bound: str, sm_arch: str, platforms: str, toolkit: str) -> str:
    return (
        f'[[label]]\nlabel = "{label}"\nplatforms = {platforms}\ntoolkit = "{toolkit}"\n'
        f'needs.nvidia.cuda_version_lower_bound = ["{bound}"]\n'
        f"needs.nvidia.sm_arch = {sm_arch}\n{SOURCE}\n"
    )


_X86 = '["linux-x86_64", "windows-x86_64"]'
_ARM = '["linux-aarch64"]'

TORCH = f"""\
format = 1
bridge = "torch"
about = "PyTorch and what is built with it"

{_cuda("cu132", "13.0", _CUDA_13, _X86, "cu13")}
{_cuda("cu132", "13.0", _CUDA_13_ARM, _ARM, "cu13")}
{_cuda("cu130", "13.0", _CUDA_13, _X86, "cu13")}
{_cuda("cu130", "13.0", _CUDA_13_ARM, _ARM, "cu13")}
{_cuda("cu128", "12.0", _CUDA_128, _X86, "cu12")}
{_cuda("cu128", "12.0", '["80_real", "90_real", "100_real", "120_real"]', _ARM, "cu12")}
{_cuda("cu126", "12.0", _CUDA_126, _X86, "cu12")}
[[label]]
label = "rocm7.2"
platforms = ["linux-x86_64"]
needs = {{ amd = {{ gfx_arch = ["gfx90a", "gfx942", "gfx950", "gfx1100"] }} }}
{SOURCE}
[[label]]
label = "xpu"
platforms = ["linux-x86_64", "windows-x86_64"]
needs = {{ intel = {{ device_ip = ["12.60.7", "20.1.0"] }} }}
{SOURCE}
[[label]]
label = "cpu"
{SOURCE}
[index]
base = "https://download.example/whl"
page = "{{base}}/{{label}}/{{project}}/"
told-by = "local-version"

[[member]]
project = "torch"
{SOURCE}
[[member]]
project = "torchvision"
{SOURCE}
[[member]]
project = "pytorch-triton-rocm"
labels = ["rocm7.2"]
only-here = true
{SOURCE}
[[default]]
projects = ["torch"]
versions = ">=2.15"
platforms = ["linux-x86_64", "linux-aarch64"]
label = "cu132"
{SOURCE}
[[default]]
projects = ["torch"]
versions = ">=2.11"
platforms = ["linux-x86_64", "linux-aarch64"]
label = "cu130"
{SOURCE}
[[default]]
projects = ["torch"]
platforms = ["linux-x86_64"]
label = "cu128"
{SOURCE}
[[default]]
projects = ["torch"]
label = "cpu"
{SOURCE}
[[unmapped]]
name = "torch-xla"
why = "has its own way"
{SOURCE}"""

_LABELS = f"""\
[[label]]
label = "cuda13"
platforms = ["linux-x86_64", "linux-aarch64", "windows-x86_64"]
needs = {{ nvidia = {{ cuda_version_lower_bound = ["13.0"], sm_arch = {_CUDA_13} }} }}
toolkit = "cu13"
{SOURCE}
[[label]]
label = "cuda12"
platforms = ["linux-x86_64", "linux-aarch64", "windows-x86_64"]
needs = {{ nvidia = {{ cuda_version_lower_bound = ["12.0"] }} }}
toolkit = "cu12"
{SOURCE}"""

CUPY = f"""\
format = 1
bridge = "cupy"
about = "CuPy"
{_LABELS}
[[name]]
project = "cupy"
label = "cuda13"
name = "cupy-cuda13x"
versions = ">=13.6"
{SOURCE}
[[name]]
project = "cupy"
label = "cuda12"
name = "cupy-cuda12x"
{SOURCE}"""

JAX = f"""\
format = 1
bridge = "jax"
about = "JAX"
{_LABELS}
[[label]]
label = "tpu"
platforms = ["linux-x86_64"]
needs = {{ tpu = {{ present = ["true"] }} }}
{SOURCE}
[[label]]
label = "cpu"
{SOURCE}
[[default]]
projects = ["jax"]
label = "cpu"
{SOURCE}
[[extra]]
project = "jax"
label = "cuda13"
extras = ["cuda13"]
platforms = ["linux-x86_64", "linux-aarch64"]
{SOURCE}
[[extra]]
project = "jax"
label = "cuda12"
extras = ["cuda12"]
platforms = ["linux-x86_64", "linux-aarch64"]
{SOURCE}
[[extra]]
project = "jax"
label = "tpu"
extras = ["tpu"]
{SOURCE}"""

ONNXRUNTIME = f"""\
format = 1
bridge = "onnxruntime"
about = "ONNX Runtime"
{_LABELS}
[[default]]
projects = ["onnxruntime-gpu"]
versions = ">=1.27"
label = "cuda13"
{SOURCE}
[[default]]
projects = ["onnxruntime-gpu"]
label = "cuda12"
{SOURCE}
[[exclusive]]
names = ["onnxruntime-gpu", "onnxruntime-directml", "onnxruntime"]
{SOURCE}"""

ROCM_EXTRAS = f"""\
format = 1
bridge = "therock"
about = "AMD's builds, a part for each GPU"

[[label]]
label = "gfx942"
platforms = ["linux-x86_64"]
needs = {{ amd = {{ gfx_arch = ["gfx942"] }} }}
{SOURCE}
[[label]]
label = "gfx1100"
platforms = ["linux-x86_64"]
needs = {{ amd = {{ gfx_arch = ["gfx1100"] }} }}
{SOURCE}
[[extra]]
project = "torch"
label = "gfx942"
extras = ["device-gfx942"]
every = true
{SOURCE}
[[extra]]
project = "torch"
label = "gfx1100"
extras = ["device-gfx1100"]
every = true
{SOURCE}"""

ALL = {"torch": TORCH, "cupy": CUPY, "jax": JAX, "onnxruntime": ONNXRUNTIME}


def bridge(text: str) -> Bridge:
    """A bridge of one of these texts."""
    return parse_bridge(text, "bridge.toml")


def write_bridges(folder: Path, home: Path, **texts: str) -> Path:
    """Write files of bridges, and a user's configuration file that names them; returns the latter.

    :param home: the home directory.
    """
    lines = []
    for name, text in texts.items():
        path = folder / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        lines.append(f'[bridges.{name}]\nfile = "{path.as_posix()}"\n')
    user_file = home / ".config" / "variantsel" / "variantsel.toml"
    user_file.parent.mkdir(parents=True, exist_ok=True)
    user_file.write_text("".join(lines), encoding="utf-8")
    return user_file


WINDOWS = {"sys_platform": "win32", "platform_machine": "AMD64"}
MACOS = {"sys_platform": "darwin", "platform_machine": "arm64"}


def nvidia_machine(cuda: str, capability: str, environment: dict[str, str] | None = None) -> Target:
    """A machine with an NVIDIA GPU that has no name: a GTX 1080 Ti, a Windows machine.

    :param cuda: the driver's version.
    :param capability: the GPU's.
    """
    driver, gpu = (tuple(map(int, text.split("."))) for text in (cuda, capability))
    configs = nvidia.supported_configs(driver, gpu)
    properties = {"nvidia": {config.name: config.values for config in configs}}
    linux = {"sys_platform": "linux", "platform_machine": "x86_64"}
    return Target("the machine", StaticProperties(properties), environment=environment or linux)


def machine(text: str) -> Target:
    """A named machine, or one of those that have no name here."""
    unnamed = {
        "gtx-1080-ti@12.8": lambda: nvidia_machine("12.8", "6.1"),
        "v100@13.0": lambda: nvidia_machine("13.0", "7.0"),
        "windows h100@13.0": lambda: nvidia_machine("13.0", "9.0", environment=WINDOWS),
        "windows": lambda: Target("windows", StaticProperties({}), environment=WINDOWS),
        "macos": lambda: Target("macos", StaticProperties({}), environment=MACOS),
    }
    return unnamed[text]() if text in unnamed else Target.named(text)
