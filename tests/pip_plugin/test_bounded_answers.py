"""Servers that send more than was asked for, or something small that becomes large."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import QuickHandler, running
from support.machines import CPU_NAMESPACE, CPU_PROPERTIES
from support.wheels import metadata, write_release, write_wheel

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists() or "libasan" in os.environ.get("LD_PRELOAD", ""),
    reason="needs Linux's /proc, and an allocator that does not keep what is freed, as ASan's does",
)

DOCUMENT = metadata({"cpu": CPU_PROPERTIES, "null": {}}, namespaces=[CPU_NAMESPACE])
JSON = "pkg-2.0-variants.json"
MIB = 1024 * 1024

MEASURE = """\
import atexit, os
def tell():
    with open("/proc/self/status") as status, open(os.environ["PEAK"], "w") as file:
        file.write(next(line.split()[1] for line in status if line.startswith("VmHWM")))
atexit.register(tell)
"""


@contextmanager
def serve_raw(answers: Mapping[str, Any]) -> Iterator[str]:
    """Serve ``pkg`` from answers: ``{file name: (headers, content, answer to ranges)}``.

    The last is a function of the range's first and last byte that gives status and content, or
    ``None`` where ranges are not answered.
    """

    class Handler(QuickHandler, BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(False)

        def do_GET(self) -> None:
            self._answer(True)

        def _answer(self, with_body: bool) -> None:
            name = self.path.rpartition("/")[2]
            status, headers = 200, {}
            if not name:
                body = "".join(f'<a href="{file}">{file}</a>' for file in answers).encode()
                headers = {"Content-Type": "text/html"}
            elif name not in answers:
                status, body = 404, b""
            else:
                headers, body, ranges = answers[name]
                if ranges is not None:
                    headers = {**headers, "Accept-Ranges": "bytes"}
                    wanted = self.headers.get("Range", "").removeprefix("bytes=")
                    if wanted and not wanted.startswith("-"):  # as some servers
                        headers = {"Accept-Ranges": "bytes"}
                        status, body = ranges(*map(int, wanted.split("-")))
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

    with running(Handler) as url:
        yield url


@pytest.fixture
def wheels(tmp_path: Path) -> dict[str, Any]:
    """Version 2.0 with two variants, and 1.0 with an ordinary wheel."""
    folder = write_release(tmp_path / "files", "pkg", "2.0", DOCUMENT)
    write_wheel(folder, "pkg", "1.0")
    return {path.name: ({}, path.read_bytes(), None) for path in sorted(folder.iterdir())}


def install(
    environment: Environment, url: str, tmp_path: Path, **variables: str
) -> tuple[str, str, int]:
    """What pip says on both streams, and the memory it took, in bytes."""
    (tmp_path / "sitecustomize.py").write_text(MEASURE)
    result = environment.pip(
        *("install", "--no-deps", "--target", str(tmp_path / "site"), "--index-url", url, "pkg"),
        variables={"PYTHONPATH": str(tmp_path), "PEAK": str(tmp_path / "peak"), **variables},
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert "report this" not in result.stderr
    return result.stdout, result.stderr, int((tmp_path / "peak").read_text()) * 1024


def test_a_document_that_a_server_compresses_unasked_is_read(
    environment: Environment, tmp_path: Path, wheels: dict[str, Any]
) -> None:
    encoded = gzip.compress(json.dumps(DOCUMENT).encode())
    wheels[JSON] = ({"Content-Encoding": "gzip"}, encoded, None)
    with serve_raw(wheels) as url:
        out, error, _ = install(environment, url, tmp_path)
    assert "pkg 2.0: variant cpu" in out
    assert error == ""


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip", "br"])
def test_a_small_answer_that_becomes_large_takes_little_memory(
    environment: Environment, tmp_path: Path, wheels: dict[str, Any], encoding: str
) -> None:
    import zlib

    bomb = b" " * (300 * MIB)
    once = zlib.compress(bomb) if encoding == "deflate" else gzip.compress(bomb, 1)
    twice = gzip.compress(once) if "," in encoding else once
    wheels[JSON] = ({"Content-Encoding": encoding}, twice, None)
    with serve_raw(wheels) as url:
        out, error, peak = install(environment, url, tmp_path)
    assert peak < 250 * MIB
    if encoding in ("gzip", "deflate"):  # it is had, and no metadata
        assert f"{JSON}: the document is larger than 32 MiB" in error
        assert "pkg-1.0" in out
    else:  # it cannot be had; the wheels say the same
        assert f"the server sent it encoded as {encoding!r}, unasked" in error
        assert "pkg 2.0: variant cpu" in out


def wheel_of(wheels: dict[str, Any], label: str) -> str:
    return next(name for name in wheels if name.endswith(f"-{label}.whl"))


@pytest.mark.parametrize(
    "answer",
    [
        lambda content, part: content[part] + bytes(100 * MIB),
        lambda content, _: content,
        lambda content, part: content[part] + b"a",
    ],
    ids=["a-hundred-megabytes", "the-whole-file", "a-byte"],
)
def test_more_than_the_range_that_was_asked_for_sets_the_wheel_aside(
    environment: Environment, tmp_path: Path, wheels: dict[str, Any], answer: Any
) -> None:
    del wheels[JSON]
    name = wheel_of(wheels, "cpu")
    content = wheels[name][1] + bytes(20_000)  # more than pip asks for at once
    wheels[name] = (
        {"Content-Length": str(len(content))},
        content,
        lambda first, last: (206, answer(content, slice(first, last + 1))),
    )
    with serve_raw(wheels) as url:
        out, error, peak = install(environment, url, tmp_path)
    assert "with more" in error
    assert "pkg-1.0" in out
    assert peak < 250 * MIB


def test_a_server_that_answers_ranges_with_the_whole_file_is_believed(
    environment: Environment, tmp_path: Path, wheels: dict[str, Any]
) -> None:
    del wheels[JSON]
    for name in (wheel_of(wheels, "cpu"), wheel_of(wheels, "null")):
        content = wheels[name][1]
        wheels[name] = ({}, content, lambda *_, content=content: (200, content))
    with serve_raw(wheels) as url:
        out, error, _ = install(environment, url, tmp_path)
    assert "pkg 2.0: variant cpu" in out
    assert error == ""


def test_a_file_that_is_no_wheel_is_not_gone_through(
    environment: Environment, tmp_path: Path, wheels: dict[str, Any]
) -> None:
    del wheels[JSON]
    asked: list[tuple[int, int]] = []

    def zeros(first: int, last: int) -> tuple[int, bytes]:
        asked.append((first, last))
        return 206, bytes(last - first + 1)

    name = wheel_of(wheels, "cpu")
    wheels[name] = ({"Content-Length": str(10_000 * MIB)}, b"", zeros)
    with serve_raw(wheels) as url:
        out, error, _ = install(environment, url, tmp_path)
    assert "not a readable wheel" in error
    assert "pkg-1.0" in out
    assert sum(last - first + 1 for first, last in asked) < MIB


def test_a_list_of_files_of_a_gigabyte_is_not_fetched(
    environment: Environment, tmp_path: Path, wheels: dict[str, Any]
) -> None:
    del wheels[JSON]
    size, listed = 3000 * MIB, 1000 * MIB
    end = zipfile.structEndArchive  # type: ignore[attr-defined]
    import struct

    record = struct.pack(end, b"PK\5\6", 0, 0, 1, 1, listed, size - listed - 22, 0)

    def part(first: int, last: int) -> tuple[int, bytes]:
        content = bytes(max(0, min(last + 1, size - 22) - first))
        return 206, content + (record[max(0, first - size + 22) :] if last >= size - 22 else b"")

    name = wheel_of(wheels, "cpu")
    wheels[name] = ({"Content-Length": str(size)}, b"", part)
    with serve_raw(wheels) as url:
        out, error, peak = install(environment, url, tmp_path)
    assert "more than 64 MiB of it would be read" in error
    assert "pkg-1.0" in out
    assert peak < 250 * MIB


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_a_wheel_of_little_more_than_a_kilobyte_takes_little_memory(
    environment: Environment, tmp_path: Path, wheels: dict[str, Any], method: int
) -> None:
    del wheels[JSON]
    name = wheel_of(wheels, "cpu")
    with (
        zipfile.ZipFile(tmp_path / name, "w", method) as archive,
        archive.open("pkg-2.0.dist-info/variant.json", "w") as member,
    ):
        for _ in range(300):
            member.write(bytes(MIB))
    wheels[name] = ({}, (tmp_path / name).read_bytes(), None)
    with serve_raw(wheels) as url:
        out, error, peak = install(environment, url, tmp_path)
    assert "larger than 32 MiB" in error
    assert "pkg-1.0" in out
    assert peak < 250 * MIB
