"""The requirements of the wheels pip prepares and installs, variant markers resolved.

pip cannot read variant markers, and what it installs has to be readable to every tool: they are
resolved before it looks, for the wheel that was chosen (PEP 825, Evaluating variant markers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from variantsel.formats.variant_markers import VariantContext
    from variantsel.selection.selection import ReleaseFile, Selection

__all__ = ["WheelRequirements", "has_variant_markers"]


class WheelRequirements:
    """Knows which wheel stands behind the metadata that pip is reading."""

    def __init__(self) -> None:
        self._preparing: tuple[ReleaseFile[Any] | None, Selection[Any] | None] | None = None
        self._chosen: dict[str, tuple[ReleaseFile[Any], Selection[Any]]] = {}

    @contextmanager
    def preparing(
        self, file: ReleaseFile[Any] | None, selection: Selection[Any] | None
    ) -> Iterator[None]:
        """While pip prepares a candidate, its variant markers are those of this wheel."""
        before, self._preparing = self._preparing, (file, selection)
        try:
            yield
        finally:
            self._preparing = before

    def note_chosen(
        self, name: str, chosen: tuple[ReleaseFile[Any], Selection[Any]] | None
    ) -> None:
        """Remember which wheel of a project pip may install next.

        :param chosen: ``None`` where there was no choice.
        """
        if chosen is not None:
            self._chosen[_as_in_folder(name)] = chosen
        else:
            self._chosen.pop(_as_in_folder(name), None)

    def resolved_requirements(self, name: str, requirements: Sequence[str]) -> list[str]:
        """``Requires-Dist`` of a project, variant markers resolved: those of the candidate being
        prepared, or else of the wheel that was chosen.

        What cannot be understood is left for pip to complain of.
        """
        from variantsel.formats.variant_markers import InvalidVariantMarker, resolve_requirement

        context = _context(*self._wheel_of(name))
        resolved = []
        for requirement in requirements:
            try:
                left = resolve_requirement(requirement.strip(), context)
            except InvalidVariantMarker:
                left = requirement
            if left is not None:
                resolved.append(left)
        return resolved

    def resolved_metadata(self, text: str) -> str:
        """METADATA of the candidate being prepared, or else of the wheel that was chosen, variant
        markers resolved."""
        name = re.search(r"^Name:(.*)$", text, re.MULTILINE)
        return _resolved_metadata(text, *self._wheel_of(name[1].strip() if name else ""))

    def _wheel_of(self, name: str) -> tuple[ReleaseFile[Any] | None, Selection[Any] | None]:
        if self._preparing is not None:
            return self._preparing
        return self._chosen.get(_as_in_folder(name), (None, None))

    def resolved_installed_metadata(self, dist_info: str, text: str) -> str:
        """METADATA of the wheel being installed, variant markers resolved.

        :param dist_info: the name of its ``.dist-info`` folder.
        """
        chosen = self._chosen.get(_as_in_folder(dist_info.partition("-")[0]), (None, None))
        return _resolved_metadata(text, *chosen)


def has_variant_markers(requirements: Sequence[str]) -> bool:
    """Whether a requirement's marker asks for the variant."""
    return any("variant_" in requirement.partition(";")[2] for requirement in requirements)


def _as_in_folder(name: str) -> str:
    """A project's name as ``.dist-info`` folders spell it."""
    return re.sub(r"[-_.]+", "_", name).lower()


def _resolved_metadata(
    text: str, file: ReleaseFile[Any] | None, selection: Selection[Any] | None
) -> str:
    headers = text.partition("\n\n")[0].splitlines()
    if not has_variant_markers([line for line in headers if line.startswith("Requires-Dist:")]):
        return text
    # Loaded by now where it is needed: pip 26.3 lets nothing be imported as it installs.
    from variantsel.formats.variant_markers import InvalidVariantMarker, resolve_metadata

    try:
        return resolve_metadata(text, _context(file, selection))
    except InvalidVariantMarker:
        return text


def _context(file: ReleaseFile[Any] | None, selection: Selection[Any] | None) -> VariantContext:
    from variantsel.formats.variant_markers import VariantContext

    source = selection.ranking_of(file) if selection and file else None
    if file is None or source is None:
        return VariantContext()
    properties = source.ranking.supported_properties(file.label)
    return VariantContext(file.label, tuple(properties))
