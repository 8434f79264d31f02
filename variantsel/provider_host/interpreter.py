"""The Python that variantsel's own providers run with: one that has what they need."""

from __future__ import annotations

from collections.abc import Sequence

from variantsel.python_process import variantsel_path

__all__ = ["ask_with", "interpreter_and_path"]

_chosen: tuple[str, list[str]] | None = None


def ask_with(python: str, path: Sequence[str]) -> None:
    """Run providers with another Python from now on: variantsel is not installed in this one.

    :param path: what its :data:`sys.path` lacks to import them (``python_process``).
    """
    global _chosen  # noqa: PLW0603
    _chosen = (python, list(path))


def interpreter_and_path() -> tuple[str | None, list[str]]:
    """The Python to run providers with, ``None`` for this one, and what its path lacks for that."""
    return _chosen or (None, variantsel_path())
