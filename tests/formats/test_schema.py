"""``$schema`` and the generation it names."""

from __future__ import annotations

import pytest

from variantsel import UnsupportedSchema
from variantsel.formats.schema import NEWEST_SCHEMA, Generation, read_generation

BASE = "https://variants-schema.wheelnext.dev/"


@pytest.mark.parametrize("schema", [None, "/", BASE], ids=["none", "slash", "URL of a folder"])
def test_the_first_experiments_count_as_0_0_1(schema: object) -> None:
    assert read_generation(schema) == (0, 0, 1)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (f"{BASE}v0.0.1.json", (0, 0, 1)),
        (f"{BASE}v0.0.2.json", (0, 0, 2)),
        (f"{BASE}v0.0.3.json", (0, 0, 3)),
        (f"{BASE}peps/825/v0.1.0.json", (0, 1, 0)),
        (f"{BASE}peps/825/v0.1.1.json", (0, 1, 1)),
        (f"{BASE}v0.2.0.json", (0, 2, 0)),
        (f"{BASE}peps/9999/v0.2.0.json", (0, 2, 0)),
        ("https://packaging.python.org/v0.10.20.json", (0, 10, 20)),
        ("v0.2.0.json", (0, 2, 0)),
        ("https://packaging.python.org/en/latest/specifications/variants/v1.0.0.json", (1, 0, 0)),
        ("https://packaging.python.org/v1.2.3.json", (1, 2, 3)),
    ],
)
def test_the_end_of_the_url_names_the_generation(
    schema: str, expected: tuple[int, int, int]
) -> None:
    assert read_generation(schema) == expected


@pytest.mark.parametrize("version", ["2.0.0", "2.1.3", "10.0.0"])
def test_an_unknown_major_version_is_refused_by_name(version: str) -> None:
    with pytest.raises(UnsupportedSchema) as caught:
        read_generation(f"{BASE}v{version}.json")
    assert caught.value.place == "$schema"
    assert version in caught.value.problem
    assert "a newer variantsel may read it" in caught.value.problem


@pytest.mark.parametrize(
    "schema",
    [
        "",
        "v0.2.json",
        "v0.2.0",
        "0.2.0.json",
        "xv0.2.0.json",
        "v0.2.0.json ",
        "v0.2.0.json\n",
        "v0.2.0.json?x",
        "v0.2.0.0.json",
        "v0.2.-1.json",
        "v0.2.\u0663.json",
        "v0.2.1234567890.json",
        "https://example.org/schema.json",
        20,
        True,
        ["v0.2.0.json"],
        {},
    ],
)
def test_what_names_no_version_is_refused_and_quoted(schema: object) -> None:
    with pytest.raises(UnsupportedSchema) as caught:
        read_generation(schema)
    assert caught.value.place == "$schema"
    assert repr(schema) in caught.value.problem
    assert "vMAJOR.MINOR.PATCH.json" in caught.value.problem


def test_a_long_schema_is_quoted_in_part() -> None:
    with pytest.raises(UnsupportedSchema) as caught:
        read_generation("x" * 100_000)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("generation", "traits"),
    [
        ((0, 0, 1), (True, False, False)),
        ((0, 0, 2), (True, False, False)),
        ((0, 0, 3), (False, True, False)),
        ((0, 1, 0), (False, False, True)),
        ((0, 1, 1), (False, False, True)),
        ((0, 2, 0), (False, False, False)),
        ((0, 3, 0), (False, False, False)),
        ((0, 10, 0), (False, False, False)),
        ((1, 0, 0), (False, False, False)),
    ],
)
def test_each_generation_is_read_by_its_own_rules(
    generation: tuple[int, int, int], traits: tuple[bool, bool, bool]
) -> None:
    found = Generation(*generation)
    assert (found.is_0_0_2, found.is_0_0_3, found.names_no_providers) == traits


def test_the_generation_that_is_written_is_the_newest_that_is_known() -> None:
    assert read_generation(NEWEST_SCHEMA) == (0, 2, 0)
