"""``variantsel bridge list``, ``show``, ``enable``, ``disable``; bridges in ``rank``, ``list``."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support.bridge_files import CUPY, JAX, TORCH, write_bridges
from support.wheels import metadata, write_wheel

from variantsel.cli import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's file, which names bridges of its own; nothing else is configured."""
    for variable in [name for name in os.environ if name.startswith(("VARIANTSEL", "XDG"))]:
        monkeypatch.delenv(variable)
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return write_bridges(tmp_path, home, torch=TORCH, cupy=CUPY, jax=JAX)


def answer(capsys: Captured, *arguments: str) -> tuple[int, Any]:
    code = main([*arguments, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def told(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    code = main([*arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def states(capsys: Captured) -> dict[str, str | None]:
    _, listed = answer(capsys, "bridge", "list")
    return {bridge["name"]: bridge["set_in"] for bridge in listed if bridge["on"]}


# list


def test_list_shows_every_bridge_and_where_it_is_switched_on(
    capsys: Captured, user_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, output, _ = told(capsys, "bridge", "list")
    rows = [" ".join(line.split()) for line in output.splitlines()]
    assert code == 0
    assert "torch off index, version 3 PyTorch and what is built with it" in rows
    assert "cupy off name 3 CuPy" in rows
    user_file.write_text('bridge = ["jax"]\n' + user_file.read_text())
    assert states(capsys) == {"jax": str(user_file)}
    monkeypatch.setenv("VARIANTSEL_BRIDGE", "torch")
    assert states(capsys) == {"torch": "VARIANTSEL_BRIDGE"}


def test_list_has_json(capsys: Captured, tmp_path: Path) -> None:
    _, listed = answer(capsys, "bridge", "list")
    (cupy,) = (bridge for bridge in listed if bridge["name"] == "cupy")
    assert cupy == {
        "name": "cupy",
        "about": "CuPy",
        "mechanisms": ["name"],
        "projects": ["cupy", "cupy-cuda12x", "cupy-cuda13x"],
        "labels": ["cuda13", "cuda12"],
        "in_all": True,
        "on": False,
        "set_in": None,
        "file": str(tmp_path / "cupy.toml"),
    }


def test_a_file_that_cannot_be_used_is_named_with_its_line(
    capsys: Captured, tmp_path: Path
) -> None:
    (tmp_path / "cupy.toml").write_text("format = 1\ncolour = 1\n")
    code, output, error = told(capsys, "bridge", "list")
    assert (code, output) == (2, "")
    assert error.startswith(f"error: {tmp_path / 'cupy.toml'}:1: there is no 'bridge'")


# show


def test_show_tells_what_a_machine_gets_of_each_project(capsys: Captured) -> None:
    code, output, _ = told(capsys, "bridge", "show", "torch", "--target", "h100@12.4")
    lines = [line.split() for line in output.splitlines()]
    assert code == 0
    assert output.startswith("Bridge: torch, PyTorch and what is built with it (off; 'variantsel")
    assert "Machine: h100@12.4 (linux-x86_64)\n" in output
    page = "https://download.example/whl/cu128/torch/"
    assert ["torch", "cu128", "cu126,", "cpu", page] in lines
    assert "cu132        no    it needs nvidia :: cuda_version_lower_bound :: 13.0, but" in output
    assert "\nNot for linux-x86_64" not in output
    assert "torch-xla        has its own way" in output


def test_show_tells_what_is_asked_for_instead(capsys: Captured) -> None:
    _, output, _ = told(capsys, "bridge", "show", "cupy", "--target", "gh200@13.0")
    assert "cupy     cuda13            cupy-cuda13x       the default index, >=13.6" in output
    _, output, _ = told(capsys, "bridge", "show", "jax", "--target", "gh200@13.0")
    assert "jax      cuda13            jax[cuda13]" in output
    assert "Not for linux-aarch64: tpu." in output


def test_show_ends_with_1_where_nothing_fits(capsys: Captured) -> None:
    code, output, _ = told(capsys, "bridge", "show", "cupy", "--target", "mi300x")
    assert code == 1
    assert "cupy     -" in output
    assert "as without the bridge: no build that is known fits" in output


def test_show_has_json_with_reasons_in_parts(capsys: Captured) -> None:
    code, shown = answer(capsys, "bridge", "show", "cupy", "--target", "h100@12.4")
    assert code == 0
    assert (shown["target"], shown["platform"]) == ("h100@12.4", "linux-x86_64")
    assert shown["projects"] == [
        {
            "project": "cupy",
            "label": "cuda12",
            "then": [],
            "requirement": "cupy-cuda12x",
            "versions": "",
            "page": None,
            "without_bridge": None,
        }
    ]
    cuda13, cuda12 = shown["labels"]
    assert (cuda12["label"], cuda12["fits"], cuda12["reason"]) == ("cuda12", True, None)
    assert (cuda12["toolkit"], cuda12["needs"]) == (
        "cu12",
        {"nvidia": {"cuda_version_lower_bound": ["12.0"]}},
    )
    assert (cuda13["fits"], cuda13["reason"]["kind"]) == (False, "value")


def test_show_is_about_this_machine_where_no_other_is_named(capsys: Captured) -> None:
    _, shown = answer(capsys, "bridge", "show", "torch")
    assert shown["target"] == "this machine"


@pytest.mark.parametrize("action", ["show", "enable", "check", "disable"])
def test_a_bridge_that_there_is_not_is_an_error_with_the_nearest(
    capsys: Captured, user_file: Path, action: str
) -> None:
    before = user_file.read_text()
    code, _, error = told(capsys, "bridge", action, "tortch")
    assert code == 2
    assert "there is no bridge 'tortch'; did you mean 'torch'?" in error
    assert user_file.read_text() == before


def test_a_mirror_is_where_pages_are(capsys: Captured, user_file: Path) -> None:
    text = user_file.read_text().replace(
        "[bridges.torch]\n", '[bridges.torch]\nbase = "https://mirror.example/whl"\n'
    )
    user_file.write_text(text)
    _, shown = answer(capsys, "bridge", "show", "torch", "--target", "h100@12.4")
    assert shown["projects"][0]["page"] == "https://mirror.example/whl/cu128/torch/"


def test_a_mirrors_password_is_not_shown(capsys: Captured, user_file: Path) -> None:
    text = user_file.read_text().replace(
        "[bridges.torch]\n", '[bridges.torch]\nbase = "https://me:secret@mirror.example/whl"\n'
    )
    user_file.write_text(text)
    for command, shown in (
        (("bridge", "show", "torch", "--target", "h100@12.4"), "whl/cu128/torch/"),
        (("config",), "whl"),
    ):
        for options in ((), ("--format", "json")):
            main([*command, *options])
            output = capsys.readouterr().out
            assert f"https://me:****@mirror.example/{shown}" in output
            assert "secret" not in output


# enable, disable


def test_enable_writes_the_users_file_and_says_which(capsys: Captured, user_file: Path) -> None:
    before = user_file.read_text()
    code, output, error = told(capsys, "bridge", "enable", "torch", "jax")
    assert (code, error) == (0, "")
    assert output == f"On from now on: torch, jax ({user_file}).\n"
    assert user_file.read_text() == f'bridge = ["torch", "jax"]\n\n{before}'
    assert states(capsys) == {"torch": str(user_file), "jax": str(user_file)}
    assert told(capsys, "bridge", "enable", "cupy", "torch")[0] == 0
    assert user_file.read_text() == f'bridge = ["torch", "jax", "cupy"]\n\n{before}'


def test_enable_makes_the_file_where_there_is_none(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "elsewhere"))
    code, output, _ = told(capsys, "bridge", "enable", "all")
    path = tmp_path / "elsewhere" / "variantsel" / "variantsel.toml"
    assert (code, output) == (0, f"On from now on: all ({path}).\n")
    assert path.read_text() == 'bridge = ["all"]\n'


def test_disable_takes_out_what_was_on(capsys: Captured, user_file: Path) -> None:
    told(capsys, "bridge", "enable", "torch", "jax")
    code, output, error = told(capsys, "bridge", "disable", "torch")
    assert (code, output, error) == (0, f"On in {user_file}: jax.\n", "")
    assert [*states(capsys)] == ["jax"]
    code, output, _ = told(capsys, "bridge", "disable", "torch")
    assert (code, output) == (0, f"torch was not on in {user_file}.\n")
    assert told(capsys, "bridge", "disable", "all")[1] == f"On in {user_file}: none.\n"
    assert states(capsys) == {}


def test_disabling_one_of_all_leaves_the_others_by_name(capsys: Captured, user_file: Path) -> None:
    told(capsys, "bridge", "enable", "all")
    everything = {*states(capsys)}
    assert {"torch", "cupy", "jax"} <= everything
    assert told(capsys, "bridge", "disable", "cupy")[0] == 0
    assert {*states(capsys)} == everything - {"cupy"}
    assert '"all"' not in user_file.read_text()


def test_what_another_place_says_is_told(
    capsys: Captured, user_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTSEL_BRIDGE", "torch")
    code, _, error = told(capsys, "bridge", "enable", "jax")
    assert code == 1
    assert "jax is not on here: VARIANTSEL_BRIDGE sets 'bridge', and counts before" in error
    assert 'bridge = ["jax"]' in user_file.read_text()
    code, _, error = told(capsys, "bridge", "disable", "torch")
    assert code == 1
    assert "torch is still on here: VARIANTSEL_BRIDGE sets 'bridge'" in error


def test_a_broken_file_is_not_written(capsys: Captured, user_file: Path) -> None:
    user_file.write_text("bridge = [\n")
    code, _, error = told(capsys, "bridge", "enable", "jax")
    assert (code, user_file.read_text()) == (2, "bridge = [\n")
    assert f"{user_file}: not TOML" in error


# rank


def test_rank_orders_the_builds_that_a_bridge_knows(capsys: Captured) -> None:
    code, found = answer(
        capsys, "rank", "torch==2.15.0", "--bridge", "torch", "--target", "h100@12.4"
    )
    assert (code, found["labels"]) == (0, ["cu128", "cu126", "cpu"])
    assert {*found["rejected"]} == {"cu132", "cu130", "rocm7.2", "xpu"}
    _, output, _ = told(capsys, "rank", "torch", "--bridge", "torch", "--target", "h100@12.4")
    assert "1  cu128    nvidia :: cuda_version_lower_bound :: 12.0" in output
    assert "bridge :: order" not in output


def test_rank_honours_what_is_set_for_a_bridged_project(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTSEL_NEVER", "torch=cu128")
    _, found = answer(capsys, "rank", "Torch", "--bridge", "torch", "--target", "h100@12.4")
    assert found["labels"] == ["cu126", "cpu"]
    assert found["narrowed"]["cu128"]["rule"] == "never"


@pytest.mark.parametrize(
    ("project", "problem"),
    [
        ("numpy==2.0", "the bridge torch knows nothing of numpy; it knows pytorch-triton-rocm, "),
        ("torch==new", "torch==new: found 'new', expected a version: NAME or NAME==VERSION"),
    ],
)
def test_rank_says_what_a_bridge_does_not_know(
    capsys: Captured, project: str, problem: str
) -> None:
    code, _, error = told(capsys, "rank", project, "--bridge", "torch", "--target", "h100")
    assert code == 2
    assert problem in error


# list: what is installed


def install(folder: Path, name: str, version: str, **options: Any) -> None:
    wheel = write_wheel(folder / "wheels", name, version, **options)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


def installed(capsys: Captured, folder: Path, target: str) -> tuple[int, list[Any], list[Any]]:
    code, found = answer(capsys, "list", "--target", target, "--path", str(folder))
    return code, found["variants"], found["others"]


@pytest.mark.parametrize(
    ("version", "target", "label", "fits", "unused"),
    [
        ("2.14.1+cu126", "h100@12.4", "cu126", True, []),
        ("2.15.0", "h100@13.0", "cu132", True, []),
        ("2.15.0", "h100@12.4", "cu132", False, []),
        ("2.15.0", "cpu-x86-64-v3", "cu132", False, []),
        ("2.15.0+cpu", "h100@12.4", "cpu", True, ["nvidia"]),
        ("2.15.0+cpu", "cpu-x86-64-v3", "cpu", True, []),
        ("2.10.0", "gh200@13.0", "cpu", True, ["nvidia"]),
        ("2.15.0+rocm7.2", "mi300x", "rocm7.2", True, []),
    ],
)
def test_an_installed_build_is_listed_as_the_label_that_a_bridge_knows_it_by(
    capsys: Captured,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    target: str,
    label: str,
    fits: bool,
    unused: list[str],
) -> None:
    monkeypatch.setenv("VARIANTSEL_BRIDGE", "torch")
    install(tmp_path / "layer", "torch", version)
    code, variants, others = installed(capsys, tmp_path / "layer", target)
    (torch,) = variants
    assert (torch["label"], torch["bridge"]) == (label, "torch")
    assert (torch["fits"], torch["unused"]) == (fits, unused)
    assert "bridge" not in torch["properties"]
    assert others == []
    assert code == (1 if not fits else 3 if unused else 0)


def test_with_no_bridge_on_a_build_is_listed_as_before(capsys: Captured, tmp_path: Path) -> None:
    install(tmp_path / "layer", "torch", "2.15.0")
    assert installed(capsys, tmp_path / "layer", "h100@12.4") == (0, [], [])


def test_a_variant_wheel_is_what_it_says_whatever_a_bridge_knows(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTSEL_BRIDGE", "torch")
    document = metadata({"cuda13.0": {"nvidia": {"sm_arch": ["90_real"]}}})
    install(tmp_path / "layer", "torch", "2.15.0", label="cuda13.0", variant_json=document)
    _, variants, _ = installed(capsys, tmp_path / "layer", "h100@13.0")
    assert [(item["label"], item["bridge"]) for item in variants] == [("cuda13.0", None)]


def test_a_name_with_a_suffix_is_listed_too_and_what_bridges_do_not_know_is_not(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTSEL_BRIDGE", "torch,cupy")
    install(tmp_path / "layer", "cupy_cuda12x", "13.0")
    install(tmp_path / "layer", "numpy", "2.0")
    install(tmp_path / "layer", "torch", "2.9.0a0+50eac811a6.nv25.9")
    _, variants, _ = installed(capsys, tmp_path / "layer", "h100@13.0")
    assert [(item["name"], item["label"]) for item in variants] == [("cupy_cuda12x", "cuda12")]


def test_the_advice_for_an_idle_build_is_the_projects_name(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTSEL_BRIDGE", "torch")
    install(tmp_path, "torch", "2.15.0+cpu")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    _, output, _ = told(capsys, "list", "--target", "h100@12.4")
    assert "'pip install --upgrade torch' takes variants that use it" in output


# help


def test_every_action_has_help_with_examples(capsys: Captured) -> None:
    assert main(["bridge", "--help"]) == 0
    output = capsys.readouterr().out
    for action in ("list", "show", "check", "enable", "disable"):
        assert f"    {action} " in output
        assert main(["bridge", action, "--help"]) == 0
        assert f"examples:\n  variantsel bridge {action}" in capsys.readouterr().out


def test_a_command_without_an_action_is_bad_usage(capsys: Captured) -> None:
    assert main(["bridge"]) == 2
    assert "the following arguments are required: ACTION" in capsys.readouterr().err
