"""One file out of a wheel, no more of it than is asked for, whatever the archive says of it."""

from __future__ import annotations

import bz2
import copy
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Protocol

__all__ = ["read_member"]

_CHUNK_BYTES = 64 * 1024
_MAX_LZMA_DICTIONARY = 64 * 1024 * 1024
"""What the highest of lzma's presets has; all of it is allocated at once."""


class _Decompressor(Protocol):
    """What the decompressors of bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """Read at most the first ``limit`` bytes of a member.

    :mod:`zipfile` itself decompresses bzip2 and LZMA without a bound: a chunk of such a member may
    become gigabytes.

    :raises zipfile.BadZipFile: and what else :mod:`zipfile` raises for what it cannot read.
    """
    if member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with archive.open(member) as file:
            return file.read(limit)
    if member.compress_type not in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        raise NotImplementedError("that compression method is not supported")
    with archive.open(_as_stored(member)) as compressed:
        content = b"".join(_decompressed(compressed, member.compress_type, limit))
    if len(content) < limit and zlib.crc32(content) != member.CRC:
        raise zipfile.BadZipFile(f"bad CRC-32 for file {member.filename!r}")
    return content


def _as_stored(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The member as one whose content is what is stored of it."""
    stored = copy.copy(member)
    stored.compress_type = zipfile.ZIP_STORED
    stored.file_size = member.compress_size
    del stored.CRC  # that of the content; zipfile then compares none
    return stored


def _decompressed(compressed: IO[bytes], method: int, limit: int) -> Iterator[bytes]:
    try:
        decompressor: _Decompressor = (
            bz2.BZ2Decompressor() if method == zipfile.ZIP_BZIP2 else _lzma(compressed)
        )
        while limit > 0 and not decompressor.eof:
            data = compressed.read(_CHUNK_BYTES) if decompressor.needs_input else b""
            if decompressor.needs_input and not data:
                return  # LZMA needs no mark at the end; the checksum tells what is missing
            content = decompressor.decompress(data, min(limit, _CHUNK_BYTES))
            limit -= len(content)
            yield content
    except (OSError, ValueError, lzma.LZMAError) as error:
        raise zipfile.BadZipFile(f"bad compressed data ({error})") from None


def _lzma(compressed: IO[bytes]) -> lzma.LZMADecompressor:
    """A decompressor by the properties in front of a member (ZIP's APPNOTE, 5.8.8)."""
    _, size = compressed.read(2), int.from_bytes(compressed.read(2), "little")
    properties = compressed.read(size)
    if size != 5 or len(properties) != size or properties[0] >= 9 * 5 * 5:
        raise ValueError("its LZMA properties are none")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    dictionary = int.from_bytes(properties[1:], "little")
    if dictionary > _MAX_LZMA_DICTIONARY:
        raise ValueError(f"its LZMA dictionary is larger than {_MAX_LZMA_DICTIONARY} bytes")
    filters = [
        {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": lc, "lp": lp, "pb": pb}
    ]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
