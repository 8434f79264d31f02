"""The corpora that fuzzing left, without a fuzzer: what was wrong once stays right."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

pytest.importorskip(
    "variantsel.ranking._native", reason="the C extension was not built in this environment"
)

from fuzz.differential import check, check_structured
from fuzz.structured import case_of
from variantsel import InvalidMetadata, VariantMetadata

CORPUS = Path(__file__).parent / "corpus"


def test_extension_and_reference_agree_on_the_corpus() -> None:
    inputs = sorted(path for path in CORPUS.iterdir() if path.is_file())
    assert len(inputs) >= 10
    for path in inputs:
        check(path.read_bytes())


def test_extension_and_reference_agree_on_documents_made_of_random_bytes() -> None:
    rng = random.Random(825)
    valid = 0
    for _ in range(2000):
        data = rng.randbytes(rng.choice((20, 200, 800)))
        check_structured(data)
        valid += _is_valid(case_of(data).document)
    assert 500 < valid < 1900  # neither is rare


def _is_valid(document: bytes) -> bool:
    try:
        VariantMetadata.parse(document)
    except InvalidMetadata:
        return False
    return True
