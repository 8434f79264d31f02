"""The levels of this host's CPU are those that the provider built into uv finds."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
from variantsel_providers import x86_64

from .random_metadata import SCHEMA
from .uv_peer import publish, uv_selections

LEVELS = ["v5", "v4", "v3", "v2", "v1"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="this host's CPU is no x86-64 one")
def test_finds_the_levels_that_uv_does(tmp_path: Path) -> None:
    supported = x86_64.get_supported_configs()[0].values
    labels = {"best": [*LEVELS], **{f"only{level}": [level] for level in LEVELS}}
    publish(tmp_path / "index", {name: release(levels) for name, levels in labels.items()})
    assert uv_selections(list(labels), tmp_path / "index", {}) == {
        "best": supported[0],
        **{f"only{level}": level if level in supported else None for level in LEVELS},
    }


def release(levels: list[str]) -> dict[str, object]:
    return {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": ["x86_64"]},
        "providers": {"x86_64": {"requires": ["x86-64-variant-provider"]}},
        "variants": {level: {"x86_64": {"level": [level]}} for level in levels},
    }
