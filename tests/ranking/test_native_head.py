"""What a document says beside its variants: where the extension reads it, a ranking is what it is
when the readers in Python do.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from support.reference_reading import assert_same_ranking

from variantsel import InvalidMetadata, Target, rank

native = pytest.importorskip(
    "variantsel.ranking._native", reason="the C extension was not built in this environment"
)

CASES = 1500
NAMESPACES = ["x86_64", "nvidia", "b", "abi_dependency"]
FEATURES = ["level", "f", "sm_arch"]
VALUES = ["v1", "v2", "12", "12.8", "90_real", "a_value_that_is_longer_than_sixteen_bytes"]
MARKERS = ["platform_machine == 'x86_64'", "sys_platform == 'nowhere'", "nonsense ==", ""]
SCHEMAS = [
    *("https://example.org/v0.0.2.json", "https://example.org/v0.0.3.json", "v0.1.0.json"),
    *("v0.1.1.json", "v0.2.0.json", "https://example.org/v0.2.0.json", "v0.3.1.json", None, "x/"),
]
BAD_SCHEMAS = [
    *("v1.0.0.json", "v0.2.json", "v0.2.0.jso", "xv0.2.0.json", "v0..0.json", "v0.2.json/v", ""),
    *("v0.2.0123456789.json", "v0.2.0.json\n", "v00.2.0.json", 1, True, [], {}),
]
VARIANTS = {
    "one": {"x86_64": {"level": ["v1"]}, "nvidia": {"sm_arch": ["90_real", "12"]}},
    "two": {"x86_64": {"level": ["v2"], "f": ["12.8"]}},
    "three": {"b": {"f": VALUES, "level": ["v2"]}, "abi_dependency": {"torch": ["2.9"]}},
    "four": {"nvidia": {"sm_arch": [VALUES[-1]]}, "unlisted": {"f": ["1"]}},
    "null": {},
}


def some(rng: random.Random, words: list[str]) -> list[str]:
    return rng.choices(words, k=rng.randint(0, 5)) if rng.random() < 0.9 else []


def features(rng: random.Random) -> dict[str, list[str]]:
    return {feature: some(rng, VALUES) for feature in rng.sample(FEATURES, rng.randint(0, 3))}


def provider(rng: random.Random, minor: int) -> dict[str, Any]:
    """What a generation may say of a provider, and a few things it may not."""
    entry: dict[str, Any] = {}
    source = rng.choice(["requires", "static-properties", "builtin", "requires"])
    if source == "static-properties" and minor > 0:
        entry[source] = static = features(rng)
        if rng.random() < 0.9:
            entry["feature-order"] = rng.sample(list(static), len(static))
    else:
        entry[source] = {"requires": ["p>=1", "é"], "builtin": "p"}.get(source, {})
    optional: dict[str, Any] = {
        "plugin-api": rng.choice(["p:P", None]),
        "optional": rng.random() < 0.5,
        "enable-if": rng.choice([None, *MARKERS]),
        "plugin-use": rng.choice(["all", "all", "build", "none", "never"]),
        "install-time": rng.random() < 0.8,
        "more": {"a": [1, {"b": "]}"}]},
        "builtin": "p",
    }
    likely = 0.05 if minor > 0 else 0.3
    entry |= {key: value for key, value in optional.items() if rng.random() < likely}
    entry["optional"] = rng.random() < 0.2
    items = list(entry.items())
    rng.shuffle(items)
    return dict(items)


def head(rng: random.Random) -> dict[str, Any]:
    schema = rng.choice(SCHEMAS) if rng.random() < 0.95 else rng.choice(BAD_SCHEMAS)
    minor = 0 if schema in (None, "x/") or "v0.0" in str(schema) else 2
    priorities: dict[str, Any] = {"namespace": rng.choices(NAMESPACES, k=rng.randint(1, 5))}
    if rng.random() < 0.2:
        priorities["feature"] = {"x86_64": rng.sample(FEATURES, 2)} if rng.random() < 0.6 else {}
    if rng.random() < 0.2:
        priorities["property"] = {"x86_64": features(rng)} if rng.random() < 0.6 else {}
    document: dict[str, Any] = {
        "default-priorities": priorities,
        "providers": {
            namespace: provider(rng, minor) for namespace in NAMESPACES if rng.random() < 0.8
        },
        "variants": VARIANTS,
        "other": {"variants": []},
    }
    if schema is not None or rng.random() < 0.5:
        document["$schema"] = schema
    if rng.random() < 0.03:
        del document[rng.choice(list(document))]
    items = list(document.items())
    rng.shuffle(items)
    return dict(items)


def broken(rng: random.Random, value: Any) -> Any:
    """A value with one thing in it replaced by what has no place there."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        return {**value, key: broken(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.7:
        place = rng.randrange(len(value))
        return [*value[:place], broken(rng, value[place]), *value[place + 1 :]]
    return rng.choice([None, 1, "Not A Word", "", [], {}, ["x"], {"F": ["v"]}, [[]], True])


def text_of(rng: random.Random, document: dict[str, Any]) -> bytes:
    separators = rng.choice([(",", ":"), (" , ", " : ")])
    return json.dumps(document, indent=rng.choice([None, 1]), separators=separators).encode()


