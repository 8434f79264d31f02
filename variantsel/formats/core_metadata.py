"""The METADATA of a wheel: its headers as tools read them, variant markers resolved."""

from __future__ import annotations

import io
from collections.abc import Callable
from email.parser import HeaderParser
from email.policy import Compat32

from variantsel.formats.variant_markers import VariantContext, resolve_requirement

__all__ = ["resolve_metadata", "rewrite_requirements"]


def resolve_metadata(text: str, context: VariantContext) -> str:
    """Resolve the variant markers of ``Requires-Dist``; everything else stays as it is.

    :raises InvalidVariantMarker: when a marker that uses variant variables cannot be understood.
    """
    return rewrite_requirements(text, lambda value: resolve_requirement(value, context))


def rewrite_requirements(text: str, rewrite: Callable[[str], str | None]) -> str:
    """Put something else in the place of the values of ``Requires-Dist``; everything else stays as
    it is.

    Headers are what Python's email parser takes for headers, as the core metadata specification has
    it: whatever the case of their names, and over how many lines they are folded.

    :param rewrite: returns the value as it is to stay, ``None`` where the header goes.
    """
    lines = list(io.StringIO(text, newline=""))
    position = 0
    for header in _headers(text):
        # Between two headers may be lines that are none; no such line equals one that starts one.
        position = lines.index(header[0], position)
        end = position + len(header)
        name, colon, value = "".join(header).partition(":")
        if name.lower() == "requires-dist":
            resolved = rewrite(value)
            if resolved is None:
                lines[position:end] = [""] * len(header)
            elif resolved != value:
                ending = header[-1][len(header[-1].rstrip("\r\n")) :]
                written = f"{name}{colon} {resolved.strip()}{ending}"
                lines[position:end] = [written, *[""] * (len(header) - 1)]
        position = end
    return "".join(lines)


def _headers(text: str) -> list[list[str]]:
    """The lines of each header, as they stand in the text."""
    policy = _KeepsLines()
    HeaderParser(policy=policy).parsestr(text)
    return policy.headers


class _KeepsLines(Compat32):
    """Has the parser tell the lines of each header."""

    def __init__(self) -> None:
        super().__init__()
        # Policies refuse to be given new attributes.
        self.__dict__["headers"] = []

    headers: list[list[str]]

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        self.headers.append(list(sourcelines))
        return super().header_source_parse(sourcelines)
