"""Resolving with bridges: until every build of a family is of one label."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from variantsel.selection.label_for_all import LabelNotForAll

if TYPE_CHECKING:
    from variantsel.pip_plugin.bridges import Bridges
    from variantsel.pip_plugin.session import Session

__all__ = ["resolve_with_bridges"]


def resolve_with_bridges(
    session: Session, bridges: Bridges, factory: Any, resolve: Callable[[], Any]
) -> Any:
    """pip's result.

    Where the label that a family was settled on cannot be had for all of it, the next one is tried
    for all; what failed first is what is raised when none is left.

    :param factory: pip's ``Factory``.
    :param resolve: one resolution, which raises pip's errors and :class:`LabelNotForAll`.
    """
    from pip._internal.exceptions import DistributionNotFound

    first: Exception | None = None
    while True:
        session.seen.not_found.clear()
        try:
            result = resolve()
        except LabelNotForAll:
            pass
        except DistributionNotFound as error:  # or that requirements contradict each other
            first = first or error
            if not bridges.label_for_all.give_up_after(session.seen.not_found):
                raise first from None
        else:
            if not bridges.replacements.start_again():
                return result
            _forget_requirements(factory)
        bridges.label_for_all.start_again()


def _forget_requirements(factory: Any) -> None:
    """Have pip read requirements anew: other names are to be put in their place."""
    for cache in ("_link_candidate_cache", "_extras_candidate_cache", "_installed_candidate_cache"):
        getattr(factory, cache).clear()
