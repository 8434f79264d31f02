"""Named machines: one data file each, every figure with its source.

A cloud's instance types are other names for them (``clouds``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from variantsel.errors import InvalidTarget
from variantsel.formats.toml_file import read_toml
from variantsel.targets.machines.clouds import find_instance, is_instance_name, of_any_cloud
from variantsel.targets.target import StaticProperties, Target

__all__ = ["Machine", "find_machine", "machine_names", "named_target"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Machine:
    """What is known of a machine by its name.

    :ivar name: ``gh200``, or an instance type such as ``aws:p5.48xlarge``.
    :ivar description: what it is, in one line.
    :ivar platform_machine: its marker variable of that name: ``aarch64`` or ``x86_64``.
    :ivar driver: what its GPU's driver supports unless ``@VERSION`` says otherwise (``CUDA
        12.8``); empty where the variants do not depend on it.
    :ivar data: the machine's file; an instance type's CPU stands in for the file's.
    """

    name: str
    description: str
    platform_machine: str
    driver: str
    data: dict[str, Any]


@cache
def machine_names() -> tuple[str, ...]:
    """The names of the machines variantsel knows, sorted; instance types are not among them."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def find_machine(name: str) -> Machine:
    """Look a machine up by its name, or an instance type by ``CLOUD:TYPE``, or by ``TYPE`` alone
    where one cloud has it; upper and lower case are the same.

    :raises InvalidTarget: when there is none of that name, with those that come close.
    """
    if not is_instance_name(name):
        found = name.lower()
        if found not in machine_names():
            instance_names = of_any_cloud(name)
            if len(instance_names) == 1:
                return find_machine(instance_names[0])
            raise InvalidTarget(_unknown_machine(name, instance_names))
        name = found
        data = read_toml(_FOLDER / f"{name}.toml")
        return Machine(name, data["description"], data["machine"], _default_driver(data), data)
    instance = find_instance(name)
    machine = find_machine(instance.machine)
    if not instance.cpu:
        return Machine(
            instance.name,
            machine.description,
            machine.platform_machine,
            machine.driver,
            machine.data,
        )
    from archspec.cpu import TARGETS

    architecture = TARGETS[instance.cpu].family.name
    return Machine(
        instance.name,
        f"as {instance.machine}, with a CPU of {instance.cpu}",
        architecture,
        machine.driver,
        {**machine.data, "machine": architecture, "cpu": instance.cpu},
    )


def _default_driver(data: dict[str, Any]) -> str:
    if "nvidia" in data:
        return f"CUDA {data['nvidia']['cuda']}"
    return f"ROCm {data['amd']['rocm']}" if "amd" in data else ""


def named_target(text: str) -> Target:
    """See :meth:`variantsel.Target.named`."""
    name, separator, driver = text.partition("@")
    machine = find_machine(name)
    if separator and not machine.driver:
        raise InvalidTarget(
            f"{text}: {name} has no GPU whose driver version could be chosen"
            if "intel" not in machine.data
            else f"{text}: Intel's variants do not ask for a driver's version"
        )
    data = machine.data
    driver = driver if separator else machine.driver.partition(" ")[2]
    properties = _cpu_properties(data["machine"], data["cpu"], data.get("without", ()))
    if "nvidia" in data:
        properties["nvidia"] = _nvidia_properties(text, data["nvidia"], driver)
    if "amd" in data:
        properties["amd"] = _amd_properties(text, data["amd"], driver)
    if "intel" in data:
        properties["intel"] = _intel_properties(data["intel"])
    if "tpu" in data:
        properties["tpu"] = _tpu_properties(data["tpu"])
    return Target(
        f"{machine.name}@{driver}" if driver else machine.name,
        StaticProperties(properties),
        environment={
            "os_name": "posix",
            "platform_machine": data["machine"],
            "platform_system": "Linux",
            "sys_platform": "linux",
        },
        platforms=[f"manylinux_{_glibc(data, driver).replace('.', '_')}_{data['machine']}"],
    )


def _unknown_machine(name: str, instance_names: Sequence[str]) -> str:
    from difflib import get_close_matches

    if instance_names:
        return (
            f"no machine is called {name!r:.200}; several clouds have an instance type of that "
            f"name: {', '.join(instance_names)}"
        )
    close = get_close_matches(name.lower().replace("_", "-"), machine_names(), n=3)
    known = (
        f"did you mean {' or '.join(close)}? 'variantsel target list' lists all"
        if close
        else f"known are {', '.join(machine_names())}"
    )
    return (
        f"no machine is called {name!r:.200}; {known}; a cloud's instance type is written like "
        "aws:p5.48xlarge, and the path of a target file ends in .toml"
    )


def _glibc(data: dict[str, Any], driver: str) -> str:
    """The oldest glibc of such machines, with an older driver an older one."""
    glibc: str = data["glibc"]
    for cuda, older in data.get("glibc_before_cuda", {}).items():
        if (_version(driver) or ()) < (_version(cuda) or ()):
            glibc = older
    return glibc


def _cpu_properties(
    machine: str, cpu: str, without: Collection[str]
) -> dict[str, dict[str, Sequence[str]]]:
    from archspec.cpu import TARGETS
    from variantsel_providers import aarch64, x86_64

    provider = aarch64 if machine == "aarch64" else x86_64
    configs = provider.supported_configs(TARGETS[cpu])
    return {
        provider.namespace: {
            config.name: config.values for config in configs if config.name not in without
        }
    }


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
    servers_cuda = _version(data.get("servers_cuda", ""))
    configs = nvidia.supported_configs(
        version,
        capability,
        integrated=data.get("integrated", False),
        servers_cuda=servers_cuda is not None and version >= servers_cuda,
    )
    return {config.name: config.values for config in configs}


def _intel_properties(data: dict[str, Any]) -> dict[str, Sequence[str]]:
    """A GPU's architecture and the base platform whose code it runs."""
    from variantsel_providers import intel

    configs = intel.supported_configs([data["device_ip"]])
    return {config.name: config.values for config in configs}


def _tpu_properties(data: dict[str, Any]) -> dict[str, Sequence[str]]:
    """That there is a TPU, which is all that the namespace knows."""
    from variantsel_providers import tpu

    return {config.name: config.values for config in tpu.supported_configs(data["present"])}


def _amd_properties(text: str, data: dict[str, Any], driver: str) -> dict[str, Sequence[str]]:
    """What ``amd-variant-provider`` 0.0.2 answers: the GPU's architecture, one ROCm version."""
    from variantsel_providers import amd

    major, minor = _driver_version(text, driver, data["rocm"], data["rocm_minimum"], "ROCm")
    known = amd.get_all_configs()[1].values
    if f"{major}.{minor}" not in known:
        raise InvalidTarget(
            f"{text}: there is no ROCm {driver}; the newest known is {known[0]} (after @ stands "
            "ROCm's version for AMD's GPUs, CUDA's for NVIDIA's)"
        )
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
