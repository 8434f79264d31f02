"""What documents say to type, for tests that type it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCUMENTS", "Block", "blocks", "prose", "recipe", "spans", "table"]

_REPOSITORY = Path(__file__).resolve().parents[2]  # .ci/arm64 imports this without pytest
DOCUMENTS = (_REPOSITORY / "README.md", *sorted((_REPOSITORY / "docs").glob("*.md")))
"""What users read."""

_BLOCK = re.compile(
    r"^(?P<indent> *)(?:<!-- (?P<comment>[^\n]*) -->\n *)?```(?P<language>\w+)\n"
    r"(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    :ivar comment: what stands in the HTML comment above it, such as ``recipe: NAME``.
    """

    document: Path
    comment: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.name}: {self.text.splitlines()[0]}"


def blocks(document: Path) -> list[Block]:
    """Every fenced block of a document, without the indentation of a list."""
    found = []
    for match in _BLOCK.finditer(document.read_text(encoding="utf-8")):
        indent = len(match["indent"])
        text = "".join(line[indent:] or "\n" for line in match["text"].splitlines(keepends=True))
        found.append(Block(document, match["comment"] or "", match["language"], text))
    return found


def prose(document: Path) -> str:
    """A document without its fenced blocks."""
    return _BLOCK.sub("", document.read_text(encoding="utf-8"))


def spans(document: Path) -> list[str]:
    """What stands between backticks in the prose of a document, each on one line."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(document))]


def recipe(document: Path, name: str) -> str:
    """The block behind ``<!-- recipe: NAME -->``."""
    for block in blocks(document):
        if block.comment == f"recipe: {name}":
            return block.text
    raise AssertionError(f"{document} has no recipe called {name}")


def table(document: Path, heading: str) -> list[dict[str, str]]:
    """The rows of the table whose first column has a heading: ``{heading: cell}``."""
    lines = prose(document).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    headings, _, *others = rows
    return [dict(zip(headings, row, strict=True)) for row in others]
