"""Seams: what pip takes from the interpreter it runs in although it was given another platform.

Fits pip 23.1 to 26.3. In a run for another machine, and in no other:

- ``pip._vendor.packaging.markers.default_environment()`` is what every marker is evaluated with;
- ``RequirementPreparer.prepare_linked_requirement(self, req, …)`` and
  ``prepare_editable_requirement(self, req)`` are where sources would be built;
- ``LinkEvaluator.evaluate_link(self, link)`` is where source distributions are passed over, and
  wheels whose tags are not the machine's; ``PackageFinder.find_best_candidate(self, project_name,
  specifier, hashes)`` is where the newest of the others is taken;
- ``PipScriptMaker._get_shebang`` and ``fix_script(path)`` write this interpreter into scripts;
- ``InstallCommand._handle_target_dir(self, target_dir, target_temp_dir, upgrade)`` puts what was
  installed elsewhere into the folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from variantsel.errors import VariantselError
from variantsel.pip_plugin.import_watch import when_imported
from variantsel.pip_plugin.layer import Layer
from variantsel.pip_plugin.newer_systems import NewerSystems
from variantsel.pip_plugin.voice import Voice, installation_error

if TYPE_CHECKING:
    from variantsel.targets.target import Target

__all__ = ["Sources", "change_when_imported"]

SHEBANG = b"#!/usr/bin/env python3\n"
"""Of the scripts in the folder: nobody knows here where that machine's Python is."""


class Sources:
    """What was passed over: source distributions, and wheels for a newer system."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.newer_systems = NewerSystems(target)
        self._passed_over: dict[str, list[str]] = {}
        self._with_wheels: set[str] = set()

    def note(self, project: str, filename: str, is_candidate: bool) -> None:
        """Remember a file of a project that pip looked at."""
        if is_candidate:
            self._with_wheels.add(project)
        elif filename.endswith((".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")):
            self._passed_over.setdefault(project, []).append(filename)

    def newer(self) -> list[str]:
        """A line for every project of which a newer release was there, but for its tags."""
        return self.newer_systems.lines()

    def refused(self) -> list[str]:
        """A line for every project of which nothing but sources was found."""
        return [
            f"{project} has source distributions ({max(filenames, key=_version)}) but no wheel for "
            f"{self._target.name} with Python {self._target.environment['python_version']}; "
            f"what is built here would be for this machine: {_BUILD_THERE}"
            for project, filenames in self._passed_over.items()
            if project not in self._with_wheels
        ]


def _version(filename: str) -> Any:
    """The version of a source distribution; the lowest where its name tells none."""
    from packaging.utils import parse_sdist_filename
    from packaging.version import Version

    try:
        return parse_sdist_filename(filename)[1]
    except ValueError:  # packaging's own, and Python's of numbers with many digits
        return Version("0.dev0")


_BUILD_THERE = "build a wheel on such a machine, and pass its folder with --find-links"


def change_when_imported(target: Target, fills_layer: bool) -> Sources:
    """Have pip's modules changed as pip loads them.

    :param target: the machine, with the Python that was asked for.
    :param fills_layer: whether a folder is filled.
    """
    sources = Sources(target)
    changes = {
        "pip._vendor.packaging.markers": lambda module: _change_markers(target, module),
        "pip._internal.index.package_finder": lambda module: _watch_sources(sources, module),
        "pip._internal.operations.prepare": lambda module: _refuse_sources(target, module),
        "pip._internal.operations.install.wheel": _change_scripts,
    }
    if fills_layer:
        changes["pip._internal.commands.install"] = _change_filling
    for name, change in changes.items():
        when_imported(name, change)
    return sources


def _change_markers(target: Target, markers: Any) -> None:
    markers.default_environment = lambda: dict(target.environment)


def _watch_sources(sources: Sources, package_finder: Any) -> None:
    evaluate_link = package_finder.LinkEvaluator.evaluate_link
    find_best_candidate = package_finder.PackageFinder.find_best_candidate

    def evaluate_and_note(self: Any, link: Any) -> Any:
        result = evaluate_link(self, link)
        sources.note(
            self.project_name, link.filename, result[0] is package_finder.LinkType.candidate
        )
        if result[0] is package_finder.LinkType.platform_mismatch and link.is_wheel:
            sources.newer_systems.note(self.project_name, link)
        return result

    def find_best_and_note(
        self: Any, project_name: str, specifier: Any = None, hashes: Any = None
    ) -> Any:
        result = find_best_candidate(self, project_name, specifier, hashes)
        best = result.best_candidate
        version = str(best.version) if best is not None else ""
        sources.newer_systems.note_best(project_name, version, str(specifier or ""), hashes)
        return result

    package_finder.LinkEvaluator.evaluate_link = evaluate_and_note
    package_finder.PackageFinder.find_best_candidate = find_best_and_note


def _refuse_sources(target: Target, prepare: Any) -> None:
    prepare_linked_requirement = prepare.RequirementPreparer.prepare_linked_requirement

    def prepare_wheel(self: Any, req: Any, *arguments: Any, **options: Any) -> Any:
        if not req.link.is_wheel:
            raise _refusal(req, target)
        return prepare_linked_requirement(self, req, *arguments, **options)

    def refuse_editable(_: Any, req: Any) -> Any:
        raise _refusal(req, target)

    prepare.RequirementPreparer.prepare_linked_requirement = prepare_wheel
    prepare.RequirementPreparer.prepare_editable_requirement = refuse_editable


def _refusal(requirement: Any, target: Target) -> Exception:
    return installation_error(
        f"variantsel: {requirement} is no wheel, and what is built here would be for this "
        f"machine, not for {target.name}: {_BUILD_THERE}"
    )


def _change_filling(install: Any) -> None:
    """Have a folder filled so that what is there of the same projects is replaced."""

    def fill(_: Any, target_dir: str, target_temp_dir: Any, upgrade: bool) -> None:
        del upgrade  # with it pip replaces folders whole, those that projects share, too
        scheme = install.get_scheme("", home=target_temp_dir.path)
        root = Path(target_temp_dir.path)
        try:
            filling = Layer(Path(target_dir)).fill(
                root, {Path(scheme.purelib), Path(scheme.platlib)}
            )
        except VariantselError as error:
            raise installation_error(f"variantsel: {error}") from None
        voice = Voice()
        if filling.replaced:
            voice.info(f"Replaced in {target_dir}: {', '.join(filling.replaced)}")
        if filling.unneeded:
            voice.info(
                f"Nothing in {target_dir} needs these any more, and they stay: "
                f"{', '.join(filling.unneeded)}. A new folder would be filled without them"
            )

    install.InstallCommand._handle_target_dir = fill


def _change_scripts(wheel: Any) -> None:
    wheel.PipScriptMaker._get_shebang = lambda *_, **__: SHEBANG
    wheel.fix_script = _fix_script


def _fix_script(path: str) -> bool:
    """Replace ``#!python`` in a script; returns whether it was there."""
    script = Path(path)
    first, newline, rest = script.read_bytes().partition(b"\n")
    if not first.startswith(b"#!python"):
        return False
    script.write_bytes(SHEBANG + rest if newline else SHEBANG)
    return True
