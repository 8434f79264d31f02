"""Environment markers and requirements of metadata (dependency specifiers), read within limits."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement

from variantsel.formats.text_limits import excess

__all__ = ["evaluate_marker", "parse_marker", "parse_requirement"]


def parse_marker(text: str) -> Marker:
    """Read a marker that somebody else wrote.

    :raises packaging.markers.InvalidMarker: when it is none, or larger than what is read.
    """
    too_large = excess(text)
    if too_large:
        raise InvalidMarker(too_large)
    return Marker(text)


def parse_requirement(text: str) -> Requirement:
    """Read a requirement that somebody else wrote.

    :raises packaging.requirements.InvalidRequirement: when it is none, or larger than what is read.
    """
    too_large = excess(text)
    if too_large:
        raise InvalidRequirement(too_large)
    return Requirement(text)


def evaluate_marker(marker: Marker, environment: Mapping[str, str] | None = None) -> bool:
    """Evaluate a marker.

    A marker that asks for what no environment has (``extras``), or compares what cannot be
    compared, is false.

    :param environment: marker variables; this interpreter's where left out.
    """
    try:
        return marker.evaluate({**(environment or {}), "extra": ""})
    except (UndefinedComparison, UndefinedEnvironmentName):
        return False
