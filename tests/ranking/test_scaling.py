"""Documents that are large in one dimension: each takes little more than twice the time of half."""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from variantsel import Target, VariantMetadata
from variantsel.formats.core_metadata import resolve_metadata
from variantsel.formats.properties import VariantProperty
from variantsel.formats.variant_markers import (
    InvalidVariantMarker,
    VariantContext,
    resolve_requirement,
)
from variantsel.ranking import reference
from variantsel.ranking.matching import is_native
from variantsel.ranking.rank import rank
from variantsel.ranking.ranking import ParsedRelease

GROWTH = 16
MOST = 3 * GROWTH
"""How many times longer a document may take that is ``GROWTH`` times as large: n log n is 25 times
at these sizes, memory that no longer fits into caches comes on top, and the square is 256 times."""

ATTEMPTS = 5
LEAST_SECONDS = 0.003
"""What is measured at once, by repeating what takes less."""

MOST_HEAD_BYTES = 60_000
"""What the extension reads of a document beside its variants; of more, Python reads all."""

Document = dict[str, Any]


def document(
    variants: Any, static: Any = None, schema: str = "v0.2.0.json", **more: Any
) -> Document:
    """A document; namespaces and providers as the variants and static properties have them."""
    names = list(
        {name: None for properties in variants.values() for name in properties} | (static or {})
    )
    providers = {name: {"requires": [f"{name}-provider"]} for name in names}
    for name, features in (static or {}).items():
        providers[name] = {"static-properties": features, "feature-order": list(features)}
    return {
        "$schema": schema,
        "default-priorities": {"namespace": names, **more},
        "providers": providers,
        "variants": variants,
    }


def words(start: str, count: int) -> list[str]:
    return [f"{start}{number}" for number in range(count)]


def labels(size: int) -> Document:
    """Many variants, half of which fit."""
    return document(
        {f"l{i}": {"s": {"f": [f"{i % 2}"], "g": ["1"]}} for i in range(size)},
        {"s": {"f": ["0"], "g": ["1"]}},
    )


def alike(size: int) -> Document:
    """Many variants that differ by their labels alone, which begin alike."""
    return document(
        {f"{'l' * 50}{i}": {"s": {"f": ["1"]}} for i in range(size)}, {"s": {"f": ["1"]}}
    )


def long_labels(size: int) -> Document:
    """One label that is long, and as many features: each has a place in the document."""
    return document(
        {"l" * (size * 10): {"s": {word: ["1"] for word in words("f", size)}}},
        {"s": {word: ["1"] for word in words("f", size)}},
    )


def namespaces(size: int) -> Document:
    return document({f"l{i}": {f"n{i}": {"f": ["1"]}} for i in range(size)})


def namespaces_of_one(size: int) -> Document:
    names = words("n", size)
    return document(
        {"l": {name: {"f": ["1"]} for name in names}}, {name: {"f": ["1"]} for name in names}
    )


def unlisted_namespaces(size: int) -> Document:
    made = namespaces(size)
    made["default-priorities"]["namespace"] = ["n0"]
    return made


def unused_namespaces(size: int) -> Document:
    made = labels(10)
    made["default-priorities"]["namespace"] += words("n", size)
    return made


def features(size: int) -> Document:
    names = words("f", size)
    return document(
        {"l": {"s": {name: ["1"] for name in names}}, "m": {"s": {names[-1]: ["1"]}}},
        {"s": {name: ["1"] for name in names}},
    )


def features_of_each(size: int) -> Document:
    """Many variants, each of which has a feature of its own and the last of what is supported."""
    names = words("f", size)
    return document(
        {f"l{i}": {"s": {name: ["1"], names[-1]: ["1"]}} for i, name in enumerate(names)},
        {"s": {name: ["1"] for name in names}},
    )


def values(size: int) -> Document:
    return document({"l": {"s": {"f": words("v", size)}}}, {"s": {"f": ["no", f"v{size - 1}"]}})


def static_values(size: int) -> Document:
    return document({"l": {"s": {"f": words("v", size)}}}, {"s": {"f": words("v", size)[::-1]}})


def static_values_of_each(size: int) -> Document:
    """As many labels as there are static values, of which they have one or none."""
    return document(
        {f"l{i}": {"s": {"f": [f"{'v' if i % 2 else 'x'}{i}"]}} for i in range(size)},
        {"s": {"f": words("v", size)}},
    )


