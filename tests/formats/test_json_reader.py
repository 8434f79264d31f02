"""Strict JSON: what is read, what is refused, and that refusing is quick."""

from __future__ import annotations

import time

import pytest

from variantsel import InvalidMetadata
from variantsel.formats.json_reader import MAX_BYTES, MAX_NESTING, read_json


def test_json_is_read_from_text_and_from_bytes() -> None:
    expected = {"a": ["b", {}], "é": None, "c": True}
    assert read_json('{"a": ["b", {}], "é": null, "c": true}') == expected
    assert read_json('{"a": ["b", {}], "é": null, "c": true}'.encode()) == expected


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ("", "line 1 column 1"),
        ('{"a": 1,\n "b": }', "line 2 column 7"),
        ('{"a": 1,}', "line 1 column"),
        ("{'a': 1}", "line 1 column 2"),
        ("[1] [2]", "Extra data at line 1 column 5"),
        (b'"a\tb"', "Invalid control character at line 1 column 3"),
        ("\ufeff{}", "BOM"),
        ('"a\nb"', "control character"),
        ("NaN", "NaN is not a JSON value"),
        ('{"a": Infinity}', "Infinity is not a JSON value"),
        ("[-Infinity]", "-Infinity is not a JSON value"),
        ('{"a": 1, "b": 2, "a": 1}', "'a' stands twice"),
        ('[{"x": {"b": 1, "\\u0062": 1}}]', "'b' stands twice"),
    ],
)
def test_what_is_not_strict_json_is_refused_with_its_place(document: str, found: str) -> None:
    with pytest.raises(InvalidMetadata) as caught:
        read_json(document)
    assert found in str(caught.value)


def test_the_same_key_in_different_objects_is_no_duplicate() -> None:
    assert read_json('{"a": {"a": {"a": 1}}, "b": {"a": 2}}')["b"] == {"a": 2}


def test_bytes_that_are_not_utf8_are_refused_with_their_position() -> None:
    with pytest.raises(InvalidMetadata, match="byte 2 is not UTF-8"):
        read_json(b'{"\xff": 1}')


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_unicode_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(InvalidMetadata):
        read_json('{"a": 1}'.encode(encoding))


def test_a_document_of_the_greatest_size_is_read() -> None:
    assert read_json(b"{}" + b" " * (MAX_BYTES - 2)) == {}


def test_a_larger_document_is_refused() -> None:
    with pytest.raises(InvalidMetadata, match="larger than 32 MiB"):
        read_json(b"{}" + b" " * (MAX_BYTES - 1))


def test_the_size_of_text_is_that_of_its_utf8() -> None:
    with pytest.raises(InvalidMetadata, match="larger than 32 MiB"):
        read_json('"' + "é" * (MAX_BYTES // 2) + '"')


@pytest.mark.parametrize("leaf", ["", "1"], ids=["empty innermost", "full innermost"])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_the_greatest_nesting_is_read_and_one_more_is_refused(
    leaf: str, start: str, end: str
) -> None:
    def nested(depth: int) -> str:
        innermost = f"[{leaf}]"
        return start * (depth - 1) + innermost + end * (depth - 1)

    read_json(nested(MAX_NESTING))
    with pytest.raises(InvalidMetadata, match="nested more than 32 deep"):
        read_json(nested(MAX_NESTING + 1))


@pytest.mark.parametrize("start", ["[", '{"a":'], ids=["lists", "objects"])
def test_nesting_beyond_what_python_can_follow_is_refused(start: str) -> None:
    end = "]" if start == "[" else "}"
    with pytest.raises(InvalidMetadata, match="nested more than 32 deep"):
        read_json(start * 100_000 + "1" + end * 100_000)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("9" * 5_000_000, id="a number of five million digits"),
        pytest.param("1e" + "9" * 1_000_000, id="a number with a million digits of exponent"),
        pytest.param("[" + "[]," * 1_000_000 + "[]]", id="a million lists"),
        pytest.param('{"a":"' + "\\u0041" * 1_000_000 + '"}', id="a million escapes"),
        pytest.param(
            "{" + ",".join(f'"{n}":0' for n in range(300_000)) + "}", id="300000 different keys"
        ),
    ],
)
def test_documents_made_to_be_slow_are_read_in_seconds(document: str) -> None:
    start = time.process_time()
    read_json(document)
    assert time.process_time() - start < 5
