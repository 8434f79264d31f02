"""Seam: the indexes that pip looks for a project on.

Fits pip 23.1 to 26.3: ``LinkCollector.collect_sources(self, project_name, candidates_from_page)``
returns a ``CollectedSources``, whose ``index_urls`` are in the order of ``--index-url`` and
``--extra-index-url``; of each, ``PackageFinder`` asks for ``page_candidates()``, then for
``file_links()``. The page is read by ``LinkCollector.fetch_response(self, location, …)``, ``None``
where there is none.

With ``sources = "first"`` a project is taken from the first index that has it, as uv does by
default; what ``--find-links`` names takes part, as there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from variantsel.pip_plugin.session import Session
from variantsel.pip_plugin.voice import installation_error

__all__ = ["change"]


def change(session: Session, collector: Any) -> None:
    """Turn to no further index once one has the project, where the user wants that."""
    collect_sources = collector.LinkCollector.collect_sources
    fetch_response = collector.LinkCollector.fetch_response
    answered: set[str] = set()

    def collect_in_turn(self: Any, project_name: str, *arguments: Any, **options: Any) -> Any:
        sources = collect_sources(self, project_name, *arguments, **options)
        if not session.settings.is_first_source_only or len(sources.index_urls) < 2:
            return sources
        turn = _Turn(project_name, self.session, answered)
        return sources._replace(
            index_urls=[source and _InTurn(source, turn) for source in sources.index_urls]
        )

    def fetch_and_note(self: Any, location: Any, *arguments: Any, **options: Any) -> Any:
        response = fetch_response(self, location, *arguments, **options)
        if response is not None and session.settings.is_first_source_only:
            answered.add(location.url)
        return response

    collector.LinkCollector.collect_sources = collect_in_turn
    collector.LinkCollector.fetch_response = fetch_and_note


class _Turn:
    """Whether one of the indexes has a project.

    :ivar is_over: whether one that was asked has it.
    """

    def __init__(self, project_name: str, network: Any, answered: set[str]) -> None:
        self.is_over = False
        self._project_name = project_name
        self._network = network
        self._answered = answered

    def ask(self, source: Any) -> Iterable[Any]:
        """The candidates of an index.

        :raises pip._internal.exceptions.InstallationError: when it cannot be told whether it has
            the project: another index must not take its place then.
        """
        candidates = list(source.page_candidates())
        url = source.link.url
        self.is_over = url in self._answered or not self._is_missing(url)
        return candidates

    def _is_missing(self, url: str) -> bool:
        from pip._internal.utils.misc import redact_auth_from_url

        try:
            with self._network.get(url, stream=True) as response:
                status = response.status_code
            found = f"it answers {status}"
        except Exception as error:  # whatever a network may raise
            status, found = 0, str(error) or type(error).__name__
        if status in (404, 410):
            return True
        raise installation_error(
            f'variantsel: sources = "first": {redact_auth_from_url(url)} does not tell whether it '
            f"has {self._project_name} ({found}), so no other index is turned to"
        )


class _InTurn:
    """One of pip's sources, of which nothing is taken once another has the project."""

    def __init__(self, source: Any, turn: _Turn) -> None:
        self._source = source
        self._turn = turn

    @property
    def link(self) -> Any:
        return self._source.link

    def page_candidates(self) -> Iterable[Any]:
        return () if self._turn.is_over else self._turn.ask(self._source)

    def file_links(self) -> Iterable[Any]:
        return ()  # of an index that is a folder, pages count