def unused_static_values(size: int) -> Document:
    return document(
        {f"l{i}": {"s": {"f": ["x"]}} for i in range(size)}, {"s": {"g": words("v", size)}}
    )


def providers(size: int) -> Document:
    made = labels(10)
    made["providers"] |= {word: {"requires": ["p"]} for word in words("p", size)}
    return made


def providers_ordered_elsewhere(size: int) -> Document:
    """Static providers whose features are ordered as the first texts of the draft had it."""
    names = words("n", size)
    made = document({"l": {"n0": {"f": ["1"]}}}, {name: {"f": ["1"], "g": ["1"]} for name in names})
    for provider in made["providers"].values():
        del provider["feature-order"]
    made["default-priorities"]["feature"] = {name: ["f", "g"] for name in names}
    return made


def providers_of_0_0_3(size: int) -> Document:
    names = words("n", size)
    made = document({name: {name: {"f": ["1"]}} for name in names}, schema="v0.0.3.json")
    made["providers"] = {name: {"install-time": False} for name in names}
    made["static-properties"] = {name: {"f": ["1"]} for name in names}
    return made


def requirements(size: int) -> Document:
    made = labels(10)
    made["providers"]["t"] = {"requires": words("package", size)}
    return made


def priorities(size: int) -> Document:
    """What 0.0.x put into an order."""
    made = document({"l": {"s": {"f": words("v", size)}}}, schema="v0.0.2.json")
    made["providers"] = {"s": {"plugin-use": "none"}}
    made["default-priorities"] |= {
        "feature": {"s": words("g", size)},
        "property": {"s": {"f": words("v", size), **{word: ["1"] for word in words("g", size)}}},
    }
    return made


def markers(size: int) -> Document:
    """As many markers as namespaces."""
    names = words("n", size)
    made = document({name: {name: {"f": ["1"]}} for name in names}, schema="v0.0.3.json")
    for provider in made["providers"].values():
        provider["enable-if"] = "os_name == 'none'"
    return made


def spaces(size: int) -> str:
    """A document that is mostly spaces, some of them in a requirement."""
    made = labels(3)
    made["providers"]["t"] = {"requires": ["p" + " " * min(size, 10_000) + ">=1"]}
    return json.dumps(made).replace(": ", ":" + " " * size)


def long_strings(size: int) -> str:
    made = labels(3)
    made["other"] = ["\\" * size, "1" * size, {'"' * size: None}]
    return json.dumps(made).replace("null", "0." + "1" * size)


def nested(size: int) -> Document:
    made = labels(3)
    made["other"] = [[[[[i] for i in range(size)]]] for _ in range(4)]
    return made


SIZES: dict[Callable[[int], Document | str], int] = {
    labels: 150,
    alike: 150,
    long_labels: 150,
    namespaces: 150,
    namespaces_of_one: 150,
    unlisted_namespaces: 150,
    unused_namespaces: 500,
    features: 200,
    features_of_each: 150,
    values: 500,
    static_values: 500,
    static_values_of_each: 150,
    unused_static_values: 150,
    providers: 200,
    providers_ordered_elsewhere: 150,
    providers_of_0_0_3: 150,
    requirements: 500,
    priorities: 200,
    markers: 20,
    spaces: 1000,
    long_strings: 10_000,
    nested: 200,
}


class ByReference(ParsedRelease):
    """A release that is ordered by the reference, whether there is an extension or not."""

    def order(self, supported: Any, /) -> list[str]:
        return reference.order_variants(self.metadata.variants, supported)[0]

    def rejected(self, supported: Any, /) -> list[tuple[str, str, str]]:
        return reference.order_variants(self.metadata.variants, supported)[1]


def tell_everything(text: bytes, native: bool) -> None:
    """The whole way, from bytes to all that a ranking tells of a release."""
    metadata: Any = text
    if not native:
        metadata = VariantMetadata.parse(text)
    targets = [{"x": {"f": ["1"]}}, {"s": {"f": ["0", "no"]}}]
    for target in map(Target.from_properties, targets):  # new ones, for which nothing is kept
        ranking = rank(metadata, target)
        if not native:
            release = ByReference(metadata)
            release.order(ranking._support.matched)
            release.rejected(ranking._support.matched)
        for label in (*ranking.labels, *ranking.rejected):
            ranking.supported_properties(label)
        for reason in ranking.rejected.values():
            str(reason)


