"""The pips that the plugin is for, and environments that hold one of them, quickly made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from support.environments import Environment

PIP_RELEASES = {
    "23.1.2": "3.11",
    "23.2.1": "3.12",
    "23.3.2": "3.12",
    "24.0": "3.12",
    "24.1.2": "3.12",
    "24.2": "3.12",
    "24.3.1": "3.13",
    "25.0.1": "3.13",
    "25.1.1": "3.13",
    "25.2": "3.14",
    "25.3": "3.14",
    "26.0.1": "3.14",
    "26.1.2": "3.14",
    "26.2.1": "3.15",
    "26.3": "3.15",
}
"""The newest release of every line the plugin knows, and the newest CPython (of those below) that
its classifiers name."""

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
"""Every pip above supports the oldest of them."""


def supported_cells() -> list[tuple[str, str]]:
    """Every (pip, Python) that the pip says it supports."""
    return [
        (pip, python)
        for pip, newest in PIP_RELEASES.items()
        for python in PYTHONS[: PYTHONS.index(newest) + 1]
    ]


def representative_cells() -> list[tuple[str, str]]:
    """A third of them: every pip on one Python at least, every Python with old and new pips."""
    newest_first = list(reversed(PIP_RELEASES))
    return [
        (pip, python)
        for pip, python in supported_cells()
        if (newest_first.index(pip) + PYTHONS.index(python)) % 3 == 0
    ]


def find_python(version: str) -> Path | None:
    """An interpreter of a release line: the one that runs, one of pyenv's, one on the path."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return Path(sys.executable)
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for python in sorted(versions.glob(f"{version}.*/bin/python")):
        return python
    on_path = shutil.which(f"python{version}")
    return Path(on_path) if on_path else None


def python_for(pip_version: str) -> Path | None:
    """The interpreter that runs, or else the newest one here that a pip supports."""
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    supported = PYTHONS[: PYTHONS.index(PIP_RELEASES[pip_version]) + 1]
    for version in sorted(supported, key=lambda version: (version == running, version))[::-1]:
        python = find_python(version)
        if python is not None:
            return python
    return None


def download(folder: Path, python: Path, *requirements: str) -> list[Path]:
    """Download wheels with the pip beside the tests, for a Python and its markers.

    :returns: every wheel that is in the folder afterwards.
    """
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "download", "--quiet"),
            *("--disable-pip-version-check", "--dest", str(folder), *requirements),
        ],
        check=True,
    )
    return sorted(folder.glob("*.whl"))


def unpack_environment(
    folder: Path, python: Path, pip_version: str, wheels: Iterable[Path]
) -> Environment:
    """Make an environment of wheels by unpacking them, in a fraction of a second.

    What is left out of an install (scripts, bytecode) nobody needs who runs ``python -m``.
    """
    subprocess.run([str(python), "-m", "venv", "--without-pip", str(folder)], check=True)
    environment = Environment(folder, pip_version)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(environment.site_packages)
    return environment
