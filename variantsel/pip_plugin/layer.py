"""The folder that is filled for another machine: what is installed moves in file by file, and what
is there of the same projects goes first.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from variantsel.errors import VariantselError
from variantsel.pip_plugin.layer_needs import needed

__all__ = ["Filling", "Layer"]


class Filling(NamedTuple):
    """What filling a folder did to what was there; each a list of ``name version``.

    :ivar replaced: the projects that others took the place of.
    :ivar unneeded: those that stay, and were needed by what was replaced alone.
    """

    replaced: list[str]
    unneeded: list[str]


class Layer:
    """A folder of installed projects, as ``pip install --target`` leaves it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, root: Path, libraries: Collection[Path]) -> Filling:
        """Move in what was installed elsewhere, and remove what it takes the place of.

        :param root: where it was installed; what is in no library keeps its place below it.
        :param libraries: the folders below it that hold modules.
        :raises VariantselError: when something is in the way; nothing is changed then.
        """
        before = self._dist_infos()
        needed_before = needed(before)
        arriving = _arriving(root, libraries)
        names = {name for path in arriving if (name := _project(path.parts[0]))}
        replaced: dict[str, set[Path]] = {}
        staying: set[Path] = set()
        for dist_info in sorted(self._folder.glob("*.dist-info")):
            if _project(dist_info.name) in names:
                replaced[_called(dist_info.name)] = self._files_of(dist_info)
            else:
                staying |= self._files_of(dist_info, strict=False)
        leaving = set().union(*replaced.values()) - staying
        self._check(arriving, leaving, staying)
        self._remove(leaving)
        for path, file in arriving.items():
            destination = self._folder / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(destination):
                destination.unlink()
            shutil.move(file, destination)
        unneeded = (needed_before & before.keys()) - names - needed(self._dist_infos())
        return Filling(sorted(replaced), sorted(_called(before[name].name) for name in unneeded))

    def _dist_infos(self) -> dict[str, Path]:
        """The ``.dist-info`` folder of each project."""
        return {_project(path.name): path for path in sorted(self._folder.glob("*.dist-info"))}

    def _files_of(self, dist_info: Path, strict: bool = True) -> set[Path]:
        """The files of a project by its RECORD, relative to the folder.

        :param strict: whether a project without a RECORD is an error.
        """
        try:
            with (dist_info / "RECORD").open(encoding="utf-8", newline="") as file:
                paths = [_in_folder(row[0]) for row in csv.reader(file) if row]
        except (OSError, ValueError, csv.Error) as error:
            if not strict:
                return set()
            reason = error.strerror if isinstance(error, OSError) else error
            raise VariantselError(
                f"{dist_info}: what is there cannot be replaced, since its RECORD cannot be read "
                f"({reason}); remove it, or name another folder"
            ) from None
        return {path for path in paths if path is not None}

    def _check(
        self, arriving: Mapping[Path, Path], leaving: Collection[Path], staying: Collection[Path]
    ) -> None:
        """See that every file has a place to go to.

        :raises VariantselError: when what belongs to no project, or a link, is in the way.
        """
        checked: set[Path] = set()
        for path in arriving:
            for parent in path.parents:
                if parent in checked:
                    break
                checked.add(parent)
                place = self._folder / parent
                if parent == Path() or parent in leaving or not os.path.lexists(place):
                    continue
                if place.is_symlink() or not place.is_dir():
                    raise _in_the_way(place)
            place = self._folder / path
            if not os.path.lexists(place):
                continue
            if place.is_dir() and not place.is_symlink():
                if any(
                    file.relative_to(self._folder) not in leaving
                    for file in place.rglob("*")
                    if not file.is_dir()
                ):
                    raise _in_the_way(place)
            elif path not in leaving and path not in staying:
                raise _in_the_way(place)

    def _remove(self, paths: Collection[Path]) -> None:
        """Remove files, the byte code of modules, and the folders that are empty then."""
        folders = set()
        for path in paths:
            file = self._folder / path
            compiled = file.parent / "__pycache__"
            if file.suffix == ".py" and compiled.is_dir():
                for cached in compiled.glob(f"{file.stem}.*.pyc"):
                    cached.unlink()
                folders.add(path.parent / "__pycache__")
            if os.path.lexists(file) and not (file.is_dir() and not file.is_symlink()):
                file.unlink()
            folders.update(parent for parent in path.parents if parent != Path())
        for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
            place = self._folder / folder
            if place.is_dir() and not place.is_symlink() and not any(place.iterdir()):
                place.rmdir()


def _arriving(root: Path, libraries: Collection[Path]) -> dict[Path, Path]:
    """``{place in the folder: file}`` of what was installed."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder, name)
            base = next((library for library in libraries if file.is_relative_to(library)), root)
            found[file.relative_to(base)] = file
    return found


def _in_folder(recorded: str) -> Path | None:
    """Where a file of a RECORD lies in the folder; ``None`` for one that is outside of it.

    The records were written two folders deeper: scripts stand in them as ``../../bin/NAME``.
    """
    parts = list(PurePosixPath(recorded).parts)
    while parts[:1] == [".."]:
        del parts[0]
    if not parts or ".." in parts or PurePosixPath(recorded).is_absolute():
        return None
    return Path(*parts)


def _project(folder: str) -> str:
    """The normalized name of the project that a ``.dist-info`` folder is about; else empty."""
    if not folder.endswith(".dist-info"):
        return ""
    return re.sub(r"[-_.]+", "-", folder.partition("-")[0]).lower()


def _called(dist_info: str) -> str:
    name, _, version = dist_info.removesuffix(".dist-info").partition("-")
    return f"{name} {version}".rstrip()


def _in_the_way(place: Path) -> VariantselError:
    return VariantselError(
        f"{place} is in the way, and belongs to nothing that is to be replaced; remove it, or name "
        "another folder"
    )
