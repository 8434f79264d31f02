"""Variant properties: the words of a namespace, a feature, a value, and how they are spelled.

PEP 825, Variant properties.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

__all__ = [
    "FEATURE_PATTERN",
    "LABEL_PATTERN",
    "NAMESPACE_PATTERN",
    "VALUE_PATTERN",
    "VariantProperty",
    "Variants",
]

NAMESPACE_PATTERN = re.compile(r"[a-z0-9_]+")
FEATURE_PATTERN = re.compile(r"[a-z0-9_]+")
VALUE_PATTERN = re.compile(r"[a-z0-9_.]+")
LABEL_PATTERN = re.compile(r"[0-9a-z_.]+")


class VariantProperty(NamedTuple):
    """``namespace :: feature :: value``, the unit of compatibility."""

    namespace: str
    feature: str
    value: str

    def __str__(self) -> str:
        return f"{self.namespace} :: {self.feature} :: {self.value}"


Variants = Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]
"""What each variant was built for: ``{label: {namespace: {feature: (value, ...)}}}``."""
