"""Where a file of variantsel is missing or broken, pip works as it would without."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.environments import Environment
from support.wheels import metadata, write_release

VARIANTS = metadata({"v1": {"x86_64": {"level": ["v1"]}}, "null": {}}, namespaces=["x86_64"])


@pytest.fixture(autouse=True)
def nothing_installed(environment: Environment) -> Iterator[None]:
    """Whatever other tests left in the environment."""
    environment.remove("pkg")
    yield
    environment.remove("pkg")


@pytest.fixture
def spoilt(environment: Environment, tmp_path: Path) -> Iterator[Environment]:
    """A copy of the environment, to be spoilt."""
    shutil.copytree(environment.folder, tmp_path / "env", symlinks=True)
    yield Environment(tmp_path / "env", environment.pip_version)
    shutil.rmtree(tmp_path / "env")


@pytest.fixture
def links(tmp_path: Path) -> Path:
    return write_release(tmp_path / "links", "pkg", "1.0", VARIANTS, non_variant=True)


@contextmanager
def spoiling(environment: Environment, file: str, content: bytes | None) -> Iterator[None]:
    """Replace what a file holds for a while; remove it where ``None``."""
    path = environment.site_packages / "variantsel" / file
    before = path.read_bytes()
    path.unlink()
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)


def assert_plain_pip_installs(environment: Environment, links: Path, file: str) -> None:
    result = environment.pip("install", "--no-index", "--find-links", str(links), "pkg")
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("variantsel is damaged") == 1
    damage, *_ = [line for line in result.stderr.splitlines() if "is damaged" in line]
    assert file in damage or file.removesuffix(".py").replace("/", ".") in damage
    assert environment.run("-c", "import pkg; print(repr(pkg.LABEL))").stdout == "''\n"


@pytest.mark.parametrize("content", [None, b"", b"def ("], ids=["missing", "empty", "broken"])
@pytest.mark.parametrize(
    "file",
    [
        "selection/selection.py",
        "formats/wheel_label.py",
        "pip_plugin/choices.py",
        "pip_plugin/finder_seam.py",
        "pip_plugin/reinstallation.py",
    ],
)
def test_a_spoilt_file_is_named_and_pip_installs_what_it_would(
    environment: Environment, links: Path, file: str, content: bytes | None
) -> None:
    with spoiling(environment, file, content):
        assert_plain_pip_installs(environment, links, file)


@pytest.mark.parametrize(
    "file", ["selection/selection.py", "ranking/rank.py", "pip_plugin/seen.py"]
)
def test_a_file_of_the_right_size_that_turns_out_broken_is_named_too(
    environment: Environment, links: Path, file: str
) -> None:
    size = (environment.site_packages / "variantsel" / file).stat().st_size
    # As some file systems leave a file when the power fails.
    with spoiling(environment, file, bytes(size)):
        assert_plain_pip_installs(environment, links, file)


def test_what_repairs_it_works_and_leaves_it_active(
    spoilt: Environment, links: Path, variantsel_wheel: Path
) -> None:
    (spoilt.site_packages / "variantsel" / "selection" / "selection.py").unlink()
    repaired = spoilt.pip("install", "--no-deps", "--force-reinstall", str(variantsel_wheel))
    assert repaired.returncode == 0, repaired.stderr
    assert spoilt.run("-m", "variantsel", "status").returncode == 0
    result = spoilt.pip("install", "--no-index", "--find-links", str(links), "pkg")
    assert "variant" in result.stdout
    assert result.stderr == ""
