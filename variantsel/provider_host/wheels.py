"""Fetching a provider package and what it depends on: pip, without variants, wheels only.

pip runs in a process of its own with the plugin off (providers draft, High level design: plugins
are installed from non-variant wheels). The user's index settings apply, no other of pip's do.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from email import message_from_bytes
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from variantsel.errors import InvalidWheelName, PluginFailure
from variantsel.formats.wheel_name import WheelName
from variantsel.provider_host.answer import one_line
from variantsel.provider_host.entry_point import plugin_of
from variantsel.provider_host.trust_store import PinnedWheel, TrustedPackage
from variantsel.python_process import run_python

__all__ = ["WheelFolder", "resolve"]

_TIME_LIMIT = 600.0
"""Seconds that pip may take."""

_INDEX_SETTINGS = frozenset(
    f"PIP_{name}"
    for name in (
        *("INDEX_URL", "EXTRA_INDEX_URL", "NO_INDEX", "FIND_LINKS", "TRUSTED_HOST"),
        *("CERT", "CLIENT_CERT", "PROXY", "KEYRING_PROVIDER"),
        *("TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES"),
        *("CACHE_DIR", "NO_CACHE_DIR", "CONFIG_FILE"),
    )
)
"""The settings of pip that say where packages come from. Others (a target folder, another platform,
constraints with hashes) belong to what the user installs, not to the provider."""
_FILES = frozenset({"PIP_CERT", "PIP_CLIENT_CERT", "PIP_CONFIG_FILE", "PIP_CACHE_DIR"})
_LISTS_OF_PLACES = frozenset({"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"})
"""Of those, the ones that may be relative to the current folder."""


class WheelFolder:
    """The folder that wheels of trusted packages are kept in, by hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, wheel: PinnedWheel) -> Path:
        """Where a wheel is kept, whether it is there or not."""
        return self._folder / wheel.sha256 / wheel.filename

    def has(self, wheel: PinnedWheel) -> bool:
        """Whether a wheel is here, and is the one that was agreed to."""
        try:
            return _sha256(self.path(wheel)) == wheel.sha256
        except OSError:
            return False

    def adopt(self, wheels: Iterable[PinnedWheel], downloads: Path) -> None:
        """Take wheels over from the folder they were downloaded to.

        :raises OSError: when they cannot be written.
        """
        for wheel in wheels:
            path = self.path(wheel)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = path.with_suffix(f".{os.getpid()}")
            shutil.copyfile(downloads / wheel.filename, temporary)
            temporary.replace(path)

    def fetch_missing(self, wheels: Iterable[PinnedWheel]) -> None:
        """Download again what is not here any more: these very files, nothing else.

        :raises PluginFailure: when pip cannot get them.
        :raises OSError: when they cannot be written.
        """
        missing = [wheel for wheel in wheels if not self.has(wheel)]
        if not missing:
            return
        with tempfile.TemporaryDirectory(prefix="variantsel-") as name:
            downloads = Path(name)
            requirements = downloads / "requirements.txt"
            requirements.write_text(
                "".join(f"{w.name}=={w.version} --hash=sha256:{w.sha256}\n" for w in missing)
            )
            options = ("--no-deps", "--require-hashes", "--requirement", str(requirements))
            _download(downloads, options)
            found = {_sha256(path): path for path in downloads.glob("*.whl")}
            for wheel in missing:
                if wheel.sha256 not in found:
                    raise PluginFailure(
                        f"cannot be fetched again: {wheel.filename} is not what it was any more; "
                        "'variantsel trust' shows what there is now"
                    )
            self.adopt(missing, downloads)


