"""Telling that a file of variantsel is missing or broken, so that pip runs without the plugin.

Whatever became of our files, pip has to work: it is what repairs them. Imports only what the
interpreter has loaded already, as ``startup`` does, until something has gone wrong.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # what type checkers take for typing's, which takes long to load
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["damage_behind", "damaged_file"]

_OURS = ("variantsel/", "variantsel_providers/")


def damaged_file() -> str:
    """Which file has not the size that it was installed with, the first of them; empty for none.

    Takes a fraction of a millisecond. A checkout (``pip install -e``) lists no files, so nothing
    is found of one.
    """
    for path, _, size in _installed_files():
        try:
            if os.stat(path).st_size != size:  # noqa: PTH116  pathlib is not loaded
                return path
        except OSError:
            return path
    return ""


def damage_behind(error: BaseException) -> str:
    """What is missing or broken, where that is why something failed; empty otherwise.

    Once something has failed there is time to look at what each file holds.
    """
    if isinstance(error, ImportError):
        package = (error.name or "pip").partition(".")[0]
        # pip needs nothing but itself and the standard library.
        if package != "pip" and package not in sys.stdlib_module_names:
            return f"{error} ({error.path})" if error.path else str(error)
    if isinstance(error, SyntaxError) and str(error.filename).endswith(".py"):
        return f"{error.filename}: {error}"
    path = _changed_file()
    return f"{path} is not as it was installed" if path else ""


def _changed_file() -> str:
    import base64
    import hashlib

    for path, digest, _ in _installed_files():
        try:
            with open(path, "rb") as file:
                found = hashlib.sha256(file.read()).digest()
        except OSError:
            return path
        if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != digest:
            return path
    return ""


def _installed_files() -> Iterator[tuple[str, str, int]]:
    """The Python files of RECORD: where each is, its SHA-256 in base64, its size in bytes."""
    folder = __file__
    for _ in range(3):
        folder = os.path.dirname(folder)  # noqa: PTH120
    for line in _record(folder):
        path, _, rest = line.rstrip().partition(",")
        digest, _, size = rest.partition(",")
        # What was compiled may have been stripped by who packed it; it is optional, too.
        if path.startswith(_OURS) and path.endswith(".py") and size.isdecimal():
            yield f"{folder}/{path}", digest.removeprefix("sha256="), int(size)


def _record(folder: str) -> list[str]:
    try:
        found = [
            name
            for name in os.listdir(folder)  # noqa: PTH208
            if name.startswith("variantsel-") and name.endswith(".dist-info")
        ]
        if len(found) != 1:  # nobody could tell which counts
            return []
        with open(f"{folder}/{found[0]}/RECORD", encoding="utf-8") as file:
            return file.readlines()
    except (OSError, ValueError):
        return []
