"""What pip's finder has seen in this run: variant wheels, variants.json files, and where they were.

Imports what it costs to choose a variant only once a variant wheel has been seen.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from variantsel.formats.wheel_label import split_label

if TYPE_CHECKING:
    from variantsel.selection.selection import Release

__all__ = ["Seen", "normalized"]


class Seen:
    """Remembers variant wheels and variants.json files; knows the links that stand for a release.

    :ivar release_link_type: the type of links that stand for a release.
    :ivar not_found: of which projects nothing was found that could be taken: the finder, and the
        specifier that was asked for.
    """

    release_link_type: Any = ()

    def __init__(self) -> None:
        self._projects: set[str] = set()
        self._index_metadata: dict[tuple[str, str], Any] = {}
        self.not_found: dict[str, tuple[Any, Any]] = {}
        self._mismatches: dict[str, list[Any]] = {}
        self._refused: dict[str, list[tuple[Any, str]]] = {}

    def note_variant_wheel(self, project_name: str) -> None:
        """Remember that a project has variant wheels."""
        self._projects.add(normalized(project_name))

    def has_variants(self, project_name: str) -> bool:
        """Whether a variant wheel of a project was seen."""
        return bool(self._projects) and normalized(project_name) in self._projects

    @property
    def notes_refused(self) -> bool:
        """Whether :meth:`note_refused` wants to know of every link, not just of some."""
        return bool(self._projects)

    def note_mismatch(self, project_name: str, link: Any) -> None:
        """Remember a link that pip passes over for its platform, or its Python.

        pip does not, and to ask an index again takes as long as the first time: where it is down,
        all of pip's attempts.
        """
        self._mismatches.setdefault(project_name, []).append(link)

    def mismatches(self, project_name: str) -> list[Any]:
        """The links of a project that :meth:`note_mismatch` was told of."""
        return self._mismatches.get(project_name, [])

    def note_refused(self, project_name: str, link: Any, kind: str) -> None:
        """Remember a variant wheel that pip takes in no case, other than for its platform.

        :param kind: the name of pip's ``LinkType``.
        """
        if kind in _REFUSALS and link.is_wheel and split_label(link.filename)[1]:
            self.note_variant_wheel(project_name)
            refused = self._refused.setdefault(normalized(project_name), [])
            refused.append((link, _REFUSALS[kind](link)))

    def ruled_out(self, project_name: str) -> list[tuple[str, str]]:
        """The variant wheels of a project that pip takes in no case, other than for their platform:
        their file names, and why."""
        refused = self._refused.get(normalized(project_name), [])
        return [(link.filename, reason) for link, reason in refused]

    def note_index_metadata(self, link: Any) -> None:
        """Remember a link to a release's variants.json."""
        self._index_metadata[self.source_of(link), link.filename.lower()] = link

    def index_metadata(self, source: str, filename: str) -> Any | None:
        """The link to a variants.json that a source lists; ``None`` where it lists none.

        :param filename: in lower case.
        """
        return self._index_metadata.get((source, filename))

    @staticmethod
    def source_of(link: Any) -> str:
        """The page or folder that a link was listed on, without its password.

        A page in a folder stands for the folder.
        """
        comes_from = link.comes_from
        if comes_from is None:
            return posixpath.dirname(str(link.url_without_fragment))
        return _source_of_page(str(getattr(comes_from, "url", comes_from)))

    def release_of(self, link: Any) -> Release[Any] | None:
        """The release a link stands for: pip's pick of an index, or one variant wheel by name."""
        if isinstance(link, self.release_link_type):
            release: Release[Any] = link.release
            return release
        if not link.is_wheel or not split_label(link.filename)[1]:
            return None
        from variantsel.selection.selection import Release, ReleaseFile

        name, version = link.filename.split("-")[:2]
        wheel = ReleaseFile(link.filename, link.url_without_fragment, SimpleNamespace(link=link))
        return Release(name.replace("_", "-"), version, [wheel], is_named=True)


_REFUSALS: dict[str, Callable[[Any], str]] = {
    "upload_too_late": lambda link: (
        f"was uploaded on {link.upload_time:%Y-%m-%d}, too late for --uploaded-prior-to"
    ),
    "requires_python_mismatch": lambda link: f"needs Python {link.requires_python}",
    "yanked": lambda _: "was yanked",
}
"""What the names of pip's ``LinkType`` mean for a wheel."""


@lru_cache(maxsize=8)  # the links of a page come one after the other
def _source_of_page(url: str) -> str:
    from pip._internal.utils.misc import redact_auth_from_url

    page: str = redact_auth_from_url(url)
    return posixpath.dirname(page) if page.startswith("file:") else page.rstrip("/")


def normalized(project_name: str) -> str:
    """A project's name as indexes spell it (names and normalization)."""
    from pip._vendor.packaging.utils import canonicalize_name

    name: str = canonicalize_name(project_name)
    return name
