"""README and docs: every command, option, setting, number, name and path they mention is there.

What they say to type and show is typed in ``tests/pip_plugin/test_documented_commands.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path

import pytest
from pip._internal.cli.main_parser import create_main_parser
from pip._internal.commands import commands_dict, create_command
from support.documents import DOCUMENTS, Block, blocks, prose, recipe, spans
from support.pip_releases import PYTHONS, supported_cells
from support.repository import REAL_INDEX, REPOSITORY, needs_real_index
from variantsel_providers import nvidia

import variantsel
from variantsel.cli import main
from variantsel.configuration.keys import BRIDGE_KEYS, KEYS, PACKAGE_KEYS
from variantsel.configuration.variables import (
    _PACKAGE_VARIABLES,
    _VARIABLES,
    VARIABLES,
)
from variantsel.formats.json_reader import MAX_BYTES
from variantsel.pip_plugin.attach import NEWEST_PIP, OLDEST_PIP
from variantsel.provider_host import confinement, query, supervisor, task_limit
from variantsel.targets.machines import machine_names

README = REPOSITORY / "README.md"
CONFIGURATION = REPOSITORY / "docs" / "configuration.md"
SHELL = {"sh", "console"}


def in_all(pattern: str) -> list[tuple[str, ...]]:
    """What a pattern finds in the prose of README and docs, with the document's name."""
    return [
        (document.name, *(match.groups() or (match[0],)))
        for document in DOCUMENTS
        for match in re.finditer(pattern, prose(document))
    ]


def typed(document: Path) -> list[str]:
    """Every line that is typed, in blocks and in prose."""
    lines = spans(document)
    for block in blocks(document):
        if block.language in SHELL:
            lines += _typed_in(block)
    return lines


def _typed_in(block: Block) -> list[str]:
    text = block.text.replace("\\\n", " ")
    if block.language == "console":
        return re.findall(r"^\$ (.*)$", text, re.MULTILINE)
    lines = [line.partition(" #")[0] for line in text.splitlines()]
    return [re.sub(r"\$\([^)]*\)", "", line) for line in lines]  # other programs' answers


EVERYTHING_TYPED = sorted(
    {re.sub(r" --with \S+", "", line) for document in DOCUMENTS for line in typed(document)}
)


def after(program: str) -> list[str]:
    """What is typed after a program's name, whatever variables and programs stand before it."""
    pattern = re.compile(
        rf"(?:^|[\s(])(?:\S*/)?{program}((?: (?:[^\s|&;\"')]|\"[^\"]*\"|'[^']*')+)+)"
    )
    return sorted(
        {match[1].strip() for line in EVERYTHING_TYPED for match in pattern.finditer(line)}
    )


def options(line: str) -> set[str]:
    return {
        word.strip("[]").partition("=")[0] for word in line.split() if re.match(r"\[?--?\w", word)
    }


@pytest.mark.parametrize("command", [line for line in after("variantsel") if line[:4] != "pip "])
def test_a_command_of_ours_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = list(takewhile(re.compile("[a-z]+").fullmatch, command.split()))
    assert words or command.startswith("-"), command
    assert main([*words, "--help"]) == 0
    known = set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", capsys.readouterr().out))
    assert options(command) <= known, command


def pip_options(command: str) -> set[str]:
    parsers = [create_main_parser()]
    if command:
        parsers.append(create_command(command).parser)
    return {
        spelling
        for parser in parsers
        for option in parser.option_list_all
        for spelling in (*option._short_opts, *option._long_opts)
    }


@pytest.mark.parametrize("line", [*after("pip")])
def test_a_command_of_pips_exists(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    named = [word for word in line.split() if word in commands_dict]
    assert named or line.startswith(("…", "-", "[-")), line
    assert main(["pip", "--help"]) == 0  # ours
    known = {*re.findall(r"--[a-z-]+", capsys.readouterr().out)}
    assert options(line) <= known | pip_options(named[0] if named else ""), line


def test_a_variable_of_ours_exists() -> None:
    mentioned = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"\bVARIANTSEL_[A-Z_]+\b", document.read_text(encoding="utf-8"))
    }
    assert mentioned == set(VARIABLES)


def test_the_table_of_keys_has_all_keys_and_their_variables() -> None:
    rows = re.findall(
        r"^\| `([a-zA-Z.-]+)` \| [^|]+ \| (?:`(\w+)`)? ?\|", prose(CONFIGURATION), re.MULTILINE
    )
    variables = {key: name for name, (key, _) in _VARIABLES.items()}
    variables |= {f"packages.NAME.{key}": name for name, (key, _) in _PACKAGE_VARIABLES.items()}
    keys = [*KEYS, *(f"packages.NAME.{key}" for key in PACKAGE_KEYS)]
    keys += [f"bridges.NAME.{key}" for key in BRIDGE_KEYS]
    assert dict(rows) == {key: variables.get(key, "") for key in keys}


def test_what_shows_something_has_json(capsys: pytest.CaptureFixture[str]) -> None:
    shows = ("detect", "rank", "list", "config", "status", "provider check", "target list")
    shows += ("bridge list", "bridge show", "bridge check")
    for command in (*shows, "target show", "target diff"):
        main([*command.split(), "--help"])
        assert "--format" in capsys.readouterr().out, command


