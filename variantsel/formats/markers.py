"""Environment markers of metadata and requirements (dependency specifiers, Environment Markers)."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName

__all__ = ["evaluate_marker"]


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
