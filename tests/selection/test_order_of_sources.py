"""Null variants and ordinary wheels of several sources, in every arrangement of a few."""

from __future__ import annotations

import itertools

from variantsel.selection.order_of_sources import merged_by_source
from variantsel.selection.selection import ReleaseFile


def file(kind: str) -> ReleaseFile[str]:
    """``a``: an ordinary wheel of source a; ``A``: a null variant of it."""
    label = "-null" if kind.isupper() else ""
    return ReleaseFile(f"pkg-1.0-py3-none-any{label}.whl", kind.lower(), kind)


def test_in_any_order_of_the_installer_each_source_keeps_its_place() -> None:
    for kinds in itertools.product("aAbBc", repeat=5):
        files = [file(kind) for kind in kinds]
        nulls = [item for item in files if item.label]
        ordinary = [item for item in files if not item.label]
        merged = merged_by_source(files, nulls, ordinary)
        assert sorted(map(id, merged)) == sorted(map(id, files))
        assert [item for item in merged if not item.label] == ordinary  # as without variants
        for source in "abc":
            labels = [bool(item.label) for item in merged if item.source == source]
            assert labels == sorted(labels, reverse=True)  # PEP 825: a source's nulls come first
        # The first is of the source that the installer would take a wheel of.
        assert merged[0].source == files[0].source
