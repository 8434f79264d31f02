"""Which generation of the metadata format a ``$schema`` names.

PEP 825, Variant metadata; the table "Generations in the wild" of ``spec/README.md``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from variantsel.errors import UnsupportedSchema

__all__ = ["NEWEST_SCHEMA", "WITHOUT_PROVIDERS_SCHEMA", "Generation", "read_generation"]

NEWEST_SCHEMA = "https://variants-schema.wheelnext.dev/v0.2.0.json"
"""The ``$schema`` of what :meth:`variantsel.VariantMetadata.to_json` writes."""

WITHOUT_PROVIDERS_SCHEMA = "https://variants-schema.wheelnext.dev/peps/825/v0.1.1.json"
"""The same, of metadata that names no providers."""

NEWEST_MAJOR = 1
"""0.x is for drafts; the version after them is 1.0.0, which is read before it is there."""

_VERSION = re.compile(r"(?:.*/)?v(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.json", re.ASCII | re.DOTALL)


class Generation(NamedTuple):
    """A version of the metadata format."""

    major: int
    minor: int
    patch: int

    @property
    def is_0_0_2(self) -> bool:
        """``plugin-use`` decides where compatible values come from."""
        return self[:2] == (0, 0) and self.patch <= 2

    @property
    def is_0_0_3(self) -> bool:
        """``install-time`` and the root table ``static-properties`` decide (PEP 817)."""
        return self[:2] == (0, 0) and self.patch > 2

    @property
    def names_no_providers(self) -> bool:
        """PEP 825's own 0.1.x: the tool brings a provider for the namespaces it knows."""
        return self[:2] == (0, 1)

    @property
    def may_name_no_providers(self) -> bool:
        """1.x, of which nobody knows yet whether it has ``providers``: both is read."""
        return self.major == 1

    @property
    def has_feature_priorities(self) -> bool:
        """``default-priorities`` also orders features and values, until 0.1.1."""
        return self <= (0, 1, 0)


FIRST_EXPERIMENTS = Generation(0, 0, 1)


def read_generation(schema: object) -> Generation:
    """Tell the generation from the value of ``$schema``, ``None`` where there is none.

    :raises UnsupportedSchema: for a major version above 1, and for anything else that names no
        version.
    """
    if schema is None or (isinstance(schema, str) and schema.endswith("/")):
        return FIRST_EXPERIMENTS
    match = _VERSION.fullmatch(schema) if isinstance(schema, str) else None
    if match is None:
        raise UnsupportedSchema(
            f"found {schema!r:.200}, expected a URL that ends in vMAJOR.MINOR.PATCH.json",
            place="$schema",
        )
    generation = Generation(*map(int, match.groups()))
    if generation.major > NEWEST_MAJOR:
        raise UnsupportedSchema(
            f"format version {'.'.join(match.groups())} is not known to this version of "
            f"variantsel, which reads 0.x to {NEWEST_MAJOR}.x; a newer variantsel may read it",
            place="$schema",
        )
    return generation
