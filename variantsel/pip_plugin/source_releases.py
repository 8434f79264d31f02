"""Releases of which there is nothing but a source distribution, beside others with variants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from variantsel.pip_plugin.session import Session

__all__ = ["note_source_release"]


def note_source_release(session: Session, name: str, version: Any, link: Any, finder: Any) -> None:
    """Say, before a source distribution is built, which other release has a variant that fits.

    :param finder: pip's ``PackageFinder``.
    """
    from variantsel.pip_plugin.candidates import applicable_candidates
    from variantsel.selection.source_fallback import source_release_line
    from variantsel.selection.unused import exactly

    candidates = applicable_candidates(finder.find_best_candidate(name))
    versions = [str(candidate.version) for candidate in candidates]
    for candidate in reversed(candidates):
        if not isinstance(candidate.link, session.seen.release_link_type):
            continue
        for file, selection in session.choices.of(candidate.link.release, finder):
            exact = exactly(name, str(candidate.version), versions)
            line = source_release_line(f"{name} {version}", link.filename, selection, file, exact)
            if line:
                session.source_builds.note(link, line)
            return
