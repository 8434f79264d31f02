"""Where settings may stand, and whether any do: cheap enough for every run of pip to ask.

Imports what pip has loaded anyway.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = [
    "CONFIG_VARIABLE",
    "FILE_NAME",
    "PYPROJECT",
    "exists",
    "machine_files",
    "may_be_set",
    "may_mention_us",
    "user_files",
]

CONFIG_VARIABLE = "VARIANTSEL_CONFIG"
"""Names a further file, or :data:`os.devnull` for none at all."""

FILE_NAME = "variantsel.toml"
PYPROJECT = "pyproject.toml"


def may_be_set(environ: Mapping[str, str], directory: Path | None = None) -> bool:
    """Whether a variable or a file is there that may set anything; no file is understood for it.

    :param directory: the current one where ``None``.
    """
    named = environ.get(CONFIG_VARIABLE, "").strip()
    if any(name.startswith("VARIANTSEL_") and name != CONFIG_VARIABLE for name in environ):
        return True
    if named:
        return named != os.devnull
    return any(_found(environ, directory))


def _found(environ: Mapping[str, str], directory: Path | None) -> Iterator[bool]:
    try:
        start = Path.cwd() if directory is None else directory.absolute()
    except OSError:  # the current directory was removed
        folders: tuple[Path, ...] = ()
    else:
        folders = (start, *start.parents)
    for folder in folders:
        yield exists(folder / FILE_NAME)
        pyproject = folder / PYPROJECT
        yield exists(pyproject) and may_mention_us(pyproject)
    yield exists(Path(sys.prefix) / FILE_NAME)
    for path in (*user_files(environ), *machine_files(environ)):
        yield exists(path)


def user_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where pip keeps the user's file on each platform, under our name."""
    if sys.platform == "win32":
        if environ.get("APPDATA"):
            yield Path(environ["APPDATA"]) / "variantsel" / FILE_NAME
        return
    home = Path(environ["HOME"]) if environ.get("HOME") else None
    if sys.platform == "darwin":
        if home is not None:
            library = home / "Library" / "Application Support" / "variantsel"
            folder = library if library.is_dir() else home / ".config" / "variantsel"
            yield folder / FILE_NAME
        return
    if environ.get("XDG_CONFIG_HOME"):
        yield Path(environ["XDG_CONFIG_HOME"]) / "variantsel" / FILE_NAME
    elif home is not None:
        yield home / ".config" / "variantsel" / FILE_NAME


def machine_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where pip keeps the file for all users of a machine, strongest first, under our name."""
    if sys.platform == "win32":
        yield Path(environ.get("PROGRAMDATA") or "C:\\ProgramData") / "variantsel" / FILE_NAME
        return
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/variantsel") / FILE_NAME
        return
    yield Path("/etc") / FILE_NAME
    folders = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    yield from (Path(folder) / "variantsel" / FILE_NAME for folder in reversed(folders) if folder)


def exists(path: Path) -> bool:
    """Whether something that is no folder is there, in a folder that may be looked into.

    Whoever reads it in earnest says when it is no file that could be read.
    """
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def may_mention_us(pyproject: Path) -> bool:
    """Whether a pyproject.toml holds our name; without it, it need not even be TOML.

    One that cannot be read may, too: whoever reads it in earnest says so.
    """
    try:
        if not pyproject.is_file():
            return False
        with open(pyproject, "rb", opener=_without_waiting) as file:
            return b"variantsel" in (file.read(_SEARCHED_BYTES) or b"")
    except OSError:
        return True


_SEARCHED_BYTES = 1024 * 1024
"""Of a pyproject.toml; a longer one with our name in it is refused by whoever reads it."""


def _without_waiting(path: str, flags: int) -> int:
    """Open a file that may have become a FIFO since it was looked at."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
