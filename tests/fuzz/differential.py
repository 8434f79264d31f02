"""What must hold of any bytes, for the fuzzer and for the corpora it left."""

from __future__ import annotations

from support.reference_reading import (
    MAX_HEAD_BYTES,
    assert_same_ranking,
    assert_same_verdict,
)

from fuzz.structured import case_of
from variantsel import Target
from variantsel.ranking import _native as native


def check(document: bytes) -> None:
    """The extension and the reference agree on whether a document is valid, on what its variants
    are, and on all that a ranking tells of it.
    """
    if len(document) > MAX_HEAD_BYTES and native.read_document(document) is None:
        return  # the head may be too large for the extension
    if assert_same_verdict(document):
        assert_same_ranking(document)


def check_structured(data: bytes) -> None:
    """The same of the document that is made of any bytes, for the machine that is made of them."""
    case = case_of(data)
    check(case.document)
    machine = Target.from_properties(case.properties), case.enabled
    assert_same_ranking(case.document, [machine])
