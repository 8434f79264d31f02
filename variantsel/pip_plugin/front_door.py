"""Which environment a command is about: the one that variantsel runs in, or another.

A variantsel that pipx or uv keeps in an environment of its own installs nothing there: what is
meant is the environment that is activated in the shell.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from variantsel.errors import VariantselError
from variantsel.pip_plugin.activation import other_python

__all__ = ["is_tool_environment", "meant_python"]

_RECEIPTS = ("pipx_metadata.json", "uv-receipt.toml")
"""What pipx and ``uv tool`` leave in the environments that they keep for one application."""


def meant_python(named: str | None) -> str | None:
    """The Python of the environment that is meant.

    :param named: what ``--python`` says: an interpreter, or a virtual environment's folder.
    :returns: ``None`` for the Python that runs.
    :raises VariantselError: when there is no such Python, or none is named where one has to be.
    """
    if named is not None:
        return other_python(named)
    if not is_tool_environment():
        return None
    activated = os.environ.get("VIRTUAL_ENV", "")
    if not activated or Path(activated).resolve() == Path(sys.prefix).resolve():
        raise VariantselError(
            f"this variantsel has {sys.prefix} for itself, and no other environment is activated; "
            "say which one you mean: --python PYTHON"
        )
    return other_python(activated)


def is_tool_environment() -> bool:
    """Whether the environment that runs was made for variantsel alone."""
    return any((Path(sys.prefix) / receipt).is_file() for receipt in _RECEIPTS)
