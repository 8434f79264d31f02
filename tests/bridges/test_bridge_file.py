"""Reading a bridge's file: what is wrong is named with its file, line and key."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from support.bridge_files import SOURCE, TORCH, bridge

from variantsel.bridges.bridge_file import parse_bridge, read_bridge
from variantsel.errors import InvalidBridge
from variantsel.formats.toml_file import MAX_BYTES

HEAD = 'format = 1\nbridge = "demo"\nabout = "a demo"\n'
LABEL = f'[[label]]\nlabel = "cu13"\n{SOURCE}'
INDEX = '[index]\nbase = "https://x.example"\npage = "{base}/{project}/"\ntold-by = "page"\n'


def test_a_file_is_read_with_the_lines_of_its_rows() -> None:
    found = bridge(TORCH)
    assert (found.name, found.about) == ("torch", "PyTorch and what is built with it")
    assert found.in_all and not found.extends
    assert found.label_names == ("cu132", "cu130", "cu128", "cu126", "rocm7.2", "xpu", "cpu")
    assert found.index is not None and not found.index.told_by_page
    assert [*found.members] == ["torch", "torchvision", "pytorch-triton-rocm"]
    lines = TORCH.splitlines()
    for row in found.labels:
        assert lines[row.source.line - 1] == "[[label]]"
        assert f'label = "{row.label}"' in lines[row.source.line]
        assert row.source.date == date(2026, 11, 25)


def test_names_of_projects_are_normalized() -> None:
    text = f'{HEAD}{LABEL}[[default]]\nprojects = ["My_Project"]\nlabel = "cu13"\n{SOURCE}'
    assert bridge(text).built_projects == {"my-project"}


def row(header: str, *lines: str) -> str:
    return f"{HEAD}{LABEL}{INDEX}[[{header}]]\n" + "".join(f"{line}\n" for line in lines) + SOURCE


FIRST = 12  # the line of the row's header
WRONG = {
    "a key that there is not": (f"{HEAD}colour = 1\n", 4, "colour: there is no such key"),
    "a key that a row does not have": (
        row("default", 'label = "cu13"', 'colour = "red"'),
        FIRST + 2,
        "default.colour: there is no such key",
    ),
    "a table that there is not": (f"{HEAD}[colour]\nred = 1\n", 4, "colour: there is no such key"),
    "no format": ('bridge = "demo"\nabout = "x"\n', 1, "format: expected 1"),
    "another format": ('about = "x"\nformat = 2\nbridge = "demo"\n', 2, "format: expected 1"),
    "a format of text": ('format = "1"\n', 1, "format: found '1', expected a whole number"),
    "no name": ("format = 1\n", 1, "there is no 'bridge'"),
    "a name that is none": ('format = 1\nbridge = "A b"\n', 2, "bridge: found 'A b', expected a"),
    "no description": ('format = 1\nbridge = "demo"\nabout = " "\n', 3, "about: found ' '"),
    "a flag that is text": (f'{HEAD}in-all = "no"\n', 4, "in-all: found 'no', expected true or"),
    "a table that is a list": (f"{HEAD}index = [1]\n", 4, "index: found [1], expected a table"),
    "a list that is a table": (
        f"{HEAD}[label]\nlabel = 1\n",
        4,
        "label: found {'label': 1}, expected tables, in double brackets",
    ),
    "a row without its source": (f"{HEAD}[[label]]\nlabel = 'x'\n", 4, "there is no 'source'"),
    "a row without its date": (
        f"{HEAD}[[label]]\nlabel = 'x'\nsource = 'x'\n",
        4,
        "there is no 'date'",
    ),
    "a date that is text": (
        row("default", 'label = "cu13"').replace("2026-11-25", '"today"'),
        7,
        "label.date: found 'today', expected a date",
    ),
    "a time": (
        row("default", 'label = "cu13"').replace("2026-11-25", "2026-11-25T10:00:00Z"),
        7,
        "expected a date",
    ),
    "a label that is none": (
        f'{HEAD}[[label]]\nlabel = "CU 13"\n{SOURCE}',
        5,
        "label.label: found 'CU 13', expected a label",
    ),
    "a label of a row that there is not": (
        row("default", 'label = "cu14"'),
        FIRST,
        "there is no [[label]] 'cu14'; there are cu13",
    ),
    "a platform that there is not": (
        row("default", 'label = "cu13"', 'platforms = ["linux-x86"]'),
        FIRST + 2,
        "default.platforms: found ['linux-x86'], expected platforms among linux-x86_64, ",
    ),
    "platforms that are text": (
        row("default", 'label = "cu13"', 'platforms = "linux-x86_64"'),
        FIRST + 2,
        "expected a list of platforms",
    ),
    "an empty list": (
        row("default", 'label = "cu13"', "projects = []"),
        FIRST + 2,
        "default.projects: found [], expected a list of projects",
    ),
    "a project that is none": (
        row("name", 'project = "-"', 'label = "cu13"', 'name = "x"'),
        FIRST + 1,
        "name.project: found '-', expected the name of a project",
    ),
    "versions that are none": (
        row("default", 'label = "cu13"', 'versions = "from 2"'),
        FIRST + 2,
        "default.versions: found 'from 2', expected version specifiers",
    ),
    "a namespace that there is not": (
        f'{HEAD}[[label]]\nlabel = "x"\nneeds.nvdia.sm_arch = ["90_real"]\n{SOURCE}',
        6,
        "expected a table with nvidia or amd or intel or tpu",
    ),
    "a feature that there is not": (
        f'{HEAD}[[label]]\nlabel = "x"\nneeds = {{ nvidia = {{ cuda = ["13.0"] }} }}\n{SOURCE}',
        6,
        "nvidia.cuda_version_lower_bound",
    ),
    "a value that there is not": (
        f'{HEAD}[[label]]\nlabel = "x"\nneeds = {{ nvidia = {{ sm_arch = ["sm_90"] }} }}\n{SOURCE}',
        6,
        "expected values in needs.nvidia.sm_arch of the form",
    ),
    "a need without values": (
        f'{HEAD}[[label]]\nlabel = "x"\n{SOURCE}[label.needs.amd]\ngfx_arch = "gfx942"\n',
        4,
        "expected a list of values in needs.amd.gfx_arch",
    ),
    "a toolkit that is none": (
        f'{HEAD}[[label]]\nlabel = "x"\ntoolkit = "CUDA 13"\n{SOURCE}',
        6,
        "label.toolkit: found 'CUDA 13'",
    ),
    "an address that is none": (
        f"{HEAD}{LABEL}{INDEX}".replace("https:", "ssh:"),
        9,
        "index.base: found 'ssh://x.example', expected an address",
    ),
    "a page without its project": (
        f"{HEAD}{LABEL}{INDEX}".replace("{project}", "x"),
        10,
        "index.page: found '{base}/x/', expected an address with {project} in it",
    ),
    "a page with another field": (
        f"{HEAD}{LABEL}{INDEX}".replace("{base}", "{base}/{0.__class__}"),
        10,
        "expected an address with nothing but {base}, {label}, {project} in braces",
    ),
    "an index that tells by something else": (
        f"{HEAD}{LABEL}{INDEX}".replace('"page"', '"name"'),
        11,
        "index.told-by: found 'name', expected 'local-version' or 'page'",
    ),
    "a member without an index": (
        f'{HEAD}{LABEL}[[member]]\nproject = "x"\n{SOURCE}',
        8,
        "a [[member]] has pages on an index: there is no [index]",
    ),
    "a member twice": (
        row("member", 'project = "a.b"') + f'[[member]]\nproject = "A_B"\n{SOURCE}',
        FIRST + 4,
        f"member: a-b is in line {FIRST}, too",
    ),
    "an exclusive name twice": (
        row("exclusive", 'names = ["a"]') + f'[[exclusive]]\nnames = ["b", "a"]\n{SOURCE}',
        FIRST + 4,
        f"exclusive: a is in line {FIRST}, too",
    ),
    "a name that must not be mapped": (
        row("unmapped", 'name = "apex"', 'why = "is unrelated"')
        + f'[[default]]\nprojects = ["apex"]\nlabel = "cu13"\n{SOURCE}',
        FIRST + 5,
        f"apex must not be mapped: is unrelated (line {FIRST})",
    ),
    "broken TOML": (f"{HEAD}[[label]\n", None, "not TOML: "),
    "a key twice": (f"{HEAD}about = 'y'\n", None, "not TOML: "),
    "far too deep": (f"{HEAD}x = {'[' * 100_000}", None, "too deep to be read"),
}


@pytest.mark.parametrize(("text", "line", "problem"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named_with_file_line_and_key(
    text: str, line: int | None, problem: str
) -> None:
    with pytest.raises(InvalidBridge) as caught:
        parse_bridge(text, "mine.toml")
    place = "mine.toml:" if line is None else f"mine.toml:{line}:"
    assert str(caught.value).startswith(f"{place} ")
    assert problem in str(caught.value)


OVERLAPS = {
    "the same again": ("versions = '>=2'", "versions = '>=2'"),
    "for every version, and for some": ("", "versions = '>=2'"),
    "newer ones among newer ones": ("versions = '>=2.11'", "versions = '>=2.15'"),
    "a series among others": ("versions = '<3'", "versions = '==2.1.*'"),
    "in other words": ("versions = '>=2,<3'", "versions = '<3,>=2'"),
    "for every project, and for one": ("", "projects = ['torch']"),
    "for two platforms, and for one": (
        "platforms = ['linux-x86_64', 'linux-aarch64']",
        "platforms = ['linux-aarch64']",
    ),
}
NO_OVERLAPS = {
    "newer ones, then the others": ("versions = '>=2.15'", "versions = '>=2.11'"),
    "apart": ("versions = '>=2.15'", "versions = '<2.15'"),
    "one shared version": ("versions = '<=2.15'", "versions = '>=2.15'"),
    "one project, then every one": ("projects = ['torch']", ""),
    "another platform": ("platforms = ['linux-x86_64']", "platforms = ['linux-aarch64']"),
    "fewer versions of more projects": ("projects = ['torch']", "versions = '>=2'"),
}


def two_rows(first: str, second: str) -> str:
    rows = "".join(f'[[default]]\nlabel = "cu13"\n{scope}\n{SOURCE}' for scope in (first, second))
    return f"{HEAD}{LABEL}{rows}"


@pytest.mark.parametrize(("first", "second"), OVERLAPS.values(), ids=OVERLAPS.keys())
def test_a_row_that_another_leaves_nothing_to_say_is_an_error(first: str, second: str) -> None:
    with pytest.raises(InvalidBridge) as caught:
        parse_bridge(two_rows(first, second), "mine.toml")
    assert str(caught.value) == (
        "mine.toml:13: default: line 8 says it of all that this row is about"
    )


@pytest.mark.parametrize(("first", "second"), NO_OVERLAPS.values(), ids=NO_OVERLAPS.keys())
def test_rows_that_each_have_something_to_say_are_not(first: str, second: str) -> None:
    assert len(bridge(two_rows(first, second)).defaults) == 2


@pytest.mark.parametrize(
    ("header", "keys"),
    [
        ("label", 'label = "cu14"'),
        ("name", 'project = "x"\nlabel = "cu13"\nname = "x-cu13"'),
        ("extra", 'project = "x"\nlabel = "cu13"\nextras = ["cu13"]'),
        ("unmapped", 'name = "x"\nwhy = "unrelated"'),
    ],
)
def test_rows_of_every_kind_may_say_a_thing_once(header: str, keys: str) -> None:
    text = f"{HEAD}{LABEL}" + f"[[{header}]]\n{keys}\n{SOURCE}" * 2
    with pytest.raises(InvalidBridge, match=f"^mine.toml:[0-9]+: {header}: "):
        parse_bridge(text, "mine.toml")


def test_text_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'format = 1\nbridge = "demo"\nabout = "\xff"\n')
    with pytest.raises(InvalidBridge) as caught:
        read_bridge(path)
    assert str(caught.value) == f"{path}: byte 36 is not UTF-8"


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InvalidBridge) as caught:
        read_bridge(path)
    assert str(caught.value).startswith(f"{path}: found more than 1 MiB")


def test_a_file_that_would_be_waited_for_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    os.mkfifo(path)
    with pytest.raises(InvalidBridge, match="a FIFO"):
        read_bridge(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidBridge, match=r"nowhere\.toml: No such file"):
        read_bridge(tmp_path / "nowhere.toml")
