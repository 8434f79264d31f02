"""``pip --python OTHER``, which runs this pip once more, under another Python.

Where variantsel is active there, that one chooses. Elsewhere this one goes along (``lending``): so
it is with what ``python -m build`` makes of its isolated environments, with ``uv venv``, and with
environments of tox.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from variantsel.errors import VariantselError
from variantsel.pip_plugin.activation import is_supported_python, probe_other
from variantsel.pip_plugin.lending import describe_lender
from variantsel.pip_plugin.voice import say_early

__all__ = ["pip_for"]

_CHOOSING_COMMANDS = {"install", "download", "wheel", "lock", "index"}


def pip_for(interpreter: str | None, pip: str) -> str:
    """The file that another Python is to run as pip.

    :param interpreter: that Python; ``None`` where pip found none.
    :param pip: what it would run without variantsel.
    """
    if interpreter is None or _CHOOSING_COMMANDS.isdisjoint(sys.argv):
        return pip
    try:
        found = probe_other(interpreter)
    except VariantselError:
        return pip  # pip itself says what is wrong with it
    if found["hooks"] and (found["has_variantsel"] or found["lent_by"]):
        return pip
    if not is_supported_python(found):
        say_early(
            f"note: variantsel does not go along to {interpreter} ({found['implementation']} "
            f"{found['python']}), so variant wheels are not considered there"
        )
        return pip
    if _is_for_building(interpreter):
        os.environ["VARIANTSEL_TARGET"] = "host"
    os.environ["VARIANTSEL_LENDER"] = json.dumps({**describe_lender(), "pip": pip})
    return str(Path(__file__).with_name("lent_pip.py"))


def _is_for_building(interpreter: str) -> bool:
    """Whether that Python is an isolated environment of ``build``, whose packages run here."""
    return any(folder.name.startswith("build-env-") for folder in Path(interpreter).parents)
