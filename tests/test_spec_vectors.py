"""The vectors of ``spec/vectors``, run through the reference and the native matcher."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from variantsel import (
    InconsistentMetadata,
    InvalidMetadata,
    InvalidWheelName,
    Preferences,
    RejectionKind,
    Target,
    UnmetPreference,
    UnsupportedSchema,
    VariantMetadata,
    WheelName,
    rank,
)
from variantsel.bridges.bridge import Bridge
from variantsel.bridges.bridge_file import parse_bridge
from variantsel.errors import InvalidBridge
from variantsel.formats.wheel_name import parse_index_metadata_name
from variantsel.ranking import matching, reference
from variantsel.ranking.ranking import Ranking
from variantsel.selection.bridged import BridgedEnvironment
from variantsel.selection.replacements import Replacements
from variantsel.selection.selection import Release, ReleaseFile, select
from variantsel.targets.target import StaticProperties

SPEC = Path(__file__).parent.parent / "spec"
FILES = sorted((SPEC / "vectors").glob("*.json"))
ERRORS = {
    "invalid-metadata": InvalidMetadata,
    "unsupported-schema": UnsupportedSchema,
    "inconsistent-metadata": InconsistentMetadata,
    "unmet-preference": UnmetPreference,
}

PLATFORM_VARIABLES = {
    f"{system}-{machine}": {"sys_platform": sys_platform, "platform_machine": machine}
    for system, sys_platform in (("linux", "linux"), ("windows", "win32"), ("macos", "darwin"))
    for machine in ("x86_64", "aarch64")
}

Vector = dict[str, Any]


def contents(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def vectors(kind: str) -> list[Any]:
    """Parameters for the vectors with the given key."""
    return [
        pytest.param(vector, id=f"{path.stem}: {vector['name']}")
        for path in FILES
        for vector in contents(path)["vectors"]
        if kind in vector
    ]


def bridge_of(vector: Vector) -> Bridge:
    """The bridge that a vector names, from the file that holds it."""
    (lines,) = (
        content["bridges"][vector["bridge"]]
        for content in map(contents, FILES)
        if vector in content["vectors"]
    )
    return parse_bridge("\n".join(lines), vector["bridge"])


def bridged(vector: Vector) -> BridgedEnvironment:
    """What a vector's bridge makes of its machine."""
    machine = vector["machine"]
    target = Target(
        "the vector's machine",
        StaticProperties(machine["supported"]),
        environment=PLATFORM_VARIABLES[machine["platform"]],
    )
    environment = BridgedEnvironment([bridge_of(vector)], target)
    for settled in vector.get("settled", ()):
        environment.settle(settled["project"], Version(settled["version"]), settled["label"])
    return environment


def vectors_with_several_variants() -> list[Any]:
    """Parameters for the vectors whose variants can be put in another order."""
    return [
        parameter
        for parameter in vectors("metadata")
        if isinstance(variants := parameter.values[0]["metadata"].get("variants"), dict)
        and len(variants) > 1
    ]


