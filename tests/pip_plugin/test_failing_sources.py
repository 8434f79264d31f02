"""A source that fails, in whatever way, takes away its own variants and nobody else's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.environments import Environment
from support.index_server import Index, serve, serve_silence
from support.machines import CPU_NAMESPACE, CPU_PROPERTIES
from support.wheels import metadata, write_release

DOCUMENT = metadata({"cpu": CPU_PROPERTIES, "null": {}}, namespaces=[CPU_NAMESPACE])

ANSWERS = {
    "a-body-that-is-too-short": b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{}",
    "a-length-that-is-no-number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
    "a-length-below-zero": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "an-endless-length": b"HTTP/1.1 206 OK\r\nAccept-Ranges: bytes\r\nContent-Range: bytes "
    + b"9" * 5000
    + b"-"
    + b"9" * 5000
    + b"/"
    + b"9" * 5000
    + b"\r\nContent-Length: 2\r\n\r\n{}",
    "no-content": b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "a-chunk-without-a-size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "no-http": b"220 mail.example ESMTP\r\n",
    "nothing": b"",
    "a-redirection-nowhere": b"HTTP/1.1 302 Found\r\nLocation: http://[oops/\r\n"
    b"Content-Length: 0\r\n\r\n",
    "a-redirection-to-another-scheme": b"HTTP/1.1 302 Found\r\nLocation: gopher://127.0.0.1/\r\n"
    b"Content-Length: 0\r\n\r\n",
    "a-port-that-is-none": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:99999999/\r\n"
    b"Content-Length: 0\r\n\r\n",
}


@pytest.fixture(autouse=True)
def nothing_installed(environment: Environment) -> Iterator[None]:
    """Whatever other tests left in the environment."""
    environment.remove("pkg")
    yield
    environment.remove("pkg")


@contextmanager
def serve_bytes(answer: bytes) -> Iterator[str]:
    """Answer every request with the same bytes and hang up; yields the URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_all() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        threading.Thread(target=answer_all, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def serve_refusal() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield f"http://127.0.0.1:{port}/"


def release(folder: Path, name: str, *, elsewhere: str = "", listed: bool = True) -> Index:
    """An index with one release of pkg, its variants on another server if one is given."""
    write_release(
        folder / name / "pkg",
        "pkg",
        "1.0",
        DOCUMENT,
        with_index_metadata=listed,
    )
    index = Index(folder / name)
    if elsewhere:
        files = (folder / name / "pkg").iterdir()
        index.links = {path.name: f"{elsewhere}{path.name}" for path in files}
    return index


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "unlisted"])
@pytest.mark.parametrize("kind", [*ANSWERS, "refused", "silent"])
def test_another_sources_variants_are_taken(
    environment: Environment, tmp_path: Path, kind: str, listed: bool
) -> None:
    failing = {"refused": serve_refusal, "silent": serve_silence}.get(kind)
    with (
        failing() if failing is not None else serve_bytes(ANSWERS[kind]) as elsewhere,
        serve(release(tmp_path, "broken", elsewhere=elsewhere, listed=listed)) as broken,
        serve(release(tmp_path, "whole")) as whole,
    ):
        for first, second in ((broken, whole), (whole, broken)):
            result = environment.pip(
                *("install", "--index-url", first.url, "--extra-index-url", second.url),
                *("--retries", "0", "--timeout", "1", "--force-reinstall", "pkg"),
            )
            assert result.returncode == 0, result.stdout + result.stderr
            assert "pkg 1.0: variant cpu" in result.stdout
            assert f"set aside the variants null, cpu on {broken.url}pkg" in result.stderr
            assert "report this" not in result.stderr
            assert "Traceback" not in result.stderr
            label = environment.run("-c", "import pkg; print(pkg.LABEL)").stdout
            assert label == "cpu\n"


def test_a_wheel_that_breaks_off_is_named_and_an_ordinary_one_taken(
    environment: Environment, tmp_path: Path
) -> None:
    answer = ANSWERS["a-body-that-is-too-short"]
    with serve_bytes(answer) as elsewhere:
        index = release(tmp_path, "broken", elsewhere=elsewhere)
        write_release(index.folder / "pkg", "pkg", "0.9", metadata({}), non_variant=True)
        with serve(index):
            arguments = ("install", "--index-url", index.url, "--retries", "0", "pkg")
            result = environment.pip(*arguments)
            strict = environment.pip(*arguments, "--upgrade", variables={"VARIANTSEL_STRICT": "1"})
    assert result.returncode == 0, result.stderr
    assert "Successfully installed pkg-0.9" in result.stdout
    assert "set aside the variants null, cpu on" in result.stderr
    assert strict.returncode == 1
    assert "ERROR: variantsel (strict): pkg 1.0: set aside the variants null, cpu" in strict.stderr
