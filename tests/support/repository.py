"""Where things are: this repository, and the material that may lie beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("VARIANTSEL_SHARED", REPOSITORY.parent / "shared"))
REAL_INDEX = SHARED / "variant-index" / "v0.0.3"
MIRROR_TOOL = SHARED / "tools" / "mirror_variant_index.py"

needs_real_index = pytest.mark.skipif(
    not REAL_INDEX.is_dir(),
    reason="the pages of the real variant index are not here (set VARIANTSEL_SHARED)",
)
