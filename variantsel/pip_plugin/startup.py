"""Waiting for pip: the first thing the start-up hook reaches, in every run of pip and no other.

Imports only what the interpreter has loaded already: many a program has "pip" in its command line,
``pipeline.py`` for one.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # what type checkers take for typing's, which takes long to load
if TYPE_CHECKING:
    from typing import Any

__all__ = ["hook", "runs_pip", "watch_for_pip"]

WATCHED_MODULE = "pip._internal.index.package_finder"
"""Imported by every pip command that looks for packages, and by few others."""

COMMANDS = "pip._internal.commands"
"""The modules of the commands. ``pip check`` of pip 24.0 imports the watched module from the middle
of other modules that the seams need; those are whole when its command's module is."""


def hook() -> None:
    """Start watching when pip is the program being run and ``VARIANTSEL`` is not 0.

    Called while the interpreter starts; raises nothing.
    """
    if runs_pip(sys.orig_argv) and os.environ.get("VARIANTSEL", "").strip() != "0":
        watch_for_pip()


def runs_pip(command: list[str]) -> bool:
    """Tell from the interpreter's command line whether it runs pip.

    :param command: :data:`sys.orig_argv`: the interpreter, its options, what it runs.

    >>> runs_pip(["python3", "-Im", "pip", "install", "torch"])
    True
    >>> runs_pip(["python3", "/venv/bin/pip3.12", "list"])
    True
    >>> runs_pip(["python3", "manage.py", "pip"])
    False
    """
    arguments = iter(command[1:])
    for argument in arguments:
        if argument == "-" or not argument.startswith("-"):
            return _is_pip_script(argument)
        if argument.startswith("--"):
            if argument == "--check-hash-based-pycs":
                next(arguments, None)
            continue
        for position, letter in enumerate(argument[1:], start=2):
            value = argument[position:]
            if letter == "m":
                return (value or next(arguments, "")) == "pip"
            if letter == "c":
                return False
            if letter in "WX":
                if not value:
                    next(arguments, None)
                break
    return False


def _is_pip_script(path: str) -> bool:
    parts = path.replace("\\", "/").rstrip("/").split("/")
    if parts[-1] in ("__main__.py", "__pip-runner__.py"):
        return parts[-2:-1] == ["pip"]
    name = parts[-1].lower()
    for ending in (".exe", ".pyz", "-script.py", ".py"):
        name = name.removesuffix(ending)
    version = name[3:]
    return name.startswith("pip") and (not version or version.replace(".", "").isdecimal())


def watch_for_pip() -> None:
    """Attach variantsel to pip as soon as pip loads what it finds packages with."""
    if _ATTACHMENT.is_awaited or WATCHED_MODULE in sys.modules:
        return
    from variantsel.pip_plugin.import_watch import when_below_imported, when_imported

    _ATTACHMENT.is_awaited = True
    when_imported(WATCHED_MODULE, _ATTACHMENT.attach_after)
    when_below_imported(COMMANDS, _ATTACHMENT.attach_after)
    when_imported("pip._internal.cli.main_parser", _watch_for_other_interpreter)


class _Attachment:
    """Attaches once.

    :ivar is_awaited: whether pip is being watched, or was.
    :ivar is_done: whether the seams were changed.
    """

    is_awaited = False
    is_done = False

    def attach_after(self, module: Any) -> None:
        """Attach, unless the watched module or what imports it is still to come."""
        if self.is_done or WATCHED_MODULE not in sys.modules:
            return
        for name, other in list(sys.modules.items()):
            if name.startswith("pip._internal.") and other is not module:
                spec = getattr(other, "__spec__", None)
                if getattr(spec, "_initializing", False):
                    return
        self.is_done = True
        from variantsel.pip_plugin.attach import attach

        attach()


_ATTACHMENT = _Attachment()


def _watch_for_other_interpreter(main_parser: Any) -> None:
    """Seam: ``pip --python OTHER``; pip 23.1 to 26.3 call this function for nothing else."""
    identify = getattr(main_parser, "identify_python_interpreter", None)
    if identify is None:
        return

    def identify_and_tell(python: str) -> Any:
        from variantsel.pip_plugin.other_interpreter import tell_if_not_active

        interpreter = identify(python)
        tell_if_not_active(interpreter)
        return interpreter

    main_parser.identify_python_interpreter = identify_and_tell
