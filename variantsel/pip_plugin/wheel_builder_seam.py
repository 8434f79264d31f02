"""Seam: building a wheel from a source distribution.

Fits pip 23.1 to 26.3: ``pip._internal.wheel_builder._build_one(req, …)`` returns the path of the
wheel, or ``None`` where the build failed.
"""

from __future__ import annotations

from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, wheel_builder: Any) -> None:
    """Say why it was built at all when a build fails."""
    build_one = wheel_builder._build_one

    def build_one_and_explain(req: Any, *arguments: Any, **options: Any) -> Any:
        wheel_path = build_one(req, *arguments, **options)
        if wheel_path is None:
            session.source_builds.note_failure(req.link)
        return wheel_path

    wheel_builder._build_one = build_one_and_explain
