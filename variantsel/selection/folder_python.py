"""Which Python a folder of packages is for: nothing there says so but the wheels' tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from packaging.tags import Tag

    from variantsel.targets.target import Target

__all__ = ["FolderPython", "folder_python"]


class FolderPython(NamedTuple):
    """A CPython.

    :ivar version: ``3.12``.
    :ivar abi: its ABI tag, ``cp312``, or ``cp313t`` without the GIL.
    """

    version: str
    abi: str

    def tags(self, platforms: Sequence[str]) -> frozenset[str]:
        """The platform compatibility tags of the wheels that it can use on a machine.

        :param platforms: the platform tags of the machine's wheels.
        """
        return frozenset(map(str, self._tags(platforms)))

    def __str__(self) -> str:
        return f"CPython {self.version}{' (free-threaded)' if self.abi.endswith('t') else ''}"

    def _tags(self, platforms: Sequence[str]) -> Iterable[Tag]:
        from packaging import tags

        major, minor = map(int, self.version.split("."))
        yield from tags.cpython_tags((major, minor), [self.abi], platforms)
        yield from tags.compatible_tags((major, minor), f"cp{major}{minor}", platforms)

    def _takes(self, wheel_tags: Iterable[str]) -> bool:
        """Whether it can use a wheel, whatever machine that is for."""
        own = {(tag.interpreter, tag.abi) for tag in self._tags(["any"])}
        return any(tuple(tag.split("-")[:2]) in own for tag in wheel_tags)


def folder_python(wheels: Sequence[Sequence[str]], target: Target) -> FolderPython:
    """The Python that can use the most of a folder's packages: of those that wheels name, and the
    target's, the target's first and then the newest.

    :param wheels: the tags of the wheel that each package was installed from.
    """
    own = _of_target(target)
    named = {found for tags in wheels for tag in tags if (found := _named(tag)) is not None}

    def rank(python: FolderPython) -> tuple[int, bool, tuple[int, ...], bool]:
        usable = sum(python._takes(tags) for tags in wheels if tags)
        version = tuple(map(int, python.version.split(".")))
        return usable, python == own, version, not python.abi.endswith("t")

    return max({own, *named}, key=rank)


def _of_target(target: Target) -> FolderPython:
    """The Python of a target: what its first tag says, where that is of a CPython."""
    found = _named(str(target.tags[0])) if target.tags else None
    version = target.environment["python_version"]
    if found is not None and found.version == version:
        return found
    return FolderPython(version, f"cp{version.replace('.', '')}")


def _named(tag: str) -> FolderPython | None:
    """The CPython that a tag names: the one that it is for, or the oldest."""
    match = re.match(r"cp(3)(\d{1,2})-(cp3\d{1,2}t?|abi3|none)-", tag)
    if match is None:
        return None
    abi = match[3] if match[3].startswith("cp") else f"cp{match[1]}{match[2]}"
    return FolderPython(f"{match[1]}.{match[2]}", abi)
