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

__all__ = ["add_to_record", "remove_from_record", "row_of", "with_row", "write_whole"]


def add_to_record(file: Path) -> None:
    """List a file of a ``site-packages`` folder, if variantsel is installed in that folder.

    :raises OSError: when RECORD cannot be written; it is what it was then.
    """
    _change(file, row_of(file.name, file.read_bytes()))


def remove_from_record(file: Path) -> None:
    """Undo :func:`add_to_record`.

    :raises OSError: when RECORD cannot be written; it is what it was then.
    """
    _change(file, None)


def row_of(name: str, content: bytes) -> str:
    """The row of a file, without the end of the line.

    :param name: its path as RECORD has it.
    """
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow([name, f"sha256={digest}", len(content)])
    return text.getvalue()


def with_row(record: str, name: str, row: str | None) -> str:
    """A RECORD with a row first in it, in place of what it has of that file.

    :param row: ``None`` for none.
    """
    lines = list(io.StringIO(record, newline=""))
    kept = [text for text in lines if next(csv.reader([text]), [""])[0] != name]
    if row is not None:
        kept.insert(0, row + ("\r\n" if kept and kept[0].endswith("\r\n") else "\n"))
    return "".join(kept)


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all: others read it, or write it, meanwhile.

    :param mode: of the file, where it is not there yet.
    :raises OSError: when it cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        # mkstemp's are for the owner alone.
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else mode)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _change(file: Path, row: str | None) -> None:
    """Put a row first in every RECORD of variantsel beside a file, in place of the file's own."""
    for record in file.parent.glob("variantsel-*.dist-info/RECORD"):
        before = record.read_bytes()
        after = with_row(before.decode("utf-8"), file.name, row).encode("utf-8")
        if after != before:
            write_whole(record, after)
