"""The corpus that fuzzing left, without a fuzzer: what was wrong once stays right."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip(
    "variantsel.ranking._native", reason="the C extension was not built in this environment"
)

from fuzz.differential import check

CORPUS = Path(__file__).parent / "corpus"


def test_extension_and_reference_agree_on_the_corpus() -> None:
    inputs = sorted(path for path in CORPUS.iterdir() if path.is_file())
    assert len(inputs) >= 10
    for path in inputs:
        check(path.read_bytes())
