"""``variantsel config``, and what is configured in ``variantsel rank``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from support.wheels import metadata

from variantsel.cli import main

RELEASE = metadata(
    {
        "v4": {"x86_64": {"level": ["v4"]}},
        "v3": {"x86_64": {"level": ["v3"]}},
        "v1": {"x86_64": {"level": ["v1"]}},
        "null": {},
    },
    namespaces=["x86_64"],
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with nothing configured around it."""
    for variable in [name for name in os.environ if name.startswith(("VARIANTSEL", "XDG"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def configure(folder: Path, text: str) -> Path:
    path = folder / "variantsel.toml"
    path.write_text(text)
    return path


def release(folder: Path, name: str = "Some_Pkg-1.0-variants.json") -> str:
    path = folder / name
    path.write_text(json.dumps(RELEASE))
    return str(path)


def ranked(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    main(["rank", "--format", "json", *arguments])
    return json.loads(capsys.readouterr().out)


def test_config_shows_what_is_set_and_where(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configure(folder, 'target = "gh200"\nenable = []\n[packages.torch]\noff = true\n')
    monkeypatch.setenv("VARIANTSEL_TARGET", "h100")
    assert main(["config"]) == 0
    output = capsys.readouterr().out
    assert [line.split() for line in output.splitlines()][:4] == [
        ["SETTING", "VALUE", "SET", "IN"],
        ["enable", "(none)", str(path)],
        ["packages.torch.off", "true", str(path)],
        ["target", "h100", "VARIANTSEL_TARGET"],
    ]
    assert f"the project               {path}" in output

    assert main(["config", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["settings"]["packages.torch.off"] == {"value": True, "source": str(path)}
    assert answer["files"][0] == {"layer": "project", "path": str(path), "found": True}
    assert {"layer": "environment", "path": str(Path(sys.prefix) / path.name), "found": False} in (
        answer["files"]
    )
    assert answer["notices"] == []


def test_config_says_when_nothing_is_set_and_when_no_file_is_looked_at(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["config"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("Nothing is set")
    assert "no such file, here or above" in output
    monkeypatch.setenv("VARIANTSEL_CONFIG", os.devnull)
    assert main(["config"]) == 0
    assert "No file is looked at" in capsys.readouterr().out


def test_config_fails_on_what_cannot_be_used_and_notes_what_is_ignored(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTSEL_TAEK", "torch=cuda12.8")
    assert main(["config"]) == 0
    assert capsys.readouterr().err == (
        "note: VARIANTSEL_TAEK means nothing to variantsel; did you mean VARIANTSEL_TAKE?\n"
    )
    configure(folder, 'target = "gh20"\n')
    assert main(["config"]) == 2
    assert "gh200" in capsys.readouterr().err
    configure(folder, 'prefr = ["nvidia"]\n')
    assert main(["config"]) == 2
    assert "did you mean 'prefer'?" in capsys.readouterr().err


def test_rank_applies_what_is_configured_for_the_package_that_the_file_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configure(
        folder,
        'target = "cpu-x86-64-v3"\nexclude = ["x86_64 :: level :: v1"]\n'
        '[packages.some-pkg]\nprefer = ["x86_64 :: level :: v1"]\nnever = ["null"]\n',
    )
    answer = ranked(capsys, release(folder))
    assert answer["labels"] == ["v3"]
    assert answer["narrowed"] == {
        "null": {
            "rule": "never",
            "setting": f"never = null, set in {path}",
            "text": f"is left out (never = null, set in {path}).",
        },
        "v1": {
            "rule": "exclude",
            "setting": f"exclude = x86_64 :: level :: v1, set in {path}",
            "text": f"is left out (exclude = x86_64 :: level :: v1, set in {path}).",
        },
    }
    assert list(answer["rejected"]) == ["v4"]
    assert ranked(capsys, release(folder, "other-1.0-variants.json"))["labels"] == ["v3", "null"]

    assert ranked(capsys, release(folder, "unnamed.json"))["labels"] == ["v3", "null"]
    main(["rank", release(folder, "unnamed.json")])
    assert "what is set for single packages is not looked at" in capsys.readouterr().err


def test_rank_shows_what_was_left_out_and_what_came_first(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTSEL_PREFER", "x86_64 :: level :: v1")
    monkeypatch.setenv("VARIANTSEL_NEVER", "some-pkg=null")
    assert main(["rank", release(folder), "--target", "cpu-x86-64-v3"]) == 0
    output = capsys.readouterr().out
    assert "-  null      is left out (never = null, set in VARIANTSEL_NEVER)." in output
    assert output.endswith(
        "\nv1 comes before v3 as preferred (prefer = x86_64 :: level :: v1, set in "
        "VARIANTSEL_PREFER).\n"
    )
    monkeypatch.setenv("VARIANTSEL_NEVER", "some-pkg=*")
    assert main(["rank", release(folder), "--target", "cpu-x86-64-v3"]) == 1
    assert "No variant that is compatible is left." in capsys.readouterr().out


def test_rank_fails_when_the_label_to_take_does_not_fit(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTSEL_TAKE", "some-pkg=v4")
    assert main(["rank", release(folder), "--target", "cpu-x86-64-v3"]) == 2
    assert capsys.readouterr().err == (
        "error: take = v4, set in VARIANTSEL_TAKE: v4 needs x86_64 :: level :: v4, but the machine "
        "supports v3, v2 and v1.\n"
    )


def test_rank_leaves_out_what_is_switched_off(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTSEL_DISABLE", "x86_64")
    assert ranked(capsys, release(folder), "--target", "cpu-x86-64-v3")["labels"] == ["null"]