def test_random_heads_lead_to_the_same_ranking() -> None:
    rng = random.Random(825)
    for _ in range(CASES):
        assert_same_ranking(text_of(rng, head(rng)))


def test_random_broken_heads_lead_to_the_same_ranking() -> None:
    rng = random.Random(826)
    for _ in range(CASES):
        document = broken(rng, head(rng))
        if isinstance(document, dict):
            assert_same_ranking(text_of(rng, document))


def supported_by(document: dict[str, Any], enabled: tuple[str, ...] = ()) -> Any:
    read = native.read_document(json.dumps(document).encode())
    return native.compile_head(read.head, read.namespaces, lambda *_: {"f": ["1"]}, enabled)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_most_documents_say_is_read_by_the_extension(schema: str | None) -> None:
    plain = {"requires": ["p>=1"], "plugin-api": "p:P", "optional": False}
    providers: dict[str, Any] = {"nvidia": plain, "x86_64": plain, "spare": plain}
    if schema is None or "v0.0" in schema or schema == "x/":
        providers["x86_64"] = {**plain, "enable-if": MARKERS[0], "plugin-use": "all"}
    elif "v0.1" not in schema:
        static = {"level": ["v2", "v1"], "f": ["12.8"]}
        providers["b"] = {"static-properties": static, "feature-order": ["f", "level"]}
    document = {
        "$schema": schema,
        "default-priorities": {"namespace": ["nvidia", "x86_64", "b"]},
        "providers": providers,
        "variants": VARIANTS,
    }
    assert supported_by(document) is not None
    assert_same_ranking(json.dumps(document).encode())


def test_providers_are_asked_by_what_the_head_says_of_them() -> None:
    asked = []

    def ask(*arguments: Any) -> dict[str, list[str]]:
        asked.append(arguments)
        return {}

    marked = {"requires": ["é\n", ""], "plugin-api": "p:P", "enable-if": "x", "optional": True}
    document = {
        "default-priorities": {"namespace": ["b", "x86_64", "nvidia", "abi_dependency", "none"]},
        "providers": {"x86_64": {"builtin": "y"}, "b": marked, "abi_dependency": {}, "none": {}},
        "variants": VARIANTS,
    }
    read = native.read_document(json.dumps(document).encode())
    assert native.compile_head(read.head, read.namespaces, ask, ()) is not None
    assert asked == [
        ("b", ("é\n", ""), "p:P", None, "x", True),
        ("x86_64", (), None, "y", None, False),
    ]


def test_static_values_of_a_namespace_that_the_user_stated_are_left_to_python() -> None:
    document = {
        "$schema": "v0.2.0.json",
        "default-priorities": {"namespace": ["nvidia", "x86_64", "b"]},
        "providers": {
            "nvidia": {"static-properties": {"f": ["1"]}},
            "x86_64": {"requires": ["p"]},
            "b": {"requires": ["p"]},
        },
        "variants": VARIANTS,
    }
    read = native.read_document(json.dumps(document).encode())
    assert "nvidia" in read.namespaces

    def compiled(*stated: Any) -> Any:
        return native.compile_head(read.head, read.namespaces, lambda *_: {"f": ["1"]}, (), *stated)

    assert compiled() is not None
    assert compiled(["x86_64", "b"]) is not None
    assert compiled({"nvidia"}) is None
    with pytest.raises(TypeError):
        compiled(1)


def test_errors_of_those_who_are_asked_are_passed_on() -> None:
    document = {
        "default-priorities": {"namespace": ["nvidia"]},
        "providers": {"nvidia": {"optional": True}},
        "variants": VARIANTS,
    }
    read = native.read_document(json.dumps(document).encode())

    def fail(*_: object) -> dict[str, list[str]]:
        raise LookupError("no driver")

    with pytest.raises(LookupError, match="no driver"):
        native.compile_head(read.head, read.namespaces, fail, ())
    assert native.compile_head(read.head, read.namespaces, lambda *_: None, ()) is None
    for answer in (1, {"f": 1}, {1: []}, {"f": [1]}):
        with pytest.raises(TypeError, match="must be"):
            native.compile_head(read.head, read.namespaces, lambda *_, a=answer: a, ())


def test_bytes_that_are_no_head_are_not_read() -> None:
    rng = random.Random(827)
    whole = json.dumps({key: value for key, value in head(rng).items() if key != "variants"})
    for length in range(len(whole)):
        assert native.compile_head(whole[:length].encode(), ("x86_64",), print, ()) is None
    for text in (b"", b"{}", b"[]", b"{", b'{"a', b'{"a\\', b'{"a":"\\', b'{"a":]]', b'{"a":' * 9):
        assert native.compile_head(text, (), print, ()) is None
    for arguments in (("{}", (), print, ()), (b"{}", [], print, ()), (b"{}", (1,), print, ()), ()):
        with pytest.raises(TypeError):
            native.compile_head(*arguments)


def test_a_marker_is_looked_at_even_where_nothing_uses_its_namespace() -> None:
    document = {
        "default-priorities": {"namespace": ["nvidia"]},
        "providers": {"spare": {"enable-if": "nonsense =="}},
        "variants": VARIANTS,
    }
    with pytest.raises(InvalidMetadata, match=r"providers\.spare\.enable-if"):
        rank(json.dumps(document).encode(), Target.from_properties({}))
