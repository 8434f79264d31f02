"""Standing aside: changing pip back to what it was, also in the middle of a run."""

from __future__ import annotations

import functools
from typing import Any

from variantsel.pip_plugin.damage import damage_behind
from variantsel.pip_plugin.hook import tell_damage

__all__ = ["StandingAside"]


class StandingAside:
    """What pip was before it was changed.

    :ivar is_needed: whether it was changed back, and nothing is to be changed any more.
    """

    def __init__(self) -> None:
        self.is_needed = False
        self._before: list[tuple[Any, dict[str, Any]]] = []

    def note(self, *modules: Any) -> None:
        """Remember what modules and the classes in them are, before they are changed."""
        for module in filter(None, modules):
            classes = [item for item in vars(module).values() if isinstance(item, type)]
            for owner in (module, *classes):
                if getattr(owner, "__module__", "pip.").startswith("pip."):
                    self._before.append((owner, dict(vars(owner))))

    def change_back(self) -> None:
        """Leave pip as if variantsel were not there."""
        self.is_needed = True
        for owner, before in reversed(self._before):  # what was noted late is changed in part
            for name, value in list(vars(owner).items()):
                if name in before and before[name] is not value:
                    setattr(owner, name, before[name])

    def where_damaged(self, resolver: Any) -> None:
        """Let a resolver that is changed already start again as it was, where a file of ours turns
        out to be broken.

        Fits pip 23.1 to 26.3: ``Resolver.resolve`` may be called again, but for the legacy
        resolver's; what ``PackageFinder`` remembers is in ``functools.lru_cache`` in older pips,
        and in ``_all_candidates`` and ``_best_candidates`` in newer ones.
        """
        from pip._internal.exceptions import PipError

        changed = resolver.resolve

        @functools.wraps(changed)
        def resolve(self_: Any, root_reqs: Any, check_supported_wheels: bool) -> Any:
            try:
                return changed(self_, root_reqs, check_supported_wheels)
            except PipError:
                raise
            except Exception as error:
                damage = damage_behind(error)
                if not damage:
                    raise
                self.change_back()
                tell_damage(damage)
            finder = self_.factory._finder
            for remembered in ("_all_candidates", "_best_candidates"):
                getattr(finder, remembered, {}).clear()
            for function in vars(type(finder)).values():
                getattr(function, "cache_clear", lambda: None)()
            return resolver.resolve(self_, root_reqs, check_supported_wheels)

        resolver.resolve = resolve
