"""What is promised of a trusted provider package and does not hold on this machine.

``docs/security.md`` has the table that this is read from.
"""

from __future__ import annotations

from variantsel.errors import PluginFailure
from variantsel.provider_host.query import confinement

__all__ = ["not_held"]


def not_held() -> list[str]:
    """What a provider package can do on this machine that elsewhere the kernel keeps it from.

    :returns: verb phrases, for "On this machine, it can ..."; none where all promises hold.
    """
    try:
        held = confinement()
    except PluginFailure:
        return []  # where none is run, as on Windows
    apart, landlock, filtered = held["namespaces"], held["landlock"], held["filter"]
    missing = {
        "read whatever you can read, and see what other programs were started with": (
            apart or landlock
        ),
        "use your terminal": apart or landlock,
        "write whatever you can write": apart or landlock,
        "change modes, times and attributes of your files": apart or filtered,
        "connect to other machines": apart or filtered,
        "send signals to your other programs": apart or filtered or landlock >= 6,
        "read what your programs keep in the kernel's keyring": filtered,
        "leave processes behind": apart or filtered,
        "run as root": held["own_user"] is not False,
        "start processes without end": held["tasks"],
    }
    return [what for what, holds in missing.items() if not holds]
