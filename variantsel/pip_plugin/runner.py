"""``variantsel pip …``: pip with the plugin, for one command, nothing activated."""

from __future__ import annotations

import runpy
import sys

from variantsel.errors import VariantselError
from variantsel.pip_plugin.startup import watch_for_pip

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Run pip in this process, as ``python -m pip`` would.

    :param arguments: pip's own, verbatim.
    :returns: pip's exit status.
    :raises VariantselError: when this environment has no pip.
    """
    import importlib.util

    if importlib.util.find_spec("pip") is None:
        raise VariantselError(
            f"there is no pip in the environment of {sys.executable}; "
            "'python -m ensurepip' installs one"
        )
    watch_for_pip()
    sys.argv = ["pip", *arguments]
    try:
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
    except SystemExit as exit_:
        code = exit_.code
        return code if isinstance(code, int) else int(code is not None)
    return 0
