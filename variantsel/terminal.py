"""Text for people: tables and styles, colour only where a terminal shows it.

The one place where what comes from outside (metadata, file names, keys, paths, what providers say)
is made harmless on its way to a person: :func:`printable_on` makes one line of a text, of a length
that someone can be expected to read.
"""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Sequence
from typing import TextIO

__all__ = ["Terminal", "printable", "printable_on", "wrapped"]

_STYLES = {"bold": "1", "dim": "2", "good": "32", "bad": "31"}
_GAP = "  "
_LEAST_WIDTH = 20

_MOST_CHARACTERS = 4000
_KEPT_AT_THE_END = 800
"""Of what is cut: what helps stands last."""


def printable(text: str) -> str:
    """Escape what would steer a terminal: metadata and file names are somebody else's text."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def printable_on(stream: TextIO | None, text: str) -> str:
    """A text as one line that a stream can show: what steers a terminal or would begin another
    line is escaped, and so is what the stream's encoding does not have; the middle of a text that
    nobody would read is left out."""
    if len(text) > _MOST_CHARACTERS:
        start = text[: _MOST_CHARACTERS - _KEPT_AT_THE_END]
        left_out = len(text) - _MOST_CHARACTERS
        text = f"{start} … ({left_out:,} characters) … {text[-_KEPT_AT_THE_END:]}"
    text = printable(text)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("…", "...")
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text


def wrapped(line: str, width: int) -> list[str]:
    """A line in pieces that fit a width, but for words that are longer; the indentation is kept."""
    if len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line,
        max(width, _LEAST_WIDTH),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


class Terminal:
    """A stream that lines and tables are written to.

    Colours are used when the stream is a terminal and ``NO_COLOR`` is not set
    (https://no-color.org).
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._in_colour = (
            stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        )
        self._width = shutil.get_terminal_size().columns if stream.isatty() else 0

    def line(self, text: str = "", style: str = "") -> None:
        """Write one line in a style: ``bold``, ``dim``, ``good``, ``bad``, or none; on a terminal,
        as many as it takes to fit."""
        text = self._shown(text)
        for piece in wrapped(text, self._width) if self._width else [text]:
            self._stream.write(self._styled(piece, style) + "\n")

    def table(
        self,
        rows: Sequence[Sequence[str | Sequence[str]]],
        styles: Sequence[str],
        header: Sequence[str] = (),
    ) -> None:
        """Write rows with their columns aligned; on a terminal, the last column is wrapped to fit.

        :param rows: a text for each column, or several, a line each.
        :param styles: a style for each column.
        :param header: the columns' names.
        """
        header_cells = [[name] for name in header]
        cells = [[self._lines(cell) for cell in row] for row in rows]
        widths = [
            max(len(line) for row in (header_cells, *cells) if row for line in row[column])
            for column in range(len(styles))
        ]
        if self._width:
            left = self._width - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
            for row in cells:
                row[-1] = [part for line in row[-1] for part in wrapped(line, left)]
        if header:
            self._row(header, widths, ["dim"] * len(styles))
        for row in cells:
            for number in range(max(map(len, row))):
                self._row(
                    [cell[number] if number < len(cell) else "" for cell in row], widths, styles
                )

    def _row(self, texts: Sequence[str], widths: Sequence[int], styles: Sequence[str]) -> None:
        while texts and not texts[-1]:
            texts = texts[:-1]
        padded = [text.ljust(width) for text, width in zip(texts[:-1], widths, strict=False)]
        styled = map(self._styled, [*padded, *texts[-1:]], styles)
        self._stream.write(_GAP.join(styled) + "\n")

    def _lines(self, cell: str | Sequence[str]) -> list[str]:
        return [self._shown(text) for text in ([cell] if isinstance(cell, str) else cell)]

    def _shown(self, text: str) -> str:
        return printable_on(self._stream, text)

    def _styled(self, text: str, style: str) -> str:
        if not (self._in_colour and style and text.strip()):
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
