"""Servers on 127.0.0.1: a package index, a folder of files, or answers that are ready."""

from __future__ import annotations

import functools
import hashlib
import html
import json
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

JSON_TYPE = "application/vnd.pypi.simple.v1+json"


@dataclass
class Index:
    """One folder of files a project, served as a simple index.

    :ivar json_pages: whether JSON pages are served to those who accept them.
    :ivar core_metadata: whether METADATA is served beside the wheels (PEP 658).
    :ivar ranges: whether range requests are answered.
    :ivar statuses: ``{file name: status}`` of files that are listed and not to be had; of pages, by
        the project.
    :ivar bodies: ``{file name: content}`` of files that are other than they are listed.
    :ivar links: ``{file name: URL}`` of files that lie elsewhere.
    :ivar upload_times: when files were uploaded (``2026-01-01T00:00:00Z``), by name; JSON only.
    :ivar requests: what was asked for, "METHOD /path".
    :ivar connections: the ports that were connected from.
    """

    folder: Path
    json_pages: bool = False
    core_metadata: bool = False
    ranges: bool = False
    statuses: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    upload_times: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)
    url: str = ""

    def page(self, project: str, as_json: bool) -> tuple[str, bytes]:
        files = sorted(path for path in (self.folder / project).iterdir() if path.is_file())
        if as_json:
            entries = [self._json_entry(path) for path in files]
            page = {"meta": {"api-version": "1.0"}, "name": project, "files": entries}
            return JSON_TYPE, json.dumps(page).encode()
        links = "".join(self._html_link(path) for path in files)
        return "text/html", f"<!DOCTYPE html><html><body>{links}</body></html>".encode()

    def _json_entry(self, path: Path) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "filename": path.name,
            "url": self._link(path),
            "hashes": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
        }
        if self.core_metadata and path.suffix == ".whl":
            entry["core-metadata"] = True
        if path.name in self.upload_times:
            entry["upload-time"] = self.upload_times[path.name]
        return entry

    def _html_link(self, path: Path) -> str:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        extra = ' data-core-metadata="true"' if self.core_metadata and path.suffix == ".whl" else ""
        return (
            f'<a href="{self._link(path)}#sha256={digest}"{extra}>{html.escape(path.name)}</a><br>'
        )

    def _link(self, path: Path) -> str:
        return self.links.get(path.name) or quote(path.name)


class QuickHandler(BaseHTTPRequestHandler):
    """Says nothing, keeps connections, and sends head and body of an answer in one piece.

    Sent apart, they cost 40 ms on a connection that is kept: Nagle's algorithm waits for a delayed
    acknowledgement.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # http.server flushes once a request

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def running(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Run a server until the block ends; yields its URL, which ends in a slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


POLL_SECONDS = 0.02
"""How long the end of a block may wait for the server to see it; half a second by default."""


@contextmanager
def serve(index: Index) -> Iterator[Index]:
    """Serve an index until the block ends; sets its ``url``."""

    class Handler(QuickHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            index.requests.append(f"{self.command} {path}")
            index.connections.add(self.client_address[1])
            status, headers, body = self._response([part for part in path.split("/") if part])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def _response(self, parts: list[str]) -> tuple[int, dict[str, str], bytes]:
            file = index.folder.joinpath(*parts)
            if len(parts) == 1 and parts[0] in index.statuses:
                return index.statuses[parts[0]], {}, b""
            if len(parts) == 1 and file.is_dir():
                as_json = index.json_pages and JSON_TYPE in self.headers.get("Accept", "")
                content_type, body = index.page(parts[0], as_json)
                return 200, {"Content-Type": content_type}, body
            if file.name in index.statuses:
                return index.statuses[file.name], {}, b""
            if file.is_file():
                return self._file(index.bodies.get(file.name) or file.read_bytes())
            wheel = file.with_name(file.name.removesuffix(".metadata"))
            if index.core_metadata and file.suffix == ".metadata" and wheel.is_file():
                return self._file(_core_metadata(wheel))
            return 404, {}, b""

        def _file(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            headers = {"Content-Type": "application/octet-stream"}
            if not index.ranges:
                return 200, headers, body
            headers["Accept-Ranges"] = "bytes"
            wanted = self.headers.get("Range", "")
            if not wanted.startswith("bytes="):
                return 200, headers, body
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start = int(first) if first else max(0, len(body) - int(last))
            stop = int(last) + 1 if first and last else len(body)
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
            return 206, headers, body[start:stop]

    with running(Handler) as index.url:
        yield index


@contextmanager
def serve_silence() -> Iterator[str]:
    """Accept connections and never answer; yields the URL, which ends in a slash."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def _core_metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name)


@dataclass
class ServedFolder:
    """A folder that is served.

    :ivar requests: the paths that were asked for.
    """

    url: str = ""
    requests: list[str] = field(default_factory=list)


@contextmanager
def serve_folder(
    folder: Path, headers: Callable[[str], Mapping[str, str]] | None = None
) -> Iterator[ServedFolder]:
    """Serve a folder of static files until the block ends, as ``python -m http.server`` does.

    :param headers: further headers of the answer to a path.
    """
    served = ServedFolder()

    class Handler(QuickHandler, SimpleHTTPRequestHandler):
        def send_head(self) -> Any:
            served.requests.append(self.path)
            return super().send_head()

        def end_headers(self) -> None:
            for name, value in headers(self.path).items() if headers else ():
                self.send_header(name, value)
            super().end_headers()

    with running(functools.partial(Handler, directory=str(folder))) as served.url:
        yield served


@contextmanager
def serve_answers(answers: Mapping[str, tuple[str, bytes]]) -> Iterator[str]:
    """Serve what is ready, so that a client waits for nothing else.

    :param answers: ``{path: (content type, content)}``.
    """

    class Handler(QuickHandler):
        def do_GET(self) -> None:
            content_type, content = answers.get(self.path, ("", b""))
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with running(Handler) as url:
        yield url
