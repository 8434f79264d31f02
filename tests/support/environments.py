"""Throw-away environments with a given pip and, if asked, variantsel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.terminal import run_on_terminal

INHERITED = (
    *("PATH", "SYSTEMROOT", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"),
    *("LD_PRELOAD", "ASAN_OPTIONS", "PYTHONMALLOC"),  # sanitizers: what pip runs is built with them
)


@dataclass
class Environment:
    """A virtual environment."""

    folder: Path
    pip_version: str

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        return next((self.folder / "lib").glob("python3*/site-packages"))

    def run(
        self,
        *command: str,
        variables: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 300,
        encoding: str = "utf-8",
    ) -> subprocess.CompletedProcess[str]:
        """Run this environment's Python with none of the caller's settings."""
        return subprocess.run(
            [str(self.python), *command],
            env=self._variables(variables),
            cwd=cwd or self.folder,
            capture_output=True,
            encoding=encoding,
            timeout=timeout,
            check=False,
        )

    def pip(
        self,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python -m pip``."""
        return self.run("-m", "pip", *arguments, variables=variables, cwd=cwd)

    def pip_on_terminal(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        """Run ``python -m pip`` on a terminal and return all that it shows."""
        return run_on_terminal(
            [str(self.python), "-m", "pip", *arguments],
            self._variables({"TERM": "xterm", "COLUMNS": "1000", **(variables or {})}),
            self.folder,
        )

    def _variables(self, changes: Mapping[str, str] | None) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {
            **inherited,
            "HOME": str(self.folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_CACHE_DIR": "1",
            **(changes or {}),
        }

    def unpack(self, *wheels: Path) -> None:
        """Install wheels of pure Python modules as pip would, in no time."""
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(self.site_packages)

    def remove(self, *names: str) -> None:
        """Remove what :meth:`unpack`, or pip, installed of wheels with one module."""
        for name in (name.replace("-", "_") for name in names):
            (self.site_packages / f"{name}.py").unlink(missing_ok=True)
            for compiled in (self.site_packages / "__pycache__").glob(f"{name}.*.pyc"):
                compiled.unlink()
            for folder in self.site_packages.glob(f"{name}-*.dist-info"):
                shutil.rmtree(folder)


def create_environment(folder: Path, pip_version: str, *packages: str) -> Environment:
    """Make an environment with one version of pip and the given packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    environment = Environment(folder, pip_version)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(environment.python), "install"),
            *("--quiet", "--disable-pip-version-check", f"pip=={pip_version}", *packages),
        ],
        check=True,
    )
    return environment
