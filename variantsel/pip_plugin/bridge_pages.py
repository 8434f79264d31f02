"""The pages of a bridge's index, beside those that the user named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.metadata_source import in_words

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.pip_plugin.session import Session

__all__ = ["with_bridged_pages"]


def with_bridged_pages(
    session: Session,
    collector: Any,
    sources: Any,
    project_name: str,
    candidates_from_page: Any,
    found: Any,
) -> Any:
    """pip's sources of a project, with the pages of its labels that fit the machine.

    Nothing is added where the user allows no index, or named one of the family's.

    :param collector: pip's ``LinkCollector``.
    :param sources: its module of that name.
    """
    from pip._vendor.packaging.utils import canonicalize_name

    bridges, project = session.bridges, canonicalize_name(project_name)
    assert bridges is not None, "only called where one is switched on"
    bridge = bridges.environment.bridge_of(project)
    if bridge is None or getattr(collector.search_scope, "no_index", False):
        return found
    if _is_named_by_user(bridge, collector) or bridge.name in session.unreachable_bridges:
        return found
    pages = bridges.pages(project, lambda page, label: bridges.note_page(page.rstrip("/"), label))
    pages = [page for page in pages if _may_be_there(page)]
    if not pages:
        return found
    added = [
        _Page(
            session,
            bridge,
            collector,
            sources.build_source(
                page,
                candidates_from_page=candidates_from_page,
                page_validator=collector.session.is_secure_origin,
                expand_dir=False,
                cache_link_parsing=False,
                **({"project_name": project_name} if _takes_project_name(sources) else {}),
            )[1],
        )
        for page in pages
    ]
    others = [] if bridge.is_only_here(project) else list(found.index_urls)
    return found._replace(index_urls=[*others, *added])


def _is_named_by_user(bridge: Bridge, collector: Any) -> bool:
    """Whether the user gave pip an index of the family, or a part of it."""
    base = bridge.index.base.rstrip("/") if bridge.index is not None else ""
    given = (*collector.search_scope.index_urls, *collector.search_scope.find_links)
    return bool(base) and any(f"{address.rstrip('/')}/".startswith(f"{base}/") for address in given)


def _may_be_there(page: str) -> bool:
    """Whether a page is not a folder that is missing, which pip would warn of."""
    if not page.startswith("file:"):
        return True
    from pip._internal.utils.urls import url_to_path

    return Path(url_to_path(page)).exists()


def _takes_project_name(sources: Any) -> bool:
    """pip since 23.3 wants to know whose page it is."""
    return "project_name" in sources.build_source.__code__.co_varnames


class _Page:
    """A page of a bridge's index: one that is not there has no candidates, and an index that does
    not answer is asked once."""

    def __init__(self, session: Session, bridge: Bridge, collector: Any, source: Any) -> None:
        self._session = session
        self._bridge = bridge
        self._collector = collector
        self._source = source

    @property
    def link(self) -> Any:
        """What pip shows of it."""
        return self._source.link if self._source is not None else None

    def page_candidates(self) -> Any:
        """pip's candidates of the page."""
        if self._source is None or self._bridge.name in self._session.unreachable_bridges:
            return
        candidates = list(self._source.page_candidates())
        if not candidates:
            self._check_answer()
        yield from candidates

    def file_links(self) -> Any:
        """None: it is a page."""
        return ()

    def _check_answer(self) -> None:
        """Find out why there is nothing: pip passes over a page whatever the reason."""
        address = self.link.url_without_fragment
        if address.startswith("file:"):
            return
        try:
            with _without_retries(self._collector.session, address):
                response = self._collector.session.get(
                    address, headers={"Accept": "text/html"}, stream=True
                )
            response.close()
            reason = f"{response.status_code}" if response.status_code >= 500 else ""
        except Exception as error:  # pip's, requests' and urllib3's have no base of their own
            reason = in_words(error)
        if reason:
            self._session.unreachable_bridges.add(self._bridge.name)
            base = self._bridge.index.base if self._bridge.index is not None else address
            self._session.settings.problem(
                f"the index of the bridge {self._bridge.name}, {base}, does not answer ({reason}): "
                "only the builds of the other indexes are considered"
            )


@contextmanager
def _without_retries(network: Any, address: str) -> Iterator[None]:
    """Ask once: pip has just tried as often as it was told to."""
    adapter = network.get_adapter(address)
    before = adapter.max_retries
    adapter.max_retries = before.new(total=0)
    try:
        yield
    finally:
        adapter.max_retries = before
