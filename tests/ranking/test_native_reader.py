"""From bytes to the ranking: the extension and the reference agree on what is valid, and on all
that follows.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.memory import (
    assert_c_allocations_may_fail,
    assert_memory_stays_flat,
    assert_python_allocations_may_fail,
    builds_for_linux,
    measures_memory,
)
from support.reference_reading import (
    MAX_HEAD_BYTES,
    TARGETS,
    VALUES,
    assert_same_ranking,
    assert_same_verdict,
    outcome,
    reference_reads,
)

from variantsel import InvalidMetadata, VariantMetadata
from variantsel.formats.json_reader import MAX_BYTES, MAX_NESTING
from variantsel.ranking import reference
from variantsel.ranking.rank import rank, rank_for_targets, rank_many

native = pytest.importorskip(
    "variantsel.ranking._native", reason="the C extension was not built in this environment"
)

CASES = 20_000
SEED = 825
FEATURES = {"x86_64": ["level", "f"], "nvidia": ["sm_arch", "cuda_version_lower_bound"], "a": []}


# ---- Valid documents, as anyone might write them ----


def random_variants(rng: random.Random) -> dict[str, Any]:
    variants: dict[str, Any] = {}
    for number in range(rng.choice((0, 1, 3, 12))):
        properties: dict[str, Any] = {}
        for namespace in rng.sample(list(FEATURES), rng.randint(1, 3)):
            names = rng.sample(FEATURES[namespace], rng.randint(0, len(FEATURES[namespace])))
            properties[namespace] = {
                feature: [rng.choice(VALUES) for _ in range(rng.randint(1, 4))] for feature in names
            }
        if any(properties.values()):
            variants[rng.choice(("v", "longer_label_", "00000000", "z.")) + str(number)] = (
                properties
            )
    if rng.random() < 0.5:
        variants["null"] = rng.choice(({}, {"x86_64": {}}))
    return variants


def random_document(rng: random.Random) -> dict[str, Any]:
    schemas = ("https://example.org/v0.0.2.json", "https://example.org/v0.0.3.json", None, "x/")
    providers = {"requires": ["p>=1"], "plugin-api": "p:P", "plugin-use": "all"}
    document: dict[str, Any] = {
        "$schema": rng.choice((*schemas, "v0.1.0.json", "v0.2.0.json", "v1.0.0.json", 1)),
        "default-priorities": {"namespace": rng.sample(["x86_64", "nvidia", "a"], 2)},
        "providers": {"x86_64": providers, "nvidia": {**providers, "optional": False}},
        "variants": random_variants(rng),
    }
    if rng.random() < 0.5:
        document["other"] = rng.choice(
            (None, True, 1.5e300, -0, [], {}, [[{"a": [1, 'é"\\\n\u2028\U0001f600', {}]}]])
        )
    if rng.random() < 0.1:
        del document[rng.choice(list(document))]
    items = list(document.items())
    rng.shuffle(items)
    return dict(items)


def random_string(rng: random.Random, text: str) -> str:
    """A JSON string, some of whose characters are written as escapes."""
    if rng.random() < 0.9:
        return json.dumps(text, ensure_ascii=rng.random() < 0.5)
    return '"' + "".join(random_character(rng, character) for character in text) + '"'


def random_character(rng: random.Random, character: str) -> str:
    if rng.random() < 0.3 or character in '"\\' or character < " ":
        units = character.encode("utf-16-be", "surrogatepass")
        digits = rng.choice((str.upper, str.lower))(units.hex())
        return "".join("\\u" + digits[i : i + 4] for i in range(0, len(digits), 4))
    return character


def written(rng: random.Random, value: Any) -> str:
    """JSON of a value, spaced and escaped at random."""
    space = rng.choice(("", "", "", " ", "\n      ", "\t", "\r\n", " " * 9))
    if isinstance(value, dict):
        items = [
            f"{random_string(rng, key)}{space}:{space}{written(rng, item)}"
            for key, item in value.items()
        ]
        return f"{{{space}{f'{space},{space}'.join(items)}{space}}}"
    if isinstance(value, list):
        items = [written(rng, item) for item in value]
        return f"[{space}{f'{space},{space}'.join(items)}{space}]"
    return random_string(rng, value) if isinstance(value, str) else json.dumps(value)


def random_bytes(rng: random.Random) -> bytes:
    document = random_document(rng)
    if rng.random() < 0.5:
        return json.dumps(document, indent=rng.choice((None, 2, 4))).encode()
    return written(rng, document).encode("utf-8", "surrogatepass")


PIECES = [
    *(
        bytes([byte])
        for byte in b'{}[]:,"\\/ \t\n\r\x00\x1f\x7f\x80\xbf\xc3\xed\xf4\xff0-.eEatfnu_A'
    ),
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e5", b"01", b"1.", b"-", b'""', b"[]", b"{}"),
    *(b'"a"', b'"variants"', b'"vari\\u0061nts"', b'"null"', b'"00000000"', b'"x86_64"', b"\\u"),
    *(
        b"\\u0061",
        b"\\ud83d\\ude00",
        b"\\ud800",
        b"\\udc00",
        b"\\ud83d\\u",
        b"\\ud83d\\ud83d\\ude00",
    ),
    *(
        "é".encode(),
        "\u2028".encode(),
        "😀".encode(),
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xc0\x80",
    ),
    *(b"\xf5\x80\x80\x80", b'"a":1,', b'"level":["v1"],', b'{"x86_64":{"level":[]}}', b",,"),
]


def mutated(rng: random.Random, document: bytes) -> bytes:
    """A document with a few places changed, most of them no longer valid."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randint(0, len(document))
        until = min(len(document), at + rng.choice((0, 0, 1, 1, 2, 8)))
        change = rng.random()
        if change < 0.6:
            document = document[:at] + rng.choice(PIECES) + document[until:]
        elif change < 0.8:
            document = document[:at] + document[until:]
        elif change < 0.9:
            start = rng.randint(0, len(document))
            document = document[:at] + document[start : start + 40] + document[at:]
        else:
            document = document[:at]
    return document


