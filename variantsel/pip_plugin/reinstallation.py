"""An environment stays active when pip replaces variantsel: uninstalling takes the hook along."""

from __future__ import annotations

import atexit
import subprocess
import sys
from pathlib import Path

from variantsel.pip_plugin.voice import say_early
from variantsel.python_process import importing_variantsel, run_python

__all__ = ["keep_active"]


def keep_active() -> None:
    """Activate again as pip ends, if the hook that is there now went with a variantsel replaced."""
    folder = Path(__file__).parents[2]
    if "install" in sys.argv and (folder / "variantsel.pth").is_file():
        atexit.register(_activate_again, folder)


def _activate_again(folder: Path) -> None:
    if (folder / "variantsel.pth").exists() or not any(folder.glob("variantsel-*.dist-info")):
        return
    command = importing_variantsel("from variantsel.cli import main\nsys.exit(main())", "activate")
    try:
        # By the one that is installed now, whose hook may be another.
        run_python(command, folder=str(folder), time_limit=60, check=True)
    except (OSError, subprocess.SubprocessError):
        say_early(
            "WARNING: variantsel was installed again and is no longer active; "
            "'variantsel activate' changes that."
        )
