"""Starting another Python: the one place where variantsel does.

It is isolated (``-I``): neither the folder that it starts in, nor a script's, nor one that
``PYTHONPATH`` names is on its path. And it starts in a folder of ours, so that what is relative for
it (a library, a program, a setting) is not found in the folder of somebody's project either.
"""

from __future__ import annotations

import site
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["importing_variantsel", "run_python", "start_python", "variantsel_path"]

_WITH_FOLDERS = """\
import sys
count = int(sys.argv[1])
packages = [i for i, folder in enumerate(sys.path) if folder.endswith("-packages")]
first = packages[0] if packages else len(sys.path)
sys.path[first:first] = sys.argv[2:2 + count]
del sys.argv[1:2 + count]
"""
"""Folders come after the standard library, and before what is installed: of two variantsels, the
one that runs starts itself."""

_OWN_FOLDER = str(Path(__file__).absolute().parent)


def run_python(
    arguments: Sequence[str],
    *,
    folder: str = _OWN_FOLDER,
    python: str | None = None,
    time_limit: float | None = None,
    env: Mapping[str, str] | None = None,
    capture_output: bool = True,
    check: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Run another Python to its end, with nothing to read from.

    :param arguments: what follows the interpreter and ``-I``.
    :param folder: where it runs, a folder of ours.
    :param python: the interpreter; this one where ``None``.
    :param time_limit: seconds, after which it is killed.
    :param env: its environment variables; those of this process where ``None``.
    :param capture_output: whether what it writes is returned, and not seen.
    :param check: whether an exit status that is not 0 is an error.
    :raises subprocess.CalledProcessError: for such an exit status.
    :raises subprocess.TimeoutExpired: after ``time_limit``.
    :raises OSError: when it cannot be started.
    """
    return subprocess.run(
        _command(python, arguments),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        timeout=time_limit,
        env=env,
        capture_output=capture_output,
        check=check,
    )


def start_python(
    arguments: Sequence[str], *, folder: str, **options: Any
) -> subprocess.Popen[bytes]:
    """Start this Python once more, with nothing to read from, and do not wait for it.

    :param arguments: what follows the interpreter and ``-I``.
    :param folder: where it runs, a folder of ours.
    :param options: more of :class:`subprocess.Popen`'s.
    :raises OSError: when it cannot be started.
    """
    return subprocess.Popen(
        _command(None, arguments), cwd=folder, stdin=subprocess.DEVNULL, **options
    )


def importing_variantsel(
    code: str, *arguments: str, path: Sequence[str] | None = None
) -> list[str]:
    """What makes an isolated Python run code that imports variantsel, wherever that is installed.

    :param code: its statements; ``sys`` is there, and ``sys.argv[1:]`` are the arguments.
    :param path: what its :data:`sys.path` lacks for that; :func:`variantsel_path` where ``None``.
    """
    folders = variantsel_path() if path is None else [*path]
    return ["-c", _WITH_FOLDERS + code, str(len(folders)), *folders, *arguments]


def variantsel_path() -> list[str]:
    """The folders that hold variantsel and what it needs, apart from what is installed for all
    users of this Python; never the current folder, or that of a script, for being that."""
    folders = [str(Path(_OWN_FOLDER).parent)]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return folders


def _command(python: str | None, arguments: Sequence[str]) -> list[str]:
    if python is not None and Path(python).name != python:
        python = str(Path(python).absolute())  # not relative to where it will run
    return [python or sys.executable, "-I", *arguments]
