"""Nothing for that architecture or that Python: what there is, and for whom, is said."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.resolvers import RESOLVERS
from support.wheels import metadata, write_release, write_wheel

CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
PYTHON = f"Python 3.{sys.version_info[1]}"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("index")
    document = metadata({"cuda12": CUDA12, "null": {}}, namespaces=["nvidia"])
    write_release(folder / "gpu", "gpu", "1.0", document, tag="cp312-cp312-manylinux_2_28_x86_64")
    write_wheel(folder / "app", "app", "1.0", requires=["elsewhere>=2"])
    write_wheel(folder / "elsewhere", "elsewhere", "1.0")
    for tag in (
        *("cp37-cp37m-win_amd64", "cp39-abi3-musllinux_1_2_s390x", "pp39-pypy39_pp73-win32"),
        *("cp313-cp313t-macosx_11_0_arm64", "py3-none-manylinux2014_ppc64le"),
    ):
        write_wheel(folder / "elsewhere", "elsewhere", "2.0", tag=tag)
    with serve(Index(folder)) as index:
        yield index


def warnings(result: Any) -> list[str]:
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert "No matching distribution found for" in result.stderr
    return [line for line in result.stderr.splitlines() if line.startswith("WARNING: ")]


@RESOLVERS
@pytest.mark.parametrize("requirement", ["app", "elsewhere==2.0"])
def test_a_release_without_a_wheel_for_this_machine_says_whom_its_wheels_are_for(
    environment: Environment,
    index: Index,
    tmp_path: Path,
    resolver: tuple[str, ...],
    requirement: str,
) -> None:
    options = ("--index-url", index.url, "--target", str(tmp_path / "site"))
    result = environment.pip("install", *resolver, *options, requirement)
    (warning,) = warnings(result)
    assert warning.startswith(
        "WARNING: elsewhere 2.0 has wheels for free-threaded CPython 3.13, CPython 3.7, CPython "
        "3.9 and newer, PyPy 3.9, Python 3 on macOS 11.0 arm64, Windows amd64, Linux s390x (musl "
        f"1.2), Windows x86, Linux ppc64le (glibc 2.17), and none for {PYTHON} on "
    )
    assert warning.endswith(f" ({index.url}elsewhere)")
    assert not (tmp_path / "site").exists()


def test_a_release_without_a_wheel_for_the_target_says_whom_its_wheels_are_for(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    expected = (
        "WARNING: gpu 1.0 has wheels (variants cuda12, null) for CPython 3.12 on Linux x86_64 "
        "(glibc 2.28), and none for Python {} on Linux {}), as {} needs it ({}gpu)"
    )
    for machine, python, platform, name in (
        ("gb200@12.8", "3.12", "aarch64 (glibc 2.", "gb200@12.8"),
        ("h100@12.8", "3.13", "x86_64 (glibc 2.", "h100@12.8"),
    ):
        result = environment.run(
            *("-m", "variantsel", "pip", "--target", machine, "install", "--python-version"),
            *(python, "--index-url", index.url, "--into", str(tmp_path / "layer"), "gpu"),
        )
        (warning,) = warnings(result)
        start, end = expected.format(python, f"{platform}|", name, index.url).split("|")
        assert warning.startswith(start)
        assert warning.endswith(end)


@pytest.mark.parametrize("requirement", ["nowhere", "elsewhere==3.0"])
def test_what_is_for_nobody_at_all_is_left_to_pip(
    environment: Environment, index: Index, tmp_path: Path, requirement: str
) -> None:
    options = ("--index-url", index.url, "--target", str(tmp_path / "site"))
    assert warnings(environment.pip("install", *options, requirement)) == []


@RESOLVERS
@pytest.mark.parametrize("requirement", ["elsewhere==2.0", "elsewhere==3.0", "nowhere"])
def test_saying_so_asks_no_index_again(
    environment: Environment,
    index: Index,
    tmp_path: Path,
    resolver: tuple[str, ...],
    requirement: str,
) -> None:
    index.requests.clear()
    options = ("--index-url", index.url, "--target", str(tmp_path / "site"))
    assert environment.pip("install", *resolver, *options, requirement).returncode == 1
    assert index.requests == [f"GET /{requirement.partition('=')[0]}/"]


def test_a_version_of_thousands_of_digits_for_another_machine_is_not_looked_at(
    environment: Environment, tmp_path: Path
) -> None:
    if tuple(map(int, environment.pip_version.split(".")[:2])) >= (25, 3):
        pytest.skip("this pip ends the run at such a name, with the plugin and without")
    folder = tmp_path / "index" / "pkg"
    write_wheel(folder, "pkg", "1.0", tag="py3-none-manylinux_2_99_x86_64")
    digits = write_wheel(folder, "pkg", "2.0", tag="py3-none-manylinux_2_99_x86_64")
    with serve(Index(tmp_path / "index")) as index:
        index.links[digits.name] = digits.name.replace("2.0", "2" * 5000)
        options = ("--index-url", index.url, "--target", str(tmp_path / "site"))
        (warning,) = warnings(environment.pip("install", *options, "pkg"))
        assert warning.startswith("WARNING: pkg 1.0 has wheels for ")
        elsewhere = environment.run(
            *("-m", "variantsel", "pip", "--target", "cpu-x86-64-v2", "install"),
            *("--into", str(tmp_path / "into"), "--index-url", index.url, "pkg"),
        )
        assert "No matching distribution found for pkg" in elsewhere.stderr
        assert "report this" not in elsewhere.stderr
        assert "Traceback" not in elsewhere.stderr
