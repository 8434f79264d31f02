"""Seam: what pip takes for "already satisfied" when it upgrades.

Fits pip 23.1 to 26.3: ``Factory.find_candidates`` is called with ``prefers_installed=False`` for
every project that ``--upgrade`` and its strategy allow to change, and looks at
``Factory._force_reinstall`` before it returns; ``Factory.get_dist_to_uninstall(self, candidate)``
gives the distribution whose version is compared with the candidate's.

An installed variant that does not fit the machine any more counts as not installed, unless nothing
else can be had.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, factory: Any) -> None:
    """Let an upgrade replace installed variants that do not fit, by the same version too."""
    find_candidates = factory.Factory.find_candidates
    get_dist_to_uninstall = factory.Factory.get_dist_to_uninstall

    def find_fitting_candidates(self: Any, *arguments: Any, **options: Any) -> Any:
        identifier = options.get("identifier", arguments[0] if arguments else "")
        name = identifier.partition("[")[0]
        installed = self._installed_dists.get(name)
        if (
            options.get("prefers_installed", True)
            or self._force_reinstall
            or installed is None
            or installed not in session.misfits
        ):
            return find_candidates(self, *arguments, **options)
        session.misfits.replaceable.add(name)
        self._force_reinstall = True
        try:
            found = find_candidates(self, *arguments, **options)
        finally:
            self._force_reinstall = False
        if isinstance(found, Sequence) and not found:
            return find_candidates(self, *arguments, **options)
        return found

    def get_replaced_dist(self: Any, candidate: Any) -> Any:
        installed = get_dist_to_uninstall(self, candidate)
        if installed is None or candidate.project_name not in session.misfits.replaceable:
            return installed
        return _OfAnotherVersion(installed)

    factory.Factory.find_candidates = find_fitting_candidates
    factory.Factory.get_dist_to_uninstall = get_replaced_dist


class _OfAnotherVersion:
    """A distribution whose version is no candidate's, so that pip replaces it."""

    version = None

    def __init__(self, distribution: Any) -> None:
        self._distribution = distribution

    def __getattr__(self, name: str) -> Any:
        return getattr(self._distribution, name)
