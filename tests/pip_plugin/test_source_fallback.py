"""A release of which no variant fits is built from source: why is said before, and on failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.sdists import write_archive
from support.wheels import metadata, write_release

NEWER = metadata(
    {"cuda13": {"nvidia": {"cuda_version_lower_bound": ["13.0"]}}}, namespaces=["nvidia"]
)
OPTIONS = {"new": (), "old": ("--use-deprecated=legacy-resolver",)}
HOOKS = {
    "gpu": "raise SystemExit('nvcc was not found')",
    "late": """
import pathlib
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder, "late-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: late\\nVersion: 1.0\\n")
    return info.name
def build_wheel(folder, config_settings=None, metadata_directory=None):
    raise SystemExit("nvcc was not found")
""",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """``gpu`` and ``late``: a variant for a newer driver, and sources that cannot be built here;
    the one fails while its metadata is made, the other as its wheel is."""
    folder = tmp_path_factory.mktemp("index")
    for name, backend in HOOKS.items():
        write_release(folder / name, name, "1.0", NEWER)
        files = {
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            "pyproject.toml": (
                '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            ),
            "backend.py": backend,
        }
        write_archive(folder / name, name, "1.0", files)
    with serve(Index(folder)) as index:
        yield index


def install(environment: Environment, index: Index, *arguments: str, **variables: str) -> Any:
    result = environment.pip(
        *("install", "--index-url", index.url, *arguments),
        variables={"VARIANTSEL_TARGET": "gh200@12.8", **variables},
    )
    assert "Traceback" not in result.stderr
    assert result.returncode == 1
    return result.stderr


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_why_it_is_built_is_said_before_and_again_when_that_fails(
    environment: Environment, index: Index, name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    target = ("--target", str(tmp_path / "site"))
    said = " ".join(install(environment, index, *options, *target, name).split())
    reason = (
        f"{name} 1.0: no variant of it can be taken for gh200@12.8, which leaves the source "
        f"distribution {name}-1.0.tar.gz, to be built here. cuda13 needs nvidia :: "
        "cuda_version_lower_bound :: 13.0, but the machine supports"
    )
    before, failure, after = said.partition("nvcc was not found")
    assert failure
    assert f"WARNING: {reason}" in before
    assert reason in after


def test_a_package_that_is_switched_off_is_built_without_a_word(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    target = ("--target", str(tmp_path / "site"))
    assert "no variant" not in install(environment, index, *target, "gpu", VARIANTSEL_OFF="gpu")
