"""The metadata model: errors, writing back, merging, what variantlib makes of what we write."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from support.repository import REPOSITORY

from variantsel import (
    InconsistentMetadata,
    InvalidMetadata,
    Target,
    UnsupportedSchema,
    VariantMetadata,
    rank,
)
from variantsel.formats.provider_info import ProviderInfo
from variantsel.targets.target import StaticProperties

VECTORS = REPOSITORY / "spec" / "vectors"
SCHEMAS = "https://variants-schema.wheelnext.dev/"
OLD_NULL_LABEL = "00000000"


def ranking_vectors() -> list[Any]:
    """The vectors whose metadata is valid."""
    return [
        pytest.param(vector, id=f"{path.stem}: {vector['name']}")
        for path in sorted(VECTORS.glob("*.json"))
        for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]
        if "metadata" in vector and "order" in vector["expected"]
    ]


def release(**changes: Any) -> dict[str, Any]:
    """Metadata of 0.2.0 with a static and an asked provider."""
    return {
        "$schema": f"{SCHEMAS}v0.2.0.json",
        "default-priorities": {"namespace": ["acme", "blue"]},
        "providers": {
            "acme": {"requires": ["acme-provider>=1"], "plugin-api": "acme_provider:Plugin"},
            "blue": {
                "static-properties": {"tone": ["dark", "light"], "hue": ["7"]},
                "feature-order": ["tone", "hue"],
                "optional": True,
            },
        },
        "variants": {
            "v": {"blue": {"tone": ["light", "dark"]}, "acme": {"level": ["2", "1"]}},
            "null": {},
        },
        **changes,
    }


# -- reading


def test_a_release_is_read_into_the_model() -> None:
    metadata = VariantMetadata.parse(release())
    assert metadata.generation == (0, 2, 0)
    assert metadata.namespaces == ("acme", "blue")
    assert metadata.variants == {
        "v": {"blue": {"tone": ("dark", "light")}, "acme": {"level": ("1", "2")}},
        "null": {},
    }
    assert metadata.providers == {
        "acme": ProviderInfo(requires=("acme-provider>=1",), plugin_api="acme_provider:Plugin"),
        "blue": ProviderInfo(
            static_properties={"tone": ("dark", "light"), "hue": ("7",)}, optional=True
        ),
    }


def test_files_without_providers_say_so() -> None:
    document = release(**{"$schema": f"{SCHEMAS}peps/825/v0.1.1.json"})
    assert VariantMetadata.parse(document).providers is None


def test_reading_leaves_the_document_alone() -> None:
    document = release()
    before = copy.deepcopy(document)
    VariantMetadata.parse(document)
    assert document == before


def test_the_model_does_not_follow_later_changes_of_the_document() -> None:
    document = release()
    metadata = VariantMetadata.parse(document)
    before = metadata.to_json()
    document["variants"]["v"]["acme"]["level"].append("3")
    document["providers"]["blue"]["static-properties"]["tone"].append("grey")
    document["default-priorities"]["namespace"].append("red")
    assert metadata.to_json() == before


def test_an_error_names_the_file_the_place_what_was_found_and_what_was_expected() -> None:
    document = release(variants={"v": {"acme": {"level": ["V2"]}}})
    with pytest.raises(InvalidMetadata) as caught:
        VariantMetadata.parse(document, source="pkg-1.0-variants.json")
    assert caught.value.source == "pkg-1.0-variants.json"
    assert caught.value.place == "variants.v.acme.level"
    assert str(caught.value) == (
        "pkg-1.0-variants.json: variants.v.acme.level: found 'V2', expected text that matches "
        "[a-z0-9_.]+"
    )


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"$schema": "v9.0.0.json"}, "$schema"),
        ({"default-priorities": {}}, "default-priorities"),
        ({"default-priorities": {"namespace": []}}, "default-priorities.namespace"),
        ({"default-priorities": {"namespace": ["A"]}}, "default-priorities.namespace"),
        ({"providers": {"acme": {}}}, "providers.acme"),
        ({"providers": {"acme": {"requires": [1]}}}, "providers.acme.requires"),
        (
            {"providers": {"acme": {"static-properties": {"f": [1]}}}},
            "providers.acme.static-properties.f",
        ),
        (
            {"providers": {"acme": {"static-properties": {"f": ["1"], "g": ["1"]}}}},
            "providers.acme.feature-order",
        ),
        ({"providers": {"acme": {"builtin": "x", "optional": 0}}}, "providers.acme.optional"),
        ({"variants": {"V": {}}}, "variants"),
        ({"variants": {"v": {}}}, "variants.v"),
        ({"variants": {"null": {"acme": {"f": ["x"]}}}}, "variants.null"),
        ({"variants": {"v": {"acme": {"f": []}}}}, "variants.v.acme.f"),
        ({"variants": {"v": {"acme": {"f-g": ["x"]}}}}, "variants.v.acme"),
    ],
)
def test_an_error_tells_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidMetadata) as caught:
        VariantMetadata.parse(release(**changes))
    assert caught.value.place == place


def test_an_unsupported_version_is_told_apart_from_an_invalid_file() -> None:
    with pytest.raises(UnsupportedSchema):
        VariantMetadata.parse(release(**{"$schema": f"{SCHEMAS}v2.0.0.json"}))


def test_a_huge_wrong_value_is_quoted_in_part() -> None:
    with pytest.raises(InvalidMetadata) as caught:
        VariantMetadata.parse(release(variants=["x" * 100_000]))
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "marker",
    ["'gpu' in extras", "'x' in dependency_groups", "extra == 'gpu'", "python_version in 'x'"],
)
def test_a_marker_about_something_else_breaks_nothing(marker: str) -> None:
    document = release(**{"$schema": f"{SCHEMAS}v0.0.3.json"})
    document["providers"] = {"acme": {"requires": ["acme-provider"], "enable-if": marker}}
    try:
        ranking = rank(document, Target.from_properties({"acme": {"level": ["1"]}}))
    except InvalidMetadata:
        return  # some versions of packaging do not read it, which is an answer as well
    assert ranking.labels == ["null"]


# -- writing


def is_expressible(metadata: VariantMetadata) -> bool:
    """Whether 0.2.0 has words for what decides the ranking."""
    providers = metadata.providers
    asked = {
        namespace
        for namespace in metadata.namespaces
        if providers is None
        or namespace not in providers
        or providers[namespace].static_properties is None
    }
    return not (
        asked.intersection(metadata.feature_priorities)
        or asked.intersection(metadata.value_priorities)
        or any(provider.enable_if is not None for provider in (providers or {}).values())
    )


def summary(metadata: VariantMetadata, vector: dict[str, Any]) -> Any:
    target = (
        Target.host()
        if vector["supported"] is None
        else Target(
            "the vector's machine",
            StaticProperties(vector["supported"]),
            environment=vector.get("environment", {}),
        )
    )
    ranking = rank(metadata, target, enabled=vector.get("enabled", ()))
    return ranking.labels, {label: str(reason) for label, reason in ranking.rejected.items()}


@pytest.mark.parametrize("vector", ranking_vectors())
def test_what_is_written_ranks_as_what_was_read(vector: dict[str, Any]) -> None:
    metadata = VariantMetadata.parse(vector["metadata"])
    if is_expressible(metadata):
        again = VariantMetadata.parse(metadata.to_json())
        assert summary(again, vector) == summary(metadata, vector)


@pytest.mark.parametrize("vector", ranking_vectors())
def test_writing_what_was_written_changes_nothing(vector: dict[str, Any]) -> None:
    text = VariantMetadata.parse(vector["metadata"]).to_json()
    assert VariantMetadata.parse(text).to_json() == text


def test_what_is_written_is_of_the_newest_generation_and_sorted() -> None:
    text = VariantMetadata.parse(release()).to_json()
    assert text.endswith("}\n")
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert json.loads(text) == {
        "$schema": f"{SCHEMAS}v0.2.0.json",
        "default-priorities": {"namespace": ["acme", "blue"]},
        "providers": {
            "acme": {"requires": ["acme-provider>=1"], "plugin-api": "acme_provider:Plugin"},
            "blue": {
                "static-properties": {"hue": ["7"], "tone": ["dark", "light"]},
                "feature-order": ["tone", "hue"],
                "optional": True,
            },
        },
        "variants": {
            "null": {},
            "v": {"acme": {"level": ["1", "2"]}, "blue": {"tone": ["dark", "light"]}},
        },
    }


def test_static_values_of_0_0_3_are_written_in_the_releases_own_order() -> None:
    document = {
        "$schema": f"{SCHEMAS}v0.0.3.json",
        "default-priorities": {
            "namespace": ["blue"],
            "feature": {"blue": ["tone"]},
            "property": {"blue": {"tone": ["light"]}},
        },
        "providers": {"blue": {"install-time": False, "requires": ["blue-provider"]}},
        "static-properties": {"blue": {"hue": ["7"], "tone": ["dark", "light"]}},
        "variants": {"null": {}},
    }
    assert VariantMetadata.parse(document).to_dict()["providers"] == {
        "blue": {
            "static-properties": {"hue": ["7"], "tone": ["light", "dark"]},
            "feature-order": ["tone", "hue"],
        }
    }


def test_where_tools_bring_the_providers_none_is_written() -> None:
    document = release(**{"$schema": f"{SCHEMAS}peps/825/v0.1.1.json"})
    metadata = VariantMetadata.parse(document)
    written = metadata.to_dict()
    assert "providers" not in written
    assert VariantMetadata.parse(written) == metadata


def test_builtin_is_read_and_never_written() -> None:
    document = release(providers={"acme": {"builtin": "acme"}, "blue": {"requires": ["blue>=1"]}})
    assert VariantMetadata.parse(document).providers["acme"].builtin == "acme"  # type: ignore[index]
    written = VariantMetadata.parse(document).to_dict()
    assert written["providers"] == {"blue": {"requires": ["blue>=1"]}}
    document["providers"].pop("blue")
    document["default-priorities"]["namespace"] = ["acme"]
    written = VariantMetadata.parse(document).to_dict()
    assert "builtin" not in str(written)
    assert written["$schema"].endswith("v0.1.1.json")


@pytest.mark.parametrize("version", ["1.0.0", "1.4.2"])
def test_1_x_is_read_before_it_is_there(version: str) -> None:
    """The drafts' next version is 1.0.0, under another URL: with ``providers`` or without."""
    schema = f"https://packaging.python.org/specifications/variants/v{version}.json"
    newest = release(**{"new-key": {"of": "1.x"}})
    target = Target.from_properties({"acme": {"level": ["3", "2", "1"]}, "blue": {"f": ["x"]}})
    expected = rank(newest, target)
    for document in (newest, {key: newest[key] for key in newest if key != "providers"}):
        later = {**document, "$schema": schema}
        for text in (later, json.dumps(later), json.dumps(later).encode()):
            found = rank(text, target)
            assert (found.labels, found.rejected) == (expected.labels, expected.rejected)
    assert VariantMetadata.parse({**newest, "$schema": schema}).providers is not None


