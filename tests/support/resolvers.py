"""Both of pip's resolvers, for tests that try them."""

from __future__ import annotations

import pytest

RESOLVERS = pytest.mark.parametrize(
    "resolver", [(), ("--use-deprecated=legacy-resolver",)], ids=["resolvelib", "legacy"]
)
"""What chooses one of them on pip's command line."""
