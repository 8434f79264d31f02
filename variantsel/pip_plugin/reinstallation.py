"""An environment stays active when pip replaces variantsel: uninstalling takes the hook along."""

from __future__ import annotations

import atexit
import subprocess
import sys
from pathlib import Path

from variantsel.pip_plugin.voice import say_early

__all__ = ["keep_active"]


def keep_active() -> None:
    """Activate again as pip ends, if the hook that is there now went with a variantsel replaced."""
    folder = Path(__file__).parents[2]
    if "install" in sys.argv and (folder / "variantsel.pth").is_file():
        atexit.register(_activate_again, folder)


def _activate_again(folder: Path) -> None:
    if (folder / "variantsel.pth").exists() or not any(folder.glob("variantsel-*.dist-info")):
        return
    command = [sys.executable, "-m", "variantsel", "activate"]
    try:
        # By the one that is installed now, whose hook may be another.
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        say_early(
            "WARNING: variantsel was installed again and is no longer active; "
            "'variantsel activate' changes that."
        )
