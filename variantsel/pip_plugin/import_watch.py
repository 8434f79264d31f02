"""Acting on modules as they are imported: how the plugin reaches pip's, which load when pip likes.

Imports only what the interpreter has loaded already, as ``startup`` does.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # what type checkers take for typing's, which takes long to load
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["when_below_imported", "when_imported"]


def when_imported(module_name: str, action: Callable[[Any], None]) -> None:
    """Call an action with a module: now if it is loaded, otherwise as soon as it is."""
    if module_name in sys.modules:
        action(sys.modules[module_name])
        return
    _WATCHER.actions.setdefault(module_name, []).append(action)
    _watch()


def when_below_imported(package: str, action: Callable[[Any], None]) -> None:
    """Call an action with each module of a package, as it is loaded.

    :param package: the package's name.
    """
    _WATCHER.packages[f"{package}."] = action
    _WATCHER.prefixes = tuple(_WATCHER.packages)
    _watch()


def _watch() -> None:
    if _WATCHER not in sys.meta_path:
        sys.meta_path.insert(0, _WATCHER)


class _Watcher:
    """A finder on :data:`sys.meta_path` that finds nothing itself: it waits for modules.

    There is one for all of them, since every finder takes its time at every import.

    :ivar actions: what is to be done with the modules waited for, once they are loaded.
    :ivar packages: what is to be done with any module of a package, by the package's prefix.
    :ivar prefixes: the keys of ``packages``: every import of the program passes here.
    """

    def __init__(self) -> None:
        self.actions: dict[str, list[Callable[[Any], None]]] = {}
        self.packages: dict[str, Callable[[Any], None]] = {}
        self.prefixes: tuple[str, ...] = ()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self.actions and not name.startswith(self.prefixes):
            return None
        actions = self.actions.pop(name, [])
        actions += [self.packages[prefix] for prefix in self.packages if name.startswith(prefix)]
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _ActingLoader(spec.loader, actions)  # type: ignore[assignment]
                return spec
        return None


_WATCHER = _Watcher()


class _ActingLoader:
    """Loads a module with its own loader, then gives it to the actions that waited for it."""

    def __init__(self, loader: Any, actions: list[Callable[[Any], None]]) -> None:
        self._loader = loader
        self._actions = actions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def exec_module(self, module: Any) -> None:
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        for action in self._actions:
            action(module)