@pytest.fixture(
    params=[
        pytest.param(reference.order_variants, id="reference"),
        pytest.param(
            matching.order_variants,
            id="native",
            marks=pytest.mark.skipif(
                not matching.is_native, reason="variantsel.ranking._native is not built"
            ),
        ),
    ]
)
def matcher(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rank with one implementation of the order."""
    monkeypatch.setattr("variantsel.ranking.ranking.order_variants", request.param)


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No vector may lead to anything being run."""

    def refuse(*args: object, **_: object) -> None:
        pytest.fail(f"a process was started: {args}")

    monkeypatch.setattr("subprocess.Popen.__init__", refuse)


def target_of(vector: Vector) -> Target:
    if vector["supported"] is None:
        return Target.host()
    return Target(
        "the vector's machine",
        StaticProperties(vector["supported"]),
        environment=vector.get("environment", {}),
    ).without(vector.get("disabled", ()))


def ranked(metadata: Any, vector: Vector) -> dict[str, Any]:
    try:
        ranking = rank(
            metadata,
            target_of(vector),
            enabled=vector.get("enabled", ()),
            preferences=Preferences(**vector.get("preferences", {})),
        )
    except (InvalidMetadata, UnmetPreference) as error:
        return {"error": next(name for name, kind in ERRORS.items() if type(error) is kind)}
    return as_expected(ranking, vector)


def as_expected(ranking: Ranking, vector: Vector) -> dict[str, Any]:
    """A ranking as a vector says it."""
    narrowed = {label: reason.rule for label, reason in ranking.narrowed.items()}
    return {
        **({"narrowed": narrowed} if "preferences" in vector else {}),
        "order": ranking.labels,
        "rejected": {
            label: {
                "kind": rejection.kind.value,
                "namespace": rejection.namespace,
                "feature": rejection.feature,
            }
            for label, rejection in ranking.rejected.items()
        },
    }


@pytest.mark.usefixtures("matcher", "no_processes")
@pytest.mark.parametrize("vector", vectors("supported"))
def test_variants_are_ranked_as_the_vector_says(vector: Vector) -> None:
    metadata = vector["metadata"] if "metadata" in vector else vector["document"]
    assert ranked(metadata, vector) == vector["expected"]


@pytest.mark.usefixtures("matcher", "no_processes")
@pytest.mark.parametrize("vector", vectors_with_several_variants())
def test_the_order_of_variants_in_the_file_does_not_matter(vector: Vector) -> None:
    metadata = vector["metadata"]
    backwards = dict(reversed(metadata["variants"].items()))
    assert ranked({**metadata, "variants": backwards}, vector) == vector["expected"]


def document_of(vector: Vector, **spelling: Any) -> bytes:
    """The bytes of a vector's metadata, spelled as ``json.dumps`` is told."""
    if "document" in vector:
        document: str = vector["document"]
        return document.encode("utf-8", "surrogatepass")
    return json.dumps(vector["metadata"], **spelling).encode("utf-8", "surrogatepass")


@pytest.mark.skipif(not matching.is_native, reason="variantsel.ranking._native is not built")
@pytest.mark.usefixtures("no_processes")
@pytest.mark.parametrize(
    "spelling", [{"separators": (",", ":")}, {"indent": 4}, {"ensure_ascii": False}], ids=str
)
@pytest.mark.parametrize("vector", vectors("supported"))
def test_bytes_are_read_in_c_and_ranked_as_the_vector_says(
    vector: Vector, spelling: dict[str, Any]
) -> None:
    document = document_of(vector, **spelling)
    if "error" not in vector["expected"]:
        assert matching.read_document(document) is not None
    assert ranked(document, vector) == vector["expected"]


@pytest.mark.usefixtures("no_processes")
@pytest.mark.parametrize("vector", vectors("metadata"))
def test_metadata_reads_the_same_from_an_object_from_text_and_from_bytes(vector: Vector) -> None:
    text = json.dumps(vector["metadata"])
    assert ranked(text, vector) == vector["expected"]
    assert ranked(text.encode(), vector) == vector["expected"]


def with_properties_only(variants: Mapping[str, Any]) -> dict[str, Any]:
    return {
        label: {
            namespace: {feature: list(values) for feature, values in features.items()}
            for namespace, features in properties.items()
            if features
        }
        for label, properties in variants.items()
    }


@pytest.mark.parametrize("vector", vectors("merge"))
def test_metadata_merges_as_the_vector_says_in_every_order(vector: Vector) -> None:
    expected = dict(vector["expected"])
    results = set()
    for parts in itertools.permutations(map(VariantMetadata.parse, vector["merge"])):
        try:
            merged = VariantMetadata.merge(parts)
        except InconsistentMetadata:
            assert expected == {"error": "inconsistent-metadata"}
            continue
        assert "error" not in expected, f"expected an error, found {merged}"
        assert list(merged.namespaces) == expected["namespaces"]
        assert with_properties_only(merged.variants) == expected["variants"]
        if "providers" in expected:
            assert sorted(merged.providers or {}) == expected["providers"]
        results.add(repr((merged.to_json(), merged.feature_priorities, merged.value_priorities)))
    assert len(results) == (0 if "error" in expected else 1), "the result depends on the order"


@pytest.mark.parametrize("vector", vectors("wheel"))
def test_a_wheel_is_compared_with_its_release_as_the_vector_says(vector: Vector) -> None:
    release, wheel = map(VariantMetadata.parse, (vector["release"], vector["wheel"]))
    try:
        release.check_wheel(wheel, vector["label"])
        found: dict[str, Any] = {"consistent": True}
    except InconsistentMetadata:
        found = {"error": "inconsistent-metadata"}
    assert found == vector["expected"]


@pytest.mark.parametrize("vector", vectors("filename"))
def test_a_wheel_name_is_split_as_the_vector_says(vector: Vector) -> None:
    try:
        wheel = WheelName.parse(vector["filename"])
    except InvalidWheelName:
        found: dict[str, Any] = {"error": "invalid-file-name"}
    else:
        found = {
            "name": wheel.name,
            "version": str(wheel.version),
            "build": list(wheel.build),
            "tags": sorted(map(str, wheel.tags)),
            "label": wheel.label,
        }
    assert found == vector["expected"]


@pytest.mark.parametrize("vector", vectors("metadata_filename"))
def test_a_metadata_file_name_is_split_as_the_vector_says(vector: Vector) -> None:
    try:
        name, version = parse_index_metadata_name(vector["metadata_filename"])
        found = {"name": str(name), "version": str(version)}
    except InvalidWheelName:
        found = {"error": "invalid-file-name"}
    assert found == vector["expected"]


@pytest.mark.parametrize("vector", vectors("bridge_file"))
def test_a_bridge_file_is_invalid_as_the_vector_says(vector: Vector) -> None:
    assert vector["expected"] == {"error": "invalid-bridge"}
    with pytest.raises(InvalidBridge):
        parse_bridge("\n".join(vector["bridge_file"]), "the vector's file")


@pytest.mark.parametrize("vector", vectors("found"))
def test_a_file_is_the_build_that_the_vector_says(vector: Vector) -> None:
    found = vector["found"]
    label = bridge_of(vector).label_of(
        found["project"], Version(found["version"]), found["page"], found["platform"]
    )
    assert {"label": label} == vector["expected"]


@pytest.mark.usefixtures("matcher", "no_processes")
@pytest.mark.parametrize("vector", vectors("builds"))
def test_builds_are_ranked_as_the_vector_says(vector: Vector) -> None:
    builds = vector["builds"]
    for labels in (builds["labels"], builds["labels"][::-1]):
        ranking = bridged(vector).ranking(builds["project"], Version(builds["version"]), labels)
        assert ranking is not None
        assert as_expected(ranking, vector) == vector["expected"]


@pytest.mark.usefixtures("no_processes")
@pytest.mark.parametrize("vector", vectors("asked"))
def test_what_is_asked_for_is_what_the_vector_says(vector: Vector) -> None:
    asked = vector["asked"]
    found = Replacements(bridged(vector)).of(
        asked["project"], asked["extras"], is_given=asked["by_user"]
    )
    name, extras = asked["project"], asked["extras"]
    if found is not None:
        name, extras = found.name, sorted(found.extras)
    assert {"name": name, "extras": extras} == vector["expected"]


@pytest.mark.parametrize("vector", vectors("files"))
def test_files_of_several_sources_are_tried_in_the_order_of_the_vector(vector: Vector) -> None:
    files = [
        ReleaseFile(file["filename"], file["source"], number)
        for number, file in enumerate(vector["files"])
    ]

    def read(wheels: Sequence[ReleaseFile[int]]) -> VariantMetadata:
        document = vector["sources"][wheels[0].source]
        if document is None:
            raise OSError("it cannot be had")
        return VariantMetadata.parse(document)

    selection = select(
        Release("pkg", "1.0", files), Target.from_properties(vector["machine"]), read
    )
    assert [file.file for file in selection.files] == vector["expected"]["order"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_vector_files_follow_their_schema(path: Path) -> None:
    schema = contents(SPEC / "vectors.schema.json")
    content = contents(path)
    assert list(violations(content, schema, schema)) == []
    assert content["rules"] == sorted({vector["rule"] for vector in content["vectors"]})


def test_the_schema_tells_a_wrong_vector() -> None:
    schema = contents(SPEC / "vectors.schema.json")
    vector = {
        "name": "a vector with a kind of rejection that does not exist",
        "rule": 1,
        "source": "this test",
        "metadata": {},
        "supported": {},
        "expected": {
            "order": [],
            "rejected": {"v": {"kind": "mood", "namespace": "n", "feature": "f"}},
        },
    }
    assert list(violations({"rules": [1], "vectors": [vector]}, schema, schema))


def test_every_vector_has_its_own_name() -> None:
    names = [vector["name"] for path in FILES for vector in contents(path)["vectors"]]
    assert len(names) == len(set(names))
    assert len(names) >= 80


def test_every_rule_has_vectors_or_says_that_it_has_none() -> None:
    readme = (SPEC / "README.md").read_text(encoding="utf-8")
    rules = {int(number): text for number, text in re.findall(r"(?m)^\*\*(\d+)\. (.*)", readme)}
    assert list(rules) == list(range(1, len(rules) + 1))
    paragraphs = re.split(r"(?m)^(?=\*\*\d+\. )", readme)
    without = {
        int(match[1])
        for paragraph in paragraphs
        if (match := re.match(r"\*\*(\d+)\. ", paragraph))
        and re.search(r"\(No\s+vectors\b", paragraph)
    }
    covered = {rule for path in FILES for rule in contents(path)["rules"]}
    assert covered == set(rules) - without


def test_every_kind_of_rejection_has_a_vector() -> None:
    kinds = {
        rejection["kind"]
        for path in FILES
        for vector in contents(path)["vectors"]
        for rejection in vector["expected"].get("rejected", {}).values()
    }
    assert kinds == {kind.value for kind in RejectionKind}


JSON_TYPES = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": float,
    "object": dict,
    "string": str,
}


def json_type(value: Any) -> str:
    return next(name for name, kind in JSON_TYPES.items() if type(value) is kind)


def violations(value: Any, schema: Any, root: Any, place: str = "") -> Iterator[str]:
    """What breaks a schema, for the keywords that ``vectors.schema.json`` uses."""
    if "$ref" in schema:
        yield from violations(
            value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, place
        )
    if "oneOf" in schema:
        fitting = [s for s in schema["oneOf"] if not any(violations(value, s, root))]
        if len(fitting) != 1:
            yield f"{place}: fits {len(fitting)} of {len(schema['oneOf'])} alternatives"
    types = schema.get("type", list(JSON_TYPES))
    if json_type(value) not in ([types] if isinstance(types, str) else types):
        yield f"{place}: not of type {types}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"{place}: too short"
        if not re.search(schema.get("pattern", ""), value):
            yield f"{place}: {value!r} does not match"
    elif isinstance(value, int):
        if value < schema.get("minimum", value):
            yield f"{place}: too small"
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{place}: too few"
        if schema.get("uniqueItems") and len(set(map(repr, value))) != len(value):
            yield f"{place}: repeated"
        for index, item in enumerate(value):
            yield from violations(item, schema.get("items", {}), root, f"{place}[{index}]")
    elif isinstance(value, dict):
        yield from violations_of_object(value, schema, root, place)


def violations_of_object(value: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for key in schema.get("required", []):
        if key not in value:
            yield f"{place}: no {key}"
    for key, item in value.items():
        yield from violations(key, schema.get("propertyNames", {}), root, f"{place}.{key}")
        others = schema.get("additionalProperties", {})
        if key in properties:
            yield from violations(item, properties[key], root, f"{place}.{key}")
        elif others is False:
            yield f"{place}: unknown key {key}"
        else:
            yield from violations(item, others, root, f"{place}.{key}")
