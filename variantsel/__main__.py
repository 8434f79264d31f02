"""``python -m variantsel``."""

import os
import sys

# ``-m`` puts the current folder first: what lies there is somebody's project, and none of our
# modules, or pip's.
if sys.path and not getattr(sys.flags, "safe_path", False):
    try:
        _HERE = os.getcwd()  # noqa: PTH109  nothing more than needed while it is on the path
    except OSError:  # it was removed
        _HERE = ""
    if sys.path[0] in ("", _HERE):
        del sys.path[0]

from variantsel.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
