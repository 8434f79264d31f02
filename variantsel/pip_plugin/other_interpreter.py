"""``pip --python OTHER``, which runs this pip once more, in another environment.

Whether variants are seen is a matter of that environment then.
"""

from __future__ import annotations

import subprocess
import sys

__all__ = ["tell_if_not_active"]

_CHOOSING_COMMANDS = {"install", "download", "wheel", "lock", "index"}

_ENDS_WITH_1_UNLESS_ACTIVE = (
    "import os, sys; "
    "sys.exit(not any(os.path.exists(os.path.join(p, 'variantsel.pth')) for p in sys.path))"
)


def tell_if_not_active(interpreter: str | None) -> None:
    """Say so, in one line, when pip turns to an environment where it will not see variants.

    :param interpreter: that environment's Python; ``None`` where pip found none.
    """
    if interpreter is None or _CHOOSING_COMMANDS.isdisjoint(sys.argv):
        return
    try:
        asked = subprocess.run(
            [interpreter, "-c", _ENDS_WITH_1_UNLESS_ACTIVE],
            capture_output=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return  # pip itself says what is wrong with it
    if asked.returncode == 1:
        # As the plugin's other words before pip has set up its own logger.
        sys.stderr.write(
            f"WARNING: pip turns to {interpreter}, where variantsel is not active: variant wheels "
            "are not considered. Install variantsel there as well, and activate it with "
            f"'{interpreter} -m variantsel activate'.\n"
        )
