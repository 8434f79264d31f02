"""The rooms of the house: which may import which, and that no files import each other in a circle.

The README's "How it fits together" is the picture of this. Rooms that are still to come stand here
with their arrows already.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

import pytest
from support.imports import Import, imports_of, module_files
from support.repository import REPOSITORY

ROOMS = {
    "formats": set(),
    "targets": {"formats"},
    "provider_host": {"targets"},
    "bridges": {"formats"},
    "ranking": {"targets"},
    "configuration": {"ranking", "bridges"},
    "selection": {"ranking", "bridges"},
    "index": {"formats"},
    "resolver": {"selection", "index"},
    "installing": {"index"},
}
"""What each room may import, besides what those may: from the ground up."""

FRONT_ENDS = {"pip_plugin", "server", "doctor", "cli"}
"""These may import every room, but not each other; ``cli`` may, since it starts them."""

SHARED_BY_ALL = {"errors", "python_process", "regular_file", "terminal"}
"""The files beside the rooms that any room may import, and that import none."""

MAY_USE_PROVIDERS = {"targets", "provider_host"}
"""A named machine is described in the words of our providers, and the provider host runs them."""

READERS_OF_TARGETS = {
    f"variantsel.targets.target:Target.{name}" for name in ("host", "named", "from_file")
}
"""The constructors that import their reader when they are called: arrows that may run upward."""

OF_PROVIDERS = {"variantsel_providers", "pynvml", "archspec"}
"""What a provider may import beside the standard library."""

PACKAGES = {
    "variantsel": REPOSITORY / "variantsel",
    "variantsel_providers": REPOSITORY / "providers",
    "benchmarks": REPOSITORY / "benchmarks",
}
FILES = {
    module: path
    for package, folder in PACKAGES.items()
    for module, path in module_files(folder, package).items()
    if "provider-template" not in path.parts  # a package of its own
}
MODULES = frozenset(FILES)
IMPORTS = [
    found
    for module, path in FILES.items()
    for found in imports_of(module, path.read_text(encoding="utf-8"), MODULES)
]


def allowed(room: str) -> set[str]:
    """The rooms that a room may import: those it names, and what those may import."""
    if room in FRONT_ENDS:
        return set(ROOMS) | (FRONT_ENDS if room == "cli" else set())
    return ROOMS[room].union(*(allowed(other) for other in ROOMS[room]))


def wrong_arrow(found: Import) -> str:
    """Why an import runs against the arrows; empty where it does not."""
    room, other = _room(found.importer), _room(found.imported)
    if found.imported.startswith("variantsel_providers"):
        return "" if room in MAY_USE_PROVIDERS else f"{room} has no business with providers"
    if other is None or f"{found.importer}:{found.function}" in READERS_OF_TARGETS:
        return ""
    if found.imported == "variantsel":
        is_version = found.importer.startswith("variantsel.cli")
        return "" if is_version else "only others import what is public"
    if other in SHARED_BY_ALL or (room == other and room not in SHARED_BY_ALL):
        return ""
    if room not in (*ROOMS, *FRONT_ENDS):
        return f"{room} imports no room"
    return "" if other in allowed(room) else f"{room} may import {sorted(allowed(room))}"


def _room(module: str) -> str | None:
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "variantsel" else None


def circle(imports: Iterable[Import]) -> list[str]:
    """Modules that import each other in a circle, the first one once more at the end."""
    graph: dict[str, set[str]] = {}
    for found in imports:
        if (
            found.imported in MODULES
            and found.imported != found.importer
            and f"{found.importer}:{found.function}" not in READERS_OF_TARGETS
        ):
            graph.setdefault(found.importer, set()).add(found.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_follow_the_arrows() -> None:
    wrong = [
        f"{found.importer}:{found.line} imports {found.imported}: {why}"
        for found in IMPORTS
        if found.importer.startswith("variantsel.") and found.importer != "variantsel.__main__"
        if (why := wrong_arrow(found))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_files_import_each_other_in_a_circle() -> None:
    assert not circle(IMPORTS), " -> ".join(circle(IMPORTS))


def test_beside_the_rooms_lie_few_files() -> None:
    folder = PACKAGES["variantsel"]
    assert {path.name for path in folder.glob("*.py")} == {
        "__init__.py",
        "__main__.py",
        *(f"{name}.py" for name in SHARED_BY_ALL),
    }
    rooms = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert rooms <= {*ROOMS, *FRONT_ENDS}


def test_the_tests_mirror_the_rooms() -> None:
    rooms = {path.parent.name for path in PACKAGES["variantsel"].glob("*/__init__.py")}
    missing = {room for room in rooms if not list((REPOSITORY / "tests" / room).glob("test_*.py"))}
    assert not missing


def test_providers_know_nothing_of_variantsel() -> None:
    known = {*sys.stdlib_module_names, *OF_PROVIDERS}
    for found in IMPORTS:
        if found.importer.startswith("variantsel_providers"):
            assert found.imported.partition(".")[0] in known, found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("variantsel.formats.schema", "from variantsel.targets.target import Target"),
        ("variantsel.formats.schema", "def f():\n    from variantsel.ranking import rank"),
        ("variantsel.ranking.rank", "import variantsel.selection.selection"),
        ("variantsel.targets.target", "from variantsel.provider_host.host import HostProperties"),
        ("variantsel.ranking.rank", "from variantsel_providers import nvidia"),
        ("variantsel.pip_plugin.choices", "from variantsel.cli.output import print_json"),
        ("variantsel.selection.build", "from variantsel import Target"),
        ("variantsel.errors", "from variantsel.formats.schema import Generation"),
        ("variantsel.resolver.provider", "from variantsel.configuration import Configuration"),
    ],
)
def test_an_import_against_the_arrows_is_found(module: str, source: str) -> None:
    assert any(wrong_arrow(found) for found in imports_of(module, source, MODULES))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "variantsel.formats.schema",
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from variantsel.targets.target import Target",
        ),
        (
            "variantsel.targets.target",
            "class Target:\n    def host(cls):\n"
            "        from variantsel.provider_host.host import HostProperties",
        ),
        ("variantsel.cli.rank", "from variantsel import __version__"),
        ("variantsel.cli.rank", "from variantsel.pip_plugin import runner"),
        ("variantsel.resolver.provider", "from variantsel.formats.metadata import VariantMetadata"),
        ("variantsel.formats.schema", "from variantsel.errors import UnsupportedSchema"),
    ],
)
def test_an_import_along_the_arrows_is_not(module: str, source: str) -> None:
    assert not any(wrong_arrow(found) for found in imports_of(module, source, MODULES))


def test_a_circle_through_a_function_is_found() -> None:
    source = "def f():\n    from variantsel.formats import metadata"
    imports = [*IMPORTS, *imports_of("variantsel.formats.schema", source, MODULES)]
    assert "variantsel.formats.schema" in circle(imports)