def resolve(
    requirements: Sequence[Requirement],
    downloads: Path,
    index_url: str | None = None,
    plugin_api: str | None = None,
) -> list[TrustedPackage]:
    """Find out what running some packages would mean, and download it.

    :param requirements: of the packages, without URLs.
    :param downloads: an empty folder.
    :param index_url: the index to use instead of the configured one.
    :param plugin_api: where the plugin is, of a single package, instead of what its files say.
    :returns: what there is to agree to, a package for each requirement.
    :raises PluginFailure: when pip cannot get them.
    """
    index = ("--index-url", _from_anywhere(index_url)) if index_url else ()
    texts = [_without_marker(requirement) for requirement in requirements]
    _download(downloads, (*index, *texts))
    wheels = {wheel.name: wheel for wheel in map(_pinned, sorted(downloads.iterdir()))}
    packages = []
    for requirement in requirements:
        name = canonicalize_name(requirement.name)
        extras = frozenset(map(canonicalize_name, requirement.extras))
        needed = _closure(requirement, wheels, downloads)
        plugin = plugin_api or plugin_of(downloads / wheels[name].filename, name)
        packages.append(TrustedPackage(name, wheels[name].version, extras, needed, plugin))
    return packages


def _closure(
    requirement: Requirement, wheels: Mapping[str, PinnedWheel], downloads: Path
) -> tuple[PinnedWheel, ...]:
    """The wheels that one requirement brings, of those that several have brought."""
    needed: dict[str, set[str]] = {}
    waiting = [requirement]
    while waiting:
        current = waiting.pop()
        name = canonicalize_name(current.name)
        extras = {"", *current.extras} - needed.get(name, set())
        if name not in wheels or not extras:
            continue  # what pip did not need either
        needed[name] = needed.get(name, set()) | extras
        for text in _requirements(downloads / wheels[name].filename):
            dependency = Requirement(text)
            if dependency.marker is None or any(
                dependency.marker.evaluate({"extra": extra}) for extra in extras
            ):
                waiting.append(dependency)
    return tuple(wheels[name] for name in sorted(needed))


def _requirements(wheel: Path) -> list[str]:
    """``Requires-Dist`` of a wheel that pip has understood."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (
            name
            for name in archive.namelist()
            if name.count("/") == 1 and name.endswith(".dist-info/METADATA")
        )
        return message_from_bytes(archive.read(metadata)).get_all("Requires-Dist") or []


def _without_marker(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _pinned(path: Path) -> PinnedWheel:
    try:
        name = WheelName.parse(path.name)
    except InvalidWheelName as error:
        raise PluginFailure(f"cannot be used: {error}") from None
    if name.is_variant:
        raise PluginFailure(
            f"cannot be used: {path.name} is a variant; providers have to be ordinary wheels"
        )
    return PinnedWheel(name.name, str(name.version), path.name, _sha256(path))


def _download(folder: Path, options: Sequence[str]) -> None:
    command = [
        *("-m", "pip", "download", "--quiet", "--no-input"),
        *("--disable-pip-version-check", "--progress-bar", "off"),
        *("--only-binary", ":all:", "--dest", str(folder), *options),
    ]
    try:
        process = run_python(
            command,
            folder=str(folder),
            env=_pip_environment(os.environ),
            time_limit=_TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        raise PluginFailure(
            f"cannot be fetched: pip did not end within {_TIME_LIMIT:g} s"
        ) from None
    except OSError as error:
        raise PluginFailure(f"cannot be fetched: pip could not be started ({error})") from None
    if process.returncode != 0:
        reason = _reason(process.stderr.decode(errors="replace"))
        if reason.endswith("No module named pip"):
            raise PluginFailure(
                f"cannot be fetched: there is no pip in the environment of {sys.executable}; "
                "'python -m ensurepip' installs one"
            )
        raise PluginFailure(f"cannot be fetched as wheels: pip says: {reason}")


def _pip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("PIP_") or name in _INDEX_SETTINGS
    }
    for name in _LISTS_OF_PLACES & kept.keys():
        kept[name] = " ".join(map(_from_anywhere, kept[name].split()))
    for name in _FILES & kept.keys():
        kept[name] = _from_anywhere(kept[name])
    return {**kept, "VARIANTSEL": "0"}


def _from_anywhere(place: str) -> str:
    """A URL, or a path that means the same for a pip that runs in another folder."""
    if not place or ":" in place or place.startswith("~"):
        return place
    return str(Path(place).absolute())


def _reason(output: str) -> str:
    """What pip says went wrong, in a line; of a network that is not there, the first thing."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for mark in ("connection broken by", "ERROR:"):
        for line in lines:
            if mark in line:
                return one_line(line.partition(mark)[2])[:300]
    return one_line(lines[-1])[:300] if lines else "it does not say why"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
