"""Text for people: tables and styles, colour only where a terminal shows it."""

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


def printable(text: str) -> str:
    """Escape what would steer a terminal: metadata and file names are somebody else's text."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def printable_on(stream: TextIO | None, text: str) -> str:
    """A text as a stream can show it: steering escaped, and what its encoding does not have.

    :param text: one line or several.
    """
    text = "\n".join(map(printable, text.split("\n")))
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
        text = self._shown(printable(text))
        for piece in wrapped(text, self._width) if self._width else [text]:
            self._stream.write(self._styled(piece, style) + "\n")

    def table(
        self, rows: Sequence[Sequence[str]], styles: Sequence[str], header: Sequence[str] = ()
    ) -> None:
        """Write rows with their columns aligned; on a terminal, the last column is wrapped to fit.

        :param rows: a text for each column; one with newlines takes several lines.
        :param styles: a style for each column.
        :param header: the columns' names.
        """
        header_cells = [[name] for name in header]
        cells = [[self._shown(text).split("\n") for text in row] for row in rows]
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

    def _shown(self, text: str) -> str:
        return printable_on(self._stream, text)

    def _styled(self, text: str, style: str) -> str:
        if not (self._in_colour and style and text.strip()):
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
