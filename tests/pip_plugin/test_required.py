"""What a user requires is kept where no index has variants: the case that a requirement is for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.machines import HOPPER
from support.wheels import metadata, write_release, write_wheel

CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
OWN = f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-manylinux_2_17_x86_64"
OTHER = "cp312-cp312-manylinux_2_28_ppc64le"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Ordinary wheels of ``gpu``, which ``app`` requires; variants of ``far`` for another machine;
    two releases of ``both``, the older one with variants."""
    folder = tmp_path_factory.mktemp("index")
    write_wheel(folder / "gpu", "gpu", "1.0")
    write_wheel(folder / "app", "app", "1.0", requires=["gpu"])
    write_wheel(folder / "far", "far", "1.0")
    document = metadata({"cuda12": CUDA12, "null": {}}, namespaces=["nvidia"])
    write_release(folder / "far", "far", "1.0", document, tag=OTHER)
    write_release(folder / "both", "both", "1.0", document)
    write_wheel(folder / "both", "both", "2.0")
    with serve(Index(folder)) as index:
        yield index


def pip(environment: Environment, index: Index, *arguments: str, **variables: str) -> Any:
    result = environment.pip(
        *arguments, "--index-url", index.url, variables={"VARIANTSEL_TARGET": HOPPER, **variables}
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result


def error(result: Any) -> str:
    assert result.returncode == 1, result.stdout + result.stderr
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("ERROR: ")]
    return line


COMMANDS = {
    "install": ("install", "--target", "out", "gpu"),
    "dependency": ("install", "--target", "out", "app"),
    "legacy": ("install", "--use-deprecated=legacy-resolver", "--target", "out", "gpu"),
    "legacy dependency": ("install", "--use-deprecated=legacy-resolver", "--target", "out", "app"),
    "download": ("download", "--dest", "out", "gpu"),
    "wheel": ("wheel", "--wheel-dir", "out", "gpu"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("strict", ["0", "1"])
def test_a_label_to_take_that_no_index_has_is_an_error_that_says_what_would_help(
    environment: Environment, index: Index, command: tuple[str, ...], strict: str, tmp_path: Path
) -> None:
    arguments = [str(tmp_path / "out") if word == "out" else word for word in command]
    settings = {"VARIANTSEL_TAKE": "GPU=cuda12", "VARIANTSEL_STRICT": strict}
    assert error(pip(environment, index, *arguments, **settings)) == (
        "ERROR: variantsel: gpu: take = cuda12, set in VARIANTSEL_TAKE: no variants of gpu for "
        f"this platform were found ({index.url}gpu). Name an index that has them (--index-url, "
        "--extra-index-url or --find-links), or have take allow 'non-variant' as well."
    )
    assert not list(tmp_path.rglob("gpu*"))


def test_never_a_build_without_variants_holds_where_there_is_no_other(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    (tmp_path / "variantsel.toml").write_text('[packages.gpu]\nnever = ["non-variant"]\n')
    result = environment.pip(
        *("install", "--target", str(tmp_path / "out"), "--index-url", index.url, "app"),
        cwd=tmp_path,
    )
    assert error(result) == (
        f"ERROR: variantsel: gpu: never = non-variant, set in {tmp_path / 'variantsel.toml'}: "
        f"no variants of gpu for this platform were found ({index.url}gpu). Name an index that "
        "has them (--index-url, --extra-index-url or --find-links), or leave 'non-variant' out of "
        "never."
    )


def test_what_is_allowed_as_well_is_installed(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    settings = {"VARIANTSEL_TAKE": "gpu=cuda12,gpu=non-variant"}
    site = tmp_path / "site"
    result = pip(environment, index, "install", "--target", str(site), "app", **settings)
    assert result.returncode == 0, result.stderr
    assert (site / "gpu.py").is_file()


def test_variants_for_another_platform_alone_are_none(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    settings = {"VARIANTSEL_TAKE": "far=cuda12"}
    result = pip(environment, index, "install", "--target", str(tmp_path / "x"), "far", **settings)
    assert "no variants of far for this platform were found (" in error(result)


@pytest.fixture
def installed(environment: Environment, tmp_path: Path) -> Iterator[Environment]:
    """The ordinary wheels are installed already."""
    environment.unpack(
        write_wheel(tmp_path / "wheels", "gpu", "1.0"),
        write_wheel(tmp_path / "wheels", "app", "1.0", requires=["gpu"]),
        write_wheel(tmp_path / "wheels", "both", "2.0"),
    )
    yield environment
    environment.remove("gpu", "app", "both")


@pytest.mark.parametrize("options", [(), ("--use-deprecated=legacy-resolver",)], ids=["new", "old"])
@pytest.mark.parametrize("requirement", ["gpu", "app"])
def test_a_build_that_is_installed_does_not_stand_for_what_is_required(
    installed: Environment, index: Index, options: tuple[str, ...], requirement: str
) -> None:
    settings = {"VARIANTSEL_TAKE": "gpu=cuda12"}
    result = pip(installed, index, "install", *options, requirement, **settings)
    assert error(result) == (
        "ERROR: variantsel: gpu: take = cuda12, set in VARIANTSEL_TAKE, but 1.0 is installed "
        f"without a variant, and nothing that may be taken instead was found on {index.url}gpu. "
        "Name an index that has them (--index-url, --extra-index-url or --find-links), or have "
        "take allow 'non-variant' as well."
    )
    upgraded = pip(installed, index, "install", "--upgrade", "gpu", *options, **settings)
    assert "no variants of gpu for this platform were found" in error(upgraded)


def test_a_build_that_an_upgrade_could_replace_stays(installed: Environment, index: Index) -> None:
    result = pip(installed, index, "install", "both", VARIANTSEL_TAKE="both=cuda12")
    assert result.returncode == 0, result.stderr


def test_a_machine_that_there_is_not_is_an_error_without_variants_too(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    options = ("install", "--target", str(tmp_path / "out"), "gpu")
    result = pip(environment, index, *options, VARIANTSEL_TARGET="gh2000")
    assert error(result).startswith("ERROR: variantsel: VARIANTSEL_TARGET: ")


def test_a_run_that_sets_nothing_reads_nothing(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'mine'\n")
    options = ("install", "--target", str(tmp_path / "out"), "--index-url", index.url, "app")
    result = environment.run("-v", "-m", "pip", *options, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    imported = {
        line.split()[1].strip("'") for line in result.stderr.splitlines() if line[:7] == "import "
    }
    assert "variantsel.configuration.places" in imported
    assert {name for name in imported if name.startswith("variantsel.configuration.")} == {
        "variantsel.configuration.places"
    }
    assert not {"variantsel.ranking.preferences", "variantsel.selection.selection"} & imported
