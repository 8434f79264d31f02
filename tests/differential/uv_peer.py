"""uv as a peer: in which order its wheel-variants preview prefers the variants of a release."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

Metadata = dict[str, Any]
"""The content of a variants.json."""

uv = pytest.importorskip("uv", reason="uv is not installed (the extra `test` brings it)")

VERSION = "1.0"
TAG = "py3-none-any"


def uv_orders(
    releases: Mapping[str, Metadata], folder: Path, environment: Mapping[str, str] | None = None
) -> dict[str, list[str]]:
    """Let uv order the variants of many releases: ``{project: [label, ...]}``, best first.

    uv says only what it likes best. So what it selects is taken off the index, and it is asked
    again, until it selects the non-variant wheel, which every project has. The labels that uv
    never selects are those it finds incompatible.

    :param releases: ``{project name: metadata}``.
    :param folder: an empty folder to work in.
    :param environment: variables for uv, in addition to those it always needs.
    """
    index = folder / "index"
    publish(index, releases)
    orders: dict[str, list[str]] = {project: [] for project in releases}
    remaining = list(releases)
    while remaining:
        selected = uv_selections(remaining, index, environment or {})
        remaining = [project for project in remaining if selected[project] is not None]
        for project in remaining:
            orders[project].append(str(selected[project]))
            (index / _wheel_name(project, selected[project])).unlink()
    return orders


def uv_selections(
    projects: list[str], index: Path, environment: Mapping[str, str]
) -> dict[str, str | None]:
    """The label that uv selects of each project, ``None`` for the non-variant wheel."""
    log = _install(projects, index, environment, "--dry-run", "--verbose")
    return {
        match["project"]: match["label"]
        for match in re.finditer(
            rf"Selecting: (?P<project>\w+)==.*-{TAG}(?:-(?P<label>[a-z0-9._]+))?\.whl\)$", log, re.M
        )
    }


def uv_installs(projects: list[str], index: Path, target: Path) -> dict[str, str | None]:
    """The label that uv installs of each project, ``None`` for the non-variant wheel."""
    _install(projects, index, {}, "--target", str(target))
    return {project: _installed_label(target, project) for project in projects}


def publish(index: Path, releases: Mapping[str, Metadata]) -> None:
    """Make an index of releases, each with a wheel a variant and one that is none."""
    index.mkdir()
    for project, metadata in releases.items():
        (index / f"{project}-{VERSION}-variants.json").write_text(json.dumps(metadata))
        _write_wheel(index, project, None, None)
        for label, properties in metadata["variants"].items():
            _write_wheel(index, project, label, {**metadata, "variants": {label: properties}})


def _install(
    projects: list[str], index: Path, environment: Mapping[str, str], *options: str
) -> str:
    """Run ``uv pip install`` and return what it logs."""
    requirements = index.with_name("requirements.txt")
    requirements.write_text("\n".join(projects))
    command = [
        uv.find_uv_bin(),
        *("pip", "install", "--preview-features", "wheel-variants"),
        *("--no-config", "--no-cache", "--no-progress", "--color", "never", "--no-deps"),
        *("--python", sys.executable, "--no-index", "--find-links", str(index)),
        *("--requirements", str(requirements), *options),
    ]
    run = subprocess.run(
        command,
        env={**scrubbed_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stderr


def _installed_label(target: Path, project: str) -> str | None:
    described = target / f"{project}-{VERSION}.dist-info" / "variant.json"
    assert described.parent.is_dir(), f"uv did not install {project}"
    if not described.exists():
        return None
    (label,) = json.loads(described.read_bytes())["variants"]
    return str(label)


def scrubbed_environment() -> dict[str, str]:
    """This process's environment without what would change uv's mind."""
    prefixes = ("PIP_", "UV_", "NV_VARIANT_", "VIRTUAL_ENV", "CONDA_")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}


def _wheel_name(project: str, label: str | None) -> str:
    parts = [project, VERSION, TAG]
    if label is not None:
        parts.append(label)
    return "-".join(parts) + ".whl"


def _write_wheel(index: Path, project: str, label: str | None, metadata: Metadata | None) -> None:
    """Write a wheel with nothing in it but its metadata."""
    info = f"{project}-{VERSION}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {VERSION}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {TAG}\n",
    }
    if metadata is not None:
        files[f"{info}/variant.json"] = json.dumps(metadata)
    record = f"{info}/RECORD"
    files[record] = "".join(_record_line(path, text) for path, text in files.items())
    files[record] += f"{record},,\n"
    with zipfile.ZipFile(index / _wheel_name(project, label), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def _record_line(path: str, text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"{path},sha256={digest.rstrip('=')},{len(text.encode())}\n"
