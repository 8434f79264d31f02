"""What the repository says of itself: its hooks, templates and documents name what there is."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import pytest
from support.repository import REPOSITORY

from variantsel.cli import main

HOOKS = (REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8")
PYPROJECT = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
TEMPLATES = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def test_the_hooks_install_what_the_project_names() -> None:
    requirements = re.findall(r'"(\w+[=>]=[^"]+)"', HOOKS)

    pinned = {requirement.partition("==")[0] for requirement in requirements}
    assert {"ruff", "mypy"} <= pinned
    assert [each for each in requirements if f'"{each}",' not in PYPROJECT] == []


def test_the_hooks_run_what_ci_runs() -> None:
    ci = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    entries = re.findall(r"entry: (.+)", HOOKS)

    assert len(entries) == 3
    assert [entry for entry in entries if entry not in ci] == []


def commands(text: str) -> list[str]:
    """What follows ``variantsel`` where it is typed, in prose and in blocks."""
    return re.findall(r"(?:`|bin/)variantsel ([^`\n]+)", text)


@pytest.mark.parametrize(
    "command",
    sorted(
        {
            command
            for text in (CONTRIBUTING, *(path.read_text(encoding="utf-8") for path in TEMPLATES))
            for command in commands(text)
        }
    ),
)
def test_a_command_that_somebody_is_asked_to_run_exists(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = list(takewhile(re.compile("[a-z]+").fullmatch, command.split()))

    assert main([*words, "--help"]) == 0
    options = {word for word in command.split() if word.startswith("-")}
    assert options <= set(re.findall(r"--?[a-z-]+", capsys.readouterr().out))


def test_the_bug_report_asks_for_what_every_answer_begins_with() -> None:
    (bug,) = (path for path in TEMPLATES if path.name == "bug.yml")

    asked = set(commands(bug.read_text(encoding="utf-8")))
    assert {"--version", "config", "detect"} <= asked


@pytest.mark.parametrize(
    "path",
    sorted(
        {
            *re.findall(r"`(\.?\w[\w.-]*/[\w./-]*|[\w-]+\.(?:md|toml))`", CONTRIBUTING),
            *re.findall(r"\]\(([^):#]+)[^)]*\)", CONTRIBUTING),
        }
        - {"dist/"}  # a release makes it
    ),
)
def test_a_path_that_contributors_are_sent_to_exists(path: str) -> None:
    assert Path(REPOSITORY, path).exists()


def test_the_version_is_one_and_the_changelog_has_it() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    version = re.findall(r'^version = "(.+)"', PYPROJECT, re.MULTILINE)
    init = (REPOSITORY / "variantsel" / "__init__.py").read_text(encoding="utf-8")

    assert re.findall(r'^__version__ = "(.+)"', init, re.MULTILINE) == version
    assert f"\n## [{version[0]}]" in changelog
