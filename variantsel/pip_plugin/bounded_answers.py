"""What is read of a server's answer: never more than was asked for, whatever it sends.

Seam: ``pip._internal.network.lazy_wheel.LazyZipOverHTTP`` reads a remote wheel by range requests,
each by ``_stream_response(self, start, end, …)``, the first by ``_check_zip(self)``, and keeps what
it has in ``_file``, from ``_left[n]`` to ``_right[n]``; and ``response_chunks(response,
chunk_size)`` of ``pip._internal.network.utils`` gives an answer as it was sent; pip 23.1 to 26.3.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any

from variantsel.formats.json_reader import MAX_BYTES

__all__ = ["UnboundedAnswer", "content_of", "open_by_ranges"]

_CHUNK_BYTES = 256 * 1024
_MAX_BYTES_BY_RANGES = 2 * MAX_BYTES
"""What is read of one wheel at most: the list of its files, and its ``variant.json``."""

_END_BYTES = 64 * 1024
"""What is asked for first: the end of most wheels has both."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")


class UnboundedAnswer(Exception):
    """A server sends more than was asked for, or in a way that has no bound."""


def content_of(response: Any) -> Iterator[bytes]:
    """Yield the content of an answer in pieces of bounded size.

    Servers may compress although they were asked not to; requests would unpack a piece of the
    answer whole, which may be a thousand times as large, and that for each of several encodings.

    :raises UnboundedAnswer: when it is encoded in another way than by gzip or zlib.
    """
    from pip._internal.network.utils import response_chunks

    chunks = response_chunks(response, _CHUNK_BYTES)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        yield from chunks
    elif encoding in ("gzip", "x-gzip", "deflate"):
        yield from _inflated(chunks)
    else:
        raise UnboundedAnswer(f"the server sent it encoded as {encoding!r:.100}, unasked")


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 32)
    for chunk in chunks:
        left = chunk
        while left:
            try:
                yield decompressor.decompress(left, _CHUNK_BYTES)
            except zlib.error as error:
                raise UnboundedAnswer(f"the server's compression is broken: {error}") from None
            left = decompressor.unconsumed_tail


def open_by_ranges(url: str, network: Any) -> Any:
    """Open a remote file, to be closed, of which only the parts are fetched that are read: of most
    wheels the end, by one request.

    :param network: pip's session.
    :raises pip._internal.network.lazy_wheel.HTTPRangeRequestUnsupported: when the server answers
        no range requests.
    """
    from tempfile import NamedTemporaryFile

    from pip._internal.network.lazy_wheel import (
        HEADERS,
        HTTPRangeRequestUnsupported,
        LazyZipOverHTTP,
    )

    class BoundedFile(LazyZipOverHTTP):  # type: ignore[misc]
        """Takes from each answer what was asked for, and only so much of the file in all."""

        _requested = 0

        def __init__(self) -> None:
            headers = {**HEADERS, "Range": f"bytes=-{_END_BYTES}", "Cache-Control": "no-cache"}
            end = network.get(url, headers=headers, stream=True)
            found = _CONTENT_RANGE.fullmatch(end.headers.get("Content-Range", ""))
            first, last, length = map(int, found.groups()) if found else (0, 0, 0)
            if end.status_code != 206 or not length - _END_BYTES <= first <= last == length - 1:
                end.close()
                if end.status_code == 200 and "bytes" not in end.headers.get("Accept-Ranges", ""):
                    raise HTTPRangeRequestUnsupported("the whole file came instead of its end")
                super().__init__(url, network)  # which asks for the length, and says why not
                return
            self._session, self._url, self._chunk_size = network, url, _END_BYTES
            self._length = length
            self._file = NamedTemporaryFile()  # noqa: SIM115  closed with this
            self.truncate(length)
            self._left, self._right = [first], [last]
            self.seek(first)
            for chunk in _Part(end, last - first + 1).stream(_END_BYTES):
                self._file.write(chunk)  # to its end, so that the connection is kept
            self._requested = last - first + 1

        def _check_zip(self) -> None:
            # pip's own goes through the file, chunk by chunk, till it looks like a wheel.
            if self._length > 0:
                self._download(max(0, self._length - self._chunk_size), self._length - 1)

        def _stream_response(self, start: int, end: int, *arguments: Any) -> Any:
            is_first = self._requested == 0
            self._requested += end - start + 1
            if self._requested > _MAX_BYTES_BY_RANGES:
                raise UnboundedAnswer(
                    f"more than {_MAX_BYTES_BY_RANGES // 1024 // 1024} MiB of it would be read"
                )
            response = super()._stream_response(start, end, *arguments)
            if response.status_code == 200:
                whole = "the whole file came instead of a part"
                raise (HTTPRangeRequestUnsupported if is_first else UnboundedAnswer)(whole)
            return _Part(response, end - start + 1)

    return BoundedFile()


class _Part:
    """An answer to a range request, as far as pip's reading looks at it."""

    def __init__(self, response: Any, size: int) -> None:
        self.raw = self
        self._response = response
        self._size = size

    def raise_for_status(self) -> None:
        self._response.raise_for_status()

    def stream(self, chunk_size: int, decode_content: bool = False) -> Iterator[bytes]:
        del decode_content  # pip never has it decoded
        left = self._size
        for chunk in self._response.raw.stream(min(chunk_size, left), decode_content=False):
            left -= len(chunk)
            if left < 0:
                raise UnboundedAnswer(
                    f"the server answers a request for {self._size} bytes with more"
                )
            yield chunk
