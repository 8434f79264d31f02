"""Seam: what pip takes for "already satisfied" when it upgrades.

Fits pip 23.1 to 26.3: ``Factory.find_candidates`` is called with ``prefers_installed=False`` for
every project that ``--upgrade`` and its strategy allow to change, and looks at
``Factory._force_reinstall`` before it returns; where pip has to look at an index it returns a
sequence that does so when it is iterated over, newest first, with what is installed in the place of
its version. ``Factory.get_dist_to_uninstall(self, candidate)`` gives the distribution whose version
is compared with the candidate's.

An installed variant that does not fit the machine any more counts as not installed, unless nothing
else can be had. A better build of the version that is installed comes right before that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, factory: Any) -> None:
    """Let an upgrade replace what is installed by a build of the same version."""
    find_candidates = factory.Factory.find_candidates
    get_dist_to_uninstall = factory.Factory.get_dist_to_uninstall

    def find_fitting_candidates(self: Any, *arguments: Any, **options: Any) -> Any:
        identifier = options.get("identifier", arguments[0] if arguments else "")
        name = identifier.partition("[")[0]
        installed = self._installed_dists.get(name)
        found = find_candidates(self, *arguments, **options)
        if options.get("prefers_installed", True) or self._force_reinstall or installed is None:
            return found

        def find_others() -> Any:
            self._force_reinstall = True
            try:
                return find_candidates(self, *arguments, **options)
            finally:
                self._force_reinstall = False

        if installed in session.misfits:
            session.replaceable.add(name)
            others = find_others()
            if isinstance(others, factory.FoundCandidates):
                others = _OtherBuilds(session, others, installed, self._finder)
                return others if others else found
            return others
        if isinstance(found, factory.FoundCandidates):
            return _WithBetterBuild(session, found, find_others, installed, self._finder)
        return found

    def get_replaced_dist(self: Any, candidate: Any) -> Any:
        installed = get_dist_to_uninstall(self, candidate)
        if installed is None or candidate.project_name not in session.replaceable:
            return installed
        return _OfAnotherVersion(installed)

    factory.Factory.find_candidates = find_fitting_candidates
    factory.Factory.get_dist_to_uninstall = get_replaced_dist


class _Candidates(Sequence[Any]):
    """pip's candidates, to be iterated over in another way."""

    _found: Sequence[Any]

    def __bool__(self) -> bool:
        return bool(self._found)

    def __getitem__(self, index: Any) -> Any:
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)


class _WithBetterBuild(_Candidates):
    """pip's candidates, with the better build of a version before the one that is installed.

    As lazy as pip's own: the index has been asked when the installed one's turn comes.
    """

    def __init__(
        self,
        session: Session,
        found: Sequence[Any],
        find_others: Callable[[], Any],
        installed: Any,
        finder: Any,
    ) -> None:
        self._session = session
        self._found = found
        self._find_others = find_others
        self._installed = installed
        self._finder = finder

    def __iter__(self) -> Iterator[Any]:
        for candidate in self._found:
            if candidate.is_installed:
                yield from self._better_build()
            yield candidate

    def _better_build(self) -> Iterator[Any]:
        name, version = self._installed.canonical_name, self._installed.version
        if not (self._session.seen.has_variants(name) or self._session.is_bridged(name)):
            return
        link = self._session.upgrades.better_link(self._installed, self._finder)
        for other in self._find_others() if link else ():
            if other.source_link.url == link:
                self._session.replaceable.add(name)
                yield other
            if other.version.public == version.public or other.version < version:
                return


class _OtherBuilds(_Candidates):
    """pip's candidates without those that are what is installed under another name."""

    def __init__(self, session: Session, found: Sequence[Any], installed: Any, finder: Any) -> None:
        self._session = session
        self._found = found
        self._installed = installed
        self._network = finder._link_collector.session

    def __iter__(self) -> Iterator[Any]:
        return (candidate for candidate in self._found if not self._is_installed(candidate))

    def _is_installed(self, candidate: Any) -> bool:
        return candidate.version == self._installed.version and self._session.misfits.is_same_build(
            self._installed, candidate.source_link, self._network
        )

    def __bool__(self) -> bool:
        return any(True for _ in self)


class _OfAnotherVersion:
    """A distribution whose version is no candidate's, so that pip replaces it."""

    version = None

    def __init__(self, distribution: Any) -> None:
        self._distribution = distribution

    def __getattr__(self, name: str) -> Any:
        return getattr(self._distribution, name)