def test_every_command_is_in_the_readmes_table(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    commands = re.findall(r"^    ([a-z]+)(?: |$)", capsys.readouterr().out, re.MULTILINE)
    (table,) = re.findall(r"^\| command \| \|\n(.*?)\n\n", prose(README), re.DOTALL | re.MULTILINE)
    listed = {word for row in table.splitlines() for word in re.findall(r"\w+", row.split("|")[1])}
    assert "detect" in commands
    assert set(commands) <= listed


# -- numbers

OLDEST, NEWEST = (".".join(map(str, version)) for version in (OLDEST_PIP, NEWEST_PIP))

NUMBERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("README.md", r"(\d+) combinations"): (str(len(supported_cells())),),
    ("tests/README.md", r"(\d+) cells;"): (str(len(supported_cells())),),
    ("README.md", r"files over (\d+) MiB"): (str(MAX_BYTES // 2**20),),
    ("docs/security.md", r"(\d+) s by the clock"): (f"{query.TIME_LIMIT:.0f}",),
    ("docs/security.md", r"(\d+) MiB a file"): (str(confinement._MAX_FILE_BYTES // 2**20),),
    ("docs/security.md", r"at most (\d+) MiB, through"): (str(query.MAX_BYTES // 2**20),),
    ("docs/security.md", r"more than (\d+) processes"): (str(supervisor._MAX_PROCESSES),),
    ("docs/security.md", r"and (\d+) with threads"): (str(task_limit._MOST_TASKS),),
}


@pytest.mark.parametrize(("place", "value"), NUMBERS.items(), ids=str)
def test_a_number_is_the_codes(place: tuple[str, str], value: tuple[str, ...]) -> None:
    name, pattern = place
    (found,) = re.finditer(pattern, prose(REPOSITORY / name))
    assert found.groups() == value


def test_the_pips_and_pythons_are_those_that_are_tested() -> None:
    assert {found[1:] for found in in_all(r"\b(2\d\.\d)\s+to\s+(2\d\.\d)\b")} == {(OLDEST, NEWEST)}
    ranges = {found[1:] for found in in_all(r"CPython\s+from (3\.\d+) to (3\.\d+)")}
    assert ranges == {(PYTHONS[0], PYTHONS[-1])}
    oldest = {found[1] for found in in_all(r"Python (3\.\d+) or newer|CPython\s+from (3\.\d+)\b")}
    assert oldest - {None} == {PYTHONS[0]}
    pyproject = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={PYTHONS[0]}"' in pyproject
    assert tuple(re.findall(r":: Python :: (3\.\d+)", pyproject)) == PYTHONS


# -- names


def test_the_machines_exist() -> None:
    (listed,) = re.findall(r"A name \(([^:]*), and\s+more:", prose(README))
    named = {name.strip() for name in listed.split(",")}
    assert len(named) > 5
    assert named <= set(machine_names())


def test_the_instance_types_exist() -> None:
    types = {span for document in DOCUMENTS for span in spans(document)}
    types = {span for span in types if re.match(r"(aws|gcp|azure|oci):", span)}
    assert len(types) >= 4
    for name in types:
        variantsel.Target.resolve(name)


def test_the_recipes_glibc_is_that_of_its_image() -> None:
    document = REPOSITORY / "docs" / "other-machines.md"
    assert "-bookworm\n" in recipe(document, "Dockerfile")
    (given,) = re.findall(r"--glibc ([\d.]+)", recipe(document, "image"))
    assert {found[1] for found in in_all(r"Debian 12\s+has ([\d.]+\d)")} == {given}


def test_the_variables_that_stand_for_a_driver_are_the_providers() -> None:
    mentioned = {found[1] for found in in_all(r"NV_VARIANT_PROVIDER_FORCE_\w+")}
    source = Path(nvidia.__file__).read_text(encoding="utf-8")
    assert mentioned
    assert [name for name in mentioned if name not in source] == []


def test_the_providers_of_the_table_are_those_there_are() -> None:
    (table,) = re.findall(r"^\| provider \|.*?\n\n", prose(README), re.DOTALL | re.MULTILINE)
    named = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) - {"ascend"}
    from variantsel.provider_host.host import PROVIDER_PACKAGES

    assert named == set(PROVIDER_PACKAGES)


def test_the_dependencies_are_those_of_the_project() -> None:
    pyproject = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    (needed,) = re.findall(r"^dependencies = \[(.*?)^\]", pyproject, re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| \[([\w-]+)\]\(https", prose(README), re.MULTILINE)
    assert sorted(rows) == sorted(re.findall(r'^ *"([\w-]+)', needed, re.MULTILINE))


@needs_real_index
def test_the_index_has_variants_of_the_projects_that_are_named() -> None:
    (listed,) = re.findall(r"writes the drafts: (.*?)\. Its", prose(README))
    for name in listed.replace("the `nvidia-*` libraries", "nvidia-*").split(", "):
        assert list(REAL_INDEX.glob(f"{name}/*-variants.json")), name


# -- paths and links


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (document.parent / path) if path else document
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", prose(target), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
            assert anchor in anchors, link


def test_the_paths_exist() -> None:
    rooms = r"(?:variantsel|tests|docs|benchmarks|spec|providers|\.ci)/[\w./-]*"
    paths = {
        span for document in DOCUMENTS for span in spans(document) if re.fullmatch(rooms, span)
    }
    assert "variantsel/cli/" in paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []
