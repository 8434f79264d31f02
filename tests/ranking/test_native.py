"""The extension and the reference agree on every input, and nothing crashes the extension."""

from __future__ import annotations

import gc
import json
import random
import re
import sys
from collections import OrderedDict, UserDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.memory import (
    assert_c_allocations_may_fail,
    assert_memory_stays_flat,
    assert_python_allocations_may_fail,
    builds_for_linux,
    measures_memory,
)
from support.repository import REPOSITORY

from variantsel.ranking import reference

native = pytest.importorskip(
    "variantsel.ranking._native", reason="the C extension was not built in this environment"
)

CASES = 20_000
SEED = 825

NAMESPACES = ("x86_64", "nvidia", "a", "aa", "_", "9", "")
FEATURES = ("level", "sm_arch", "f", "f2", "ff", "0", "")
VALUES = ("v1", "v2", "v10", "12", "12.8", "12.10", "on", "", "é", "e\u0301", "\ud800", "\uffff")
LABEL_ALPHABET = "09az._é\uffff\U00010000\ud800\x00"
"""Among them neighbours whose order is not the same in UTF-8, UTF-16 and by code point."""

Case = tuple[Any, Any]


def random_sequence(rng: random.Random, words: tuple[str, ...], most: int) -> Any:
    chosen = [rng.choice(words) for _ in range(rng.randint(0, most))]
    return rng.choice((list, tuple))(chosen)


def random_case(rng: random.Random) -> Case:
    """A release and a machine, small and alike enough for many ties and many rejections."""
    namespaces = rng.sample(NAMESPACES, rng.randint(0, 4))
    features = rng.sample(FEATURES, rng.randint(1, 4))
    values = tuple(rng.sample(VALUES, rng.randint(1, 6)))
    supported = {
        namespace: {
            feature: random_sequence(rng, values, 6)
            for feature in rng.sample(features, rng.randint(0, len(features)))
        }
        for namespace in namespaces
        if rng.random() < 0.9
    }
    variants = {
        "".join(rng.choices(LABEL_ALPHABET, k=rng.randint(0, 3))): {
            namespace: {
                feature: random_sequence(rng, values, 4) or values
                for feature in rng.sample(features, rng.randint(0, len(features)))
            }
            for namespace in rng.sample(namespaces, rng.randint(0, min(2, len(namespaces))))
        }
        for _ in range(rng.randint(0, 14))
    }
    return variants, supported


def large_case(rng: random.Random, size: int) -> Case:
    """A release of many variants, and many features and values in some of them."""
    values = tuple(f"v{number}" for number in range(40))
    supported = {
        namespace: {f"f{number}": rng.sample(values, 30) for number in rng.sample(range(60), 40)}
        for namespace in ("one", "two", "three")
    }
    variants = {
        f"label{number}": {
            namespace: {
                f"f{feature}": tuple(rng.sample(values, rng.choice((1, 2, 30))))
                for feature in rng.sample(range(60), rng.choice((1, 2, 30)))
            }
            for namespace in rng.sample(("one", "two", "three", "four"), rng.randint(0, 2))
        }
        for number in rng.sample(range(size * 10), size)
    }
    return variants, supported


def assert_agrees(case: Case) -> None:
    assert native.order_variants(*case) == reference.order_variants(*case)


def test_random_releases_are_ordered_as_by_the_reference() -> None:
    rng = random.Random(SEED)
    for _ in range(CASES):
        assert_agrees(random_case(rng))


@pytest.mark.parametrize("size", [100, 1000, 3000])
def test_large_releases_are_ordered_as_by_the_reference(size: int) -> None:
    assert_agrees(large_case(random.Random(size), size))


words = st.one_of(
    st.sampled_from(VALUES), st.text(st.characters(codec=None, categories=None), max_size=3)
)
sequences = st.one_of(st.lists(words, max_size=4), st.lists(words, max_size=4).map(tuple))
features_of_values = st.dictionaries(words, sequences, max_size=4)
machines = st.dictionaries(words, features_of_values, max_size=4)


@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(words, machines, max_size=8), machines)
def test_any_release_is_ordered_as_by_the_reference(
    variants: dict[str, Any], supported: dict[str, Any]
) -> None:
    assert_agrees((variants, supported))