def with_named_providers(metadata: VariantMetadata) -> VariantMetadata:
    """The same with a package for every provider that tools are to bring: variantlib 0.2.2 reads no
    file without."""
    providers = metadata.providers
    if providers is None:
        providers = dict.fromkeys(metadata.namespaces, ProviderInfo())
    return metadata._replace(
        providers={
            namespace: provider
            if provider.requires or provider.static_properties is not None
            else provider._replace(requires=(f"{namespace}-provider",), builtin=None)
            for namespace, provider in providers.items()
        }
    )


def has_a_provider_for_each_namespace(metadata: VariantMetadata) -> bool:
    """What the drafts ask of publishers, and variantlib checks."""
    used = {
        namespace
        for properties in metadata.variants.values()
        for namespace, features in properties.items()
        if features
    }
    covered = set(metadata.providers or {})
    empty = [
        provider
        for provider in (metadata.providers or {}).values()
        if provider.static_properties == {}
    ]
    return used <= set(metadata.namespaces) <= covered and not empty


@pytest.mark.parametrize("vector", ranking_vectors())
def test_variantlib_reads_what_is_written(vector: dict[str, Any]) -> None:
    variants_json = pytest.importorskip("variantlib.variants_json")
    metadata = with_named_providers(VariantMetadata.parse(vector["metadata"]))
    has_old_null_variant = metadata.variants.get(OLD_NULL_LABEL) == {}
    if has_old_null_variant or not has_a_provider_for_each_namespace(metadata):
        with pytest.raises(ValueError):
            variants_json.VariantsJson(metadata.to_dict())
        return
    read = variants_json.VariantsJson(json.loads(metadata.to_json()))
    assert read.namespace_priorities == list(metadata.namespaces)
    assert {
        label: {(p.namespace, p.feature, p.value) for p in description.properties}
        for label, description in read.variants.items()
    } == {
        label: {
            (namespace, feature, value)
            for namespace, features in properties.items()
            for feature, values in features.items()
            for value in values
        }
        for label, properties in metadata.variants.items()
    }
    for namespace, provider in (metadata.providers or {}).items():
        if namespace in metadata.namespaces and provider.static_properties is not None:
            static = metadata.prioritized(namespace, provider.static_properties)
            found = read.providers[namespace]
            assert found.feature_order in ([], list(static))
            assert found.static_properties == {f: list(values) for f, values in static.items()}


