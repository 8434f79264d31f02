"""What must hold of any bytes, for the fuzzer and for the corpus it left."""

from __future__ import annotations

from support.reference_reading import (
    MAX_HEAD_BYTES,
    assert_same_ranking,
    assert_same_verdict,
)

from variantsel.ranking import _native as native


def check(document: bytes) -> None:
    """The extension and the reference agree on whether a document is valid, on what its variants
    are, and on all that a ranking tells of it.
    """
    if len(document) > MAX_HEAD_BYTES and native.read_document(document) is None:
        return  # the head may be too large for the extension
    if assert_same_verdict(document):
        assert_same_ranking(document)
