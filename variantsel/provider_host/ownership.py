"""Whether what root keeps lies in somebody else's folder, as with another user's ``HOME``."""

from __future__ import annotations

import os
from pathlib import Path

from variantsel.regular_file import is_ours

__all__ = ["somebody_elses"]


def somebody_elses(folder: Path) -> str:
    """Why what root finds in a folder may be somebody else's; empty where it is root's own, and for
    everyone but root.

    Whoever has a folder can exchange what is in it, whomever that belongs to.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ""
    real = Path(os.path.realpath(folder))
    for place in (real, *real.parents):
        try:
            owner = place.stat().st_uid
        except OSError:
            continue  # not there yet
        if not is_ours(owner):
            return f"{place} belongs to user {owner}, not to root who runs this"
    return ""
