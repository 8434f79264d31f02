"""Named machines: one data file each, every figure with its source."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from variantsel.errors import InvalidTarget
from variantsel.target import StaticProperties, Target
from variantsel.target_file import read_toml

__all__ = ["machine_descriptions", "named_target"]

_FOLDER = Path(__file__).parent


@cache
def machine_names() -> tuple[str, ...]:
    """The names of the machines variantsel knows, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def machine_descriptions() -> dict[str, str]:
    """``{name: one line of what it is}`` of every named machine."""
    return {name: read_toml(_FOLDER / f"{name}.toml")["description"] for name in machine_names()}


def named_target(text: str) -> Target:
    """See :meth:`variantsel.Target.named`."""
    name, separator, driver = text.partition("@")
    if name not in machine_names():
        raise InvalidTarget(
            f"no machine is called {name!r}; known are {', '.join(machine_names())}; a file's "
            "path ends in .toml"
        )
    data = read_toml(_FOLDER / f"{name}.toml")
    if separator and not {"nvidia", "amd"} & data.keys():
        raise InvalidTarget(f"{text}: {name} has no GPU whose driver version could be chosen")
    properties = _cpu_properties(data["machine"], data["cpu"])
    driver_version = ""
    if "nvidia" in data:
        driver_version = driver or data["nvidia"]["cuda"]
        properties["nvidia"] = _nvidia_properties(text, data["nvidia"], driver_version)
    if "amd" in data:
        driver_version = driver or data["amd"]["rocm"]
        properties["amd"] = _amd_properties(text, data["amd"], driver_version)
    return Target(
        f"{name}@{driver_version}" if driver_version else name,
        StaticProperties(properties),
        environment={
            "os_name": "posix",
            "platform_machine": data["machine"],
            "platform_system": "Linux",
            "sys_platform": "linux",
        },
        platforms=[f"manylinux_{data['glibc'].replace('.', '_')}_{data['machine']}"],
    )


def _cpu_properties(machine: str, cpu: str) -> dict[str, dict[str, Sequence[str]]]:
    from archspec.cpu import TARGETS
    from variantsel_providers import aarch64, x86_64

    provider = aarch64 if machine == "aarch64" else x86_64
    configs = provider.supported_configs(TARGETS[cpu])
    return {provider.namespace: {config.name: config.values for config in configs}}


def _nvidia_properties(text: str, data: dict[str, Any], driver: str) -> dict[str, Sequence[str]]:
    from variantsel_providers import nvidia

    version = _version(text, driver, "CUDA")
    minimum = _version(text, data["cuda_minimum"], "CUDA")
    if version < minimum:
        raise InvalidTarget(
            f"{text}: this GPU needs a driver of CUDA {data['cuda_minimum']} or newer"
        )
    configs = nvidia.supported_configs(
        version, _version(text, data["compute_capability"], "compute capability")
    )
    return {config.name: config.values for config in configs}


def _amd_properties(text: str, data: dict[str, Any], driver: str) -> dict[str, Sequence[str]]:
    major, minor = _version(text, driver, "ROCm")
    return {"gfx_arch": data["gfx_arch"], "rocm_version": [f"{major}.{minor}"]}


def _version(text: str, version: str, what: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    if not (major.isdecimal() and minor.isdecimal() and len(version) < 10):
        raise InvalidTarget(f"{text}: expected a {what} version MAJOR.MINOR, found {version!r}")
    return int(major), int(minor)
