"""Named machines: one data file each, every figure with its source."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from variantsel.errors import InvalidTarget
from variantsel.target import StaticProperties, Target
from variantsel.target_file import read_toml

__all__ = ["machine_descriptions", "machine_names", "named_target"]

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
        raise InvalidTarget(_unknown_machine(name))
    data = read_toml(_FOLDER / f"{name}.toml")
    gpu = data.get("nvidia") or data.get("amd")
    if separator and gpu is None:
        raise InvalidTarget(f"{text}: {name} has no GPU whose driver version could be chosen")
    properties = _cpu_properties(data["machine"], data["cpu"])
    driver_version = ""
    if "nvidia" in data:
        driver_version = driver if separator else data["nvidia"]["cuda"]
        properties["nvidia"] = _nvidia_properties(text, data["nvidia"], driver_version)
    if "amd" in data:
        driver_version = driver if separator else data["amd"]["rocm"]
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


def _unknown_machine(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.lower().replace("_", "-"), machine_names(), n=3)
    hint = f" (did you mean {' or '.join(close)}?)" if close else ""
    return (
        f"no machine is called {name!r:.200}{hint}; known are {', '.join(machine_names())}; "
        "the path of a target file ends in .toml"
    )


def _cpu_properties(machine: str, cpu: str) -> dict[str, dict[str, Sequence[str]]]:
    from archspec.cpu import TARGETS
    from variantsel_providers import aarch64, x86_64

    provider = aarch64 if machine == "aarch64" else x86_64
    configs = provider.supported_configs(TARGETS[cpu])
    return {provider.namespace: {config.name: config.values for config in configs}}


def _nvidia_properties(text: str, data: dict[str, Any], driver: str) -> dict[str, Sequence[str]]:
    """What a GPU supports with the driver of a CUDA version, in the NVIDIA provider's words."""
    from variantsel_providers import nvidia

    version = _driver_version(text, driver, data["cuda"], data["cuda_minimum"], "CUDA")
    known = nvidia.get_all_configs()[0].values
    if f"{version[0]}.{version[1]}" not in known:
        raise InvalidTarget(
            f"{text}: variants cannot name CUDA {driver}; the newest they can name is {known[0]}"
        )
    capability = _version(data["compute_capability"])
    configs = nvidia.supported_configs(version, capability)
    return {config.name: config.values for config in configs}


def _amd_properties(text: str, data: dict[str, Any], driver: str) -> dict[str, Sequence[str]]:
    """What ``amd-variant-provider`` 0.0.2 answers: the GPU's architecture, one ROCm version."""
    major, minor = _driver_version(text, driver, data["rocm"], data["rocm_minimum"], "ROCm")
    return {"gfx_arch": [data["gfx_arch"]], "rocm_version": [f"{major}.{minor}"]}


def _driver_version(
    text: str, driver: str, example: str, minimum: str, what: str
) -> tuple[int, int]:
    version = _version(driver)
    if version is None:
        raise InvalidTarget(
            f"{text}: found {driver!r:.200}, expected a {what} version MAJOR.MINOR "
            f"such as {text.partition('@')[0]}@{example}"
        )
    if version < (_version(minimum) or ()):
        raise InvalidTarget(f"{text}: this GPU needs a driver of {what} {minimum} or newer")
    return version


def _version(text: str) -> tuple[int, int] | None:
    major, _, minor = text.partition(".")
    if not (text.isascii() and major.isdecimal() and minor.isdecimal() and len(text) < 10):
        return None
    return int(major), int(minor)