# -- merging


def part(label: str, namespaces: list[str], properties: Any, **changes: Any) -> VariantMetadata:
    return VariantMetadata.parse(
        {
            "$schema": f"{SCHEMAS}peps/825/v0.1.1.json",
            "default-priorities": {"namespace": namespaces},
            "variants": {label: properties},
            **changes,
        }
    )


LEVEL_1, LEVEL_2 = {"acme": {"level": ["1"]}}, {"acme": {"level": ["2"]}}


def test_merging_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no metadata to merge"):
        VariantMetadata.merge([])


def test_merged_variants_are_sorted_by_label() -> None:
    parts = [part(label, ["acme"], LEVEL_1) for label in ("c", "a", "b")]
    assert list(VariantMetadata.merge(parts).variants) == ["a", "b", "c"]


def test_merging_takes_any_iterable_once() -> None:
    parts = (part(label, ["acme"], LEVEL_1) for label in ("a", "b"))
    assert list(VariantMetadata.merge(parts).variants) == ["a", "b"]


def test_merging_leaves_the_parts_alone() -> None:
    parts = [part("a", ["acme"], LEVEL_1), part("b", ["acme", "blue"], LEVEL_2)]
    before = [each.to_json() for each in parts]
    VariantMetadata.merge(parts)
    assert [each.to_json() for each in parts] == before


