"""A release of which no variant fits is built from source: why is said before, and on failure."""

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

NEWER = metadata(
    {"cuda13": {"nvidia": {"cuda_version_lower_bound": ["13.0"]}}}, namespaces=["nvidia"]
)
OLDER = metadata(
    {"cuda12": {"nvidia": {"cuda_version_lower_bound": ["12.0"]}}}, namespaces=["nvidia"]
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
    the one fails while its metadata is made, the other as its wheel is. Of ``newer…``, the sources
    are of a newer release than the variants, which fit."""
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
        write_archive(folder / f"newer{name}", f"newer{name}", "2.0", _renamed(files, name))
        older = f"newer{name}"
        write_release(folder / older, older, "1.0", OLDER)
    with serve(Index(folder)) as index:
        yield index


def _renamed(files: dict[str, str], name: str) -> dict[str, str]:
    def text_of(text: str) -> str:
        text = text.replace(f"{name}-1.0", f"newer{name}-2.0").replace("sion: 1.0", "sion: 2.0")
        return text.replace(f"Name: {name}", f"Name: newer{name}")

    return {place: text_of(text) for place, text in files.items()}


def install(environment: Environment, index: Index, *arguments: str, **variables: str) -> Any:
    result = environment.pip(
        *("install", "--index-url", index.url, *arguments),
        variables={"VARIANTSEL_TARGET": f"{HOPPER}@12.8", **variables},
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
        f"{name} 1.0: no variant of it can be taken for {HOPPER}@12.8, which leaves the source "
        f"distribution {name}-1.0.tar.gz, to be built here. cuda13 needs nvidia :: "
        "cuda_version_lower_bound :: 13.0, but the machine supports"
    )
    before, failure, after = said.partition("nvcc was not found")
    assert failure
    assert f"WARNING: {reason}" in before
    assert reason in after


@pytest.mark.parametrize("name", [f"newer{name}" for name in HOOKS])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_newer_release_without_wheels_names_the_older_one_with_variants(
    environment: Environment, index: Index, name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    target = ("--target", str(tmp_path / "site"))
    said = " ".join(install(environment, index, *options, *target, name).split())
    reason = (
        f"{name} 2.0 has no wheel for this platform, which leaves the source distribution "
        f"{name}-2.0.tar.gz, to be built here; {name} 1.0 has the variant cuda12 for {HOPPER}@12.8 "
        f"(pip install {name}==1.0)"
    )
    before, _, after = said.partition("nvcc was not found")
    assert f"WARNING: {reason}" in before
    assert reason in after


def test_a_package_that_is_switched_off_is_built_without_a_word(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    target = ("--target", str(tmp_path / "site"))
    assert "no variant" not in install(environment, index, *target, "gpu", VARIANTSEL_OFF="gpu")
