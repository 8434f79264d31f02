"""An environment that holds variants stays healthy for every tool that reads or changes it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support.environments import INHERITED, Environment
from support.index_server import Index, serve
from support.machines import HOPPER
from support.pip_releases import download, python_for, unpack_environment
from support.wheels import metadata, write_release, write_wheel
from uv import find_uv_bin

GPU = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
VARIANTS = metadata({"cuda12": GPU, "null": {}}, namespaces=["nvidia"])
REQUIRES = [
    "runtime>=1; 'nvidia :: sm_arch :: 90_real' in variant_properties",
    "kernels; 'nvidia' in variant_namespaces and 'nvidia :: sm_arch' in variant_features",
    "fallback; variant_label == 'null'",
    "runtime; variant_label == 'cuda12' and python_version >= '3'",
    "tests; extra == 'tests' and variant_label != ''",
]
RESOLVED = ["runtime>=1", "kernels", 'runtime; python_version >= "3"', 'tests; extra == "tests"']


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    folder = tmp_path / "index"
    write_release(folder / "gpu", "gpu", "1.0", VARIANTS, requires=REQUIRES, extras=["tests"])
    for name in ("runtime", "kernels", "fallback"):
        write_wheel(folder / name, name, "1.0")
    for name in ("app", "service", "tool"):
        write_wheel(folder / name, name, "1.0", requires=["gpu>=1", "local"])
    with serve(Index(folder)) as index:
        yield index


@pytest.fixture
def environment(
    request: pytest.FixtureRequest, tmp_path: Path, variantsel_wheel: Path, index: Index
) -> Environment:
    """An environment with a pip, one variant from the index and one from a local file."""
    python = python_for(request.param)
    if python is None:
        pytest.skip(f"there is no Python on this machine that pip {request.param} supports")
    folder = tmp_path / "wheels"
    wheels = [
        *download(folder / "pip", python, "--no-deps", f"pip=={request.param}"),
        *download(folder / "variantsel", python, str(variantsel_wheel)),
    ]
    environment = unpack_environment(tmp_path / "env", python, request.param, wheels)
    local = write_wheel(
        *(tmp_path, "local", "1.0"),
        label="cuda12",
        variant_json=VARIANTS,
        requires=[requirement for requirement in REQUIRES if "extra" not in requirement],
    )
    assert environment.run("-m", "variantsel", "activate").returncode == 0
    installed = environment.pip(
        *("install", "--index-url", index.url, "gpu", str(local)),
        variables={"VARIANTSEL_TARGET": HOPPER},
    )
    assert (installed.returncode, installed.stderr) == (0, ""), installed.stdout
    return environment


@pytest.mark.parametrize("environment", ["23.1.2", "24.1.2", "26.3"], indirect=True)
def test_every_tool_works_where_variants_are_installed(
    environment: Environment, index: Index
) -> None:
    off = {"VARIANTSEL": "0"}
    check_pip(environment, index, "app", off)

    gone = environment.pip("uninstall", "--yes", "variantsel", variables=off)
    assert gone.returncode == 0, gone.stderr
    assert environment.run("-c", "import variantsel").returncode != 0
    check_pip(environment, index, "service", {})

    check_uv(environment, index)
    check_requirements(environment)
    check_pipdeptree(environment)


def check_pip(
    environment: Environment, index: Index, another: str, variables: dict[str, str]
) -> None:
    """pip reads the environment and installs another package that needs the variants there."""
    for command, expected in (
        (("check",), "No broken requirements found."),
        (("list", "--format", "freeze"), "gpu==1.0"),
        (("freeze",), "local @ file://"),
        (("install", "--index-url", index.url, another), f"Successfully installed {another}-1.0"),
    ):
        result = environment.pip(*command, variables=variables)
        assert (result.returncode, result.stderr) == (0, ""), command
        assert expected in result.stdout, command


def check_uv(environment: Environment, index: Index) -> None:
    """uv does the same."""
    for command, expected in (
        (("check",), "All installed packages are compatible"),
        (("list",), "local"),
        (("freeze",), "gpu==1.0"),
        (("install", "--index-url", index.url, "tool"), "+ tool==1.0"),
    ):
        result = run_tool(
            environment,
            *(find_uv_bin(), "pip", *command, "--no-cache", "--no-config"),
            *("--python", str(environment.python)),
        )
        assert result.returncode == 0, result.stderr
        assert expected in result.stdout + result.stderr, command
        assert "gpu==1.0" not in result.stderr  # what is there is left alone
        assert "warning" not in result.stderr.lower()


def check_requirements(environment: Environment) -> None:
    """The standard library and packaging understand every requirement that is installed."""
    site_packages = str(environment.site_packages)
    for distribution in importlib.metadata.distributions(path=[site_packages]):
        for requirement in distribution.requires or []:
            marker = Requirement(requirement).marker
            assert marker is None or marker.evaluate({"extra": ""}) in (True, False)
    code = "import importlib.metadata, json; print(json.dumps(importlib.metadata.requires('gpu')))"
    required = json.loads(environment.run("-c", code).stdout)
    assert [str(Requirement(line)) for line in required] == [
        str(Requirement(line)) for line in RESOLVED
    ]


def check_pipdeptree(environment: Environment) -> None:
    """pipdeptree draws what the variants that are installed need."""
    result = run_tool(
        environment,
        *(sys.executable, "-m", "pipdeptree", "--python", str(environment.python)),
        *("--json-tree", "--packages", "gpu"),
    )
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    (tree,) = json.loads(result.stdout)
    assert {needed["package_name"] for needed in tree["dependencies"]} == {"runtime", "kernels"}


def run_tool(environment: Environment, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a tool from beside the environment, with none of the caller's settings."""
    variables = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return subprocess.run(
        command,
        env={**variables, "HOME": str(environment.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
