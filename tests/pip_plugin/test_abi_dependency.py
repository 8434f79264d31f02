"""pip install of a package that is built for certain versions of another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.machines import HOPPER
from support.sdists import write_archive
from support.wheels import metadata, write_release

CUDA = {"nvidia": {"cuda_version_lower_bound": ["12.0"]}}
DOCUMENT = metadata(
    {
        "torch29": {**CUDA, "abi_dependency": {"torch": ["2.9"]}},
        "torch28": {"abi_dependency": {"torch": ["2.8"]}},
        "numpy2": {"abi_dependency": {"numpy": ["2"]}},
        "null": {},
    },
    namespaces=["nvidia", "abi_dependency"],
    providers={"nvidia": {"requires": ["nvidia-variant-provider"]}},
)
SKIPPED = (
    "WARNING: extension 1.0: skipped numpy2, torch28, torch29, built for certain versions of "
    "numpy, torch (abi_dependency), which variantsel does not check"
)

SOURCES = {
    "PKG-INFO": "Metadata-Version: 2.1\nName: extension\nVersion: 1.0\n",
    "pyproject.toml": (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    ),
    "backend.py": """
import zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "extension-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        info = "extension-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", open("PKG-INFO").read())
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
""",
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    folder = tmp_path / "index"
    write_release(folder / "extension", "extension", "1.0", DOCUMENT)
    with serve(Index(folder)) as index:
        yield index


def install(environment: Environment, index: Index, *arguments: str, target: str) -> Any:
    result = environment.pip(
        *("install", "--index-url", index.url, "--target", "to", "--upgrade", *arguments),
        "extension",
        variables={"VARIANTSEL_TARGET": target},
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result


@pytest.mark.parametrize("resolver", [(), ("--use-deprecated", "legacy-resolver")])
def test_wheels_that_are_skipped_for_it_are_said_once(
    environment: Environment, index: Index, resolver: tuple[str, ...]
) -> None:
    result = install(environment, index, *resolver, target="cpu-x86-64-v1")

    assert result.returncode == 0, result.stderr
    assert "extension-1.0-py3-none-any-null.whl" in result.stdout
    said = [line for line in result.stderr.splitlines() if "abi_dependency" in line]
    assert said == [SKIPPED.replace(", torch29,", ",")]


def test_where_a_gpu_is_left_unused_for_it_that_says_so_already(
    environment: Environment, index: Index
) -> None:
    result = install(environment, index, target=HOPPER)

    assert result.returncode == 0, result.stderr
    (said,) = (line for line in result.stderr.splitlines() if "abi_dependency" in line)
    assert said.startswith(f"WARNING: extension 1.0: {HOPPER}@12.8 has nvidia hardware, but ")
    assert "torch29 needs abi_dependency :: torch :: 2.9, but variantsel does not resolve" in said


def test_where_sources_are_built_instead_every_reason_was_said(
    environment: Environment, index: Index
) -> None:
    for wheel in (index.folder / "extension").glob("*null.whl"):
        wheel.unlink()
    write_archive(index.folder / "extension", "extension", "1.0", SOURCES)
    result = install(environment, index, "--no-build-isolation", target="cpu-x86-64-v1")

    assert result.returncode == 0, result.stderr
    (said,) = (line for line in result.stderr.splitlines() if "abi_dependency" in line)
    assert "no variant of it can be taken" in said
    assert said.count("needs abi_dependency :: torch :: 2.8") == 1


def test_a_release_without_such_wheels_says_nothing(environment: Environment, index: Index) -> None:
    for wheel in (index.folder / "extension").glob("*"):
        if "null" not in wheel.name and wheel.suffix == ".whl":
            wheel.unlink()
    result = install(environment, index, target="cpu-x86-64-v1")

    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
