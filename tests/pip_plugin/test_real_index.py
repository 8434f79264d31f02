"""``pip install`` on a mirror of what a real variant index published."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import serve_folder
from support.machines import HOPPER
from support.repository import MIRROR_TOOL, REAL_INDEX, needs_real_index
from variantsel_providers import nvidia

pytestmark = [
    needs_real_index,
    pytest.mark.skipif(
        (sys.platform, platform.machine()) != ("linux", "x86_64"),
        reason="the pins are for the wheels the real index has for Linux on x86-64",
    ),
]

PROJECTS = ("torch", "cupy", "numpy")


def make_mirror(folder: Path) -> Path:
    projects = [word for name in PROJECTS for word in ("--project", name)]
    platforms = ["--platform-contains", "x86_64", "--platform-contains", "aarch64"]
    subprocess.run(
        [sys.executable, str(MIRROR_TOOL), str(REAL_INDEX), str(folder), *projects, *platforms],
        check=True,
        capture_output=True,
    )
    for name in PROJECTS:
        add_wheels_for_this_python(folder / name)
    return folder


def add_wheels_for_this_python(project: Path) -> None:
    """Where the index has none for the Python that runs, those of the newest it has, renamed."""
    wheels = {wheel: re.search(r"-cp3(\d+)-cp3\1-", wheel.name) for wheel in project.glob("*.whl")}
    minors = {int(found[1]) for found in wheels.values() if found}
    if not minors or sys.version_info[1] <= max(minors):
        return
    page = project / "index.html"
    links = ""
    for wheel, found in wheels.items():
        if found and int(found[1]) == max(minors):
            own = f"cp3{sys.version_info[1]}"
            name = wheel.name.replace(found[0], f"-{own}-{own}-")
            shutil.copy(wheel, wheel.with_name(name))
            links += f'<a href="{name}">{name}</a>'
    page.write_text(page.read_text().replace("</body>", f"{links}</body>"))


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The index as it was published."""
    with serve_folder(make_mirror(tmp_path_factory.mktemp("mirror"))) as server:
        yield server.url


