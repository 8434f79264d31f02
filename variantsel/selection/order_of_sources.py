"""The order of files of one version that lie on several sources, where no property decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

__all__ = ["merged_by_source"]


class SourceFile(Protocol):
    """A file that was listed on a source."""

    @property
    def source(self) -> str: ...


FileT = TypeVar("FileT", bound=SourceFile)


def merged_by_source(
    files: Sequence[FileT], nulls: Sequence[FileT], ordinary: Sequence[FileT]
) -> list[FileT]:
    """Null variants and ordinary files in the installer's order, but that a null variant comes
    before the ordinary files of its own source (PEP 825, Variant ordering).

    So a null variant of one source comes before an ordinary wheel of another only where it would
    if it were an ordinary wheel, or where that source's own ordinary wheel would: otherwise
    whoever can add a file to an index could take the place of the other index's wheels.

    :param files: all of them in the installer's order.
    """
    own_place = {id(file): position for position, file in enumerate(files)}
    first_ordinary: dict[str, int] = {}
    for file in ordinary:
        first_ordinary.setdefault(file.source, own_place[id(file)])

    def place(file: FileT) -> tuple[int, int]:
        own = own_place[id(file)]
        return min(own, first_ordinary.get(file.source, own)), own

    placed = [(*place(file), False, file) for file in nulls]
    kept = [(own_place[id(file)], own_place[id(file)], True, file) for file in ordinary]
    in_order = sorted([*placed, *kept], key=lambda item: (item[0], item[2], item[1]))
    return [file for *_, file in in_order]
