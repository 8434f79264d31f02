"""What the plugin says reaches every stream, and costs pip none of its own output."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.environments import Environment
from support.wheels import metadata, write_release

LEVELS = [f"v{number}" for number in range(20, 1, -1)]
VARIANTS = metadata(
    {"new": {"x86_64": {"level": LEVELS}}, "v1": {"x86_64": {"level": ["v1"]}}},
    namespaces=["x86_64"],
)


@pytest.fixture
def links(tmp_path: Path) -> Path:
    return write_release(tmp_path / "links", "pkg", "1.0", VARIANTS)


def machine(tmp_path: Path, *levels: str) -> dict[str, str]:
    path = tmp_path / "machine.toml"
    path.write_text(f"[properties.x86_64]\nlevel = {list(levels)}\n")
    return {"VARIANTSEL_TARGET": str(path)}


@pytest.mark.parametrize(
    ("encoding", "dots"), [("ascii", "..."), ("latin-1", "..."), ("cp1252", "…"), ("utf-8", "…")]
)
def test_the_rest_of_pips_output_is_not_lost(
    environment: Environment, tmp_path: Path, links: Path, encoding: str, dots: str
) -> None:
    result = environment.run(
        *("-m", "pip", "install", "-v", "--dry-run", "--no-index", "--find-links", str(links)),
        "pkg",
        variables={**machine(tmp_path, "v1"), "PYTHONIOENCODING": encoding},
        encoding=encoding,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert f", {dots} or v9, but the machine supports v1" in result.stdout
    assert "Would install pkg-1.0" in result.stdout


@pytest.mark.parametrize(("encoding", "dots"), [("ascii", "..."), ("utf-8", "…")])
def test_an_error_is_readable(
    environment: Environment, tmp_path: Path, links: Path, encoding: str, dots: str
) -> None:
    result = environment.run(
        *("-m", "pip", "install", "--dry-run", "--no-index", "--find-links", str(links), "pkg"),
        variables={
            **machine(tmp_path, "v1"),
            "PYTHONIOENCODING": encoding,
            "VARIANTSEL_TAKE": "pkg=new",
        },
        encoding=encoding,
    )
    assert result.returncode == 1
    assert f", {dots} or v9, but the machine supports v1" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("value", ["0", "false", "OFF", "No", " off "])
def test_variantsel_is_switched_off(environment: Environment, tmp_path: Path, value: str) -> None:
    links = write_release(tmp_path / "links", "pkg", "1.0", VARIANTS, non_variant=True)
    variables = {**machine(tmp_path, "v1"), "VARIANTSEL": value}
    result = environment.pip(
        *("install", "--dry-run", "--no-index", "--find-links", str(links), "pkg"),
        variables=variables,
    )
    assert "pkg-1.0-py3-none-any.whl" in result.stdout
    status = environment.run("-m", "variantsel", "status", variables=variables)
    assert status.returncode == 1
    assert "which switches it off" in status.stdout
