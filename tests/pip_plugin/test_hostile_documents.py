"""Releases whose metadata, requirements or file names are deep, long or absurd: pip takes another,
as it does where it knows nothing of variants.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.machines import CPU_NAMESPACE, CPU_PROPERTIES
from support.wheels import metadata, write_release, write_wheel

DOCUMENT = metadata({"cpu": CPU_PROPERTIES, "null": {}}, namespaces=[CPU_NAMESPACE])
NESTED = "(" * 400 + "os_name == 'posix'" + ")" * 400
DIGITS = f"python_version > '{'1' * 5000}'"


def with_provider(schema: str, **provider: Any) -> dict[str, Any]:
    changed = {**DOCUMENT["providers"][CPU_NAMESPACE], **provider}
    return {**DOCUMENT, "$schema": schema, "providers": {CPU_NAMESPACE: changed}}


HOSTILE = {
    "enable-if-nested": with_provider("v0.0.3.json", **{"enable-if": NESTED}),
    "enable-if-digits": with_provider("v0.0.3.json", **{"enable-if": DIGITS}),
    "enable-if-long": with_provider("v0.0.3.json", **{"enable-if": "os_name == '" + "a" * 20_000}),
    "requires-nested": with_provider("v0.2.0.json", requires=[f"p; {NESTED}"]),
    "requires-digits": with_provider("v0.2.0.json", requires=[f"p; {DIGITS}"]),
    "requires-version": with_provider("v0.2.0.json", requires=["p==" + "1" * 5000]),
    "requires-long": with_provider("v0.0.3.json", requires=["p" * 20_000]),
    "requires-not-used": {
        **DOCUMENT,
        "providers": {**DOCUMENT["providers"], "other": {"requires": [f"p; {NESTED}"]}},
    },
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Version 2.0, which is hostile once a test has written it, and an ordinary 1.0."""
    write_wheel(tmp_path / "index" / "pkg", "pkg", "1.0")
    with serve(Index(tmp_path / "index")) as index:
        yield index


def install(environment: Environment, index: Index, tmp_path: Path, *options: str) -> Any:
    result = environment.pip(
        *("install", "--target", str(tmp_path / "site"), "--index-url", index.url, "pkg", *options)
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert "report this" not in result.stderr
    assert len(result.stderr) < 5000
    assert (tmp_path / "site" / "pkg-1.0.dist-info").is_dir()
    return result


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("in_wheels", [False, True], ids=["index", "wheels"])
def test_hostile_metadata_leaves_the_older_version(
    environment: Environment,
    index: Index,
    tmp_path: Path,
    document: dict[str, Any],
    in_wheels: bool,
) -> None:
    write_release(index.folder / "pkg", "pkg", "2.0", document, with_index_metadata=not in_wheels)
    result = install(environment, index, tmp_path)
    assert "set aside the variants" in result.stderr
    assert "the most that is read" in result.stderr


@pytest.mark.parametrize(
    "requirement",
    [
        "dep ; " + "(" * 400 + "variant_label == 'x'" + ")" * 400,
        "dep ; " + "(" * 40_000 + "variant_label == 'x'" + ")" * 40_000,
        "dep ; variant_label == 'x'" + " or variant_label == 'x'" * 10_000,
        "dep ; python_version > '" + "1" * 5000 + "' and variant_label == 'null'",
        "dep ;" + " " * 40_000 + "variant_label",
    ],
    ids=["nested", "nested-deeper", "long", "digits", "spaces"],
)
@pytest.mark.parametrize("core_metadata", [False, True], ids=["plain", "core-metadata"])
def test_a_hostile_variant_marker_leaves_the_older_version(
    environment: Environment,
    index: Index,
    tmp_path: Path,
    requirement: str,
    core_metadata: bool,
) -> None:
    if environment.pip_version.startswith(("23.", "24.0")):
        pytest.skip("this pip ends the run where it cannot read what a release requires")
    index.json_pages = index.core_metadata = core_metadata
    write_release(index.folder / "pkg", "pkg", "2.0", DOCUMENT, requires=[requirement])
    result = install(environment, index, tmp_path)
    assert "variant_" in result.stderr or "((((" in result.stderr or "dep ;" in result.stderr


def test_a_version_of_thousands_of_digits_is_passed_over(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    """As every name with a label is where nothing is known of variants."""
    wheel = write_wheel(index.folder / "pkg", "pkg", "2.0", label="null", variant_json=DOCUMENT)
    index.links[wheel.name] = f"pkg-{'1' * 5000}-py3-none-any-null.whl"
    install(environment, index, tmp_path)


@pytest.mark.parametrize("with_requirements", [False, True], ids=["metadata", "requirements"])
def test_an_installed_variant_that_is_hostile_is_said_and_ends_nothing(
    environment: Environment, index: Index, tmp_path: Path, with_requirements: bool
) -> None:
    wheels = [
        write_wheel(
            tmp_path,
            *(f"hostile{number}", "1.0"),
            label="null",
            variant_json={**document, "variants": {"null": {}}},
            requires=[f"a; {NESTED}", f"b; {DIGITS}", "c==" + "1" * 5000]
            if with_requirements
            else [],
        )
        for number, document in enumerate(HOSTILE.values())
    ]
    environment.unpack(*wheels)
    try:
        listed = environment.run("-m", "variantsel", "list", "--format", "json")
        assert "Traceback" not in listed.stderr
        assert json.loads(listed.stdout)["variants"] == []
        assert listed.stderr.count("the most that is read") == len(HOSTILE)
        if not with_requirements:  # of which older pips make a traceback of their own
            install(environment, index, tmp_path)
    finally:
        environment.remove(*(f"hostile{number}" for number in range(len(HOSTILE))))