def test_the_newest_generation_among_the_parts_is_kept() -> None:
    old = part("a", ["acme"], LEVEL_1, **{"$schema": f"{SCHEMAS}peps/825/v0.1.0.json"})
    new = part("b", ["acme"], LEVEL_2)
    assert VariantMetadata.merge([new, old]).generation == (0, 1, 1)
    assert VariantMetadata.merge([old, new]).generation == (0, 1, 1)


def test_a_contradiction_names_its_place_and_both_sides() -> None:
    with pytest.raises(InconsistentMetadata) as caught:
        VariantMetadata.merge([part("a", ["acme"], LEVEL_1), part("a", ["acme"], LEVEL_2)])
    assert caught.value.place == "variants.a"
    assert '{"acme": {"level": ["1"]}}' in caught.value.problem
    assert '{"acme": {"level": ["2"]}}' in caught.value.problem


def test_contradicting_orders_of_namespaces_are_shown() -> None:
    first, second = part("a", ["acme", "blue"], LEVEL_1), part("b", ["blue", "acme"], LEVEL_2)
    with pytest.raises(InconsistentMetadata) as caught:
        VariantMetadata.merge([first, second])
    assert caught.value.place == "default-priorities.namespace"
    assert "['acme', 'blue']" in caught.value.problem
    assert "['blue', 'acme']" in caught.value.problem