def one_variant(label: str = "label", values: Any = ("v1",)) -> dict[str, Any]:
    return {label: {"namespace": {"feature": values}}}


@pytest.mark.parametrize(
    "case",
    [
        ({}, {}),
        ({"null": {}}, {}),
        ({"null": {}, "a": {"namespace": {}}, "": {}}, {"namespace": {"feature": []}}),
        (one_variant(), {"namespace": {"feature": []}}),
        (one_variant(), {"namespace": {"feature": ["v1", "v1", "v2", "v1"]}}),
        (one_variant(values=[]), {"namespace": {"feature": ["v1"]}}),
        (
            {"b": {"x": {"f": ["1"]}}, "a": {"x": {"f": ["1"]}, "a": {"f": ["1"]}}},
            {"other": {"f": ["1"]}, "x": {"g": ["1"]}},
        ),
    ],
)
def test_empty_parts_and_repetitions_are_ordered_as_by_the_reference(case: Case) -> None:
    assert_agrees(case)


def test_a_large_release_in_threads_is_ordered_as_in_one() -> None:
    case = large_case(random.Random(1), 1000)
    expected = reference.order_variants(*case)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: native.order_variants(*case), range(40)))
    assert all(answer == expected for answer in answers)


def test_mappings_other_than_dict_keep_their_own_order() -> None:
    supported = OrderedDict(b={"f": ["1"]}, a={"f": ["1"]})
    supported.move_to_end("b")
    variants = {"b": {"b": {"f": ["1"]}}, "a": {"a": {"f": ["1"]}}}
    assert_agrees((variants, supported))
    assert native.order_variants(variants, supported)[0] == ["a", "b"]
    assert_agrees((MappingProxyType(variants), UserDict(supported)))


class OddText(str):
    """Text that lies about itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    def __lt__(self, other: object) -> bool:
        raise AssertionError("not asked")

    def __hash__(self) -> int:
        return 7

    def __str__(self) -> str:
        raise AssertionError("not asked")


class PlainText(str):
    """A subclass such as an enumeration's."""

    __slots__ = ()


def test_subclasses_of_str_count_by_their_text() -> None:
    assert_agrees((one_variant(PlainText("a"), (PlainText("v1"),)), {"namespace": {"feature": []}}))
    for kind in (PlainText, OddText):
        variants = {kind("a"): {kind("n"): {kind("f"): [kind("v")]}}, kind("b"): {}}
        assert native.order_variants(variants, {"n": {"f": ["v"]}}) == (["a", "b"], [])
        assert native.order_variants({"a": {"n": {"f": ["v"]}}}, {kind("n"): {kind("f"): ()}}) == (
            [],
            [("a", "n", "f")],
        )


class ChangingMapping(UserDict[str, Any]):
    """Changes another mapping while it is read."""

    def __init__(self, victim: dict[str, Any]) -> None:
        super().__init__()
        self.victim = victim

    def items(self) -> Any:
        self.victim.clear()
        gc.collect()
        return {}.items()


def test_a_mapping_that_changes_while_it_is_read_is_refused() -> None:
    variants: dict[str, Any] = {}
    variants.update(a=ChangingMapping(variants), b={})
    with pytest.raises(RuntimeError, match="changed size"):
        native.order_variants(variants, {})


class BrokenMapping(UserDict[str, Any]):
    def items(self) -> Any:
        raise KeyError("broken")


def test_errors_of_other_mappings_are_passed_on() -> None:
    with pytest.raises(KeyError, match="broken"):
        native.order_variants(BrokenMapping(), {})


CYCLIC: dict[str, Any] = {}
CYCLIC["label"] = CYCLIC

BAD_INPUT = [
    (None, {}),
    ([], {}),
    ("text", {}),
    ({"label": None}, {}),
    ({"label": ["namespace"]}, {}),
    ({"label": "text"}, {}),
    ({"label": {"namespace": None}}, {}),
    ({"label": {"namespace": "text"}}, {}),
    ({"label": {"namespace": ["feature"]}}, {}),
    (one_variant(values=None), {"namespace": {"feature": ["v1"]}}),
    (one_variant(values=1), {"namespace": {"feature": ["v1"]}}),
    (one_variant(), None),
    (one_variant(), []),
    (one_variant(), {"namespace": None}),
    (one_variant(), {"namespace": ["feature"]}),
    (one_variant(), {"namespace": {"feature": None}}),
    (one_variant(), {"namespace": {"feature": 1}}),
]
"""What the reference cannot work with either."""

