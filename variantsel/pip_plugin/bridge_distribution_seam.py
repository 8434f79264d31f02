"""Seam: what pip's distributions say of themselves, installed ones above all.

Fits pip 23.1 to 26.3: ``Distribution.read_text(self, path)`` of either backend, which raises
``FileNotFoundError`` for a file that is not there.

A build that a bridge knows answers as if it had been installed from a variant wheel: whoever looks
after installed variants looks after it, too.
"""

from __future__ import annotations

from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, backend: Any) -> None:
    """Let builds that a bridge knows have a ``variant.json``."""
    read_text = backend.Distribution.read_text

    def read_text_or_bridged(self: Any, path: Any) -> str:
        try:
            text: str = read_text(self, path)
        except FileNotFoundError:
            bridged = _bridged(session, self) if str(path) == "variant.json" else ""
            if not bridged:
                raise
            return bridged
        return text

    backend.Distribution.read_text = read_text_or_bridged


def _bridged(session: Session, distribution: Any) -> str:
    """The variant metadata of an installed build; empty where no bridge that is switched on tells,
    or it needs nothing of the machine."""
    name = distribution.canonical_name
    if session.bridges is None or not session.bridges.knows(name):
        return ""
    version = distribution.version
    label = session.bridges.label_of(name, version, "")
    if not label:
        return ""
    metadata = session.bridges.metadata(name, version, [label])
    return metadata.to_json() if metadata.variants.get(label) else ""
