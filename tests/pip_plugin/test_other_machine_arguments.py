"""What ``variantsel pip --target`` makes of a command line, before pip sees it."""

from __future__ import annotations

import pytest

from variantsel import Target
from variantsel.errors import VariantselError
from variantsel.pip_plugin.other_machine import asks_for_other_machine, pip_arguments
from variantsel.targets.target import StaticProperties

MACHINE = Target(
    "a machine",
    StaticProperties({}),
    environment={"python_version": "3.12"},
    platforms=["manylinux_2_18_riscv64"],
)


def test_everything_pip_can_be_told_of_a_machine_is_told() -> None:
    arguments = "--target m install --quiet torch --into folder -r file.txt"

    assert " ".join(pip_arguments(arguments.split(), MACHINE)) == (
        "install --platform manylinux_2_18_riscv64 --platform manylinux_2_17_riscv64 "
        "--platform manylinux2014_riscv64 --platform linux_riscv64 "
        "--python-version 3.12 --implementation cp --abi cp312 --only-binary :all: --no-compile "
        "--target folder --quiet torch -r file.txt"
    )


def test_a_download_has_no_folder_of_ours() -> None:
    arguments = ["--target", "m", "--no-color", "download", "--dest", "d", "torch"]
    found = pip_arguments(arguments, MACHINE)

    assert found[0] == "download"
    assert found[-4:] == ["--no-color", "--dest", "d", "torch"]
    assert not {"--target", "--no-compile"} & set(found)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--target gh200 install torch", True),
        ("--target=gh200 download torch", True),
        ("install --into d torch", True),
        ("install --into=d torch", True),
        ("install --target d torch", False),
        ("install --target=d --python-version 3 torch", False),
        ("--quiet install --target d torch", False),
        ("install -t d torch", False),
    ],
)
def test_pips_own_target_is_left_to_pip(arguments: str, expected: bool) -> None:
    assert asks_for_other_machine(arguments.split()) is expected


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("wheel torch", "is for pip install and pip download, found 'wheel'"),
        ("", "is for pip install and pip download, found ''"),
        ("install torch", "name the folder to fill, --into DIR"),
        ("install --into d --target e torch", "--target: the folder to fill is named by --into"),
        ("install --into d -t e torch", "-t: the folder to fill is named by --into"),
        ("install --into d --platform linux_x86_64 torch", "--platform is what a machine says"),
        ("install --into d --abi=cp312 torch", "--abi is what a machine says"),
        ("install --into d --implementation pp torch", "--implementation is what a machine says"),
        ("install --into d --no-binary :all: torch", "--no-binary: what is built here is for this"),
        ("install --into d -e .", "-e: what is built here is for this machine, not for a machine"),
        ("download --into d torch", "--into is for install; pip download has --dest DIR"),
        ("install --into", "--into expects a value"),
    ],
)
def test_what_does_not_go_with_a_target_is_refused(arguments: str, problem: str) -> None:
    with pytest.raises(VariantselError) as caught:
        pip_arguments(["--target", "m", *arguments.split()], MACHINE)

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"implementation_name": "pypy"}, "found implementation_name 'pypy', expected 'cpython'"),
        ({"python_version": "three"}, "found python_version 'three', expected MAJOR.MINOR"),
    ],
)
def test_a_machine_whose_python_cannot_be_served_is_refused(
    environment: dict[str, str], problem: str
) -> None:
    machine = Target("m", StaticProperties({}), environment=environment)
    with pytest.raises(VariantselError, match=problem):
        pip_arguments(["--target", "m", "download", "torch"], machine)


@pytest.mark.parametrize("option", [["--only-binary", "torch"], ["--only-binary=:all:"]])
def test_asking_for_wheels_only_changes_nothing(option: list[str]) -> None:
    asked = pip_arguments(["--target", "m", "install", "--into", "d", *option, "torch"], MACHINE)
    assert asked == pip_arguments(["--target", "m", "install", "--into", "d", "torch"], MACHINE)


def test_a_dry_run_needs_no_folder() -> None:
    found = pip_arguments(["--target", "m", "install", "--dry-run", "torch"], MACHINE)
    assert "--target" not in found