def test_random_documents_are_valid_for_both_or_for_neither() -> None:
    rng = random.Random(SEED)
    verdicts = [assert_same_verdict(random_bytes(rng)) for _ in range(CASES // 10)]
    assert sum(verdicts) > len(verdicts) * 0.9
    verdicts = [assert_same_verdict(mutated(rng, random_bytes(rng))) for _ in range(CASES)]
    assert len(verdicts) * 0.1 < sum(verdicts) < len(verdicts) * 0.9


def test_random_documents_are_ranked_as_by_the_reference() -> None:
    rng = random.Random(SEED + 1)
    for _ in range(CASES // 20):
        assert_same_ranking(random_bytes(rng))
        assert_same_ranking(mutated(rng, random_bytes(rng)))


json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.floats(), st.integers(), st.text(st.characters(codec=None))
    ),
    lambda children: st.one_of(st.lists(children), st.dictionaries(st.text(), children)),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(json_values, json_values, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_any_json_is_valid_for_both_or_for_neither(
    value: Any, beside: Any, ascii_only: bool, indent: Any
) -> None:
    for document in (value, {"variants": value}, {"variants": {}, "other": value, "x": beside}):
        text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
        assert_same_verdict(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=40))
@example(b"")
@example(b" ")
@example(b"\x00")
@example(b'{"variants":{}}\x00')
def test_any_bytes_are_valid_for_both_or_for_neither(some: bytes) -> None:
    assert_same_verdict(some)
    assert_same_verdict(b'{"variants":{},"x":"' + some + b'"}')
    assert_same_verdict(b'{"variants":{"' + some + b'":{"n":{"f":["v"]}}}}')
    assert_same_verdict(b'{"variants":{"l":{"n":{"f":["' + some + b'"]}}}}')


# ---- Every part of the syntax ----


def in_head(text: bytes) -> bytes:
    return b'{"variants": {}, "x": ' + text + b"}"


VALID_VALUES = (
    b'0 -0 1 -12 0.5 1e5 1E+5 1.25e-3 1e999 "" "\\"\\\\\\/\\b\\f\\n\\r\\t" true false null'
)
INVALID_VALUES = b"00 01 -01 - + +1 .5 1. 1.e5 1e 1e+ 0x1 1_0 NaN Infinity -Infinity tru True nul"
INVALID_STRINGS = [
    b'"\\x"',
    b'"\\u12"',
    b'"\\u12g4"',
    b'"\\U1234"',
    b'"\\u 123"',
    b'"\\u+123"',
    b'"\n"',
    b'"\x00"',
    b'"\x1f"',
    b"'a'",
    b'"a',
    b'"\\',
    b'"\\u',
    b'"\\ud83d\\u"',
    b'"\\ud83d\\udg00"',
]


def test_scalars_are_valid_for_both_or_for_neither() -> None:
    for value in VALID_VALUES.split():
        assert assert_same_verdict(in_head(value)), value
        assert assert_same_verdict(in_head(b"[%b,\n%b]" % (value, value))), value
        assert not assert_same_verdict(in_head(value + b" 1")), value
    for value in (*INVALID_VALUES.split(), *INVALID_STRINGS, b"", b"{", b"[", b"[1,]", b"[,1]"):
        assert not assert_same_verdict(in_head(value)), value
        assert not assert_same_verdict(b'{"x": ' + value), value
        assert not assert_same_verdict(value), value
    for value in (
        b'{"a":1,}',
        b'{,"a":1}',
        b'{"a"}',
        b'{"a":}',
        b"{a:1}",
        b"{1:1}",
        b'{"a":1 "b":2}',
    ):
        assert not assert_same_verdict(in_head(value)), value


def test_space_is_what_json_calls_space() -> None:
    for byte in range(256):
        for length in (1, 3, 4, 5, 8, 9, 17):
            space = bytes([byte]) * length
            document = space.join((b"", b"{", b'"variants"', b":", b"{", b"}", b"}", b""))
            assert assert_same_verdict(document) == (byte in b" \t\n\r")


def test_utf8_is_checked_as_python_does() -> None:
    edges = bytes((0x00, 0x22, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF))
    sequences = [bytes((first, second)) for first in range(0x80, 0x100) for second in range(0x100)]
    sequences += [
        bytes((first, second, third, *fourth))
        for first in range(0xE0, 0xF8)
        for second in edges
        for third in edges
        for fourth in ((), (0x80,), (0xBF,), (0xC0,), (0x41,))
    ]
    for sequence in sequences:
        assert_same_verdict(in_head(b'"%b"' % sequence))
    for sequence in sequences[::97]:
        assert_same_verdict(in_head(b'{"%b": 1}' % sequence))
        assert_same_verdict(in_head(b'"eight888%b' % sequence))
        assert_same_verdict(sequence + b'{"variants": {}}')


def test_keys_are_compared_by_what_they_mean() -> None:
    same = [
        (b"a", b"\\u0061"),
        ("é".encode(), b"\\u00E9"),
        ("😀".encode(), b"\\ud83d\\uDE00"),
        (b"\\ud83d", b"\\uD83D"),
        (b"\\n", b"\\u000a"),
        (b"", b""),
        (b"a" * 40, b"a" * 39 + b"\\u0061"),
        (b"variants", b"v\\u0061riants"),
    ]
    for one, other in same:
        assert not assert_same_verdict(in_head(b'{"%b": 1, "%b": 2}' % (one, other)))
        assert assert_same_verdict(in_head(b'[{"%b": 1}, {"%b": {"%b": 2}}]' % (one, other, one)))
    different = [
        (b"a", b"b"),
        (b"a" * 16, b"a" * 17),
        (b"\\ud83d", b"\\ude00"),
        (b"a", b"a\\u0000"),
    ]
    for one, other in different:
        assert assert_same_verdict(in_head(b'{"%b": 1, "%b": 2}' % (one, other)))
    assert assert_same_verdict(b'{"vari\\u0061nts": {"n\\u0075ll": {}}}')
    assert not assert_same_verdict(b'{"variants": {}, "vari\\u0061nts": {}}')


def variant(text: str) -> bytes:
    return f'{{"variants": {{{text}}}}}'.encode()


def test_the_rules_of_variants_hold_in_both() -> None:
    valid = [
        "",
        '"null": {}',
        '"00000000": {}',
        '"null": {"n": {}}',
        '"00000000": {"n": {"f": ["v"]}}',
        '"l": {"n": {"f": ["v", "v", "\\u0076"]}}',
        '"l": {"n": {"f": ["v.1"], "n": ["v"]}, "m": {"f": ["v.1"]}}, "null": {}',
        '"a.b": {"n": {"f": ["v"]}, "m": {}}',
        '"aaaaaaaaaaaaaaaa": {"n": {"f": ["v"]}}, "aaaaaaaaaaaaaaaaa": {"n": {"f": ["v"]}}',
    ]
    for text in valid:
        assert assert_same_verdict(variant(text)), text
    invalid = [
        '"l": {}',
        '"l": {"n": {}}',
        '"null": {"n": {"f": ["v"]}}',
        '"": {"n": {"f": ["v"]}}',
        '"L": {"n": {"f": ["v"]}}',
        '"l-": {"n": {"f": ["v"]}}',
        '"é": {"n": {"f": ["v"]}}',
        '"l\\u0000": {"n": {"f": ["v"]}}',
        '"l": {"": {"f": ["v"]}}',
        '"l": {"n.": {"f": ["v"]}}',
        '"l": {"n": {"f.": ["v"]}}',
        '"l": {"n": {"F": ["v"]}}',
        '"l": {"n": {"f": []}}',
        '"l": {"n": {"f": "v"}}',
        '"l": {"n": {"f": {"v": 1}}}',
        '"l": {"n": {"f": [""]}}',
        '"l": {"n": {"f": ["V"]}}',
        '"l": {"n": {"f": ["v", 1]}}',
        '"l": {"n": {"f": ["v", null]}}',
        '"l": {"n": {"f": ["v",]}}',
        '"l": {"n": ["f"]}',
        '"l": ["n"]',
        '"l": null',
        '"l": {"n": {"f": ["v"]}}, "l": {"n": {"f": ["v"]}}',
        '"l": {"n": {"f": ["v"]}}, "\\u006c": {"n": {"f": ["v"]}}',
        '"l": {"n": {"f": ["v"]}, "n": {"f": ["v"]}}',
        '"l": {"n": {"f": ["v"], "f": ["v"]}}',
        '"l": {"n": {}, "n": {"f": ["v"]}}',
    ]
    for text in invalid:
        assert not assert_same_verdict(variant(text)), text
    for value in ("null", "[]", '""', "1", "true"):
        assert not assert_same_verdict(f'{{"variants": {value}}}'.encode())
    for document in (b"{}", b"[]", b'"variants"', b"null", b'[{"variants": {}}]'):
        assert not assert_same_verdict(document)


@pytest.mark.parametrize("length", range(1, 20))
def test_names_of_any_length_are_told_apart(length: int) -> None:
    names = ["a" * length, "a" * (length - 1) + "b", "b" + "a" * (length - 1), "a" * (length + 1)]
    variants = {
        f"{label}{number}": {namespace: {feature: [value, label]}}
        for number, label in enumerate(names)
        for namespace in names
        for feature in names
        for value in names
    }
    document = {
        "default-priorities": {"namespace": sorted(set(names))},
        "providers": {name: {"requires": ["p"]} for name in names},
        "variants": variants,
    }
    for text in (json.dumps(document), json.dumps(document, separators=(",", ":"))):
        assert assert_same_verdict(text.encode())
        assert_same_ranking(text.encode())


# ---- Limits ----


def test_nesting_is_limited_alike() -> None:
    for depth in range(MAX_NESTING - 3, MAX_NESTING + 3):
        assert_same_verdict(in_head(b"[" * depth + b"]" * depth))
        assert_same_verdict(in_head(b"[" * depth + b"1" + b"]" * depth))
        assert_same_verdict(in_head(b'{"a":' * depth + b"{}" + b"}" * depth))
        assert_same_verdict(in_head(b'{"a":' * depth + b"1" + b"}" * depth))
    assert assert_same_verdict(in_head(b"[" * (MAX_NESTING - 1) + b"]" * (MAX_NESTING - 1)))
    for depth in (1000, 100_000):
        assert not assert_same_verdict(in_head(b"[" * depth + b"]" * depth))
        assert not assert_same_verdict(in_head(b"[" * depth))
        assert not assert_same_verdict(b'{"variants":' * depth)


def large_variants(size: int, count: int = 1000) -> bytes:
    """A valid document of exactly ``size`` bytes, few of them beside the variants."""
    start = json.dumps({f"v{number}": {"n": {"f": ["v"]}} for number in range(count)})
    document = b'{"variants": %b' % start.encode()
    return document[:-1] + b" " * (size - len(document) - 1) + b"}}"


def test_size_is_limited_alike() -> None:
    assert assert_same_verdict(large_variants(MAX_BYTES))
    assert not assert_same_verdict(large_variants(MAX_BYTES + 1))


@pytest.mark.parametrize("text", [b'"%b"', b'{"%b": 1}'])
def test_a_large_head_is_left_to_the_reference(text: bytes) -> None:
    rest = len(in_head(text % b""))
    fits = in_head(text % (b"a" * (MAX_HEAD_BYTES - rest)))
    assert native.read_document(fits) is not None
    larger = in_head(text % (b"a" * (MAX_HEAD_BYTES - rest + 1)))
    assert reference_reads(larger) is not None
    assert native.read_document(larger) is None
    document = json.dumps({**HEAD, "variants": VARIANTS, "other": "a" * MAX_HEAD_BYTES}).encode()
    assert native.read_document(document) is None
    assert_same_ranking(document)


def test_many_keys_beside_the_variants_are_left_to_the_reference() -> None:
    keys = ",".join(f'"{number}":1' for number in range(MAX_HEAD_BYTES + 10))
    document = in_head(b"{%b}" % keys.encode())
    assert reference_reads(document) is not None
    assert native.read_document(document) is None


# ---- Documents and rankings ----

HEAD: dict[str, Any] = {
    "$schema": "https://variants-schema.wheelnext.dev/v0.2.0.json",
    "default-priorities": {"namespace": ["nvidia", "x86_64"]},
    "providers": {"nvidia": {"requires": ["p"]}, "x86_64": {"static-properties": {"f": ["12"]}}},
}
VARIANTS = {
    "b": {"nvidia": {"sm_arch": ["90_real", "12"]}, "x86_64": {"f": ["12"]}},
    "a": {"nvidia": {"sm_arch": ["90_real"]}, "x86_64": {"f": ["12"]}},
    "c": {"nvidia": {"sm_arch": ["12"]}, "x86_64": {"level": ["v1"]}},
    "null": {},
}


def many_variants(count: int) -> bytes:
    rng = random.Random(count)
    variants: dict[str, Any] = {
        f"v{number}": {
            "nvidia": {"sm_arch": rng.sample(VALUES, 3)},
            "x86_64": {"f": ["12", f"{number}"]},
        }
        for number in rng.sample(range(count * 2), count)
    }
    return json.dumps({**HEAD, "variants": {**variants, "null": {}}}).encode()


@pytest.mark.parametrize("count", [10, 100, 3000])
def test_releases_of_any_size_are_ranked_as_by_the_reference(count: int) -> None:
    assert_same_ranking(many_variants(count))


def test_text_is_ranked_as_bytes_are() -> None:
    text = json.dumps({**HEAD, "variants": VARIANTS, "é": "é😀"}, ensure_ascii=False)
    surrogate = text.replace("é😀", "\ud800")
    for written_text in (text, surrogate, "\ufeff" + text, text[:-1]):
        expected = outcome(lambda text=written_text: rank(VariantMetadata.parse(text), TARGETS[2]))
        assert outcome(lambda text=written_text: rank(text, TARGETS[2])) == expected


def test_many_releases_are_ranked_as_one_by_one() -> None:
    rng = random.Random(7)
    heads = [HEAD, {**HEAD, "default-priorities": {"namespace": ["x86_64", "nvidia"]}}]
    releases: list[Any] = [
        json.dumps({**rng.choice(heads), "variants": random_variants(rng)}).encode()
        for _ in range(200)
    ]
    releases += [json.loads(releases[0]), VariantMetadata.parse(releases[1]), releases[2].decode()]
    for target in TARGETS:
        rankings = rank_many(iter(releases), target)
        for release, ranking in zip(releases, rankings, strict=True):
            metadata = (
                release if isinstance(release, VariantMetadata) else VariantMetadata.parse(release)
            )
            expected = outcome(lambda metadata=metadata, target=target: rank(metadata, target))
            assert outcome(lambda ranking=ranking: ranking) == expected
    with pytest.raises(InvalidMetadata):
        rank_many([releases[0], b"{}"], TARGETS[0])


def test_one_release_is_ranked_for_many_targets() -> None:
    document = many_variants(50)
    for release in (document, json.loads(document), VariantMetadata.parse(document)):
        rankings = rank_for_targets(release, iter(TARGETS))
        for target, ranking in zip(TARGETS, rankings, strict=True):
            expected = outcome(lambda target=target: rank(VariantMetadata.parse(document), target))
            assert outcome(lambda ranking=ranking: ranking) == expected


def test_many_releases_share_what_they_have_in_common() -> None:
    first = native.read_document(many_variants(3))
    alike = native.read_document(many_variants(4), first)
    assert alike.head is first.head
    assert alike.namespaces is first.namespaces
    other = native.read_document(b'{"variants": {"null": {}}}', first)
    assert (other.head, other.namespaces) == (b'{"variants": {}}', ())
    rankings = rank_many([many_variants(count) for count in (3, 4, 5)], TARGETS[2])
    assert len({id(ranking._release.head) for ranking in rankings}) == 1


def test_enabled_namespaces_are_told_apart() -> None:
    optional = {"nvidia": {"requires": ["p"], "optional": True}}
    document = json.dumps({**HEAD, "providers": optional, "variants": VARIANTS}).encode()
    assert rank(document, TARGETS[2]).labels == ["null"]
    enabled = {"enabled": ["nvidia"]}
    expected = rank(VariantMetadata.parse(document), TARGETS[2], **enabled)
    assert rank(document, TARGETS[2], **enabled).labels == expected.labels
    assert rank(document, TARGETS[2]).labels == ["null"]


def test_without_the_extension_the_reference_does_all(monkeypatch: pytest.MonkeyPatch) -> None:
    document = many_variants(20)
    expected = [outcome(lambda target=target: rank(document, target)) for target in TARGETS]
    monkeypatch.setattr("variantsel.ranking.rank.read_document", lambda *_: None)
    monkeypatch.setattr("variantsel.ranking.ranking.order_variants", reference.order_variants)
    assert [outcome(lambda target=target: rank(document, target)) for target in TARGETS] == expected
    rankings = rank_for_targets(document, TARGETS)
    assert [outcome(lambda ranking=ranking: ranking) for ranking in rankings] == expected


def test_a_ranking_outlives_its_document_and_other_rankings() -> None:
    expected = outcome(lambda: rank(VariantMetadata.parse(many_variants(30)), TARGETS[2]))
    ranking = rank(many_variants(30), TARGETS[2])
    for count in range(200):
        rank(many_variants(count % 20 + 1), TARGETS[2])
    gc.collect()
    assert outcome(lambda: ranking) == expected


def test_documents_can_be_read_and_ordered_in_threads_at_once() -> None:
    document = many_variants(3000)
    read = native.read_document(document)
    supported = native.compile_supported({"x86_64": {"f": ["12"]}, "nvidia": {"sm_arch": VALUES}})
    expected = read.order(supported), read.rejected(supported)

    def ask(number: int) -> Any:
        mine = native.read_document(document) if number % 2 else read
        return mine.order(supported), mine.rejected(supported)

    with ThreadPoolExecutor(4) as pool:
        assert all(answer == expected for answer in pool.map(ask, range(40)))


def test_threads_may_read_what_another_one_changes() -> None:
    document = many_variants(30)
    expected = [rank(document, target).labels for target in TARGETS]
    supported: dict[str, Any] = {"x86_64": {"f": ["12"]}, "nvidia": {"sm_arch": list(VALUES)}}
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            supported["nvidia"]["sm_arch"].append(f"{number}")
            del supported["nvidia"]["sm_arch"][number % 40 :]
            supported[f"n{number % 7}"] = {"f": ["1"]}
            supported.pop(f"n{number % 5}", None)

    def read(_: int) -> None:
        labels = [ranking.labels for ranking in rank_for_targets(document, TARGETS)]
        assert labels == expected
        with contextlib.suppress(RuntimeError):  # the size changed while it was read
            native.read_document(document).order(native.compile_supported(supported))

    with ThreadPoolExecutor(5) as pool:
        changing = pool.submit(change)
        try:
            list(pool.map(read, range(400)))
        finally:
            done.set()
        changing.result()


def test_wrong_types_are_type_errors() -> None:
    read = native.read_document(b'{"variants": {"null": {}}}')
    supported = native.compile_supported({})
    for call in (
        lambda: native.read_document("{}"),
        lambda: native.read_document(None),
        lambda: native.read_document(bytearray(b"{}")),
        lambda: native.read_document(b"{}", b"{}"),
        lambda: native.compile_supported([]),
        lambda: native.compile_supported({"n": {"f": [1]}}),
        lambda: read.order({}),
        lambda: read.order(None),
        lambda: read.rejected(read),
        lambda: read.properties(1),
        type(read),
        type(supported),
    ):
        with pytest.raises(TypeError):
            call()
    for label in ("", "nul", "null\0", "\ud800", "é"):
        with pytest.raises(KeyError):
            read.properties(label)
    assert read.properties("null") == {}


# ---- Memory ----


def calls() -> Iterator[Callable[[], object]]:
    """Calls that succeed, and calls that fail in every place a call can fail."""
    rng = random.Random(9)
    documents = [many_variants(300), *(mutated(rng, random_bytes(rng)) for _ in range(40))]
    for document in (*documents, *(in_head(text) for text in INVALID_STRINGS), b"{}"):
        yield lambda document=document: native.read_document(document)
    document = many_variants(100)
    read = native.read_document(document)
    supported = native.compile_supported({"x86_64": {"f": ["12"]}, "nvidia": {"sm_arch": VALUES}})
    yield lambda: read.order(supported)
    yield lambda: read.rejected(supported)
    yield lambda: [read.properties(label) for label in read.order(supported)]
    yield lambda: (read.head, read.namespaces)
    yield lambda: native.compile_supported({"x86_64": {"f": ["12", 1]}})
    yield lambda: rank(document, TARGETS[2]).rejected
    yield lambda: read.properties("no such label")
    yield lambda: read.order(None)


@measures_memory
def test_memory_stays_flat() -> None:
    assert_memory_stays_flat(calls(), 300)


def cheap_calls() -> Iterator[Callable[[], object]]:
    """Calls of every function, each of a microsecond or two."""
    document = json.dumps({**HEAD, "variants": VARIANTS}).encode()
    supported = {"x86_64": {"f": ["12"]}, "nvidia": {"sm_arch": ["12"]}}
    read = native.read_document(b'{"variants": {"null": {}, "v": {"x86_64": {"f": ["1"]}}}}')
    compiled = native.compile_supported(supported)
    yield lambda: native.read_document(b'{"variants": {"v": {"x86_64": {"f": ["1"]}}}}')
    yield lambda: native.read_document(b'{"variants": {"v": {"x86_64": {"f": [""]}}}}')
    yield lambda: native.compile_supported(supported)
    yield lambda: native.order_variants({"v": {"x86_64": {"f": ["1"]}}}, supported)
    yield lambda: native.order_variants({"v": {"x86_64": {"f": [1]}}}, supported)
    yield lambda: native.compile_head(b'{"default-priorities": {"namespace": ["n"]}}', (), int, ())
    yield lambda: read.order(compiled)
    yield lambda: read.rejected(compiled)
    yield lambda: read.properties("v")
    yield lambda: rank(document, TARGETS[0])


@measures_memory
def test_memory_stays_flat_over_a_million_calls() -> None:
    assert_memory_stays_flat(cheap_calls(), 100_000)


READING = """
import json, sys
document = json.loads(sys.argv[1]).encode()
supported = {"x86_64": {"f": ["12"]}, "nvidia": {"sm_arch": ["v1", "12", "é"]}}
def answer(namespace, requires, plugin_api, builtin, enable_if, optional):
    return supported[namespace]
def ask(native):
    read = native.read_document(document, native.read_document(document))
    by_head = native.compile_head(read.head, read.namespaces, answer, ())
    compiled = native.compile_supported(supported)
    labels = read.order(compiled)
    told = read.rejected(compiled), read.properties(labels[0]), read.head, read.namespaces
    return labels, read.order(by_head), *told
"""


def allocation_case() -> str:
    """A document with an escape wherever escapes need memory."""
    text = many_variants(60).decode()
    return json.dumps(
        text.replace('"null"', '"n\\u0075ll"').replace('"requires"', '"req\\u0075ires"')
    )


def test_failing_python_allocations_raise_memory_error() -> None:
    assert_python_allocations_may_fail(READING, allocation_case())


@builds_for_linux
def test_failing_c_allocations_raise_memory_error(tmp_path: Path) -> None:
    assert_c_allocations_may_fail(READING, allocation_case(), tmp_path)
