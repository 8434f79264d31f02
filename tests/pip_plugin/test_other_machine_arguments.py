"""What ``variantsel pip --target`` makes of a command line, before pip sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from variantsel import Target
from variantsel.cli import main
from variantsel.errors import VariantselError
from variantsel.pip_plugin.other_machine import (
    OWN_OPTIONS,
    asks_for_other_machine,
    asks_for_our_help,
    image_platform,
    pip_arguments,
    run_for_other,
)
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
        ("install --glibc 2.36 torch", True),
        ("install --musl=1.2 torch", True),
        ("install --target d torch", False),
        ("install --target=d --python-version 3 torch", False),
        ("--quiet install --target d torch", False),
        ("install -t d torch", False),
        ("install --target ./gh200 torch", False),
        ("install -t machines/gh200 torch", False),
        ("install --target", False),
        ("list", False),
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
        ("install --into d --into e torch", "--into is given twice"),
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


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        ("install --target gh200 torch", "--target gh200 install torch --into DIR"),
        ("install torch --target=gh200@13.0", "--target gh200@13.0 install torch --into DIR"),
        ("install -t h100 -r r.txt", "--target h100 install -r r.txt --into DIR"),
        ("install -th100 torch", "--target h100 install torch --into DIR"),
        (
            "install --target aws:p5.48xlarge torch",
            "--target aws:p5.48xlarge install torch --into DIR",
        ),
        ("install --target node.toml torch", "--target node.toml install torch --into DIR"),
        ("install --target ci/a.toml torch", "--target ci/a.toml install torch --into DIR"),
        ("install --into d --target gh200 torch", "--target gh200 install --into d torch"),
        ("download --target gh200 -d d torch", "--target gh200 download -d d torch"),
        ("--quiet install --target gh200 torch", "--target gh200 --quiet install torch --into DIR"),
        ("install --target host torch", "--target host install torch --into DIR"),
    ],
)
def test_a_machine_behind_pips_command_is_no_folder(arguments: str, right: str) -> None:
    with pytest.raises(VariantselError) as caught:
        asks_for_other_machine(arguments.split())

    assert f"'variantsel pip {right}'" in str(caught.value)
    assert "write --target ./" in str(caught.value)


def test_two_machines_are_one_too_many() -> None:
    with pytest.raises(VariantselError, match="--target is given twice"):
        asks_for_other_machine(["--target", "a", "--target", "b", "install", "torch"])


@pytest.mark.parametrize("arguments", ["install --into d torch", "download --glibc 2.36 torch"])
def test_what_is_for_a_machine_needs_one(
    arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("VARIANTSEL_TARGET", raising=False)
    with pytest.raises(VariantselError) as caught:
        run_for_other(arguments.split(), lambda _: 0)

    assert f"'variantsel pip --target MACHINE {arguments}'" in str(caught.value)


@pytest.mark.parametrize(
    ("glibc", "musl", "expected"),
    [("2.36", "", "manylinux_2_36_aarch64"), ("", "1.2", "musllinux_1_2_aarch64")],
)
def test_an_image_has_a_c_library_of_its_own(glibc: str, musl: str, expected: str) -> None:
    assert image_platform(Target.named("gh200"), glibc, musl) == expected


@pytest.mark.parametrize(
    ("glibc", "musl", "problem"),
    [
        ("2.36", "1.2", "--glibc and --musl: an image has one of them"),
        ("bookworm", "", "--glibc: found 'bookworm', expected MAJOR.MINOR such as 2.36"),
        ("", "2.36", "--musl: found '2.36', expected MAJOR.MINOR such as 1.2"),
    ],
)
def test_an_image_with_no_such_c_library_is_refused(glibc: str, musl: str, problem: str) -> None:
    with pytest.raises(VariantselError) as caught:
        image_platform(Target.named("gh200"), glibc, musl)

    assert problem in str(caught.value)


def test_an_image_of_another_system_has_no_glibc() -> None:
    machine = Target("m", StaticProperties({}), environment={"sys_platform": "win32"})
    with pytest.raises(VariantselError, match="--glibc is for Linux, and m is win32"):
        image_platform(machine, "2.36", "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", True),
        ("--help", True),
        ("-h", True),
        ("--target gh200 --help", True),
        ("--target=gh200 install --help", True),
        ("install --into d --help", True),
        ("install --help", False),
        ("install --target d --help", False),
        ("help install", False),
        ("install torch", False),
    ],
)
def test_help_is_ours_where_pips_would_not_tell_of_our_options(
    arguments: str, expected: bool
) -> None:
    assert asks_for_our_help(arguments.split()) is expected


@pytest.mark.parametrize("arguments", ["--help", "--target gh200 --help"])
def test_the_help_has_our_options_and_the_way_to_pips(
    arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pip", *arguments.split()]) == 0
    shown = capsys.readouterr().out
    for word in (*OWN_OPTIONS, "--python-version", "variantsel pip help install"):
        assert word in shown
