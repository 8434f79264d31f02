"""What comes from outside steers no terminal, forges no line, and floods nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.wheels import metadata, write_release, write_wheel

STEERING = "\x1b[2J\x1b]0;owned\x07\u202e"
FORGED = "\nWARNING: forged\r\nERROR: forged"
HOSTILE = f"{STEERING}{FORGED}"
VARIANTS = metadata({"v1": {"x86_64": {"level": ["v1"]}}}, namespaces=["x86_64"])


@pytest.fixture(autouse=True)
def nothing_installed(environment: Environment) -> Iterator[None]:
    """Whatever other tests left in the environment."""
    environment.remove("pkg")
    yield
    environment.remove("pkg")


def assert_harmless(said: str, *expected: str) -> None:
    for text in expected:
        assert text in said, said
    lines = said.split("\n")
    assert all(line.isprintable() for line in lines), [line for line in lines if "owned" in line]
    assert not [line for line in lines if "forged" in line and "owned" not in line]


def escaped(text: str) -> str:
    return ascii(text)[1:-1]


def test_an_enable_if_of_metadata(environment: Environment, tmp_path: Path) -> None:
    document = {
        **VARIANTS,
        "$schema": "https://variants-schema.wheelnext.dev/v0.0.3.json",
        "providers": {
            "x86_64": {
                "requires": ["provider-variant-x86-64"],
                "enable-if": f"platform_machine == '{HOSTILE}'",
            }
        },
    }
    links = write_release(tmp_path / "links", "pkg", "1.0", document)
    result = environment.pip("install", "--no-index", "--find-links", str(links), "pkg")
    assert result.returncode == 1
    assert_harmless(result.stdout + result.stderr, escaped(STEERING))


@pytest.mark.parametrize("where", ["$schema", "namespace", "value", "text"])
def test_any_other_part_of_metadata(environment: Environment, tmp_path: Path, where: str) -> None:
    document = json.loads(json.dumps(VARIANTS))
    if where == "$schema":
        document["$schema"] = f"https://example.org/{HOSTILE}/v9.0.0.json{HOSTILE}"
    elif where == "namespace":
        document["default-priorities"]["namespace"].append(HOSTILE)
    else:
        document["variants"]["v1"] = {"x86_64": {"level": [HOSTILE]}}
    links = write_release(tmp_path / "links", "pkg", "1.0", VARIANTS, non_variant=True)
    text = "{" + HOSTILE if where == "text" else json.dumps(document)
    (links / "pkg-1.0-variants.json").write_text(text)
    result = environment.pip("install", "--no-index", "--find-links", str(links), "pkg")
    assert result.returncode == 0
    assert_harmless(result.stdout + result.stderr, "set aside the variants v1")


def test_the_names_of_wheels(environment: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "index" / "pkg"
    wheel = write_wheel(folder, "pkg", "1.0", label="v1", variant_json=VARIANTS)
    name = f"pkg-1.0-py3-none-any{HOSTILE.replace('-', '_')}-v1.whl"
    index = Index(tmp_path / "index", links={wheel.name: quote(name, safe="")})
    with serve(index):
        result = environment.pip("install", "--index-url", index.url, "pkg")
    assert result.returncode == 1
    said = result.stdout + result.stderr  # newer pips take such a name; it is for no platform
    assert_harmless(said, *["pkg 1.0 has wheels (variants v1)"] * ("forged" in said))


@pytest.mark.parametrize("key", [f"take{HOSTILE}", "packages"], ids=["key", "package"])
def test_the_keys_of_a_project(environment: Environment, tmp_path: Path, key: str) -> None:
    links = write_release(tmp_path / "links", "pkg", "1.0", VARIANTS, non_variant=True)
    project = tmp_path / "project"
    project.mkdir()
    value = "1" if key != "packages" else f"{{ {json.dumps(HOSTILE)} = {{ off = true }} }}"
    (project / "variantsel.toml").write_text(f"{json.dumps(key)} = {value}\n")
    arguments = ("install", "--no-index", "--find-links", str(links), "pkg")
    result = environment.pip(*arguments, cwd=project)
    assert result.returncode == 1
    assert_harmless(result.stderr, "ERROR: variantsel: ", escaped(STEERING)[:8])
    shown = environment.run("-m", "variantsel", "config", cwd=project)
    assert_harmless(shown.stderr, "error: ", escaped(STEERING)[:8])


def test_the_path_of_a_project(environment: Environment, tmp_path: Path) -> None:
    links = write_release(tmp_path / "links", "pkg", "1.0", VARIANTS, non_variant=True)
    project = tmp_path / HOSTILE
    project.mkdir()
    (project / "variantsel.toml").write_text("target = 1\n")
    arguments = ("install", "--no-index", "--find-links", str(links), "pkg")
    result = environment.pip(*arguments, cwd=project)
    assert result.returncode == 1
    assert_harmless(result.stderr, "ERROR: variantsel: ", escaped(STEERING))


def test_a_table_has_a_row_for_each_of_ours_alone(environment: Environment, tmp_path: Path) -> None:
    project = tmp_path / HOSTILE
    project.mkdir()
    (project / "variantsel.toml").write_text("strict = true\n")
    shown = environment.run("-m", "variantsel", "config", cwd=project)
    assert shown.returncode == 0
    assert_harmless(shown.stdout, escaped(STEERING))
    as_json = environment.run("-m", "variantsel", "config", "--format", "json", cwd=project)
    assert json.dumps(HOSTILE)[1:-1] in json.dumps(json.loads(as_json.stdout))


@pytest.mark.parametrize("options", [[], ["-v"]])
def test_what_is_said_of_large_metadata_can_be_read(
    environment: Environment, tmp_path: Path, options: list[str]
) -> None:
    document = metadata(
        {
            **{f"v{number}": {"x86_64": {"level": [f"v{number}"]}} for number in range(2000)},
            "l" * 2_000_000: {"x86_64": {"level": ["w" * 2_000_000]}},
        },
        namespaces=["x86_64"],
    )
    links = tmp_path / "links"
    write_wheel(links, "pkg", "1.0", label="v1999", variant_json=document)
    write_wheel(links, "pkg", "1.0", label="v1998", variant_json=document)
    write_wheel(links, "pkg", "1.0")
    (links / "pkg-1.0-variants.json").write_text(json.dumps(document))
    arguments = ("install", "--no-index", "--find-links", str(links), "pkg", *options)
    result = environment.pip(*arguments)
    assert result.returncode == 0
    assert "pkg 1.0: " in result.stdout
    said = result.stdout + result.stderr
    assert max(map(len, said.splitlines())) < 5000
    assert len(said) < 60_000
