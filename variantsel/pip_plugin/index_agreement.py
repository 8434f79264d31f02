"""Comparing wheels with what their index says of them (PEP 825, Metadata consistency)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.choices import Choices
from variantsel.pip_plugin.settings import Settings

if TYPE_CHECKING:
    from variantsel.selection.selection import ReleaseFile, Selection

__all__ = ["IndexAgreement"]


class IndexAgreement:
    """Looks at each wheel once, when it is here."""

    def __init__(self, choices: Choices, settings: Settings) -> None:
        self._choices = choices
        self._settings = settings
        self._agreed: set[str] = set()

    def agrees(
        self, file: ReleaseFile[Any], selection: Selection[Any], wheel_path: str | None
    ) -> bool:
        """Compare a wheel's own variant.json with what the index says of its label.

        A wheel that is not here yet agrees for now; one that does not is set aside and said so.
        """
        url = file.file.link.url
        source = selection.ranking_of(file)
        if source is None or wheel_path is None or url in self._agreed:
            return True
        if selection.release.bridged is not None:
            return True  # its wheels have no variant.json
        from variantsel.errors import InvalidMetadata
        from variantsel.formats.wheel_metadata import read_wheel_metadata

        try:
            wheel = read_wheel_metadata(wheel_path, source=file.filename)
            source.metadata.check_wheel(wheel, file.label)
        except (InvalidMetadata, OSError) as error:
            self._choices.set_aside(file)
            problem = str(error).removeprefix(f"{file.filename}: ")
            self._settings.problem(f"{selection.release}: set aside {file.filename}: {problem}")
            return False
        self._agreed.add(url)
        return True

    def all_agree(self, requirements: Sequence[Any]) -> bool:
        """:meth:`agrees` for every wheel that pip has chosen."""
        agreed = True
        for requirement in requirements:
            chosen = self._choices.chosen(requirement)
            if chosen is not None:
                agreed &= self.agrees(*chosen, requirement.local_file_path)
        return agreed
