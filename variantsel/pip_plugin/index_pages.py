"""Reading pages of indexes with pip's own session: its settings, its credentials, its certificates.

Not a seam: no run of pip comes here. Counts on ``commands.create_command("download")``, on its
``_build_session(options)``, on ``index.collector.parse_links(IndexContent(…))``, and on
``network.lazy_wheel.LazyZipOverHTTP``; pip 23.1 to 26.3, of which the oldest do not know
``core-metadata`` and read by ranges what lies beside a wheel. What was read is kept for an hour in
the user's cache folder, and what a wheel says of itself for good.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from variantsel.bridges.check.published import Metadata, Unreadable
from variantsel.errors import VariantselError
from variantsel.provider_host.answer_cache import cache_folder

__all__ = ["IndexPages"]

_SECONDS_KEPT = 3600
_ACCEPT = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, "
    "text/html; q=0.01"
)


class IndexPages:
    """Reads indexes; see :class:`~variantsel.bridges.check.published.Indexes`.

    :ivar default: the address of the default index, which may hold a password.
    :ivar requests: how many requests were made.
    """

    def __init__(self, index_url: str | None = None) -> None:
        """
        :param index_url: the default index; the one that pip is set to where ``None``.
        :raises VariantselError: where there is no pip.
        """
        try:
            from pip._internal.commands import create_command
        except ImportError:
            raise VariantselError(
                "reading indexes takes pip, which is not in this environment: "
                "python -m ensurepip --upgrade"
            ) from None
        command = create_command("download")
        options, _ = command.parse_args([f"--index-url={index_url}"] if index_url else [])
        self.default: str = options.index_url.rstrip("/") + "/"
        self._session = command._build_session(options)
        self._session.hooks["response"].append(self._count)
        self._silent: set[str] = set()
        self._links: dict[str, dict[str, Any] | None] = {}
        self.requests = 0

    def page_of(self, project: str) -> str:
        """The address of a project's page on the default index."""
        return f"{self.default}{project}/"

    def filenames(self, address: str) -> Sequence[str] | None:
        """See :meth:`Indexes.filenames`."""
        links = self._read_page(address)
        return None if links is None else [*links]

    def metadata(self, address: str, filename: str) -> Metadata | None:
        """See :meth:`Indexes.metadata`."""
        link = (self._read_page(address) or {})[filename]
        with _kept(f"metadata {link.url}") as keep:
            content = keep.content
            if content is None:
                with _readable(link.url_without_fragment):
                    content = self._read_metadata(link)
                if content is None:
                    return None
                keep.write(content)
        message = BytesHeaderParser().parsebytes(content)
        extras = message.get_all("Provides-Extra", [])
        return Metadata(
            message.get_all("Requires-Dist", []), frozenset(map(canonicalize_name, extras))
        )

    def _read_page(self, address: str) -> dict[str, Any] | None:
        if address not in self._links:
            self._links[address] = self._links_of(address)
        return self._links[address]

    def _links_of(self, address: str) -> dict[str, Any] | None:
        """pip's links of a page by the files' names."""
        from pip._internal.index.collector import IndexContent, parse_links

        with _kept(f"page {address}", _SECONDS_KEPT) as keep, _readable(address):
            content = keep.content
            if content is None:
                content = self._fetch_page(address)
                keep.write(content)
        url, content_type, encoding, status, body = _unpacked(content)
        if status == 404:
            return None
        page = IndexContent(body, content_type, encoding or None, url, cache_link_parsing=False)
        return {link.filename: link for link in parse_links(page) if link.yanked_reason is None}

    def _fetch_page(self, address: str) -> bytes:
        if address.startswith("file:"):
            from pip._internal.utils.urls import url_to_path

            path = Path(url_to_path(address)) / "index.html"
            if not path.is_file():
                return _packed(address, "text/html", "", 404, b"")
            return _packed(address, "text/html", "utf-8", 200, path.read_bytes())
        headers = {"Accept": _ACCEPT, "Cache-Control": "max-age=0"}
        response = self._get(address, headers)
        if response.status_code not in (404, 403):  # what S3 says of a file that is not there
            response.raise_for_status()
            return _packed(
                response.url,
                response.headers.get("Content-Type", ""),
                response.encoding or "",
                200,
                response.content,
            )
        return _packed(address, "text/html", "", 404, b"")

    def _read_metadata(self, link: Any) -> bytes | None:
        """A wheel's METADATA: from beside it, or out of it by range requests."""
        from pip._internal.network.lazy_wheel import HTTPRangeRequestUnsupported, LazyZipOverHTTP

        if link.is_file:
            return _metadata_in(link.file_path)
        beside = link.metadata_link()
        if beside is not None:
            response = self._get(beside.url_without_fragment, {"Accept-Encoding": "identity"})
            response.raise_for_status()
            content: bytes = response.content
            return content
        try:
            with LazyZipOverHTTP(link.url_without_fragment, self._session) as file:
                return _metadata_in(file)
        except HTTPRangeRequestUnsupported:
            return None

    def _get(self, address: str, headers: dict[str, str]) -> Any:
        from pip._vendor.requests import HTTPError

        host = urlsplit(address).netloc
        if host in self._silent:
            name = host.rpartition("@")[2]
            raise Unreadable(f"{name} did not answer: it is asked for no further page")
        try:
            return self._session.get(address, headers=headers)
        except HTTPError:
            raise
        except Exception:  # pip's, requests' and urllib3's have no base of their own
            self._silent.add(host)
            raise

    def _count(self, response: Any, **_: Any) -> None:
        del response
        self.requests += 1


def _metadata_in(wheel: Any) -> bytes | None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".dist-info/METADATA") and name.count("/") == 1:
                return archive.read(name)
    return None


@contextlib.contextmanager
def _readable(address: str) -> Iterator[None]:
    from pip._internal.exceptions import PipError
    from pip._vendor.requests import RequestException
    from pip._vendor.urllib3.exceptions import HTTPError

    try:
        yield
    except (PipError, RequestException, HTTPError, OSError, zipfile.BadZipFile) as error:
        from pip._internal.utils.misc import redact_auth_from_url

        reason = str(getattr(error, "context", "") or error)
        shown = redact_auth_from_url(address)
        raise Unreadable(f"{shown} could not be read: {reason:.300}") from None


def _packed(url: str, content_type: str, encoding: str, status: int, body: bytes) -> bytes:
    head = json.dumps([url, content_type, encoding, status])
    return head.encode() + b"\n" + body


def _unpacked(content: bytes) -> tuple[str, str, str, int, bytes]:
    head, _, body = content.partition(b"\n")
    url, content_type, encoding, status = json.loads(head)
    return url, content_type, encoding, status, body


class _Keep:
    """One entry of the cache.

    :ivar content: what it holds; ``None`` where there is none, or it is too old.
    """

    def __init__(self, path: Path | None, seconds: float | None) -> None:
        self._path = path
        self.content: bytes | None = None
        with contextlib.suppress(OSError):
            if path and (seconds is None or time.time() - path.stat().st_mtime < seconds):
                self.content = path.read_bytes()

    def write(self, content: bytes) -> None:
        """Keep something; where that cannot be, it is not."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(self._path)


@contextlib.contextmanager
def _kept(key: str, seconds: float | None = None) -> Iterator[_Keep]:
    """The entry of the cache for something.

    :param seconds: how old it may be.
    """
    path = None
    with contextlib.suppress(RuntimeError):
        digest = hashlib.sha256(key.encode()).hexdigest()
        path = cache_folder() / "pages" / digest
    yield _Keep(path, seconds)
