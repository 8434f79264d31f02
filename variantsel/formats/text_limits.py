"""How much of a marker or requirement is read: what is written to be deep or long ends no run.

packaging reads parentheses by recursion, and makes numbers of digits however many there are.
"""

from __future__ import annotations

import re

__all__ = ["MAX_DIGITS", "MAX_LENGTH", "MAX_NESTING", "excess"]

MAX_LENGTH = 16 * 1024
"""The longest marker or requirement that is read, in characters."""
MAX_NESTING = 32
"""The deepest nesting of parentheses that is read."""
MAX_DIGITS = 100
"""The longest number that is read; a SHA-256 that happens to have no letter has fewer."""

_LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS + 1}}}")


def excess(text: str) -> str:
    """Why a marker or requirement is not read; empty where it may be, whether it is one or not."""
    if len(text) > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH} characters, the most that is read"
    if text.count("(") > MAX_NESTING and _nesting(text) > MAX_NESTING:
        return f"it is nested more than {MAX_NESTING} deep, the most that is read"
    if len(text) > MAX_DIGITS and _LONG_NUMBER.search(text):
        return f"it has a number of more than {MAX_DIGITS} digits, the most that is read"
    return ""


def _nesting(text: str) -> int:
    """How deep parentheses stand in each other; those in quotes, which are few, count as well."""
    depth = deepest = 0
    for parenthesis in re.findall(r"[()]", text):
        depth += 1 if parenthesis == "(" else -1
        deepest = max(deepest, depth)
    return deepest
