"""The variant label in a wheel's file name (PEP 825, Variant label).

Imports nothing: the pip plugin looks at every link of every page through this module.
"""

from __future__ import annotations

__all__ = [
    "INDEX_METADATA_SUFFIX",
    "LABEL_CHARACTERS",
    "NULL_LABEL",
    "NULL_LABELS",
    "OLD_NULL_LABEL",
    "split_label",
]

NULL_LABEL = "null"
OLD_NULL_LABEL = "00000000"
"""How the 0.0.x drafts spelled the null variant's label."""

NULL_LABELS = (NULL_LABEL, OLD_NULL_LABEL)

INDEX_METADATA_SUFFIX = "-variants.json"
LABEL_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyz_.")

_DIGITS = frozenset("0123456789")


def split_label(filename: str) -> tuple[str, str]:
    """Split a wheel's file name into the name without its label, and the label.

    The label is empty for a non-variant wheel, and for anything that is not a variant wheel's
    name: only names whose sixth (or, after a build tag, seventh) component is a label are split.

    >>> split_label("torch-2.10.0-cp312-cp312-linux_x86_64-cuda13.0.whl")
    ('torch-2.10.0-cp312-cp312-linux_x86_64.whl', 'cuda13.0')
    >>> split_label("torch-2.10.0-1-cp312-cp312-linux_x86_64.whl")
    ('torch-2.10.0-1-cp312-cp312-linux_x86_64.whl', '')
    """
    dashes = filename.count("-")
    if dashes not in (5, 6) or not filename.endswith(".whl"):
        return filename, ""
    third = filename.split("-", 3)[2]
    has_build_tag = third[:1] in _DIGITS
    if has_build_tag != (dashes == 6):
        return filename, ""
    base, _, label = filename[:-4].rpartition("-")
    if not label or not LABEL_CHARACTERS.issuperset(label):
        return filename, ""
    return f"{base}.whl", label
