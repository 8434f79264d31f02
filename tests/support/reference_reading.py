"""What the readers in Python say of a document, to compare the extension with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial
from itertools import product
from typing import Any

from variantsel import InvalidMetadata, Ranking, Target, VariantMetadata, rank
from variantsel.formats.json_reader import read_json
from variantsel.formats.metadata_reader import _variants
from variantsel.ranking import reference

MAX_HEAD_BYTES = 64 * 1024
"""A document with more than this beside its variants is left to the reference."""

LONG_VALUE = "a_value_that_is_longer_than_sixteen_bytes"
VALUES = ["v1", "v2", "v3", "12", "12.8", "90_real", LONG_VALUE]
TARGETS = [
    Target.from_properties({}),
    Target.from_properties({"x86_64": {"level": ["v3", "v2", "v1"]}}),
    Target.from_properties(
        {
            "nvidia": {"sm_arch": ["90_real", "12"], "cuda_version_lower_bound": VALUES[::-1]},
            "x86_64": {"level": ["v1"], "f": ["12.8", "12", LONG_VALUE]},
            "b": {"f": ["1"]},
        }
    ),
]
MACHINES = tuple(product(TARGETS, ((), ("x86_64", "nvidia"))))


def reference_reads(document: bytes) -> Any:
    """The root object, or ``None`` where the reference refuses it or its variants."""
    try:
        root = read_json(document)
        if not isinstance(root, dict) or "variants" not in root:
            return None
        _variants(root["variants"])
    except InvalidMetadata:
        return None
    return root


def assert_same_verdict(document: bytes) -> bool:
    """Compare what the extension reads with the reference; tells whether that is anything."""
    from variantsel.ranking import _native as native

    root = reference_reads(document)
    read = native.read_document(document)
    assert (read is not None) == (root is not None), document
    if read is None or root is None:
        return False
    assert read_json(read.head) == {**root, "variants": {}}
    variants = _variants(root["variants"])
    used = {namespace for properties in variants.values() for namespace in properties}
    assert sorted(read.namespaces) == sorted(used)
    assert {label: read.properties(label) for label in variants} == variants
    return True


def outcome(call: Callable[[], Ranking]) -> Any:
    """Everything a ranking tells, or the error."""
    try:
        ranking = call()
    except InvalidMetadata as error:
        return type(error), str(error)
    labels = [*ranking.labels, *ranking.rejected]
    return (
        ranking.labels,
        list(ranking.rejected.items()),
        {label: ranking.supported_properties(label) for label in labels},
    )


def assert_same_ranking(
    document: bytes, machines: Iterable[tuple[Target, Collection[str]]] = MACHINES
) -> None:
    """Compare the rankings from bytes with those from what the reference reads, and with the order
    that the reference puts them into.

    :param machines: what to rank for, with the namespaces whose optional providers are enabled.
    """
    try:
        metadata = VariantMetadata.parse(document)
    except InvalidMetadata as error:
        expected = type(error), str(error)
        assert outcome(partial(rank, document, TARGETS[0])) == expected, document
        return
    for target, enabled in machines:
        ranking = rank(metadata, target, enabled=enabled)
        ordered = reference.order_variants(metadata.variants, ranking._support.matched)
        reasons = ranking.rejected.items()
        rejected = [(label, reason.namespace, reason.feature) for label, reason in reasons]
        assert (ranking.labels, rejected) == ordered, document
        expected = outcome(lambda ranking=ranking: ranking)
        assert outcome(partial(rank, document, target, enabled=enabled)) == expected, document
