"""Source distributions that pip builds since no variant of their release can be taken."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from variantsel.pip_plugin.voice import Voice
from variantsel.terminal import printable_on

__all__ = ["SourceBuilds"]


class SourceBuilds:
    """Says why pip builds a source distribution: before it does, and again when that fails."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._reasons: dict[str, str] = {}

    def note(self, link: Any, reason: str) -> None:
        """Say why the source distribution behind pip's link is turned to."""
        self._reasons[link.url] = reason
        self._voice.warn(reason)

    @contextmanager
    def explained(self, link: Any) -> Iterator[None]:
        """Let what is raised while pip prepares a link end with the reason, too."""
        try:
            yield
        except Exception as error:
            reason = self._reasons.get(link.url, "")
            if reason and hasattr(error, "hint_stmt"):
                from pip._vendor.rich.text import Text

                error.hint_stmt = Text(printable_on(sys.stderr, reason))
            elif reason:
                self._voice.repeat(reason)
            raise

    def note_failure(self, link: Any) -> None:
        """Say once more why it was turned to, now that no wheel could be built of it."""
        reason = self._reasons.get(link.url, "") if link is not None else ""
        if reason:
            self._voice.repeat(reason)
