"""The requirements of the wheels pip prepares and installs, variant markers resolved.

pip cannot read variant markers, and what it installs has to be readable to every tool: they are
resolved before it looks, for the wheel that was chosen (PEP 825, Evaluating variant markers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zipfile import ZipFile

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

        What cannot be understood is left for pip to complain of, short: some pips end the run at
        what is deeply nested, instead of turning to another version.
        """
        import variantsel.pip_plugin.resolved_files  # noqa: F401 - not to be imported later
        from variantsel.formats.variant_markers import InvalidVariantMarker, resolve_requirement

        context = _context(*self._wheel_of(name))
        resolved = []
        for requirement in requirements:
            try:
                left = resolve_requirement(requirement.strip(), context)
            except InvalidVariantMarker:
                left = requirement if len(requirement) <= 100 else f"{requirement[:100]}…"
            if left is not None:
                resolved.append(left)
        return resolved

    def resolved_metadata(self, text: str) -> str:
        """METADATA of the candidate being prepared, or else of the wheel that was chosen, variant
        markers resolved."""
        if not _asks_for_the_variant(text):
            return text
        from variantsel.pip_plugin.resolved_files import resolved_text

        name = HeaderParser().parsestr(text)["Name"] or ""
        return resolved_text(text, _context(*self._wheel_of(name.strip())))

    def _wheel_of(self, name: str) -> tuple[ReleaseFile[Any] | None, Selection[Any] | None]:
        if self._preparing is not None:
            return self._preparing
        return self._chosen.get(_as_in_folder(name), (None, None))

    def resolved_file(
        self, dist_info: str, name: str, wheel: ZipFile, replaced: Callable[[str], str]
    ) -> bytes | None:
        """What METADATA or RECORD of the wheel being installed is to be; ``None`` where it is what
        it is in the wheel.

        :param dist_info: the name of its ``.dist-info`` folder.
        :param replaced: what bridges make of a METADATA.
        """
        try:
            text = wheel.read(f"{dist_info}/METADATA").decode("utf-8", "surrogateescape")
        except KeyError:
            return None
        resolved = text
        if _asks_for_the_variant(text):
            # Loaded by now: pip has read the requirements.
            from variantsel.pip_plugin.resolved_files import resolved_text

            project = _as_in_folder(dist_info.partition("-")[0])
            resolved = resolved_text(text, _context(*self._chosen.get(project, (None, None))))
        resolved = replaced(resolved)
        if resolved == text:
            return None
        from variantsel.pip_plugin.resolved_files import record_of_resolved

        metadata = resolved.encode("utf-8", "surrogateescape")
        if name == "METADATA":
            return metadata
        record = wheel.read(f"{dist_info}/RECORD").decode("utf-8", "surrogateescape")
        return record_of_resolved(record, dist_info, metadata).encode("utf-8", "surrogateescape")


def has_variant_markers(requirements: Sequence[str]) -> bool:
    """Whether a requirement's marker asks for the variant."""
    return any("variant_" in requirement.partition(";")[2] for requirement in requirements)


def _asks_for_the_variant(text: str) -> bool:
    """Whether a METADATA has variant markers, as pip reads it; the description has none."""
    if "variant_" not in text:
        return False
    return has_variant_markers(HeaderParser().parsestr(text).get_all("Requires-Dist", []))


def _as_in_folder(name: str) -> str:
    """A project's name as ``.dist-info`` folders spell it."""
    return re.sub(r"[-_.]+", "_", name).lower()


def _context(file: ReleaseFile[Any] | None, selection: Selection[Any] | None) -> VariantContext:
    from variantsel.formats.variant_markers import VariantContext

    source = selection.ranking_of(file) if selection and file else None
    if file is None or source is None:
        return VariantContext()
    properties = source.ranking.supported_properties(file.label)
    return VariantContext(file.label, tuple(properties))
