"""Waiting for pip: the first thing the start-up hook reaches, in every run of pip and no other.

Imports only what the interpreter has loaded already: not every command of pip looks for packages.
"""

from __future__ import annotations

import sys

from variantsel.pip_plugin.hook import tell_damage

TYPE_CHECKING = False  # what type checkers take for typing's, which takes long to load
if TYPE_CHECKING:
    from typing import Any

__all__ = ["hook", "watch_for_pip"]

WATCHED_MODULE = "pip._internal.index.package_finder"
"""Imported by every pip command that looks for packages, and by few others."""

COMMANDS = "pip._internal.commands"
"""The modules of the commands. ``pip check`` of pip 24.0 imports the watched module from the middle
of other modules that the seams need; those are whole when its command's module is."""


def hook() -> None:
    """What the hooks of variantsel before 0.2.0 call as Python starts; raises nothing."""
    from variantsel.pip_plugin.hook import start

    start(sys.orig_argv)


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
        try:  # pip works on, whatever is missing or broken here
            from variantsel.pip_plugin.reinstallation import keep_active

            keep_active()
            from variantsel.pip_plugin.damage import damaged_file

            path = damaged_file()
            if path:
                tell_damage(f"{path} is not as it was installed")
                return
            from variantsel.pip_plugin.attach import attach

            attach()
        except Exception as error:
            tell_damage(_described(error))


def _described(error: Exception) -> Exception | str:
    try:
        from variantsel.pip_plugin.damage import damage_behind

        return damage_behind(error) or error
    except Exception:  # that file is no better
        return error


_ATTACHMENT = _Attachment()


def _watch_for_other_interpreter(main_parser: Any) -> None:
    """Seam: ``pip --python OTHER``; pip 23.1 to 26.3 call these functions for nothing else."""
    identify = getattr(main_parser, "identify_python_interpreter", None)
    get_runnable_pip = getattr(main_parser, "get_runnable_pip", None)
    if identify is None or get_runnable_pip is None:
        return
    identified = []

    def identify_and_note(python: str) -> Any:
        identified.append(identify(python))
        return identified[-1]

    def get_runnable_pip_for_it() -> str:
        from variantsel.pip_plugin.other_interpreter import pip_for

        return pip_for(identified[-1] if identified else None, get_runnable_pip())

    main_parser.identify_python_interpreter = identify_and_note
    main_parser.get_runnable_pip = get_runnable_pip_for_it
