"""``variantsel pip …``: pip with the plugin, for one command, nothing activated."""

from __future__ import annotations

import runpy
import sys

from variantsel.errors import VariantselError
from variantsel.pip_plugin.startup import watch_for_pip

__all__ = ["main"]

_CHANGING_COMMANDS = {"install", "uninstall", "list", "show", "check", "freeze", "inspect"}
"""Those that are about an environment."""


def main(arguments: list[str]) -> int:
    """Run pip in this process, as ``python -m pip`` would.

    :param arguments: pip's own, verbatim; with an option of ours they are for another machine (see
        ``other_machine``).
    :returns: pip's exit status.
    :raises VariantselError: when this environment has no pip, or what is asked for cannot be had
        for another machine.
    """
    import importlib.util

    if importlib.util.find_spec("pip") is None:
        raise VariantselError(
            f"there is no pip in the environment of {sys.executable}; "
            "'python -m ensurepip' installs one"
        )
    from variantsel.pip_plugin.other_machine import asks_for_other_machine, run_for_other

    if asks_for_other_machine(arguments):
        return run_for_other(arguments, _run_pip)
    return _run_pip([*_meant_environment(arguments), *arguments])


def _meant_environment(arguments: list[str]) -> list[str]:
    """pip's option for the environment that is meant, where it is not the one that runs."""
    from variantsel.pip_plugin.front_door import is_tool_environment, meant_python

    names_one = any(word.partition("=")[0] == "--python" for word in arguments)
    if names_one or not is_tool_environment() or not set(arguments) & _CHANGING_COMMANDS:
        return []
    return ["--python", meant_python(None) or sys.executable]


def _run_pip(arguments: list[str]) -> int:
    watch_for_pip()
    sys.argv = ["pip", *arguments]
    try:
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
    except SystemExit as exit_:
        code = exit_.code
        return code if isinstance(code, int) else int(code is not None)
    return 0
