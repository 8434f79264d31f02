"""Pages of the simple repository API: HTML (PEP 503) and JSON (PEP 691)."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["JSON_TYPE", "PageFile", "html_page", "json_page"]

JSON_TYPE = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class PageFile:
    """A file that a page lists."""

    name: str
    sha256: str

    @classmethod
    def of(cls, name: str, content: bytes) -> PageFile:
        """A file with some content."""
        return cls(name, hashlib.sha256(content).hexdigest())

    @classmethod
    def of_no_content(cls, name: str) -> PageFile:
        """A file that nobody will download: its hash is that of its name."""
        return cls(name, hashlib.sha256(name.encode()).hexdigest())


def html_page(project: str, files: Sequence[PageFile]) -> bytes:
    """A page of a project as PyPI writes it."""
    title = html.escape(project)
    lines = [
        "<!DOCTYPE html>",
        "<html>",
        f'  <head><meta name="pypi:repository-version" content="1.0"><title>{title}</title></head>',
        "  <body>",
        f"    <h1>Links for {title}</h1>",
    ]
    lines += [
        f'<a href="{html.escape(file.name)}#sha256={file.sha256}" '
        f'data-requires-python="&gt;=3.9">{html.escape(file.name)}</a><br />'
        for file in files
    ]
    lines += ["  </body>", "</html>", ""]
    return "\n".join(lines).encode()


def json_page(project: str, files: Sequence[PageFile]) -> bytes:
    """A page of a project as PyPI writes it."""
    entries = [
        {
            "filename": file.name,
            "hashes": {"sha256": file.sha256},
            "requires-python": ">=3.9",
            "url": file.name,
            "yanked": False,
        }
        for file in files
    ]
    page = {"files": entries, "meta": {"api-version": "1.1"}, "name": project}
    return json.dumps(page).encode()
