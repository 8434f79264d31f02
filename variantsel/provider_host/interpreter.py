"""The Python that variantsel's own providers run with: one that has what they need."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["ask_with", "interpreter_and_path"]

_chosen: tuple[str, list[str]] | None = None


def ask_with(python: str, path: Sequence[str]) -> None:
    """Run providers with another Python from now on: variantsel is not installed in this one.

    :param path: what is :data:`sys.path` for them.
    """
    global _chosen  # noqa: PLW0603
    _chosen = (python, list(path))


def interpreter_and_path() -> tuple[str, list[str]]:
    """The Python to run providers with, and their :data:`sys.path`."""
    return _chosen or (sys.executable, sys.path)
