"""What documents say to type, for tests that type it."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["recipe"]


def recipe(document: Path, name: str) -> str:
    """The code block behind ``<!-- recipe: NAME -->``."""
    pattern = rf"<!-- recipe: {re.escape(name)} -->\n```\w+\n(.*?)^```$"
    match = re.search(pattern, document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert match is not None, f"{document} has no recipe called {name}"
    return match[1]