def seconds(call: Callable[[], object]) -> float:
    """The processor time of one call; other processes' work is not in it."""
    gc.collect()
    calls, started = 0, time.process_time()
    while True:
        call()
        calls += 1
        taken = time.process_time() - started
        if taken >= LEAST_SECONDS:
            return taken / calls


def assert_grows_little(call: Callable[[int], Callable[[], object]], size: int) -> None:
    """Compare a size with one ``GROWTH`` times as large, each by its quickest run so far."""
    small, large = call(size), call(size * GROWTH)
    least = [float("inf"), float("inf")]
    for _ in range(ATTEMPTS):
        least = [min(least[0], seconds(small)), min(least[1], seconds(large))]
        if least[1] < MOST * least[0]:
            return
    raise AssertionError(f"{GROWTH} times as much took {least[1] / least[0]:.0f} times as long")


@pytest.mark.parametrize("native", [True, False], ids=["native", "reference"])
@pytest.mark.parametrize("make", SIZES, ids=lambda make: make.__name__)
def test_a_document_takes_little_more_time_than_it_is_large(
    make: Callable[[int], Document | str], native: bool
) -> None:
    size = SIZES[make]
    if native:
        if not is_native:
            pytest.skip("the C extension was not built in this environment")
        while size > 10 and head_bytes(make(size * GROWTH)) > MOST_HEAD_BYTES:
            size = size * 3 // 4

    def reading(size: int) -> Callable[[], object]:
        text = written(make(size))
        number = itertools.count()
        # Spaces behind the document make it another one: what is known of it is remembered.
        return lambda: tell_everything(text + b" " * next(number), native)

    assert_grows_little(reading, size)


def written(made: Document | str) -> bytes:
    return (made if isinstance(made, str) else json.dumps(made)).encode()


def head_bytes(made: Document | str) -> int:
    whole = json.loads(made) if isinstance(made, str) else made
    return len(written(made)) - len(json.dumps(whole["variants"]))


def test_merging_takes_little_more_time_than_there_are_wheels() -> None:
    def merging(size: int) -> Callable[[], object]:
        metadata = VariantMetadata.parse(labels(size))
        parts = [
            metadata._replace(variants={label: properties})
            for label, properties in metadata.variants.items()
        ]
        return lambda: VariantMetadata.merge(parts)

    assert_grows_little(merging, 500)


MARKERS: dict[str, Callable[[int], str]] = {
    "spaces": lambda size: "a" + " " * size + "; variant_label == 'x'",
    "spaces-without-end": lambda size: "a" + " " * size,
    "spaces-in-extras": lambda size: "a[b]" + " " * size + "; variant_label == 'x'",
    "spaces-in-a-marker": lambda size: "a; variant_label" + " " * size + "== 'x'",
    "not": lambda size: "a; 'x' not" + " " * size + "variant_label",
    "clauses": lambda size: "a; " + " or ".join(["'x' in variant_properties"] * size),
    "brackets": lambda size: "a[" * size + "; variant_label == 'x'",
    "quotes": lambda size: "a; variant_label == " + "'" * size,
}


@pytest.mark.parametrize("make", MARKERS.values(), ids=MARKERS)
def test_a_variant_marker_takes_little_more_time_than_it_is_long(
    make: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variantsel.formats.variant_markers.excess", lambda _: "")

    def resolving(size: int) -> Callable[[], object]:
        text = make(size)
        context = VariantContext("x")

        def resolve() -> None:
            with contextlib.suppress(InvalidVariantMarker):
                resolve_requirement(text, context)

        return resolve

    assert_grows_little(resolving, 1000)


def test_the_properties_of_a_variant_are_looked_up_once_for_all_markers() -> None:
    """As many clauses as properties: neither is gone through for each of the other."""

    def resolving(size: int) -> Callable[[], object]:
        properties = tuple(VariantProperty("n", "f", f"v{i}") for i in range(size))
        lines = [f"Requires-Dist: a; 'n::f::v{i}' in variant_properties\n" for i in range(size)]
        return lambda: resolve_metadata("".join(lines), VariantContext("x", properties))

    assert_grows_little(resolving, 100)