UNTYPED_INPUT = [
    ({1: {}}, {}),
    ({b"label": {}}, {}),
    ({"label": {1: {}}}, {}),
    ({"label": {"namespace": {1: ["v1"]}}}, {}),
    (one_variant(values="v1"), {}),
    (one_variant(values={"v1"}), {}),
    (one_variant(values=[1]), {}),
    (one_variant(values=["v1", None]), {}),
    ({}, {1: {}}),
    ({}, {"namespace": {1: []}}),
    ({}, {"namespace": {"feature": "v1"}}),
    ({}, {"namespace": {"feature": [1]}}),
    ({}, {"namespace": {"feature": ("v1", b"v2")}}),
    (CYCLIC, {}),
    ({}, CYCLIC),
]
"""What the types do not allow; the reference reads it, or does not look."""


@pytest.mark.parametrize("case", BAD_INPUT, ids=range(len(BAD_INPUT)))
def test_what_the_reference_cannot_read_is_a_type_error(case: Case) -> None:
    with pytest.raises((TypeError, AttributeError)):
        reference.order_variants(*case)
    with pytest.raises(TypeError, match="must be"):
        native.order_variants(*case)


@pytest.mark.parametrize("case", UNTYPED_INPUT, ids=range(len(UNTYPED_INPUT)))
def test_what_the_types_do_not_allow_is_a_type_error(case: Case) -> None:
    with pytest.raises(TypeError, match="must be"):
        native.order_variants(*case)


def test_the_number_of_arguments_is_checked() -> None:
    for arguments in ((), ({},), ({}, {}, {})):
        with pytest.raises(TypeError):
            native.order_variants(*arguments)


def calls() -> Iterator[Callable[[], object]]:
    """Calls that succeed, and calls that fail in every place a call can fail."""
    cases = [large_case(random.Random(2), 300), random_case(random.Random(3)), *BAD_INPUT]
    for case in (*cases, *UNTYPED_INPUT):
        yield lambda case=case: native.order_variants(*case)
    late = {**large_case(random.Random(4), 200)[0], "last": {"namespace": {"feature": [1]}}}
    yield lambda: native.order_variants(late, {})
    yield lambda: native.order_variants(BrokenMapping(), {})


@measures_memory
def test_memory_stays_flat() -> None:
    assert_memory_stays_flat(calls(), 300)


def test_references_are_given_back() -> None:
    label, value = f"label{SEED}", f"value{SEED}"
    variants = {label: {"namespace": {"feature": [value]}}, "other": {}}
    supported = {"namespace": {"feature": [value]}}
    held = (label, value, variants, supported, variants[label], supported["namespace"])
    before = [sys.getrefcount(item) for item in held]
    for _ in range(10):
        native.order_variants(variants, supported)
    assert [sys.getrefcount(item) for item in held] == before


ORDERING = """
import json, sys
variants, supported = json.loads(sys.argv[1])
variants["\\ud800"] = {}
class NoDict:
    # A list: CPython itself crashes where the iterator of a dict's items() cannot be allocated.
    listed = [("é", ["é"])]
    __getitem__ = None
    def items(self):
        return self.listed
variants["é"] = {"one": NoDict()}
def ask(native):
    return native.order_variants(variants, supported)
"""


def allocation_case() -> str:
    variants, supported = large_case(random.Random(5), 40)
    return json.dumps([variants, supported])


def test_failing_python_allocations_raise_memory_error() -> None:
    assert_python_allocations_may_fail(ORDERING, allocation_case())


@builds_for_linux
def test_failing_c_allocations_raise_memory_error(tmp_path: Path) -> None:
    assert_c_allocations_may_fail(ORDERING, allocation_case(), tmp_path)


def test_every_allocation_is_one_that_the_tests_let_fail() -> None:
    folder = REPOSITORY / "variantsel" / "ranking" / "native"
    source = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    allocators = set(re.findall(r"\b\w*(?:alloc|strdup|Alloc)\w*(?= ?\()", source))
    assert allocators == {"malloc", "realloc", "supported_dealloc", "document_dealloc"} & allocators
    assert {"malloc", "realloc"} <= allocators
