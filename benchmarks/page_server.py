"""A package index on 127.0.0.1 that answers at once: all of it is in memory."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from support.index_server import serve_answers

from benchmarks.simple_pages import JSON_TYPE, PageFile, json_page

__all__ = ["serve"]


def serve(folder: Path) -> AbstractContextManager[str]:
    """Serve a folder that holds a folder of files a project; gives the index's URL."""
    answers: dict[str, tuple[str, bytes]] = {}
    for project in folder.iterdir():
        contents = {path.name: path.read_bytes() for path in sorted(project.iterdir())}
        files = [PageFile.of(name, content) for name, content in contents.items()]
        answers[f"/{project.name}/"] = JSON_TYPE, json_page(project.name, files)
        for name, content in contents.items():
            answers[f"/{project.name}/{name}"] = "application/octet-stream", content
    return serve_answers(answers)
