"""Reading ``*.dist-info/variant.json`` out of a wheel (PEP 825, Variant metadata)."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

from variantsel.errors import InvalidMetadata
from variantsel.formats.json_reader import MAX_BYTES
from variantsel.formats.metadata import VariantMetadata
from variantsel.formats.wheel_member import read_member

__all__ = ["read_wheel_metadata"]

_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, OverflowError, struct.error),  # of numbers in it that nobody has checked
)


def read_wheel_metadata(wheel: str | Path | IO[bytes], *, source: str = "") -> VariantMetadata:
    """Read the variant metadata that a wheel carries.

    :param wheel: a path, or a seekable file; only the end of it and the one member are read.
    :param source: the wheel's name or URL for error messages; the path where left out.
    :raises InvalidMetadata: when it is no wheel, carries no ``variant.json``, or an invalid one.
    :raises OSError: when the file cannot be read.
    """
    source = source or (str(wheel) if isinstance(wheel, (str, Path)) else "")
    try:
        with zipfile.ZipFile(wheel) as archive:
            document = _read_member(archive)
    except InvalidMetadata as error:
        error.source = source
        raise
    except _ZIP_ERRORS as error:
        raise InvalidMetadata(f"not a readable wheel ({error})", source=source) from None
    return VariantMetadata.parse(document, source=f"{source}: variant.json" if source else "")


def _read_member(archive: zipfile.ZipFile) -> bytes:
    members = [
        info
        for info in archive.infolist()
        if info.filename.endswith(".dist-info/variant.json") and info.filename.count("/") == 1
    ]
    if len(members) != 1:
        raise InvalidMetadata(
            f"found {len(members)} files *.dist-info/variant.json in the wheel, expected one"
        )
    # What the archive says of the size is not to be believed: read one byte past the limit.
    return read_member(archive, members[0], MAX_BYTES + 1)
