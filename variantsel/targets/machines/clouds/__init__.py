"""Clouds: which named machine each instance type is, a folder of data files with sources each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from variantsel.errors import InvalidTarget
from variantsel.formats.toml_file import read_toml

__all__ = [
    "Instance",
    "cloud_names",
    "find_instance",
    "instances",
    "is_instance_name",
    "of_any_cloud",
]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Instance:
    """An instance type.

    :ivar name: as its cloud writes it, ``aws:p5.48xlarge``.
    :ivar machine: the name of the machine it is.
    :ivar cpu: archspec's name of its CPU, or of a level below it; empty for the machine's own.
    """

    name: str
    machine: str
    cpu: str


@cache
def cloud_names() -> tuple[str, ...]:
    """The clouds variantsel knows instance types of, sorted."""
    return tuple(sorted({path.parent.name for path in _FOLDER.glob("*/*.toml")}))


def is_instance_name(text: str) -> bool:
    """Whether text has the form ``CLOUD:TYPE``."""
    return ":" in text


@cache
def instances(cloud: str) -> Mapping[str, Instance]:
    """A cloud's instance types by their names in lower case, in the order of its files.

    :raises InvalidTarget: when there is no cloud of that name.
    """
    if cloud not in cloud_names():
        raise InvalidTarget(
            f"no cloud is called {cloud!r:.200}; known are {', '.join(cloud_names())}"
        )
    found = {}
    for path in sorted((_FOLDER / cloud).glob("*.toml")):
        for group in read_toml(path)["instances"]:
            for pattern in group["names"]:
                for size in group.get("sizes", [""]):
                    name = f"{cloud}:{pattern.replace('{}', size)}"
                    found[name.lower()] = Instance(name, group["machine"], group.get("cpu", ""))
    return found


def find_instance(text: str) -> Instance:
    """Look an instance type up; upper and lower case are the same.

    :param text: ``CLOUD:TYPE``.
    :raises InvalidTarget: when the cloud or the type is not known, with those that come close.
    """
    cloud = text.partition(":")[0].lower()
    known = instances(cloud)
    if text.lower() not in known:
        close = _alike(text.lower(), known)
        hint = f" (did you mean {' or '.join(close)}?)" if close else ""
        raise InvalidTarget(
            f"{text!r:.200} is not an instance type that variantsel knows{hint}; "
            f"'variantsel target list {cloud}' lists them; name the machine it is, or capture it "
            "there with 'variantsel detect --save machine.toml'"
        )
    return known[text.lower()]


def of_any_cloud(name: str) -> list[str]:
    """The instance types, ``CLOUD:TYPE``, that some cloud calls so."""
    found = (instances(cloud).get(f"{cloud}:{name}".lower()) for cloud in cloud_names())
    return [instance.name for instance in found if instance is not None]


def _alike(text: str, known: Mapping[str, Instance]) -> list[str]:
    """The types whose names come close, none where those are of more than one architecture: nothing
    tells then which one is meant, and what is built for one does not run on the other.

    Of a family that there is only its own: ``m7g`` and ``m7i`` are Arm's and Intel's, and hardly
    differ by name.
    """
    from difflib import get_close_matches

    family, dot, _ = text.rpartition(".")
    if not dot:
        family, dot, _ = text.partition("-")
    candidates = [name for name in known if dot and name.startswith(family + dot)]
    if not candidates and dot != ".":
        candidates = list(known)
    close = [known[name] for name in get_close_matches(text, candidates, n=3)]
    architectures = {_architecture(instance.machine) for instance in close}
    return [instance.name for instance in close] if len(architectures) == 1 else []


def _architecture(machine: str) -> str:
    """A machine's marker variable ``platform_machine``."""
    architecture: str = read_toml(_FOLDER.parent / f"{machine}.toml")["machine"]
    return architecture
