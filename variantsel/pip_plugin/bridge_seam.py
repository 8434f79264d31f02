"""Seam: the pages that pip looks for a project on, and what it is asked to install.

Fits pip 23.1 to 26.3: ``LinkCollector.collect_sources(self, project_name, candidates_from_page)``
returns ``CollectedSources`` of what ``sources.build_source`` makes of an address;
``Factory.collect_root_requirements(self, root_ireqs)`` takes what the user asked for, constraints
among it.

Nothing happens where no bridge is switched on.
"""

from __future__ import annotations

from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, collector: Any, sources: Any, factory: Any) -> None:
    """Look for a family's builds on its index, and ask for the names and extras that fit."""
    collect_sources = collector.LinkCollector.collect_sources
    collect_root_requirements = factory.Factory.collect_root_requirements

    def collect_bridged_sources(self: Any, project_name: str, candidates_from_page: Any) -> Any:
        found = collect_sources(self, project_name, candidates_from_page)
        if session.bridges is None:
            return found
        from variantsel.pip_plugin.bridge_pages import with_bridged_pages

        return with_bridged_pages(session, self, sources, project_name, candidates_from_page, found)

    def collect_fitting_requirements(self: Any, root_ireqs: Any) -> Any:
        if session.bridges is not None:
            from variantsel.pip_plugin.bridged_requirements import replace_given

            replace_given(session, root_ireqs, self._installed_dists)
        return collect_root_requirements(self, root_ireqs)

    collector.LinkCollector.collect_sources = collect_bridged_sources
    factory.Factory.collect_root_requirements = collect_fitting_requirements
