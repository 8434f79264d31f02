"""Seam: how pip's resolver makes a candidate out of a link.

Fits pip 23.1 to 26.3: ``Factory._make_candidate_from_link``, called for one link of a version at a
time, best first, until one of them does not come back as ``None``.
"""

from __future__ import annotations

from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, factory: Any) -> None:
    """Where a link stands for a release, make the candidate out of the best wheel that works."""
    make_candidate_from_link = factory.Factory._make_candidate_from_link

    def make_candidate(
        self: Any, link: Any, extras: Any, template: Any, name: Any, version: Any
    ) -> Any:
        if not isinstance(link, session.release_link_type):
            return make_candidate_from_link(self, link, extras, template, name, version)
        for chosen, selection in session.choices(link.release, self._finder):
            candidate = make_candidate_from_link(
                self, chosen.file.link, extras, template, name, version
            )
            if candidate is None:
                continue
            wheel_path = getattr(candidate, "base", candidate)._ireq.local_file_path
            if session.agrees_with_index(chosen, selection, wheel_path):
                return candidate
        return None

    factory.Factory._make_candidate_from_link = make_candidate
