"""One journey with every pip that the plugin is for, on every Python that the pip supports.

A third of the cells by default; all of them with ``VARIANTSEL_MATRIX=all``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.bridged_world import set_base
from support.environments import Environment
from support.index_server import Index, serve, serve_folder
from support.machines import HOPPER
from support.pip_releases import (
    download,
    find_python,
    representative_cells,
    supported_cells,
    unpack_environment,
)
from support.wheels import metadata, write_release, write_wheel

EVERY_CELL = os.environ.get("VARIANTSEL_MATRIX") == "all"
CELLS = supported_cells() if EVERY_CELL else representative_cells()
UNKNOWN_PIP = "22.3.1"
GPU = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
VARIANTS = metadata({"cuda12": GPU, "null": {}}, namespaces=["nvidia"])
REQUIRES = [
    "runtime; 'nvidia :: sm_arch :: 90_real' in variant_properties and python_version >= '3'",
    "fallback; variant_label == 'null'",
]
ON_A_GPU = {"VARIANTSEL_TARGET": HOPPER}

MakeEnvironment = Callable[[str, str], Environment]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("index")
    for name, version in (("gpu", "1.0"), ("gpu", "2.0"), ("steady", "1.0")):
        write_release(folder / name, name, version, VARIANTS, requires=REQUIRES)
        write_wheel(folder / name, name, version)
    write_wheel(folder / "runtime", "runtime", "1.0")
    write_wheel(folder / "fallback", "fallback", "1.0")
    _publish_bridged(folder)
    with serve(Index(folder, json_pages=True, core_metadata=True)) as index:  # as PyPI does
        yield index


def _publish_bridged(folder: Path) -> None:
    """torch as today's indexes have it, its pages in folders, and what is built for a CUDA."""
    write_wheel(folder / "torch", "torch", "2.15.0")
    for label, version in (("cu126", "2.14.1"), ("cpu", "2.14.1"), ("cpu", "2.15.0")):
        write_wheel(folder / "labels" / label / "torch", "torch", f"{version}+{label}")
    for suffix in ("12x", "13x"):
        write_wheel(folder / f"cupy-cuda{suffix}", f"cupy_cuda{suffix}", "14.1.1")
    write_wheel(folder / "app", "app", "1.0", requires=["torch", "cupy-cuda13x>=13"])


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Path]]:
    """Downloads what a Python needs, once for all cells."""
    folder = tmp_path_factory.mktemp("wheels")
    known: dict[str, list[Path]] = {}

    def downloaded(name: str, python: Path, *requirements: str) -> list[Path]:
        if name not in known:
            known[name] = download(folder / name, python, *requirements)
        return known[name]

    return downloaded


@pytest.fixture
def make_environment(
    tmp_path: Path, variantsel_wheel: Path, wheels: Callable[..., list[Path]]
) -> Iterator[MakeEnvironment]:
    """Makes an environment of a pip, variantsel and its dependencies, and removes it again."""

    def make(pip: str, version: str) -> Environment:
        python = find_python(version)
        if python is None:
            pytest.skip(f"there is no Python {version} on this machine")
        contents = [
            *wheels(f"pip-{pip}", python, "--no-deps", f"pip=={pip}"),
            *wheels(f"python-{version}", python, str(variantsel_wheel)),
        ]
        return unpack_environment(tmp_path / "env", python, pip, contents)

    yield make
    shutil.rmtree(tmp_path / "env", ignore_errors=True)


