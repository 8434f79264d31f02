"""``variantsel target`` and ``detect --save``: machines listed, shown, saved, compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.wheels import metadata

from variantsel import Target, rank
from variantsel.cli import main
from variantsel.targets.machines import machine_names
from variantsel.targets.machines.clouds import cloud_names, instances
from variantsel.targets.target_file import write_target_file

FORCED = {
    "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "12.8",
    "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "8.9",
}
"""This machine is taken to have a GPU, so that there is something to carry over."""

RELEASE = metadata(
    {
        "cuda13": {"nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["80_real"]}},
        "cuda12": {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["80_real"]}},
        "hopper": {"nvidia": {"sm_arch": ["90_real"]}},
        "v3": {"x86_64": {"level": ["v3"]}},
        "v1": {"x86_64": {"level": ["v1"]}},
        "armv8": {"aarch64": {"version": ["8a"]}},
        "null": {},
    }
)


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("VARIANTSEL")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert main([*arguments, "--format", "json"]) == code
    return json.loads(capsys.readouterr().out)


# detect --save


def test_a_captured_machine_ranks_as_the_machine_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in FORCED.items():
        monkeypatch.setenv(variable, value)
    assert main(["detect", "--save", "machine.toml"]) == 0
    host = Target.host()
    ranking = rank(RELEASE, host)
    assert "cuda12" in ranking.labels
    for variable in FORCED:
        monkeypatch.delenv(variable)

    captured = Target.from_file("machine.toml")

    assert rank(RELEASE, captured).labels == ranking.labels
    assert {label: str(why) for label, why in rank(RELEASE, captured).rejected.items()} == {
        label: str(why) for label, why in ranking.rejected.items()
    }
    assert dict(captured.environment) == dict(host.environment)
    assert captured.stated_environment.keys() == host.environment.keys()
    assert captured.tags == host.tags
    assert captured.all_properties() == host.all_properties()
    assert not captured.is_host


def test_capturing_a_machine_again_writes_the_same_file() -> None:
    for name in ("one.toml", "two.toml"):
        done = subprocess.run(
            [sys.executable, "-m", "variantsel", "detect", "--save", name],
            env={**os.environ, **FORCED, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            check=True,
        )
        assert f"note: this machine is written to {name}" in done.stderr.decode()

    assert Path("one.toml").read_text() == Path("two.toml").read_text()


@pytest.mark.parametrize(
    "command", [["detect", "--save", "machine.toml"], ["target", "save", "gh200", "machine.toml"]]
)
def test_a_file_that_is_there_is_replaced_only_by_force(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("machine.toml").write_text("mine")

    assert main(command) == 2
    assert capsys.readouterr().err == (
        "error: machine.toml: the file is there already; --force replaces it\n"
    )
    assert Path("machine.toml").read_text() == "mine"

    assert main([*command, "--force"]) == 0
    assert "[properties." in Path("machine.toml").read_text()


def test_a_folder_that_is_missing_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["target", "save", "gh200", "nowhere/machine.toml"]) == 2

    assert capsys.readouterr().err == "error: nowhere/machine.toml: No such file or directory\n"


def test_any_text_survives_in_a_file(tmp_path: Path) -> None:
    odd = 'a "b" \\ \x7f \t \N{SNOWMAN} \N{GRINNING FACE}\n'
    (tmp_path / "odd.toml").write_text(
        '[environment]\nplatform_version = "a \\"b\\" \\\\ \\u007f \\t \\u2603 \\U0001F600\\n"\n'
    )
    target = Target.from_file(tmp_path / "odd.toml")
    assert target.environment["platform_version"] == odd

    write_target_file(target, tmp_path / "again.toml")

    assert Target.from_file(tmp_path / "again.toml").environment["platform_version"] == odd


@pytest.mark.parametrize("name", [*machine_names(), "gh200@13.0", "aws:p5.48xlarge@12.6"])
def test_a_saved_machine_is_the_machine(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["target", "save", name, "machine.toml"]) == 0
    saved, named = Target.from_file("machine.toml"), Target.resolve(name)

    assert main(["target", "diff", name, "machine.toml"]) == 0
    assert "are the same" in capsys.readouterr().out
    assert saved.all_properties() == named.all_properties()
    assert saved.tags == named.tags
    assert saved.stated_environment == named.stated_environment
    assert len(Path("machine.toml").read_text().splitlines()) < 120


# target list


def test_list_names_every_machine_with_its_driver(capsys: pytest.CaptureFixture[str]) -> None:
    machines = answer(capsys, "target", "list")
    main(["target", "list"])
    table = capsys.readouterr().out

    assert list(machines) == list(machine_names())
    assert machines["gh200"] == {
        "description": "NVIDIA GH200 Grace Hopper Superchip: Grace CPU and a Hopper GPU",
        "platform_machine": "aarch64",
        "driver": "CUDA 12.8",
    }
    assert (machines["mi300x"]["driver"], machines["graviton4"]["driver"]) == ("ROCm 7.1", "")
    assert [line.split()[0] for line in table.splitlines()[1:-2]] == list(machine_names())
    assert all(f"'variantsel target list {cloud}'" in table for cloud in cloud_names())


@pytest.mark.parametrize("cloud", cloud_names())
def test_list_names_a_clouds_instance_types(cloud: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "target", "list", cloud)
    main(["target", "list", cloud])

    assert list(found) == [item.name for item in instances(cloud).values()]
    assert all(entry["machine"] in machine_names() for entry in found.values())
    assert f"{cloud}:" in capsys.readouterr().out


def test_list_says_which_clouds_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["target", "list", "cumulus"]) == 2

    error = capsys.readouterr().err
    assert error.startswith("error: no cloud is called 'cumulus'; known are aws")


# target show


def test_show_tells_all_of_a_machine(capsys: pytest.CaptureFixture[str]) -> None:
    shown = answer(capsys, "target", "show", "gh200@13.0")
    target = Target.named("gh200@13.0")

    assert shown["name"] == "gh200@13.0"
    assert shown["environment"] == target.stated_environment
    assert shown["environment"]["platform_machine"] == "aarch64"
    assert tuple(shown["platforms"]) == target.platforms
    assert shown["properties"]["nvidia"]["sm_arch"] == ["90_real", "90_virtual"]

    main(["target", "show", "gh200@13.0"])
    table = capsys.readouterr().out
    assert table.startswith("Machine: gh200@13.0\n")
    assert "environment  platform_machine " in table
    assert "manylinux_2_34_aarch64, manylinux_2_33_aarch64" in table


def test_show_tells_all_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    shown = answer(capsys, "target", "show", "host")

    assert shown["environment"] == dict(Target.host().environment)


# target diff


def test_diff_tells_what_only_one_of_two_machines_has(capsys: pytest.CaptureFixture[str]) -> None:
    difference = answer(capsys, "target", "diff", "gh200", "h100", code=1)

    assert difference["environment"] == {
        "platform_machine": {"first": "aarch64", "second": "x86_64"}
    }
    assert difference["platforms"]["first"][0] == "manylinux_2_34_aarch64"
    assert difference["properties"]["x86_64"]["level"] == {
        "first": [],
        "second": ["v3", "v2", "v1"],
    }
    assert "nvidia" not in difference["properties"]
    assert difference["feature_orders"] == {}

    assert main(["target", "diff", "gh200", "h100"]) == 1
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["WHERE", "NAME", "gh200@12.8", "h100@12.8"]
    assert ["environment", "platform_machine", "aarch64", "x86_64"] in [
        line.split() for line in table
    ]


def test_diff_of_two_drivers_shows_the_versions_between(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["target", "diff", "gh200@12.8", "gh200@12.10"]) == 1

    assert [line.split() for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["nvidia", "cuda_version_lower_bound", "-", "12.10,", "12.9"],
        ["nvidia", "cuda_version_upper_bound", "12.10,", "12.9", "-"],
    ]


def test_diff_tells_an_order_from_another(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.toml").write_text("[properties.acme]\nsize = ['s', 'l']\ncolour = ['red']\n")
    Path("b.toml").write_text("[properties.acme]\ncolour = ['red']\nsize = ['l', 's']\n")

    difference = answer(capsys, "target", "diff", "a.toml", "b.toml", code=1)
    main(["target", "diff", "a.toml", "b.toml"])

    assert difference["properties"] == {
        "acme": {"size": {"first": ["s", "l"], "second": ["l", "s"]}}
    }
    assert difference["feature_orders"] == {
        "acme": {"first": ["size", "colour"], "second": ["colour", "size"]}
    }
    assert [re.split("  +", line) for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["acme", "size", "s, l", "l, s"],
        ["acme", "(order of features)", "size, colour", "colour, size"],
    ]


def test_the_same_machine_has_no_difference(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "target", "diff", "host", "host") == {
        "environment": {},
        "platforms": None,
        "properties": {},
        "feature_orders": {},
    }


def test_a_machine_that_is_not_known_is_an_error_and_no_difference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["target", "diff", "gh200", "gh201"]) == 2
    assert "did you mean gh200" in capsys.readouterr().err
    assert main(["target"]) == 2
    assert "ACTION" in capsys.readouterr().err
