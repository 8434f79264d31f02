"""Members of wheels, read as zipfile reads them, and never more than asked for."""

from __future__ import annotations

import io
import random
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from support.wheels import metadata

from variantsel import InvalidMetadata
from variantsel.formats.wheel_member import read_member
from variantsel.formats.wheel_metadata import read_wheel_metadata

METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
DOCUMENT = metadata({"one": {"nvidia": {"sm_arch": ["90_real"]}}}, namespaces=["nvidia"])
MEMBER = "pkg-1.0.dist-info/variant.json"


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("size", [0, 1, 70_000, 300_000])
def test_a_member_is_read_as_zipfile_reads_it(method: int, size: int) -> None:
    content = random.Random(size).randbytes(size // 2) + b"a" * (size - size // 2)
    archive = archive_of(content, method)
    for limit in {0, 1, size - 1, size, size + 1}:
        if limit >= 0:
            assert read_member(archive, archive.getinfo(MEMBER), limit) == content[:limit]


def archive_of(content: bytes, method: int) -> zipfile.ZipFile:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        archive.writestr(MEMBER, content)
    return zipfile.ZipFile(written)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_wheel_is_read_whatever_its_compression(tmp_path: Path, method: int) -> None:
    import json

    path = tmp_path / "pkg-1.0-py3-none-any-one.whl"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(MEMBER, json.dumps(DOCUMENT))
    assert list(read_wheel_metadata(path).variants) == ["one"]


@pytest.mark.parametrize("method", list(METHODS.values())[1:], ids=list(METHODS)[1:])
def test_a_small_wheel_never_takes_much_memory(tmp_path: Path, method: int) -> None:
    path = tmp_path / "pkg-1.0-py3-none-any-one.whl"
    with (
        zipfile.ZipFile(path, "w", method, compresslevel=1) as archive,
        archive.open(MEMBER, "w") as member,
    ):
        for _ in range(160):
            member.write(bytes(1024 * 1024))
    assert path.stat().st_size < 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(InvalidMetadata, match="larger than 32 MiB"):
            read_wheel_metadata(path)
        assert tracemalloc.get_traced_memory()[1] < 112 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_what_is_broken_is_a_clear_error_at_once(tmp_path: Path, method: int) -> None:
    """Every byte of a small wheel, changed: what it says is read, or it is invalid."""
    path = tmp_path / "pkg-1.0-py3-none-any-one.whl"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(MEMBER, b'{"a": "' + b"b" * 100 + b'"}')
    whole = path.read_bytes()
    rng = random.Random(825)
    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= rng.randint(1, 255)
        with pytest.raises(InvalidMetadata):
            read_wheel_metadata(io.BytesIO(bytes(broken)))


def test_an_lzma_dictionary_of_gigabytes_is_refused() -> None:
    archive = archive_of(b"a" * 100, zipfile.ZIP_LZMA)
    assert isinstance(archive.fp, io.BytesIO)
    written = archive.fp.getbuffer()
    header = bytes(written).index(MEMBER.encode()) + len(MEMBER)
    written[header + 5 : header + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(zipfile.BadZipFile, match="dictionary"):
        read_member(archive, archive.getinfo(MEMBER), 10)


def test_a_compression_without_a_bounded_reader_is_refused() -> None:
    archive = archive_of(b"a", zipfile.ZIP_STORED)
    member = archive.getinfo(MEMBER)
    member.compress_type = 93  # Zstandard
    with pytest.raises(NotImplementedError):
        read_member(archive, member, 10)
