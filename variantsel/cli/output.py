"""How commands print: JSON for machines; notes and errors on standard error."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.ranking.rejection import Rejection
    from variantsel.targets.target import Target

__all__ = [
    "abbreviated",
    "print_error",
    "print_json",
    "print_note",
    "print_notices",
    "print_progress",
    "rejection_json",
    "save_target",
    "without_password",
]


def print_json(value: Any) -> None:
    """Print a command's whole answer for machines."""
    print(json.dumps(value, indent=2))


def rejection_json(reason: Rejection) -> dict[str, Any]:
    """A reason with all its values, which its sentence abbreviates."""
    return {
        "kind": reason.kind.value,
        "namespace": reason.namespace,
        "feature": reason.feature,
        "wanted": list(reason.wanted),
        "supported": list(reason.supported),
        "detail": reason.detail,
        "text": str(reason),
    }


def print_error(text: str) -> None:
    """Say why a command failed."""
    Terminal(sys.stderr).line(f"error: {text}", "bad")


def print_note(text: str) -> None:
    """Say something beside the answer."""
    Terminal(sys.stderr).line(f"note: {text}")


def print_progress() -> None:
    """From now on, say what takes a while as it begins."""
    import logging

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            print_note(record.getMessage())

    logger = logging.getLogger("variantsel")
    if not logger.handlers:
        logger.addHandler(Notes())
        logger.setLevel(logging.INFO)


def print_notices(target: Target) -> None:
    """Say what a machine's providers had to say."""
    for notice in target.notices:
        print_note(notice)


def abbreviated(values: Sequence[str]) -> str:
    """A list of values on one line: the best, and the last, where there are many."""
    if len(values) <= 8:
        return ", ".join(values)
    return f"{', '.join(values[:4])}, …, {', '.join(values[-2:])} ({len(values)} values)"


def without_password(address: str) -> str:
    """An address as it may be shown, ``https://me:****@mirror.example/simple/``."""
    return re.sub(r"^(\w+://[^/@:]*)(?::[^/@]*)?@", r"\1:****@", address)


def save_target(target: Target, path: Path, *, replace: bool) -> None:
    """Write a target file, and say so, and what of the machine it cannot hold.

    :raises InvalidTarget: when it cannot be written, or is there and may not be replaced.
    """
    from variantsel.targets.target_file import read_target_file, write_target_file

    write_target_file(target, path, replace=replace)
    print_note(f"{target.name} is written to {path}")
    kept = set(read_target_file(path).tags)
    lost = [tag for tag in target.tags if tag not in kept]
    if lost:
        print_note(
            f"wheels of this interpreter's own kind, such as {lost[0]}, will not be chosen with "
            "that file: it describes CPython as most people build it"
        )
