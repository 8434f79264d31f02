"""A package index on 127.0.0.1 that answers at once: all in memory, each answer in one packet.

The tests' server takes files' hashes when asked and sends head and body apart, which on a reused
connection costs 40 ms (Nagle's algorithm waiting for a delayed acknowledgement): as much as is to
be measured here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.simple_pages import JSON_TYPE, PageFile, json_page

__all__ = ["serve"]


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder that holds a folder of files a project; yields the index's URL."""
    answers: dict[str, tuple[str, bytes]] = {}
    for project in folder.iterdir():
        contents = {path.name: path.read_bytes() for path in sorted(project.iterdir())}
        files = [PageFile.of(name, content) for name, content in contents.items()]
        answers[f"/{project.name}/"] = JSON_TYPE, json_page(project.name, files)
        for name, content in contents.items():
            answers[f"/{project.name}/{name}"] = "application/octet-stream", content

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # http.server flushes once a request

        def log_message(self, *arguments: object) -> None:
            del arguments

        def do_GET(self) -> None:
            content_type, content = answers.get(self.path, ("", b""))
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