@pytest.mark.parametrize(("pip", "version"), CELLS, ids=[f"pip{p}-py{v}" for p, v in CELLS])
def test_the_journey(
    make_environment: MakeEnvironment, index: Index, pip: str, version: str
) -> None:
    environment = make_environment(pip, version)
    assert environment.run("-m", "variantsel", "activate").returncode == 0

    first = environment.pip(
        *("install", "--index-url", index.url, "gpu<2", "steady"), variables=ON_A_GPU
    )
    assert (first.returncode, first.stderr) == (0, ""), first.stdout + first.stderr
    assert "gpu 1.0: variant cuda12 (" in first.stdout
    assert "Successfully installed gpu-1.0 runtime-1.0 steady-1.0" in first.stdout
    assert label(environment) == "cuda12"

    index.requests.clear()
    upgraded = environment.pip(
        *("install", "--upgrade", "--index-url", index.url, "gpu", "steady"), variables=ON_A_GPU
    )
    assert (upgraded.returncode, upgraded.stderr) == (0, ""), upgraded.stdout + upgraded.stderr
    assert "gpu 2.0: variant cuda12 (" in upgraded.stdout
    assert "Requirement already satisfied: steady" in upgraded.stdout
    assert "Successfully installed gpu-2.0\n" in upgraded.stdout
    downloads = [request for request in index.requests if request.endswith(".whl")]
    assert downloads == ["GET /gpu/gpu-2.0-py3-none-any-cuda12.whl"]

    with serve_folder(index.folder / "labels") as labels:
        set_base(environment.folder, torch=labels.url)
        bridged = environment.pip(
            *("install", "--index-url", index.url, "app"),
            variables={**ON_A_GPU, "VARIANTSEL_BRIDGE": "torch,cupy"},
        )
    assert (bridged.returncode, bridged.stderr) == (0, ""), bridged.stdout + bridged.stderr
    assert "torch 2.14.1: build cu126 (" in bridged.stdout
    assert "Successfully installed app-1.0 cupy-cuda12x-14.1.1 torch-2.14.1+cu126" in bridged.stdout
    assert environment.pip("check", variables={"VARIANTSEL": "0"}).returncode == 0

    assert environment.run("-m", "variantsel", "deactivate").returncode == 0
    plain = environment.pip(
        *("install", "--force-reinstall", "--index-url", index.url, "gpu"), variables=ON_A_GPU
    )
    assert (plain.returncode, plain.stderr) == (0, ""), plain.stdout + plain.stderr
    assert "variant" not in plain.stdout
    assert "Successfully uninstalled gpu-2.0" in plain.stdout
    assert label(environment) == ""


def label(environment: Environment) -> str:
    """The label of the wheel of gpu that is installed."""
    text = (environment.site_packages / "gpu.py").read_text()
    return text.removeprefix("LABEL = ").strip().strip("'")


@pytest.mark.parametrize("doctored", ["", "27.0"], ids=["older", "newer"])
def test_a_pip_of_another_line_is_left_alone_with_one_line(
    make_environment: MakeEnvironment, index: Index, doctored: str
) -> None:
    environment = make_environment(CELLS[-1][0] if doctored else UNKNOWN_PIP, "3.11")
    if doctored:
        init = environment.site_packages / "pip" / "__init__.py"
        init.write_text(init.read_text().replace(environment.pip_version, doctored))
    assert environment.run("-m", "variantsel", "activate").returncode == 1
    command = ("install", "--dry-run", "--index-url", index.url, "gpu", "runtime")
    active = environment.pip(*command, variables=ON_A_GPU)
    switched_off = environment.pip(*command, variables={"VARIANTSEL": "0"})
    assert active.returncode == 0, active.stderr
    assert "Would install gpu-2.0 runtime-1.0" in active.stdout
    assert active.stdout == switched_off.stdout
    (line,) = active.stderr.removesuffix(switched_off.stderr).splitlines()
    version = doctored or UNKNOWN_PIP
    assert line.startswith(f"WARNING: variantsel does not know pip {version} and stands aside")


def test_a_pip_that_is_too_old_is_told_to_be_upgraded(
    make_environment: MakeEnvironment, index: Index
) -> None:
    environment = make_environment("23.0.1", "3.10")
    activated = environment.run("-m", "variantsel", "activate")
    assert activated.returncode == 1
    assert "not active" in activated.stdout and "now sees" not in activated.stdout
    assert "-m pip install --upgrade pip'" in activated.stdout
    status = environment.run("-m", "variantsel", "status")
    assert status.returncode == 1
    assert "-m pip install --upgrade pip'" in status.stdout
    command = ("install", "--dry-run", "--index-url", index.url, "gpu")
    (line,) = environment.pip(*command, variables=ON_A_GPU).stderr.splitlines()
    assert "'pip install --upgrade pip'" in line
    assert "newer variantsel" not in line
