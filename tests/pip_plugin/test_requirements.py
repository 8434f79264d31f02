"""Variant markers through pip, and the environments they leave behind."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import INHERITED, Environment
from support.index_server import Index, serve
from support.machines import CPU_ONLY, HOPPER
from support.wheels import metadata, write_release, write_wheel

CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["80_real", "90_real"]}}
REQUIRES = [
    "always",
    "runtime; 'nvidia :: sm_arch :: 90_real' in variant_properties",
    "oldruntime; 'nvidia :: sm_arch :: 70_real' in variant_properties",
    "cpuonly; variant_label == 'null'",
    "mixed; 'nvidia' in variant_namespaces and python_version >= '3'",
    "extradep; extra == 'more' and variant_label != ''",
]
DOCUMENT = metadata({"cuda12": CUDA12, "null": {}}, namespaces=["nvidia"])
DEPENDENCIES = ("always", "runtime", "oldruntime", "cpuonly", "mixed", "extradep")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    folder = tmp_path / "index"
    write_release(folder / "gpu", "gpu", "1.0", DOCUMENT, requires=REQUIRES, extras=["more"])
    for name in DEPENDENCIES:
        write_wheel(folder / name, name, "1.0")
    with serve(Index(folder)) as index:
        yield index


def installed(result: Any, site: Path) -> set[str]:
    """The projects in a folder that pip has just filled without a complaint."""
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
    return {path.name.partition("-")[0] for path in site.glob("*.dist-info")}


@pytest.mark.parametrize("core_metadata", [False, True], ids=["plain", "core-metadata"])
@pytest.mark.parametrize(
    ("target", "requirement", "expected"),
    [
        (HOPPER, "gpu", {"gpu", "always", "runtime", "mixed"}),
        (CPU_ONLY, "gpu", {"gpu", "always", "cpuonly"}),
        (HOPPER, "gpu[more]", {"gpu", "always", "runtime", "mixed", "extradep"}),
    ],
)
def test_markers_are_those_of_the_chosen_wheel(
    environment: Environment,
    index: Index,
    tmp_path: Path,
    core_metadata: bool,
    target: str,
    requirement: str,
    expected: set[str],
) -> None:
    index.json_pages = index.core_metadata = core_metadata
    result = environment.pip(
        *("install", "--target", str(tmp_path / "site"), "--index-url", index.url, requirement),
        variables={"VARIANTSEL_TARGET": target},
    )
    assert installed(result, tmp_path / "site") == expected


@pytest.mark.parametrize("core_metadata", [False, True], ids=["plain", "core-metadata"])
def test_a_non_variant_wheel_has_an_empty_label(
    environment: Environment, index: Index, tmp_path: Path, core_metadata: bool
) -> None:
    index.json_pages = index.core_metadata = core_metadata
    write_wheel(
        index.folder / "plain",
        *("plain", "1.0"),
        requires=["always; variant_label == ''", "cpuonly; variant_label == 'null'"],
    )
    result = environment.pip(
        "install", "--target", str(tmp_path / "site"), "--index-url", index.url, "plain"
    )
    assert installed(result, tmp_path / "site") == {"plain", "always"}


@pytest.mark.parametrize("core_metadata", [False, True], ids=["plain", "core-metadata"])
@pytest.mark.parametrize("command", ["download", "wheel"])
def test_markers_are_those_of_the_chosen_wheel_for_every_command_that_fetches_it(
    environment: Environment,
    index: Index,
    tmp_path: Path,
    target_file: Path,
    core_metadata: bool,
    command: str,
) -> None:
    index.json_pages = index.core_metadata = core_metadata
    folder = {"download": "--dest", "wheel": "--wheel-dir"}[command]
    result = environment.pip(
        *(command, folder, str(tmp_path / "wheels"), "--index-url", index.url, "gpu"),
        variables={"VARIANTSEL_TARGET": str(target_file)},
    )
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
    fetched = {path.name.partition("-")[0] for path in (tmp_path / "wheels").iterdir()}
    assert fetched == {"gpu", "always", "runtime", "mixed"}


@pytest.mark.parametrize("core_metadata", [False, True], ids=["plain", "core-metadata"])
def test_what_is_read_of_a_wheel_after_its_choice_is_said_of_the_chosen_variant(
    environment: Environment,
    index: Index,
    tmp_path: Path,
    target_file: Path,
    core_metadata: bool,
) -> None:
    index.json_pages = index.core_metadata = core_metadata
    report = tmp_path / "report.json"
    result = environment.pip(
        *("install", "--no-deps", "--report", str(report), "--index-url", index.url, "gpu"),
        variables={"VARIANTSEL_TARGET": str(target_file)},
    )
    environment.remove("gpu")
    assert result.returncode == 0, result.stdout + result.stderr
    (item,) = json.loads(report.read_text())["install"]
    assert [line.partition(" ")[0] for line in item["metadata"]["requires_dist"]] == [
        *("always", "runtime", "mixed", "extradep")
    ]


def test_an_install_breaks_nothing_that_the_chosen_variant_does_not_require(
    environment: Environment, index: Index, target_file: Path
) -> None:
    # pip looks for that after the install, at the requirements of the wheels it has downloaded.
    write_release(
        index.folder / "whole", "whole", "1.0", DOCUMENT, requires=["other; variant_label == ''"]
    )
    result = environment.pip(
        *("install", "--index-url", index.url, "whole"),
        variables={"VARIANTSEL_TARGET": str(target_file)},
    )
    environment.remove("whole")
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr


def test_the_environment_stays_healthy_for_everyone(environment: Environment, index: Index) -> None:
    installed = environment.pip(
        "install", "--index-url", index.url, "gpu", variables={"VARIANTSEL_TARGET": HOPPER}
    )
    assert installed.returncode == 0, installed.stderr
    try:
        off = {"VARIANTSEL": "0"}
        for command in (["check"], ["list"], ["show", "gpu"], ["inspect"]):
            result = environment.pip(*command, variables=off)
            assert (result.returncode, result.stderr) == (0, ""), command
        frozen = environment.pip("freeze", "--all", variables=off).stdout
        assert "gpu==1.0" in frozen
        requires = environment.run(
            "-c", "import importlib.metadata as m, json; print(json.dumps(m.requires('gpu')))"
        )
        assert json.loads(requires.stdout) == [
            "always",
            "runtime",
            'mixed ; python_version >= "3"'.replace('"', "'"),
            "extradep ; extra == 'more'",
        ]
        again = environment.pip("install", "--index-url", index.url, "gpu", variables=off)
        assert "Requirement already satisfied: gpu" in again.stdout
        check_record(environment.site_packages, "gpu-1.0.dist-info")
        check_with_uv(environment)
    finally:
        names = ("gpu", *DEPENDENCIES)
        environment.pip("uninstall", "--yes", *names, variables={"VARIANTSEL": "0"})


def check_record(site_packages: Path, dist_info: str) -> None:
    with (site_packages / dist_info / "RECORD").open(newline="") as file:
        for name, digest, size in csv.reader(file):
            if digest:
                content = (site_packages / name).read_bytes()
                found = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
                assert digest == f"sha256={found.rstrip(b'=').decode()}", name
                assert int(size) == len(content)


def check_with_uv(environment: Environment) -> None:
    import os

    from uv import find_uv_bin

    variables = {name: os.environ[name] for name in INHERITED if name in os.environ}
    result = subprocess.run(
        [find_uv_bin(), "pip", "check", "--python", str(environment.python), "--offline"],
        env={**variables, "HOME": str(environment.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_a_name_that_looks_like_a_marker_is_none(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    # pip lets nothing be imported as it installs: there must be nothing to import.
    write_release(
        index.folder / "variant-label", "variant_label", "1.0", DOCUMENT, requires=["always"]
    )
    for target in (HOPPER, CPU_ONLY):
        result = environment.pip(
            *("install", "--index-url", index.url, "--target", str(tmp_path / target)),
            "variant-label",
            variables={"VARIANTSEL_TARGET": target},
        )
        assert (result.returncode, result.stderr) == (0, "")


def test_a_variant_wheel_by_path_has_to_fit(environment: Environment, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "direct", "1.0", label="cuda12", variant_json=DOCUMENT)
    options = ("install", "--dry-run", "--no-index", str(wheel))
    fits = environment.pip(*options, variables={"VARIANTSEL_TARGET": HOPPER})
    assert fits.returncode == 0, fits.stderr
    assert f"direct 1.0: variant cuda12 ({HOPPER}@12.8 supports" in fits.stdout
    refused = environment.pip(*options, variables={"VARIANTSEL_TARGET": CPU_ONLY})
    assert refused.returncode == 1
    assert "cuda12 needs nvidia :: cuda_version_lower_bound :: 12.0" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_variant_wheel_by_url_has_to_fit(environment: Environment, index: Index) -> None:
    url = f"direct @ {index.url}direct/direct-1.0-py3-none-any-cuda12.whl"
    write_wheel(index.folder / "direct", "direct", "1.0", label="cuda12", variant_json=DOCUMENT)
    options = ("install", "--dry-run", "--no-index", url)
    fits = environment.pip(*options, variables={"VARIANTSEL_TARGET": HOPPER})
    assert fits.returncode == 0, fits.stderr
    assert "direct 1.0: variant cuda12 (" in fits.stdout
    refused = environment.pip(*options, variables={"VARIANTSEL_TARGET": CPU_ONLY})
    assert refused.returncode == 1


def test_a_wheel_that_is_named_for_another_machine_says_how_to_name_that(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "direct", "1.0", label="cuda12", variant_json=DOCUMENT)
    write_wheel(index.folder / "direct", "direct", "1.0", label="cuda12", variant_json=DOCUMENT)
    no_driver = {"NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "1.0"}
    for named in (str(wheel), f"direct @ {index.url}direct/{wheel.name}"):
        for resolver in ((), ("--use-deprecated=legacy-resolver",)):
            refused = environment.pip(
                *("install", "--target", str(tmp_path / "site"), "--no-index", *resolver, named),
                variables=no_driver,
            )
            assert refused.returncode == 1
            assert "VARIANTSEL_TARGET=MACHINE" in refused.stderr
    there = environment.pip(
        *("install", "--no-index", str(wheel)), variables={"VARIANTSEL_TARGET": CPU_ONLY}
    )
    assert there.returncode == 1
    assert "VARIANTSEL_TARGET" not in there.stderr  # it is named, and the wheel is not for it
