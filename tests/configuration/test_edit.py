"""Changing one list of the user's file: nothing else of it changes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from variantsel.configuration.edit import UserFile
from variantsel.errors import InvalidConfiguration

CASES = {
    "a list on one line": (
        '# mine\nbridge = ["torch"]  # since May\ntarget = "h100"\n',
        ["torch", "jax"],
        '# mine\nbridge = ["torch", "jax"]  # since May\ntarget = "h100"\n',
    ),
    "one text": ('bridge = "torch"\n', ["torch", "jax"], 'bridge = ["torch", "jax"]\n'),
    "an empty list": ("bridge = [ ]\n", ["jax"], 'bridge = ["jax"]\n'),
    "one less": ('bridge = ["torch", "jax"]\n', ["jax"], 'bridge = ["jax"]\n'),
    "none left": ('bridge = ["torch"]\n', [], "bridge = []\n"),
    "an unusual spelling": (
        "'bridge'   =  ['torch']\nstrict = true",
        ["torch", "jax"],
        '\'bridge\'   =  ["torch", "jax"]\nstrict = true',
    ),
    "several lines with comments, one more": (
        'bridge = [\n    "torch", # the "main" one\n    "jax"  # ] no end\n]\nstrict = true\n',
        ["torch", "jax", "cupy"],
        'bridge = [\n    "torch", # the "main" one\n    "jax", "cupy"  # ] no end\n]\n'
        "strict = true\n",
    ),
    "several lines with comments, one less": (
        'bridge = [\n    "torch", # the main one\n    "jax",\n]\n',
        ["jax"],
        'bridge = [\n    # the main one\n    "jax",\n]\n',
    ),
    "several lines, another one": (
        'bridge = [\n    "torch",\n    "jax",\n]\n',
        ["torch", "cupy"],
        'bridge = [\n    "torch", "cupy"\n]\n',
    ),
    "no such key": ('target = "h100"', ["jax"], 'target = "h100"\nbridge = ["jax"]\n'),
    "no such key before a table with a comment": (
        '# all of it\n\ntarget = "h100"\n\n# ours\n[packages.torch]\ntake = "cu126"\n',
        ["jax"],
        '# all of it\n\ntarget = "h100"\nbridge = ["jax"]\n\n# ours\n'
        '[packages.torch]\ntake = "cu126"\n',
    ),
    "nothing but a table": (
        "[packages.torch]\noff = true\n",
        ["jax"],
        'bridge = ["jax"]\n\n[packages.torch]\noff = true\n',
    ),
    "lines of Windows": (
        'target = "h100"\r\n[packages.torch]\r\noff = true\r\n',
        ["jax"],
        'target = "h100"\r\nbridge = ["jax"]\r\n\r\n[packages.torch]\r\noff = true\r\n',
    ),
    "no file": (None, ["jax"], 'bridge = ["jax"]\n'),
}


@pytest.fixture
def user_file(tmp_path: Path) -> UserFile:
    return UserFile({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")})


@pytest.mark.parametrize(("before", "values", "after"), CASES.values(), ids=CASES.keys())
def test_a_list_is_changed_and_nothing_else(
    user_file: UserFile, before: str | None, values: list[str], after: str
) -> None:
    if before is not None:
        user_file.path.parent.mkdir(parents=True)
        user_file.path.write_bytes(before.encode())
    user_file.set("bridge", values)
    assert user_file.path.read_bytes().decode() == after
    assert list(user_file.value("bridge")) == values
    assert [path.name for path in user_file.path.parent.iterdir()] == ["variantsel.toml"]


UNSAFE = {
    "a text of several lines": 'bridge = """torch"""\n',
    "hidden in another text": 'target = """\nbridge = [] \n"""\nbridge = ["torch"]\n',
    "a name with an escape": '"bri\\u0064ge" = ["torch"]\n',
}


@pytest.mark.parametrize("text", UNSAFE.values(), ids=UNSAFE.keys())
def test_what_cannot_be_changed_safely_is_left_as_it_is(user_file: UserFile, text: str) -> None:
    user_file.path.parent.mkdir(parents=True)
    user_file.path.write_text(text)
    with pytest.raises(InvalidConfiguration) as caught:
        user_file.set("bridge", ["torch", "jax"])
    assert str(user_file.path) in str(caught.value)
    assert 'bridge = ["torch", "jax"] yourself' in str(caught.value)
    assert user_file.path.read_text() == text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"bridge = [", "not TOML"),
        (b'target = "\xff"', "not UTF-8"),
        (b"brigde = []", "there is no such key here"),
        (b"bridge = [1]", "found [1]"),
    ],
)
def test_a_file_that_cannot_be_used_is_not_changed(
    user_file: UserFile, content: bytes, problem: str
) -> None:
    user_file.path.parent.mkdir(parents=True)
    user_file.path.write_bytes(content)
    with pytest.raises(InvalidConfiguration) as caught:
        user_file.set("bridge", ["jax"])
    assert problem in str(caught.value) and str(user_file.path) in str(caught.value)
    assert user_file.path.read_bytes() == content


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
def test_the_files_mode_stays_and_a_link_stays_one(user_file: UserFile, tmp_path: Path) -> None:
    dotfile = tmp_path / "dotfiles" / "mine.toml"
    dotfile.parent.mkdir()
    dotfile.write_text("strict = true\n")
    dotfile.chmod(0o640)
    user_file.path.parent.mkdir(parents=True)
    user_file.path.symlink_to(dotfile)
    user_file.set("bridge", ["jax"])
    assert user_file.path.is_symlink()
    assert dotfile.read_text() == 'strict = true\nbridge = ["jax"]\n'
    assert dotfile.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_cannot_be_written_to_is_an_error(user_file: UserFile) -> None:
    user_file.path.parent.mkdir(parents=True)
    user_file.path.parent.chmod(0o500)
    with pytest.raises(OSError):
        user_file.set("bridge", ["jax"])


@pytest.mark.skipif(sys.platform == "win32", reason="the home directory of POSIX")
def test_without_a_home_there_is_no_users_file() -> None:
    with pytest.raises(InvalidConfiguration, match="HOME is not set"):
        UserFile({})
