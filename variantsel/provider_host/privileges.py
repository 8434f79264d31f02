"""Root's power, taken from a process: a user of its own, and no capability."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from variantsel.provider_host.libc import prctl, prctl_if_known, set_capabilities

__all__ = ["own_user", "surrender"]

_FIRST_OWN_USER = 1_900_000_000
"""Above what containers and systemd give out (``systemd.io/UIDS-GIDS``)."""
_NOBODY = 65534
_READ_ANYTHING = 2
"""CAP_DAC_READ_SEARCH."""
_CAPABILITIES = 64
_PR_SET_DUMPABLE, _PR_SET_KEEPCAPS, _PR_CAPBSET_DROP = 4, 8, 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2


def own_user() -> int | None:
    """The number of a user whom nothing belongs to; ``None`` where this process cannot be another.

    Only root can. In a namespace that has few users it is ``nobody``, or no one.
    """
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(OSError):
        for user in (_FIRST_OWN_USER + int.from_bytes(os.urandom(3), "big"), _NOBODY):
            if _is_mapped(user, "uid_map") and _is_mapped(user, "gid_map"):
                return user
    return None


def _is_mapped(number: int, table: str) -> bool:
    lines = Path("/proc/self", table).read_text().splitlines()
    ranges = [(int(first), int(count)) for first, _, count in map(str.split, lines)]
    return any(first <= number < first + count for first, count in ranges)


def surrender(user: int | None, devices: Iterable[str], needed: Iterable[str]) -> bool:
    """Give up what root may do, for this process and all that it will start.

    :param user: whom to be from now on, a number for the user and its group; ``None`` for who
        this is.
    :param devices: those that are open to their groups are open to it.
    :param needed: what it has to read. Where that lies in folders that only root may enter, it
        keeps the right to read all files, and so do the programs it starts.
    :returns: whether it is that user now.
    """
    for capability in {*range(_CAPABILITIES)} - {_READ_ANYTHING}:
        prctl_if_known(_PR_CAPBSET_DROP, capability)  # refused to other users
    changed = user is not None and _become(user, devices)
    if changed and not all(os.access(path, os.R_OK) for path in needed):
        with contextlib.suppress(OSError):
            set_capabilities(1 << _READ_ANYTHING)
            prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _READ_ANYTHING)
            return changed
    set_capabilities(0)
    return changed


def _become(user: int, devices: Iterable[str]) -> bool:
    groups = {Path(device).stat().st_gid for device in devices}
    prctl(_PR_SET_KEEPCAPS, 1)
    try:
        with contextlib.suppress(PermissionError):  # forbidden in some namespaces
            os.setgroups(sorted(groups - {0}))
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError:
        return False
    prctl(_PR_SET_DUMPABLE, 1)  # or what /proc says of it would belong to root
    return True
