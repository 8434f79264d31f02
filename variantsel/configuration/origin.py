"""Where a configuration file may have come from: whether somebody else may have written it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from variantsel.configuration.places import FILE_NAME, PYPROJECT

__all__ = ["anyone_may_write", "brought_by_a_checkout"]

PROJECT_SIGNS = (
    *(PYPROJECT, "setup.py", "setup.cfg", FILE_NAME),
    *(".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", "CVS"),
)
"""What lies at the top of a project: the files of its build, and what version control keeps."""

_ENVIRONMENT_FILE = "pyvenv.cfg"


def brought_by_a_checkout(file: Path) -> str:
    """Whether the file in an environment's folder may have come with a project.

    It may where the environment lies inside one, however deep; and where the file is older than the
    environment: ``python -m venv`` keeps what it finds in a folder.

    :param file: ``variantsel.toml`` in the folder of a Python environment.
    :returns: what speaks for it, in words; empty where nothing does.
    """
    # A folder that is reached through a link lies in two places, and counts in both.
    for environment in dict.fromkeys((file.parent, Path(os.path.realpath(file.parent)))):
        for folder in (environment, *environment.parents):
            for sign in PROJECT_SIGNS:
                path = folder / sign
                if path != environment / FILE_NAME and os.path.lexists(path):
                    return f"{path} is there"
    try:
        made = (file.parent / _ENVIRONMENT_FILE).stat().st_mtime_ns
        written = file.stat().st_ctime_ns
    except OSError:
        return ""
    return "the file is older than the environment" if written < made else ""


def anyone_may_write(folder: Path) -> bool:
    """Whether every user of the machine may put a file into a folder, as into ``/tmp``."""
    try:
        return bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False