def test_a_release_ranks_the_same_from_its_wheels_as_from_its_index_file() -> None:
    document = release()
    target = Target.from_properties({"acme": {"level": ["2"]}})
    wheels = [
        VariantMetadata.parse({**document, "variants": {label: properties}})
        for label, properties in document["variants"].items()
    ]
    merged = rank(VariantMetadata.merge(wheels), target, enabled=["blue"])
    assert merged.labels == rank(document, target, enabled=["blue"]).labels == ["v", "null"]


# -- a wheel and its release


def test_a_wheel_with_a_wrong_label_is_told_with_both_labels() -> None:
    index = VariantMetadata.merge([part("a", ["acme"], LEVEL_1), part("b", ["acme"], LEVEL_2)])
    with pytest.raises(InconsistentMetadata) as caught:
        index.check_wheel(part("b", ["acme"], LEVEL_2), "a")
    assert "['b']" in caught.value.problem
    assert "'a'" in caught.value.problem


def test_a_wheel_with_wrong_properties_is_told_by_its_label() -> None:
    index = part("a", ["acme"], LEVEL_1)
    with pytest.raises(InconsistentMetadata) as caught:
        index.check_wheel(part("a", ["acme"], LEVEL_2), "a")
    assert caught.value.place == "variants.a"


# -- the properties a variant has on a machine


def test_supported_properties_are_those_of_the_variant_that_the_machine_supports() -> None:
    document = release(
        variants={"v": {"acme": {"level": ["1", "2", "9"], "size": ["s"]}, "blue": {"hue": ["7"]}}}
    )
    target = Target.from_properties({"acme": {"size": ["s"], "level": ["3", "2", "1"]}})
    ranking = rank(document, target, enabled=["blue"])
    assert [str(found) for found in ranking.supported_properties("v")] == [
        "acme :: size :: s",
        "acme :: level :: 2",
        "acme :: level :: 1",
        "blue :: hue :: 7",
    ]


def test_the_null_variant_has_no_supported_properties() -> None:
    ranking = rank(release(), Target.from_properties({"acme": {"level": ["1"]}}))
    assert ranking.supported_properties("null") == []


def test_an_unknown_label_has_no_supported_properties_to_ask_for() -> None:
    with pytest.raises(KeyError):
        rank(release(), Target.from_properties({})).supported_properties("nowhere")


# -- how much is read


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("(" * 32 + "os_name == 'a'" + ")" * 32, ""),
        ("(" * 33 + "os_name == 'a'" + ")" * 33, "nested more than 32 deep"),
        ("(os_name == 'a') or " * 40 + "os_name == 'a'", ""),
        ("os_name == '" + "a" * (16 * 1024 - 13) + "'", ""),
        ("os_name == '" + "a" * (16 * 1024 - 12) + "'", "longer than 16384 characters"),
        ("os_name == '" + "1" * 100 + "'", ""),
        ("os_name == '" + "1" * 101 + "'", "number of more than 100 digits"),
        ("os_name == '" + "\u0661" * 101 + "'", "number of more than 100 digits"),
    ],
)
def test_markers_and_requirements_are_read_within_limits(text: str, problem: str) -> None:
    document = {
        "$schema": f"{SCHEMAS}v0.0.3.json",
        "default-priorities": {"namespace": ["acme"]},
        "variants": {"a": {"acme": {"level": ["1"]}}},
    }
    for key, value in (("enable-if", text), ("requires", [text])):
        for namespace in ("acme", "unused"):
            changed = {**document, "providers": {namespace: {"requires": ["p"], key: value}}}
            for written in (changed, json.dumps(changed).encode()):
                if not problem:
                    assert rank(written, Target.from_properties({})).labels == []
                    continue
                with pytest.raises(InvalidMetadata, match=problem) as caught:
                    rank(written, Target.from_properties({}))
                assert caught.value.place == f"providers.{namespace}.{key}"
