"""What the user would rather have, through pip."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.machines import CPU_NAMESPACE, CPU_PROPERTIES, HOPPER
from support.wheels import metadata, write_release, write_wheel


def cuda(version: str) -> dict[str, Any]:
    return {"nvidia": {"cuda_version_lower_bound": [version], "sm_arch": ["90_real"]}}


CUDA13, CUDA12, CUDA11 = map(cuda, ("13.0", "12.0", "11.8"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``gpu``: 1.0 and 2.0 with variants, of which 1.0 has more; 3.0 without. And ``plain``."""
    folder = tmp_path_factory.mktemp("wheels")
    two = {"cuda13": CUDA13, "cuda12": CUDA12, "null": {}}
    one = {**two, "cuda11": CUDA11, "cpu": CPU_PROPERTIES}
    write_release(folder, "gpu", "1.0", metadata(one, namespaces=["nvidia", CPU_NAMESPACE]))
    write_release(folder, "gpu", "2.0", metadata(two, namespaces=["nvidia"]), non_variant=True)
    write_wheel(folder, "gpu", "3.0")
    write_wheel(folder, "plain", "1.0")
    return folder


def pip(
    environment: Environment,
    wheels: Path,
    requirement: str,
    *options: str,
    cwd: Path | None = None,
    **variables: str,
) -> Any:
    result = environment.pip(
        *("install", "--target", tempfile.mkdtemp(dir=environment.folder), "--no-index"),
        *("--find-links", str(wheels)),
        *options,
        requirement,
        variables={"VARIANTSEL_TARGET": HOPPER, **variables},
        cwd=cwd,
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result


def taken(result: Any) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("Processing ")]
    return line.rpartition("/")[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a pyproject.toml."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.variantsel]\nexclude = ["nvidia"]\n'
        f'[tool.variantsel.packages.gpu]\nprefer = ["{CPU_NAMESPACE}"]\n'
    )
    return tmp_path


def test_a_label_to_take_decides_the_version_too_and_that_is_said(
    environment: Environment, wheels: Path
) -> None:
    result = pip(environment, wheels, "gpu", VARIANTSEL_TAKE="GPU=cuda11")
    assert taken(result) == "gpu-1.0-py3-none-any-cuda11.whl"
    assert (
        "gpu 3.0, 2.0: passed over, no file for this platform is left (take = cuda11, set in "
        "VARIANTSEL_TAKE)"
    ) in result.stderr
    assert "; rather than cuda12: take = cuda11, set in VARIANTSEL_TAKE)" in result.stdout


def test_a_label_that_does_not_fit_is_an_error_and_never_another_build(
    environment: Environment, wheels: Path
) -> None:
    result = pip(environment, wheels, "gpu", VARIANTSEL_TAKE="gpu=cuda13")
    assert result.returncode == 1
    (error,) = [line for line in result.stderr.splitlines() if line.startswith("ERROR: ")]
    assert error == (
        "ERROR: variantsel: gpu 2.0: take = cuda13, set in VARIANTSEL_TAKE: cuda13 needs nvidia :: "
        "cuda_version_lower_bound :: 13.0, but the machine supports 12.8, 12.7, 12.6, 12.5, … and "
        "11."
    )


def test_a_label_that_is_nowhere_is_an_error_with_those_there_are(
    environment: Environment, wheels: Path
) -> None:
    result = pip(environment, wheels, "gpu", VARIANTSEL_TAKE="gpu=cuda14")
    assert result.returncode == 1
    assert (
        "ERROR: variantsel: gpu: take = cuda14, set in VARIANTSEL_TAKE: there is no variant cuda14;"
        " there are cpu, cuda11, cuda12, cuda13, null."
    ) in result.stderr


def test_what_a_project_sets_reorders_and_narrows_and_every_line_says_so(
    environment: Environment, wheels: Path, project: Path
) -> None:
    place = project / "pyproject.toml"
    result = pip(environment, wheels, "gpu<3", cwd=project)
    assert taken(result) == "gpu-2.0-py3-none-any-null.whl"
    assert f"; rather than cuda12: exclude = nvidia, set in {place})" in result.stdout
    assert (
        f"{HOPPER}@12.8 has nvidia hardware, but gpu-2.0-py3-none-any-null.whl does not use it. "
        f"cuda12 fits, but is left out (exclude = nvidia, set in {place})."
    ) in result.stderr

    everything = {"VARIANTSEL_EXCLUDE": ""}
    result = pip(environment, wheels, "gpu==1.0", "-v", cwd=project, **everything)
    assert taken(result) == "gpu-1.0-py3-none-any-cpu.whl"
    assert f"; rather than cuda12: prefer = {CPU_NAMESPACE}, set in {place})" in result.stdout
    assert (
        f"cuda12 fits, but cpu is preferred (prefer = {CPU_NAMESPACE}, set in {place})."
        in result.stderr
    )
    order = [
        line.strip() for line in result.stdout.splitlines() if line.strip()[:2] in ("1.", "2.")
    ]
    assert order == ["1. cpu  (taken)", "2. cuda12"]


def test_a_release_of_which_nothing_is_left_says_what_left_it_out(
    environment: Environment, wheels: Path
) -> None:
    settings = {"VARIANTSEL_EXCLUDE": "nvidia", "VARIANTSEL_NEVER": "gpu=null,gpu=non-variant"}
    result = pip(environment, wheels, "gpu==2.0", **settings)
    assert result.returncode == 1
    assert (
        f"gpu 2.0 has no wheel for {HOPPER}@12.8. cuda12 is left out (exclude = nvidia, set in "
        "VARIANTSEL_EXCLUDE). null is left out (never = null, set in VARIANTSEL_NEVER). cuda13 "
        "needs"
    ) in result.stderr
    assert "What has no label is left out (never = non-variant, set in VARIANTSEL" in result.stderr


def test_a_package_that_is_switched_off_is_as_without_variantsel(
    environment: Environment, wheels: Path
) -> None:
    assert taken(pip(environment, wheels, "gpu<3")) == "gpu-2.0-py3-none-any-cuda12.whl"
    off = pip(environment, wheels, "gpu<3", VARIANTSEL_OFF="gpu")
    without = pip(environment, wheels, "gpu<3", VARIANTSEL="0")
    assert taken(off) == taken(without) == "gpu-2.0-py3-none-any.whl"
    assert not off.stderr


def test_a_wheel_that_the_user_names_comes_before_preferences(
    environment: Environment, wheels: Path
) -> None:
    wheel = wheels / "gpu-2.0-py3-none-any-cuda12.whl"
    result = pip(environment, wheels, str(wheel), VARIANTSEL_NEVER="gpu=*")
    assert taken(result) == wheel.name


def test_a_setting_that_is_wrong_is_an_error_for_every_package_that_it_may_be_meant_for(
    environment: Environment, wheels: Path, project: Path
) -> None:
    (project / "variantsel.toml").write_text('[packages.gpu]\ntaek = "cuda12"\n')
    place = f"{project / 'variantsel.toml'}: packages.gpu.taek"
    for name in ("gpu", "plain"):
        result = pip(environment, wheels, name, cwd=project)
        assert result.returncode == 1
        assert f"ERROR: variantsel: {place}: there is no such key here; did you mean 'take'?" in (
            result.stderr
        )
    aside = pip(environment, wheels, "gpu<3", cwd=project, VARIANTSEL_CONFIG=os.devnull)
    assert taken(aside) == "gpu-2.0-py3-none-any-cuda12.whl"
