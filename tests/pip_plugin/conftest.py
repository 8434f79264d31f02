"""Environments with each pip, and this variantsel installed as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.environments import Environment, create_environment
from support.repository import REPOSITORY

PIP_VERSIONS = os.environ.get("VARIANTSEL_TEST_PIPS", "26.3").split()


@pytest.fixture(scope="session")
def variantsel_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout, built."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
            *("--wheel-dir", str(folder), str(REPOSITORY)),
        ],
        check=True,
    )
    return next(folder.glob("variantsel-*.whl"))


@pytest.fixture(scope="session", params=PIP_VERSIONS)
def environment(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    variantsel_wheel: Path,
) -> Environment:
    """An environment with one version of pip, variantsel installed and activated."""
    folder = tmp_path_factory.mktemp(f"pip-{request.param}") / "env"
    environment = create_environment(folder, request.param, str(variantsel_wheel))
    activated = environment.run("-m", "variantsel", "activate")
    assert activated.returncode == 0, activated.stderr
    return environment


@pytest.fixture
def target_file(tmp_path: Path) -> Path:
    """A machine with a Hopper GPU and a CUDA 12.8 driver."""
    path = tmp_path / "hopper.toml"
    path.write_text(
        "[properties.nvidia]\n"
        'cuda_version_lower_bound = ["12.8", "12.6", "12.0", "12"]\n'
        'sm_arch = ["90_real", "80_real", "90_virtual"]\n'
    )
    return path
