"""Releases that a machine would have got, had its system been newer: passed over for nothing but
the version of glibc, or musl, in their platform tags.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.version import Version

    from variantsel.targets.target import Target

__all__ = ["NewerSystems"]

_LIBC = re.compile(r"(manylinux|musllinux)_(\d{1,3})_(\d{1,3})_(\w+)", re.ASCII)


class _Wheel(NamedTuple):
    """A wheel that was passed over.

    :ivar libc: the oldest version of the C library that one of its tags asks for.
    """

    version: Version
    libc: tuple[int, int]
    link: Any


class NewerSystems:
    """Remembers wheels that were passed over, and what was taken of the same projects."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._wheels: dict[str, list[_Wheel]] = {}
        self._best: dict[str, tuple[str, str, Any]] = {}
        self._pythons: set[tuple[str, str]] = set()

    def note(self, project: str, link: Any) -> None:
        """Remember a wheel whose tags are not the machine's."""
        from packaging.utils import canonicalize_name, parse_wheel_filename

        from variantsel.formats.wheel_label import split_label

        try:
            _, version, _, tags = parse_wheel_filename(split_label(link.filename)[0])
        except ValueError:  # packaging's own, and Python's of numbers with many digits
            return
        needed = [libc for tag in tags if (libc := self._libc_asked_for(tag))]
        if needed and not version.is_prerelease and not link.is_yanked:
            self._wheels.setdefault(canonicalize_name(project), []).append(
                _Wheel(version, min(needed), link)
            )

    def note_best(self, project: str, version: str, specifier: str, hashes: Any) -> None:
        """Remember what is best of a project.

        :param version: empty where there is nothing.
        :param specifier: the versions that were asked for.
        :param hashes: pip's, of the files that are allowed.
        """
        from packaging.utils import canonicalize_name

        self._best[canonicalize_name(project)] = version, specifier, hashes

    def lines(self) -> list[str]:
        """A line for every project of which a newer release was passed over."""
        found = []
        for project, (best, specifier, hashes) in self._best.items():
            newer = [
                wheel
                for wheel in self._wheels.get(project, ())
                if self._would_be_taken(wheel, best, specifier, hashes)
            ]
            if newer:
                found.append(self._line(project, best, newer))
        return found

    def _libc_asked_for(self, tag: Tag) -> tuple[int, int] | None:
        """The version that a tag asks for, where the machine's is older and all else is right."""
        if not self._pythons:
            self._pythons = {(tag.interpreter, tag.abi) for tag in self._target.tags}
        match = _LIBC.fullmatch(tag.platform)
        family, has = self._libc()
        if (
            match is None
            or match[1] != family
            or match[4] != self._target.environment["platform_machine"]
            or (tag.interpreter, tag.abi) not in self._pythons
        ):
            return None
        asked = int(match[2]), int(match[3])
        return asked if asked > has else None

    def _libc(self) -> tuple[str, tuple[int, int]]:
        """The machine's C library, as its tags have it, and its version."""
        for platform in self._target.platforms:
            match = _LIBC.fullmatch(platform)
            if match is not None:
                return match[1], (int(match[2]), int(match[3]))
        return "", (0, 0)

    def _would_be_taken(self, wheel: _Wheel, best: str, specifier: str, hashes: Any) -> bool:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet
        from packaging.version import Version

        python = self._target.environment["python_full_version"]
        try:
            return (
                (not best or wheel.version > Version(best))
                and wheel.version in SpecifierSet(specifier)
                and python in SpecifierSet(wheel.link.requires_python or "")
                and (not hashes or wheel.link.is_hash_allowed(hashes))
            )
        except InvalidSpecifier:
            return False

    def _line(self, project: str, best: str, wheels: list[_Wheel]) -> str:
        newest = max(wheel.version for wheel in wheels)
        needed = min(wheel.libc for wheel in wheels if wheel.version == newest)
        family, has = self._libc()
        library, option = {"manylinux": ("glibc", "--glibc"), "musllinux": ("musl", "--musl")}[
            family
        ]
        version = ".".join(map(str, needed))
        instead = f", and {best} taken," if best else ""
        return (
            f"{project} {newest} was passed over{instead} for its platform tags alone: it needs "
            f"{library} {version}, and what is known of {self._target.name} is "
            f"{'.'.join(map(str, has))}. The image it runs in decides: where that has {library} "
            f"{version} or newer, say so ({option} {version})"
        )
