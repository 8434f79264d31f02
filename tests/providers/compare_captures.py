"""How many captured CPUs our providers and the published packages answer differently.

    python tests/providers/compare_captures.py

The captures are those of ``test_captured_cpus``; the packages, provider-variant-aarch64 and
provider-variant-x86-64, have to be installed.
"""

from __future__ import annotations

import gzip
import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

Answer = dict[str, list[str]]

PLUGINS = {
    "aarch64": ("provider_variant_aarch64", "AArch64Plugin"),
    "x86_64": ("provider_variant_x86_64", "X8664Plugin"),
}


class Comparison(NamedTuple):
    """Of the captures of one architecture, how many are answered differently, and how.

    :ivar more: ours says something that the published package does not.
    :ivar less: the published package says something that ours does not.
    """

    captures: int
    differing: int
    more: int
    less: int

    @classmethod
    def of(cls, ours: list[Answer], theirs: list[Answer]) -> Comparison:
        """Compare the answers for the same captures, in order."""
        pairs = list(zip(ours, theirs, strict=True))
        return cls(
            len(pairs),
            sum(mine != other for mine, other in pairs),
            sum(bool(_properties(mine) - _properties(other)) for mine, other in pairs),
            sum(bool(_properties(other) - _properties(mine)) for mine, other in pairs),
        )

    def __str__(self) -> str:
        return (
            f"{self.differing} of {self.captures} differ (ours says more in {self.more}, theirs in "
            f"{self.less})"
        )


def read_captures(path: Path) -> list[dict[str, Any]]:
    """The captures of one file, one JSON object a line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def compare(path: Path, architecture: str) -> tuple[Comparison, Comparison]:
    """Ask both of every capture of an architecture.

    :returns: each with the archspec that it comes with, and both with the published package's.
    """
    command = [sys.executable, __file__, str(path), architecture]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=120)
    theirs, ours_with_theirs = json.loads(found.stdout)
    ours = _ours(path, architecture)
    return Comparison.of(ours, theirs), Comparison.of(ours_with_theirs, theirs)


def _ours(path: Path, architecture: str) -> list[Answer]:
    provider = importlib.import_module(f"variantsel_providers.{architecture}")
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        cpuinfo = Path(folder, "proc", "cpuinfo")
        cpuinfo.parent.mkdir()
        for text in _texts(path, architecture):
            cpuinfo.write_text(text, encoding="utf-8")
            configs = provider.get_supported_configs(root=Path(folder), machine=architecture)
            answers.append({config.name: list(config.values) for config in configs})
    return answers


def _published(path: Path, architecture: str) -> list[Answer]:
    """What the published package answers; it reads ``/proc/cpuinfo``, and that alone, by name."""
    package, plugin_name = PLUGINS[architecture]
    plugin = getattr(importlib.import_module(f"{package}.plugin"), plugin_name)()
    detect = importlib.import_module("archspec.cpu.detect")  # its own copy, which it has put there
    uname = os.uname()
    detect.platform.machine = lambda: architecture
    detect.platform.system = lambda: uname.sysname
    answers = []
    for text in _texts(path, architecture):
        detect.open = lambda _, text=text: io.StringIO(text)
        getattr(detect.host, "cache_clear", lambda: None)()
        configs = plugin.get_supported_configs(None)
        answers.append({config.name: list(config.values) for config in configs})
    return answers


def _texts(path: Path, architecture: str) -> list[str]:
    captures = read_captures(path)
    return [one["cpuinfo"] for one in captures if one["expected"]["arch"] == architecture]


def _properties(answer: Answer) -> set[tuple[str, str]]:
    return {(name, value) for name, values in answer.items() for value in values}


def main() -> None:
    """Print the comparison, or, with an architecture, both answers with the published archspec."""
    if len(sys.argv) > 2:
        path, architecture = Path(sys.argv[1]), sys.argv[2]
        theirs = _published(path, architecture)  # first: it puts its archspec in the other's place
        json.dump([theirs, _ours(path, architecture)], sys.stdout)
        return
    shared = os.environ.get("VARIANTSEL_SHARED", str(Path(__file__).parents[3] / "shared"))
    for architecture in PLUGINS:
        path = Path(shared, "captures", "cpuinfo.jsonl.gz")
        installed, same_figures = compare(path, architecture)
        print(f"{architecture}: {installed}; with their archspec for both {same_figures}")


if __name__ == "__main__":
    main()
