"""What the user agreed to run: packages, their exact files, for one kind of interpreter each.

One JSON file a package in ``variantsel/trusted`` of ``XDG_DATA_HOME`` (``~/.local/share``).
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from variantsel.errors import UntrustedPlugin
from variantsel.provider_host.entry_point import normalized_reference
from variantsel.provider_host.ownership import somebody_elses
from variantsel.regular_file import UnusableFile, is_ours, read_regular_file

__all__ = ["PinnedWheel", "TrustStore", "TrustedPackage", "interpreter_key"]

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"[A-Za-z0-9_.+!-]+")
_FILE_NAME = re.compile(r"[A-Za-z0-9_.+!-]+\.whl")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class PinnedWheel:
    """One wheel, known by its contents.

    :ivar name: the project's normalized name.
    :ivar sha256: of the file, in hexadecimal.
    """

    name: str
    version: str
    filename: str
    sha256: str


@dataclass(frozen=True)
class TrustedPackage:
    """A package the user agreed to run.

    :ivar name: normalized.
    :ivar extras: the extras it was resolved with, normalized.
    :ivar wheels: its wheel and those of everything it depends on.
    :ivar plugin_api: the plugin that it is asked through, ``module`` or ``module:attribute.path``.
    """

    name: str
    version: str
    extras: frozenset[str]
    wheels: tuple[PinnedWheel, ...]
    plugin_api: str

    def satisfies(self, requirement: Requirement) -> bool:
        """Whether this is what a requirement asks for."""
        return (
            canonicalize_name(requirement.name) == self.name
            and requirement.specifier.contains(Version(self.version), prereleases=True)
            and {canonicalize_name(extra) for extra in requirement.extras} <= self.extras
        )


def interpreter_key() -> str:
    """The kind of interpreter that wheels are chosen for: ``cpython-311-linux-x86_64-glibc``."""
    tag = sys.implementation.cache_tag or sys.implementation.name
    library = platform.libc_ver()[0]
    return "-".join(part for part in (tag, sysconfig.get_platform(), library) if part)


class TrustStore:
    """The packages the user agreed to run.

    Each is kept for one kind of interpreter: another one may need other wheels.
    """

    def __init__(self, folder: Path | None = None, interpreter: str | None = None) -> None:
        """Open the user's own store, for this interpreter, where nothing else is given.

        :raises UntrustedPlugin: when there is no home directory to keep it in.
        """
        self._folder = folder or _data_folder() / "trusted"
        self._interpreter = interpreter or interpreter_key()

    def get(self, name: str) -> TrustedPackage | None:
        """What the user agreed to of one package; ``None`` where that is nothing.

        :raises UntrustedPlugin: when it was written down in a file that cannot be used.
        """
        entry = self._entries(name).get(self._interpreter)
        if entry is None:
            return None
        try:
            return _package(canonicalize_name(name), entry)
        except (KeyError, TypeError, ValueError, AttributeError, UntrustedPlugin):
            raise UntrustedPlugin(
                f"{self._path(name)} is not what variantsel wrote there; "
                f"'variantsel trust {name}' writes it anew"
            ) from None

    def interpreters(self, name: str) -> list[str]:
        """The kinds of interpreter that a package is trusted for."""
        return sorted(self._entries(name))

    def packages(self) -> list[TrustedPackage]:
        """Everything the user agreed to for this interpreter, by name.

        :raises UntrustedPlugin: as :meth:`get`.
        """
        found = (self.get(name) for name in self.names())
        return [package for package in found if package is not None]

    def names(self) -> list[str]:
        """The packages that are trusted for any interpreter."""
        with contextlib.suppress(OSError):
            return sorted(
                path.stem
                for path in self._folder.iterdir()
                if path.suffix == ".json" and _NAME.fullmatch(path.stem)
            )
        return []

    def add(self, package: TrustedPackage) -> None:
        """Write down that the user agreed to run a package; what was there of it is replaced.

        :raises OSError: when it cannot be written.
        """
        entries: dict[str, Any] = {}
        with contextlib.suppress(UntrustedPlugin):
            entries.update(self._entries(package.name))
        entries[self._interpreter] = {
            "version": package.version,
            "extras": sorted(package.extras),
            "plugin-api": package.plugin_api,
            "wheels": [asdict(wheel) for wheel in package.wheels],
        }
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._folder)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(entries, file, indent=1)
            Path(temporary).replace(self._path(package.name))
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise

    def remove(self, name: str) -> bool:
        """Forget a package, for every interpreter; returns whether it was trusted.

        :raises OSError: when it cannot be removed.
        """
        if not _NAME.fullmatch(canonicalize_name(name)):
            return False
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return False
        return True

    def _path(self, name: str) -> Path:
        return self._folder / f"{canonicalize_name(name)}.json"

    def _entries(self, name: str) -> Mapping[str, Any]:
        if not _NAME.fullmatch(canonicalize_name(name)):
            return {}
        path = self._path(name)
        try:
            file = read_regular_file(path, _MAX_BYTES, follow_links=False)
        except FileNotFoundError:
            return {}
        except (OSError, UnusableFile) as error:
            raise UntrustedPlugin(f"{path} cannot be read ({error})") from None
        if not is_ours(file.owner):
            raise UntrustedPlugin(
                f"{path} belongs to user {file.owner}, not to user {os.geteuid()} who runs this: "
                "nobody can trust a package for somebody else"
            )
        if reason := somebody_elses(self._folder):
            raise UntrustedPlugin(
                f"{path} does not count: {reason}, and nobody can trust a package for somebody "
                "else; HOME or XDG_DATA_HOME names a folder of root's"
            )
        try:
            entries = json.loads(file.content)
        except (ValueError, RecursionError):
            entries = None
        if not isinstance(entries, dict):
            raise UntrustedPlugin(
                f"{path} is not what variantsel wrote there; "
                f"'variantsel trust {name}' writes it anew"
            )
        return entries


def _package(name: str, entry: Mapping[str, Any]) -> TrustedPackage:
    version = _text(entry["version"])
    try:
        Version(version)
    except InvalidVersion:
        raise ValueError(version) from None
    wheels = tuple(_wheel(wheel) for wheel in entry["wheels"])
    if name not in {wheel.name for wheel in wheels}:
        raise ValueError(name)
    plugin_api = normalized_reference(_text(entry["plugin-api"]))
    return TrustedPackage(name, version, _texts(entry["extras"]), wheels, plugin_api)


def _wheel(entry: Mapping[str, Any]) -> PinnedWheel:
    wheel = PinnedWheel(*(_text(entry[key]) for key in ("name", "version", "filename", "sha256")))
    patterns = (_NAME, _VERSION, _FILE_NAME, _SHA256)
    texts = (wheel.name, wheel.version, wheel.filename, wheel.sha256)
    if not all(pattern.fullmatch(text) for pattern, text in zip(patterns, texts, strict=True)):
        raise ValueError(wheel.filename)
    return wheel


def _texts(values: Iterable[Any]) -> frozenset[str]:
    return frozenset(map(_text, values))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _data_folder() -> Path:
    try:
        home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    except RuntimeError as error:
        raise UntrustedPlugin(f"there is no place for the packages you trust ({error})") from None
    return Path(home) / "variantsel"
