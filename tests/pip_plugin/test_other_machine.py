"""``variantsel pip --target MACHINE install --into DIR``: a folder for a machine this one is not.

Everything here is filled for GB200 machines with CPython 3.12 (or as a test says), on whatever
this machine is.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.sdists import write_archive
from support.wheels import metadata, write_release, write_wheel

CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["100_real"]}}
CUDA13 = {"nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["100_real"]}}
GPU = metadata({"cuda13": CUDA13, "cuda12": CUDA12, "null": {}})
GATED = metadata(
    {"cuda12": CUDA12, "null": {}},
    namespaces=["nvidia"],
    providers={
        "nvidia": {
            "requires": ["nvidia-variant-provider"],
            "enable-if": "platform_machine == 'aarch64' and python_version == '3.12'",
        }
    },
)
REQUIRES = [
    "tool",
    "arm; platform_machine == 'aarch64' and sys_platform == 'linux'",
    "intel; platform_machine == 'x86_64'",
    "windows; sys_platform == 'win32'",
    "py312; python_version == '3.12'",
    "py313; python_full_version >= '3.13' and implementation_version >= '3.13'",
]
TOOL = {
    "{info}/entry_points.txt": "[console_scripts]\ntool = tool:main\n",
    "{data}/scripts/tool-script": "#!python\nimport tool\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("index")
    for python in ("cp312-cp312", "cp313-cp313"):
        for machine in ("x86_64", "aarch64"):
            tag = f"{python}-manylinux_2_28_{machine}"
            write_release(folder / "gpu", "gpu", "1.0", GPU, tag=tag, requires=REQUIRES)
    write_release(folder / "gated", "gated", "1.0", GATED)
    for name in ("arm", "intel", "windows", "py312", "py313"):
        write_wheel(folder / name, name, "1.0")
    write_wheel(folder / "tool", "tool", "1.0", extra_files=TOOL)
    write_wheel(folder / "stable", "stable", "1.0", tag="cp38-abi3-manylinux2014_aarch64")
    write_wheel(folder / "musl", "musl", "1.0", tag="cp312-cp312-musllinux_1_2_aarch64")
    for version, glibc in (("1.0", "2_28"), ("2.0", "2_35"), ("3.0", "2_36"), ("4.0rc1", "2_36")):
        tag = f"cp312-cp312-manylinux_{glibc}_aarch64"
        write_release(folder / "modern", "modern", version, GPU, tag=tag)
    write_wheel(folder / "modern", "modern", "5.0", tag="cp312-cp312-manylinux_2_36_x86_64")
    write_wheel(folder / "modern", "modern", "5.0", tag="cp313-cp313-manylinux_2_36_aarch64")
    write_sdist(folder / "source", "source", "2.0")
    write_sdist(folder / "source", "source", "10.0")
    write_sdist(folder / "mixed", "mixed", "2.0")
    write_wheel(folder / "mixed", "mixed", "1.0")
    with serve(Index(folder)) as index:
        yield index


def write_sdist(folder: Path, name: str, version: str) -> Path:
    """A source distribution that says so if anyone ever builds it."""
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "setup.py": "raise SystemExit('this was run')\n",
    }
    return write_archive(folder, name, version, files)


def pip(environment: Environment, *arguments: str, **variables: str) -> Any:
    """``variantsel pip`` as a program of its own, the providers of this machine out of reach."""
    forced = {"NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "99.0"}
    result = environment.run(
        "-m", "variantsel", "pip", *arguments, variables={**forced, **variables}
    )
    assert "Traceback" not in result.stdout + result.stderr
    assert "this was run" not in result.stdout + result.stderr
    return result


def folders(into: Path) -> set[str]:
    return {path.name for path in into.glob("*.dist-info")}


@pytest.fixture(scope="module")
def filled(
    environment: Environment, index: Index, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("filled")
    requirements = folder / "requirements.txt"
    requirements.write_text("gpu\nwindows; sys_platform == 'win32'\nstable\ngated\n")
    result = pip(
        environment,
        *("--target", "gb200", "install", "--python-version", "3.12", "--index-url", index.url),
        *("-r", str(requirements), "--into", str(folder / "site")),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "site", result


def test_a_folder_is_filled_for_a_machine_of_another_kind(filled: tuple[Path, Any]) -> None:
    site, result = filled
    own = json.loads((site / "gpu-1.0.dist-info" / "variant.json").read_text())
    wheel = (site / "gpu-1.0.dist-info" / "WHEEL").read_text()

    assert list(own["variants"]) == ["cuda12"]
    assert "Tag: cp312-cp312-manylinux_2_28_aarch64" in wheel
    assert "gpu 1.0: variant cuda12 (gb200@12.8 supports nvidia" in result.stdout


def test_no_provider_is_run(filled: tuple[Path, Any]) -> None:
    _, result = filled
    assert "99.0" not in result.stdout + result.stderr  # what this machine's would complain of


def test_markers_of_providers_are_those_of_the_machine_as_well(filled: tuple[Path, Any]) -> None:
    site, _ = filled
    assert (site / "gated.py").read_text() == "LABEL = 'cuda12'\n"


def test_markers_are_those_of_the_machine_and_its_python(filled: tuple[Path, Any]) -> None:
    site, _ = filled
    expected = ("arm", "gated", "gpu", "py312", "stable", "tool")
    assert folders(site) == {f"{name}-1.0.dist-info" for name in expected}


def test_no_byte_code_of_this_python_is_in_the_folder(filled: tuple[Path, Any]) -> None:
    site, _ = filled
    assert not list(site.rglob("*.pyc"))


@pytest.mark.parametrize("script", ["tool", "tool-script"])
def test_scripts_find_the_python_of_the_machine(filled: tuple[Path, Any], script: str) -> None:
    site, _ = filled
    text = (site / "bin" / script).read_text()
    assert text.startswith("#!/usr/bin/env python3\n")


def test_another_python_has_its_own_wheels_and_requirements(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = pip(
        environment,
        *("--target=gb200@13.0", "install", "--python-version=3.13.1", "--index-url", index.url),
        *("--into=" + str(tmp_path / "site"), "gpu"),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    own = json.loads((tmp_path / "site" / "gpu-1.0.dist-info" / "variant.json").read_text())
    assert list(own["variants"]) == ["cuda13"]
    names = {name.partition("-")[0] for name in folders(tmp_path / "site")}
    assert names == {"gpu", "tool", "arm", "py313"}


def test_download_takes_the_wheels_of_the_machine(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = pip(
        environment,
        *("--target", "oci:BM.GPU.GH200.1", "download", "--python-version", "3.12"),
        *("--index-url", index.url, "--dest", str(tmp_path), "gpu"),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    names = {path.name.partition("-")[0] for path in tmp_path.iterdir()}
    assert names == {"gpu", "tool", "arm", "py312"}
    assert (tmp_path / "gpu-1.0-cp312-cp312-manylinux_2_28_aarch64-null.whl").is_file()


def test_the_configured_machine_counts_and_a_file_says_its_python(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    machine = tmp_path / "node.toml"
    machine.write_text(
        '[environment]\nplatform_machine = "aarch64"\npython_full_version = "3.13.2"\n'
        '[tags]\nplatforms = ["manylinux_2_31_aarch64"]\n'
        '[properties.nvidia]\ncuda_version_lower_bound = ["12.0"]\nsm_arch = ["100_real"]\n'
    )
    result = pip(
        environment,
        *("install", "--index-url", index.url, "--no-deps", "gpu"),
        *("--into", str(tmp_path / "site")),
        VARIANTSEL_TARGET=str(machine),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    wheel = (tmp_path / "site" / "gpu-1.0.dist-info" / "WHEEL").read_text()
    assert "Tag: cp313-cp313-manylinux_2_28_aarch64" in wheel


def install(environment: Environment, index: Index, folder: Path, *arguments: str) -> Any:
    """Install for GB200 what cannot be had; the line that says why."""
    result = pip(
        environment,
        *("--target", "gb200", "install", "--python-version", "3.12", "--index-url", index.url),
        *("--into", str(folder / "site"), *arguments),
    )
    assert result.returncode != 0
    assert not (folder / "site").exists()
    return result.stderr


def test_source_distributions_are_refused_in_plain_words(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    assert (
        "ERROR: variantsel: source has source distributions (source-10.0.tar.gz) but no wheel for "
        "gb200@12.8 with Python 3.12; what is built here would be for this machine: build a "
        "wheel on such a machine, and pass its folder with --find-links\n"
    ) in install(environment, index, tmp_path, "source")


def test_sources_that_are_named_are_refused_in_plain_words(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    sdist = write_sdist(tmp_path / "here", "direct", "1.0")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "here")
    requirements = tmp_path / "requirements.txt"
    asked_for = [
        (str(sdist),),
        (str(tmp_path / "here" / "direct-1.0"),),
        (f"direct @ {sdist.as_uri()}",),
    ]
    for arguments in asked_for:
        error = install(environment, index, tmp_path, *arguments)
        assert "is no wheel, and what is built here would be for this machine" in error
        assert "not for gb200@12.8" in error
    requirements.write_text(f"-e {tmp_path / 'here' / 'direct-1.0'}\n")
    assert "not for gb200@12.8" in install(environment, index, tmp_path, "-r", str(requirements))
    requirements.write_text("--no-binary mixed\nmixed\n")
    assert "mixed" in install(environment, index, tmp_path, "-r", str(requirements))


def test_an_older_release_with_a_wheel_is_taken(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = pip(
        environment,
        *("--target", "gb200", "install", "--python-version", "3.12", "--index-url", index.url),
        *("--into", str(tmp_path / "site"), "mixed"),
    )
    assert (result.returncode, folders(tmp_path / "site")) == (0, {"mixed-1.0.dist-info"})


def test_a_wheel_for_another_libc_is_none(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    error = install(environment, index, tmp_path, "musl")
    assert "No matching distribution found for musl" in error
    assert "source distributions" not in error


def modern(environment: Environment, index: Index, folder: Path, *arguments: str) -> Any:
    """Install for GB200, whose name promises glibc 2.34."""
    return pip(
        environment,
        *("--target", "gb200", "install", "--python-version", "3.12", "--index-url", index.url),
        *("--into", str(folder / "site"), *arguments),
    )


def test_a_newer_release_that_only_the_tags_rule_out_is_pointed_out(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = modern(environment, index, tmp_path, "modern")
    assert (result.returncode, folders(tmp_path / "site")) == (0, {"modern-1.0.dist-info"})
    assert result.stderr == (
        "WARNING: variantsel: modern 3.0 was passed over, and 1.0 taken, for its platform tags "
        "alone: it needs glibc 2.36, and what is known of gb200@12.8 is 2.34. The image it runs in "
        "decides: where that has glibc 2.36 or newer, say so (--glibc 2.36)\n"
    )


@pytest.mark.parametrize("glibc", ["2.36", "2.41"])
def test_the_glibc_of_an_image_decides(
    environment: Environment, index: Index, tmp_path: Path, glibc: str
) -> None:
    result = modern(environment, index, tmp_path, "--glibc", glibc, "modern")
    assert (result.returncode, result.stderr) == (0, "")
    assert folders(tmp_path / "site") == {"modern-3.0.dist-info"}
    assert (tmp_path / "site" / "modern.py").read_text() == "LABEL = 'cuda12'\n"


def test_an_older_glibc_of_an_image_decides_as_well(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = modern(environment, index, tmp_path, "--glibc", "2.17", "modern")
    assert result.returncode != 0
    assert "modern 3.0 was passed over for its platform tags alone" in result.stderr


def test_a_release_that_was_not_asked_for_is_not_pointed_out(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = modern(environment, index, tmp_path, "modern<2")
    assert (result.returncode, result.stderr) == (0, "")


def test_the_musl_of_an_image_decides(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = modern(environment, index, tmp_path, "--musl", "1.2", "musl")
    assert (result.returncode, result.stderr) == (0, "")
    assert folders(tmp_path / "site") == {"musl-1.0.dist-info"}
    older = modern(environment, index, tmp_path, "--musl", "1.1", "musl")
    assert older.returncode != 0
    assert "it needs musl 1.2, and what is known of gb200@12.8 is 1.1" in older.stderr


@pytest.mark.parametrize(
    "arguments",
    ["install --target gb200 tool", "install --into layer tool", "download --musl 1.2 tool"],
)
def test_a_machine_in_the_wrong_place_fills_nothing(
    environment: Environment, tmp_path: Path, arguments: str
) -> None:
    result = environment.run("-m", "variantsel", "pip", *arguments.split(), cwd=tmp_path)
    assert result.returncode == 2
    assert "variantsel pip --target" in result.stderr
    assert not list(tmp_path.iterdir())


def test_pip_of_this_machine_is_as_it_was(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    result = pip(
        environment,
        *("install", "--target", str(tmp_path / "site"), "--index-url", index.url, "tool"),
        VARIANTSEL_TARGET="gb200",
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "site" / "bin" / "tool").read_text().startswith(f"#!{environment.python}")
    assert list((tmp_path / "site").rglob("*.pyc"))