@pytest.fixture(scope="module")
def completed_mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same with the wheels the real index lacks: torch 2.10.0, cuda12.8, Linux on x86-64."""
    folder = make_mirror(tmp_path_factory.mktemp("completed"))
    page = folder / "torch" / "index.html"
    for wheel in (folder / "torch").glob("torch-2.10.0-*manylinux_2_28_aarch64-cuda12.8.whl"):
        name = wheel.name.replace("aarch64", "x86_64")
        shutil.copy(wheel, wheel.with_name(name))
        page.write_text(page.read_text().replace("</body>", f'<a href="{name}">{name}</a></body>'))
    with serve_folder(folder) as server:
        yield server.url


def nvidia_table(cuda: tuple[int, int], capability: tuple[int, int]) -> str:
    configs = nvidia.supported_configs(cuda, capability)
    return "\n".join(
        ["[properties.nvidia]", *(f"{config.name} = {config.values}" for config in configs)]
    )


H100_CUDA13 = nvidia_table((13, 0), (9, 0))
H100_CUDA12 = nvidia_table((12, 8), (9, 0))
V100_CUDA13 = nvidia_table((13, 0), (7, 0))
MI300 = '[properties.amd]\ngfx_arch = ["gfx942"]\nrocm_version = ["7.1", "7.0"]'
NO_ACCELERATOR = '[properties.x86_64]\nlevel = ["v3", "v2", "v1"]'


def pip(
    environment: Environment, folder: Path, machine: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    target = folder / "machine.toml"
    target.write_text(machine)
    return environment.pip(*arguments, variables={"VARIANTSEL_TARGET": str(target)})


def installed_label(environment: Environment, folder: Path, module: str) -> str:
    code = f"import {module}; print({module}.LABEL)"
    return environment.run("-c", code, variables={"PYTHONPATH": str(folder)}).stdout.strip()


@pytest.mark.parametrize(
    ("machine", "label"),
    [
        (H100_CUDA13, "cuda13.0"),
        # The real index has no cuda12.8 wheel for Linux on x86-64, so the next best is right.
        (H100_CUDA12, "cuda12.6"),
        (V100_CUDA13, "cuda12.6"),
        (MI300, "rocm7.1"),
        (NO_ACCELERATOR, "null"),
    ],
    ids=["h100-cuda13", "h100-cuda12", "v100-cuda13", "mi300", "none"],
)
def test_torch_as_published(
    environment: Environment, mirror: str, tmp_path: Path, machine: str, label: str
) -> None:
    options = ("--index-url", mirror, "--no-deps", "--target", str(tmp_path / "site"))
    result = pip(environment, tmp_path, machine, "install", *options, "torch==2.10.0")
    assert result.returncode == 0, result.stderr
    assert installed_label(environment, tmp_path / "site", "torch") == label
    assert f"torch 2.10.0: variant {label} (" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("machine", "label"),
    [(H100_CUDA13, "cuda13.0"), (H100_CUDA12, "cuda12.8"), (V100_CUDA13, "cuda12.8")],
    ids=["h100-cuda13", "h100-cuda12", "v100-cuda13"],
)
def test_torch_where_every_variant_has_a_wheel(
    environment: Environment, completed_mirror: str, tmp_path: Path, machine: str, label: str
) -> None:
    options = ("--index-url", completed_mirror, "--no-deps", "--target", str(tmp_path / "site"))
    result = pip(environment, tmp_path, machine, "install", *options, "torch==2.10.0")
    assert result.returncode == 0, result.stderr
    assert installed_label(environment, tmp_path / "site", "torch") == label


@pytest.mark.parametrize(
    ("machine", "label"),
    [(H100_CUDA13, "cuda13.0"), (H100_CUDA12, "cuda12.8"), (V100_CUDA13, "cuda12.8")],
    ids=["cuda13", "cuda12", "sm70"],
)
def test_torch_for_an_aarch64_machine_from_this_one(
    environment: Environment, mirror: str, tmp_path: Path, machine: str, label: str
) -> None:
    machine = f'[environment]\nplatform_machine = "aarch64"\n{machine}'
    options = (
        *("--platform", "manylinux_2_28_aarch64", "--python-version", "3.12"),
        *("--only-binary=:all:", "--no-deps", "--index-url", mirror),
        *("--dest", str(tmp_path / "out")),
    )
    result = pip(environment, tmp_path, machine, "download", *options, "torch==2.10.0")
    assert result.returncode == 0, result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [
        f"torch-2.10.0-cp312-cp312-manylinux_2_28_aarch64-{label}.whl"
    ]


def test_torch_for_grace_hopper_by_name(
    environment: Environment, mirror: str, tmp_path: Path
) -> None:
    result = environment.pip(
        *("download", "--platform", "manylinux_2_28_aarch64", "--python-version", "3.12"),
        *("--only-binary=:all:", "--no-deps", "--index-url", mirror),
        *("--dest", str(tmp_path / "out"), "torch"),
        variables={"VARIANTSEL_TARGET": HOPPER},
    )
    assert result.returncode == 0, result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [
        "torch-2.10.0-cp312-cp312-manylinux_2_28_aarch64-cuda12.8.whl"
    ]


@pytest.mark.parametrize(
    ("machine", "label"), [(H100_CUDA13, "cu13"), (H100_CUDA12, "cu12")], ids=["13.0", "12.8"]
)
def test_cupy_follows_the_driver(
    environment: Environment, mirror: str, tmp_path: Path, machine: str, label: str
) -> None:
    options = ("--index-url", mirror, "--no-deps", "--target", str(tmp_path / "site"))
    result = pip(environment, tmp_path, machine, "install", *options, "cupy==13.6.0")
    assert result.returncode == 0, result.stderr
    assert installed_label(environment, tmp_path / "site", "cupy") == label


@pytest.mark.parametrize(("level", "label"), [(4, "x8664v4_mkl"), (3, "openblas")])
def test_numpy_takes_what_the_cpu_level_allows(
    environment: Environment, mirror: str, tmp_path: Path, level: int, label: str
) -> None:
    levels: Any = [f"v{number}" for number in range(level, 0, -1)]
    machine = f"[properties.x86_64]\nlevel = {levels}"
    options = ("--index-url", mirror, "--no-deps", "--target", str(tmp_path / "site"))
    result = pip(environment, tmp_path, machine, "install", *options, "numpy==2.3.4")
    assert result.returncode == 0, result.stderr
    assert installed_label(environment, tmp_path / "site", "numpy") == label
