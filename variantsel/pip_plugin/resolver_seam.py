"""Seam: the end of pip's resolution, when every wheel is chosen and none is installed.

Fits pip 23.1 to 26.3: ``Resolver.resolve(self, root_reqs, check_supported_wheels)`` returns a
``RequirementSet``; ``Resolver._result`` then holds the chosen candidates and why each was needed,
and ``Factory._installed_dists`` what was there before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from variantsel.pip_plugin.announcement import announce, announce_notices
from variantsel.pip_plugin.installed import compare_with_installed
from variantsel.pip_plugin.session import Session
from variantsel.pip_plugin.without_variants import announce_hint

__all__ = ["change"]


def change(session: Session, resolver: Any) -> None:
    """Say which variants were taken, once no wheel that is here contradicts its index."""
    resolve = resolver.Resolver.resolve

    def resolve_and_explain(self: Any, root_reqs: Any, check_supported_wheels: bool) -> Any:
        session.resolution = None
        while True:
            with session.failures_explained():
                requirement_set = _resolved(
                    session, self.factory, lambda: resolve(self, root_reqs, check_supported_wheels)
                )
            requirements = list(requirement_set.requirements.values())
            if session.all_agree_with_index(requirements):
                break
        session.voice.guarded(
            lambda: session.check_kept(self._result.mapping, self.factory._finder)
        )
        session.voice.guarded(
            lambda: announce(session, requirements, self.factory._finder, self._result)
        )
        session.voice.guarded(
            lambda: compare_with_installed(session, self.factory._installed_dists, self._result)
        )
        session.voice.guarded(session.settings.end_if_problem)
        session.voice.guarded(lambda: announce_notices(session))
        session.voice.guarded(lambda: announce_hint(session))
        if any(session.chosen(requirement) for requirement in requirements):
            session.resolution = (
                lambda: resolve_and_explain(self, root_reqs, check_supported_wheels),
                requirement_set,
            )
        return requirement_set

    resolver.Resolver.resolve = resolve_and_explain


def _resolved(session: Session, factory: Any, resolve: Callable[[], Any]) -> Any:
    """pip's result, with one label for every family where bridges are switched on."""
    if session.bridges is None:
        return resolve()
    from variantsel.pip_plugin.bridged_resolution import resolve_with_bridges

    return resolve_with_bridges(session, session.bridges, factory, resolve)
