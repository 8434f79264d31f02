"""What indexes list of a project, in the words of rows: versions, platforms, toolkits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from variantsel.bridges.platforms import PLATFORMS

__all__ = [
    "Indexes",
    "Metadata",
    "Unreadable",
    "Wheel",
    "platforms_of",
    "toolkit_of_name",
    "toolkits_of",
    "wheels_of",
]

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_CUDA = re.compile(r"(?:^|-)cu(?:da)?-?(\d\d)(?:\d|x)?(?:-|$)")
_UNSUFFIXED = re.compile(r"cuda-toolkit|nvidia-(?:cublas|cuda-runtime|cuda-nvrtc|cufft)")


class Unreadable(Exception):
    """An index does not answer; the text says which, and why."""


class Metadata(NamedTuple):
    """What a wheel says of itself.

    :ivar requires: its ``Requires-Dist`` lines.
    :ivar extras: its extras, normalized.
    """

    requires: Sequence[str]
    extras: frozenset[str]


class Indexes(Protocol):
    """Reads indexes."""

    @property
    def default(self) -> str:
        """The address of the default index."""

    def page_of(self, project: str) -> str:
        """The address of a project's page on the default index."""

    def filenames(self, address: str) -> Sequence[str] | None:
        """The files that a page lists, without those that were yanked; ``None`` where there is no
        such page.

        :raises Unreadable: when the index does not answer.
        """

    def metadata(self, address: str, filename: str) -> Metadata | None:
        """What a wheel that a page lists says of itself; ``None`` where that is not to be had
        without the whole wheel.

        :raises Unreadable: when the index does not answer.
        """


class Wheel(NamedTuple):
    """A wheel by its name."""

    filename: str
    version: Version
    platforms: frozenset[str]


def wheels_of(project: str, filenames: Iterable[str]) -> list[Wheel]:
    """The wheels among a page's files, newest version first, those before a release left out.

    :param project: its normalized name: a page may list others.
    """
    found = []
    for filename in filenames:
        parts = filename.removesuffix(".whl").split("-")
        if not filename.endswith(".whl") or len(parts) < 5:
            continue
        if canonicalize_name(parts[0]) != project:
            continue
        try:
            version = Version(parts[1].replace("%2B", "+"))
        except ValueError:  # InvalidVersion, and Python's of a number with too many digits
            continue
        if not version.is_prerelease:
            found.append(Wheel(filename, version, platforms_of(parts[-1])))
    return sorted(found, key=lambda wheel: wheel.version, reverse=True)


def platforms_of(tags: str) -> frozenset[str]:
    """The platforms, as rows name them, that a wheel's platform tags are for."""
    return frozenset(_platforms(tags.split(".")))


def _platforms(tags: Iterable[str]) -> Iterator[str]:
    for tag in tags:
        if tag == "any":
            yield from PLATFORMS
        elif match := re.fullmatch(r"(linux|manylinux|musllinux|win|macosx)_?(?:\d+_)*(\w+)", tag):
            system = {"win": "windows", "macosx": "macos"}.get(match[1], "linux")
            machine = re.sub(r"^(?:\d+_)+", "", match[2])
            for name in ("x86_64", "aarch64") if machine == "universal2" else (machine,):
                yield f"{system}-{_MACHINES.get(name, name)}"


def toolkit_of_name(project: str) -> dict[str, str]:
    """``{toolkit: project}`` where a project's name tells the CUDA major, ``cu13``; else empty."""
    match = _CUDA.search(project)
    return {f"cu{match[1]}": project} if match else {}


def toolkits_of(metadata: Metadata, platform: str, extras: Iterable[str] = ()) -> dict[str, str]:
    """``{toolkit: requirement that tells it}`` of the CUDA majors that a wheel asks for, ``cu13``.

    :param platform: one of :data:`~variantsel.bridges.platforms.PLATFORMS`, which it is for.
    :param extras: those it is asked for with; without any, what it requires by itself.
    """
    found: dict[str, str] = {}
    environments = [{**_variables(platform), "extra": extra} for extra in (*extras, "")]
    for line in metadata.requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is not None and not any(map(marker.evaluate, environments)):
            continue
        name = canonicalize_name(requirement.name)
        for toolkit in toolkit_of_name(name):
            found.setdefault(toolkit, line)
        if _UNSUFFIXED.fullmatch(name):
            for specifier in requirement.specifier:
                if specifier.operator in ("==", "~=", ">="):
                    found.setdefault(f"cu{specifier.version.partition('.')[0]}", line)
    return found


def _variables(platform: str) -> dict[str, str]:
    """The marker variables that tell a platform."""
    system, _, machine = platform.partition("-")
    sys_platform, platform_system, os_name = {
        "linux": ("linux", "Linux", "posix"),
        "windows": ("win32", "Windows", "nt"),
        "macos": ("darwin", "Darwin", "posix"),
    }[system]
    called = {"windows-x86_64": "AMD64", "windows-aarch64": "ARM64", "macos-aarch64": "arm64"}
    return {
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "os_name": os_name,
        "platform_machine": called.get(platform, machine),
    }
