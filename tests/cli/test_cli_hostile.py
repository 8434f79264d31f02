"""Documents and file names made to break who reads them: one line that says so, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.wheels import metadata, write_wheel

DOCUMENT = metadata({"one": {"x86_64": {"level": ["v1"]}}}, namespaces=["x86_64"])
NESTED = "(" * 400 + "os_name == 'posix'" + ")" * 400
DIGITS = "1" * 5000


def rank(*arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {name: os.environ[name] for name in os.environ if not name.startswith("VARIANTSEL")}
    return subprocess.run(
        [sys.executable, "-m", "variantsel", "rank", *arguments],
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "provider",
    [
        {"enable-if": NESTED},
        {"enable-if": f"python_version > '{DIGITS}'"},
        {"requires": [f"p; {NESTED}"]},
        {"requires": [f"p; python_version > '{DIGITS}'"]},
        {"requires": [f"p=={DIGITS}"]},
        {"requires": ["p" * 20_000]},
    ],
    ids=["nested", "digits", "requires-nested", "requires-digits", "requires-version", "long"],
)
@pytest.mark.parametrize("target", ["h100", "host"])
def test_what_is_deep_or_long_is_invalid(
    tmp_path: Path, provider: dict[str, Any], target: str
) -> None:
    path = tmp_path / "pkg-1.0-variants.json"
    providers = {"x86_64": {"requires": ["provider-variant-x86-64"], **provider}}
    path.write_text(json.dumps({**DOCUMENT, "$schema": "v0.0.3.json", "providers": providers}))
    ranked = rank(str(path), "--target", target)
    assert ranked.returncode == 2
    assert ranked.stderr.startswith(f"error: {path}: providers.x86_64.{next(iter(provider))}")
    assert "the most that is read" in ranked.stderr
    assert len(ranked.stderr) < 1000


def test_a_place_with_a_long_name_is_named_short(tmp_path: Path) -> None:
    path = tmp_path / "pkg-1.0-variants.json"
    path.write_text(json.dumps({**DOCUMENT, "variants": {"l" * 1_000_000: {"a": {"b": []}}}}))
    ranked = rank(str(path))
    assert ranked.returncode == 2
    assert "expected at least one value" in ranked.stderr
    assert len(ranked.stderr) < 1000


@pytest.mark.parametrize(
    "name", [f"pkg-{DIGITS}-py3-none-any-one.whl", f"pkg-{DIGITS}-variants.json"]
)
def test_a_version_of_thousands_of_digits_in_a_file_name(name: str) -> None:
    ranked = rank(name)
    assert ranked.returncode == 2
    assert ranked.stderr.startswith("error: ")
    assert "Traceback" not in ranked.stderr


def test_a_wheel_of_little_more_than_a_kilobyte(tmp_path: Path) -> None:
    import zipfile

    path = write_wheel(tmp_path, "pkg", "1.0", label="one")
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive,
        archive.open("pkg-1.0.dist-info/variant.json", "w") as member,
    ):
        for _ in range(40):
            member.write(bytes(1024 * 1024))
    ranked = rank(str(path))
    assert ranked.returncode == 2
    assert "larger than 32 MiB" in ranked.stderr


def test_a_version_of_thousands_of_digits_that_is_asked_for_of_a_bridge() -> None:
    ranked = rank(f"torch=={DIGITS}", "--bridge", "torch", "--target", "h100")
    assert ranked.returncode == 2
    assert ranked.stderr.startswith("error: ")
    assert "expected a version: NAME or NAME==VERSION" in ranked.stderr
    assert "Traceback" not in ranked.stderr
