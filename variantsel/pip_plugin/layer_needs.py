"""What of the projects in a folder is needed: because somebody asked for it, or by one that is.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-requested-file
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["needed"]

_REQUIRES = re.compile(r"requires-dist:\s*([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)


def needed(dist_infos: Mapping[str, Path]) -> set[str]:
    """Tell which projects are named by those that were asked for, and by what these name.

    Markers and extras count as met: what is said not to be needed is needed under none.

    :param dist_infos: the ``.dist-info`` folder of each normalized name.
    :returns: those that were asked for among them; names that are not there, too.
    """
    found: set[str] = set()
    following = [name for name, folder in dist_infos.items() if (folder / "REQUESTED").is_file()]
    while following:
        name = following.pop()
        if name not in found:
            found.add(name)
            if name in dist_infos:
                following += _required(dist_infos[name])
    return found


def _required(dist_info: Path) -> list[str]:
    """The normalized names in ``Requires-Dist``; none where METADATA cannot be read."""
    try:
        text = (dist_info / "METADATA").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    headers = text.partition("\n\n")[0].splitlines()
    names = (match[1] for line in headers if (match := _REQUIRES.match(line)))
    return [re.sub(r"[-_.]+", "-", name).lower() for name in names]
