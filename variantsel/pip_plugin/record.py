"""A file's line in the RECORD of variantsel's installation, so that uninstalling takes it along.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import tempfile
from pathlib import Path

__all__ = ["add_to_record", "remove_from_record", "write_whole"]


def add_to_record(file: Path) -> None:
    """List a file of a ``site-packages`` folder, if variantsel is installed in that folder.

    :raises OSError: when RECORD cannot be written; it is what it was then.
    """
    content = file.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    _change(file, f"{file.name},sha256={digest},{len(content)}")


def remove_from_record(file: Path) -> None:
    """Undo :func:`add_to_record`.

    :raises OSError: when RECORD cannot be written; it is what it was then.
    """
    _change(file, None)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: others read it, or write it, meanwhile.

    :raises OSError: when it cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        # mkstemp's are for the owner alone.
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _change(file: Path, line: str | None) -> None:
    """Put a line first in every RECORD of variantsel beside a file, in place of the file's own."""
    for record in file.parent.glob("variantsel-*.dist-info/RECORD"):
        before = record.read_bytes()
        lines = list(io.StringIO(before.decode("utf-8"), newline=""))
        kept = [text for text in lines if next(csv.reader([text]), [""])[0] != file.name]
        if line is not None:
            ending = "\r\n" if kept and kept[0].endswith("\r\n") else "\n"
            kept.insert(0, line + ending)
        after = "".join(kept).encode("utf-8")
        if after != before:
            write_whole(record, after)
