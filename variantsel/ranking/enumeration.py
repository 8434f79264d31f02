"""Lists in sentences, so long as someone can be expected to read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

__all__ = ["first_few", "first_few_sentences"]


def first_few(words: Collection[object], most: int = 4) -> str:
    """``a, b, c, d and 5 more``: all of them where one more would not make it longer.

    >>> first_few(["a", "b", "c", "d", "e"])
    'a, b, c, d, e'
    >>> first_few(["a", "b", "c", "d", "e", "f"])
    'a, b, c, d and 2 more'
    """
    if len(words) <= most + 1:
        return ", ".join(map(str, words))
    shown = ", ".join(map(str, islice(words, most)))
    return f"{shown} and {len(words) - most} more"


def first_few_sentences(sentences: Iterable[str], most: int = 4) -> str:
    """Sentences one after the other, and how many more there would be."""
    every = list(sentences)
    if len(every) <= most + 1:
        return " ".join(every)
    return f"{' '.join(every[:most])} And {len(every) - most} more."
