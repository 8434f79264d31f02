"""The start-up hook of an environment: putting it there, taking it away, looking.

``variantsel.pth`` is read by every CPython; where ``variantsel.start`` is understood (3.15 and
newer, PEP 829), it takes the place of the former's code.
"""

from __future__ import annotations

import importlib.metadata
import platform
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from variantsel.errors import VariantselError

__all__ = ["ActivationStatus", "activate", "deactivate", "status"]

# One line, since that is what a .pth file holds. It looks for "pip" in the command line before
# anything is imported, and stays silent when variantsel was uninstalled since.
_PTH = (
    "import sys; 'pip' in ' '.join(sys.orig_argv[1:]) and exec("
    '"try:\\n from variantsel.pip_plugin.startup import hook\\n'
    'except ImportError: pass\\nelse: hook()")\n'
)
_START = "variantsel.pip_plugin.startup:hook\n"
_FILES = {"variantsel.pth": _PTH, "variantsel.start": _START}


@dataclass(frozen=True)
class ActivationStatus:
    """Whether pip runs with the plugin in this environment.

    :ivar active: whether the hook is installed.
    :ivar files: the hook's files that are there.
    :ivar pip_version: the environment's pip; ``None`` where it has none.
    :ivar pip_supported: whether the plugin knows that pip.
    :ivar python: the version of Python.
    """

    active: bool
    files: tuple[Path, ...]
    pip_version: str | None
    pip_supported: bool
    python: str


def activate() -> list[Path]:
    """Install the hook into this environment.

    :returns: the files that are now there.
    :raises VariantselError: when the environment cannot be written to.
    """
    paths = _paths()
    try:
        for path in paths:
            _write(path, _FILES[path.name])
    except OSError as error:
        deactivate()
        raise VariantselError(
            f"{error.filename}: {error.strerror}; activate a virtual environment, or one that you "
            "may write to"
        ) from None
    return paths


def deactivate() -> list[Path]:
    """Remove the hook from this environment.

    :returns: the files that were removed.
    :raises VariantselError: when one cannot be removed.
    """
    removed = []
    for path in _paths():
        try:
            path.unlink()
            removed.append(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise VariantselError(f"{path}: {error.strerror}") from None
    return removed


def status() -> ActivationStatus:
    """Tell whether pip runs with the plugin in this environment."""
    from variantsel.pip_plugin.attach import is_supported_pip

    files = tuple(path for path in _paths() if path.is_file())
    try:
        pip_version = importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError:
        pip_version = None
    return ActivationStatus(
        active=len(files) == len(_FILES),
        files=files,
        pip_version=pip_version,
        pip_supported=pip_version is not None and is_supported_pip(pip_version),
        python=platform.python_version(),
    )


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all: every Python of the environment reads it as it starts."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")
    temporary = Path(name)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.chmod(0o644)  # mkstemp's are for the owner alone
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise


def _paths() -> list[Path]:
    folder = Path(sysconfig.get_path("purelib"))
    return [folder / name for name in _FILES]
