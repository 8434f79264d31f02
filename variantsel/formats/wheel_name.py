"""Wheel file names with variant labels (PEP 825, Variant label)."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.tags import Tag
from packaging.utils import (
    BuildTag,
    NormalizedName,
    canonicalize_name,
    parse_wheel_filename,
)
from packaging.version import Version

from variantsel.errors import InvalidWheelName
from variantsel.formats.wheel_label import INDEX_METADATA_SUFFIX, split_label

__all__ = ["WheelName", "parse_index_metadata_name"]


@dataclass(frozen=True)
class WheelName:
    """The parts of ``{name}-{version}(-{build})?-{python}-{abi}-{platform}(-{label})?.whl``.

    :ivar filename: the name as given.
    :ivar name: the distribution's name, normalized.
    :ivar build: the build tag as (number, rest), or an empty tuple.
    :ivar tags: the expanded platform compatibility tags.
    :ivar label: the variant label; empty for a non-variant wheel.
    """

    filename: str
    name: NormalizedName
    version: Version
    build: BuildTag
    tags: frozenset[Tag]
    label: str

    @classmethod
    def parse(cls, filename: str) -> WheelName:
        """Read a wheel's file name.

        :raises InvalidWheelName: when it is not one, with what is wrong.
        """
        base, label = split_label(filename)
        components = base.removesuffix(".whl").split("-")
        python_tag = components[-3] if len(components) in (5, 6) else ""
        if python_tag[:1].isdigit():
            raise InvalidWheelName(
                f"{filename!r}: the Python tag {python_tag!r} starts with a digit; "
                "expected NAME-VERSION(-BUILD)?-PYTHON-ABI-PLATFORM(-LABEL)?.whl"
            )
        try:
            name, version, build, tags = parse_wheel_filename(base)
        except ValueError as error:  # packaging's own, and Python's of numbers with many digits
            raise InvalidWheelName(
                f"{filename!r} is not the name of a wheel ({error}); "
                "expected NAME-VERSION(-BUILD)?-PYTHON-ABI-PLATFORM(-LABEL)?.whl"
            ) from None
        return cls(filename, name, version, build, tags, label)

    @property
    def is_variant(self) -> bool:
        """Whether the name carries a variant label."""
        return bool(self.label)

    def __str__(self) -> str:
        return self.filename


def parse_index_metadata_name(filename: str) -> tuple[NormalizedName, Version]:
    """Read ``{name}-{version}-variants.json`` (PEP 825, Index-level metadata).

    :returns: the normalized name and the version.
    :raises InvalidWheelName: when the file name has another form.
    """
    name, separator, version = filename.removesuffix(INDEX_METADATA_SUFFIX).partition("-")
    if filename.endswith(INDEX_METADATA_SUFFIX) and separator and "-" not in version:
        try:
            return canonicalize_name(name, validate=True), Version(version)
        except ValueError:
            pass
    raise InvalidWheelName(f"{filename!r}: expected NAME-VERSION-variants.json")
