"""Seam: how pip's resolver makes a candidate out of a link.

Fits pip 23.1 to 26.3: ``Factory._make_base_candidate_from_link`` since 24.0,
``Factory._make_candidate_from_link`` before. Either is called for one link of a version at a time,
best first, until one of them does not come back as ``None``, and for links the user named.
"""

from __future__ import annotations

import contextlib
from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change", "method_name"]


def method_name(factory: Any) -> str:
    """The method to change."""
    since_24_0 = "_make_base_candidate_from_link"
    return since_24_0 if hasattr(factory.Factory, since_24_0) else "_make_candidate_from_link"


def change(session: Session, factory: Any) -> None:
    """Where a link stands for a release, make the candidate out of the best wheel that works.

    A variant wheel that the user named is a release of one wheel: it has to fit.
    """
    from pip._internal.exceptions import HashMismatch

    make_candidate_from_link = getattr(factory.Factory, method_name(factory))
    code = make_candidate_from_link.__code__
    parameters = code.co_varnames[: code.co_argcount]

    def make_candidate(self: Any, link: Any, *arguments: Any, **options: Any) -> Any:
        release = session.seen.release_of(link)
        if release is None:
            given = dict(zip(parameters, (self, link, *arguments), strict=False)) | options
            session.note_source(given["name"], given["version"], link, self._finder)
            with (
                session.requirements.preparing(None, None),
                session.explained(link),
            ):
                return _with_requirements_read(
                    make_candidate_from_link(self, link, *arguments, **options)
                )
        given = dict(zip(parameters, (self, link, *arguments), strict=False)) | options
        mismatch: Exception | None = None
        for chosen, selection in session.choices.of(release, self._finder):
            if release.bridged is not None:  # whose builds differ in their local versions
                given["version"] = chosen.file.version
            try:
                with (
                    session.requirements.preparing(chosen, selection),
                    session.source_builds.explained(chosen.file.link),
                ):
                    candidate = _with_requirements_read(
                        make_candidate_from_link(**{**given, "link": chosen.file.link})
                    )
            except HashMismatch as error:
                if not session.choices.is_of_another_hash(chosen, release):
                    raise mismatch or error from None
                mismatch = mismatch or error
                continue
            if candidate is None:
                continue
            if session.agreement.agrees(chosen, selection, _wheel_path(candidate)):
                session.settle(chosen, selection)
                return candidate
        if mismatch is not None:
            raise mismatch
        if isinstance(link, session.seen.release_link_type):
            return None
        raise session.choices.no_variant_fits(release)

    setattr(factory.Factory, method_name(factory), make_candidate)


def _with_requirements_read(candidate: Any) -> Any:
    """Let a candidate read its requirements now, while it is known which wheel they belong to."""
    distribution = getattr(getattr(candidate, "base", candidate), "dist", None)
    if distribution is not None:
        with contextlib.suppress(Exception):  # pip complains of them in its own time
            list(distribution.iter_dependencies())
    return candidate


def _wheel_path(candidate: Any) -> str | None:
    path: str | None = getattr(candidate, "base", candidate)._ireq.local_file_path
    return path
