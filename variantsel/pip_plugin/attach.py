"""Joining variantsel to the pip that is running, or standing aside.

A seam is a place in pip that one module here changes. All of them fit, or none is changed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.damage import damage_behind
from variantsel.pip_plugin.standing_aside import StandingAside
from variantsel.pip_plugin.voice import say_early

if TYPE_CHECKING:
    from variantsel.pip_plugin.session import Session

__all__ = ["NEWEST_PIP", "OLDEST_PIP", "attach", "is_supported_pip", "pip_advice"]

OLDEST_PIP = (23, 1)
NEWEST_PIP = (26, 3)
"""The release lines, MAJOR.MINOR, at either end of those whose seams are known."""


class UnknownSeam(Exception):
    """A place in pip does not look like any pip that is known."""


def attach() -> None:
    """Change pip's seams; on a pip that is not known, change nothing and say so in one line."""
    import pip

    aside = StandingAside()
    try:
        if not is_supported_pip(pip.__version__):
            raise UnknownSeam
        _attach_all_seams(aside)
    except (UnknownSeam, AttributeError, ImportError) as error:
        aside.change_back()
        if isinstance(error, ImportError) and damage_behind(error):
            raise
        _tell_unknown(pip.__version__, error)


def _tell_unknown(version: str, error: Exception) -> None:
    where = f" ({error})" if str(error) else ""
    say_early(
        f"WARNING: variantsel does not know pip {version}{where} and stands aside: "
        f"variant wheels are not considered. {pip_advice(version)}"
    )


def pip_advice(version: str, python: str = "") -> str:
    """What helps where a version of pip is not known, a sentence.

    :param python: the Python of that pip, if it is not the one that runs.
    """
    match = re.match(r"(\d+)\.(\d+)", version)
    if match is not None and (int(match[1]), int(match[2])) < OLDEST_PIP:
        command = f"{python} -m pip" if python else "pip"
        return f"It is too old; '{command} install --upgrade pip' helps."
    lines = f"{'.'.join(map(str, OLDEST_PIP))} to {'.'.join(map(str, NEWEST_PIP))}"
    return f"A newer variantsel, or pip {lines}, works."


def is_supported_pip(version: str) -> bool:
    """Whether a version of pip is of a known release line; the development version is not."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return match is not None and OLDEST_PIP <= (int(match[1]), int(match[2])) <= NEWEST_PIP


def _attach_all_seams(aside: StandingAside) -> None:
    from pip._internal import exceptions
    from pip._internal.distributions import sdist
    from pip._internal.index import collector, package_finder, sources
    from pip._internal.metadata import select_backend
    from pip._internal.models import link as link_module
    from pip._internal.models import wheel as wheel_module
    from pip._internal.operations import prepare
    from pip._internal.req import constructors
    from pip._internal.resolution.resolvelib import factory, resolver

    from variantsel.pip_plugin import (
        bridge_distribution_seam,
        bridge_seam,
        build_seam,
        factory_seam,
        finder_seam,
        metadata_seam,
        misfit_seam,
        preparer_seam,
        resolver_seam,
        sources_seam,
        wheel_seam,
    )
    from variantsel.pip_plugin.import_watch import when_imported
    from variantsel.pip_plugin.session import Session

    _expect_parameters(wheel_module.Wheel.__init__, "self", "filename")
    _expect_parameters(package_finder.LinkEvaluator.evaluate_link, "self", "link")
    _expect_parameters(
        package_finder.PackageFinder.find_best_candidate,
        *("self", "project_name", "specifier", "hashes"),
    )
    _expect_parameters(
        collector.LinkCollector.collect_sources, "self", "project_name", "candidates_from_page"
    )
    _expect_parameters(
        collector.LinkCollector.fetch_response,
        *("self", "location", "package_name"),
        optional=("package_name",),
    )
    _expect_parameters(package_finder.PackageFinder.find_requirement, "self", "req", "upgrade")
    _expect_parameters(
        getattr(factory.Factory, factory_seam.method_name(factory)),
        *("self", "link", "extras", "template", "name", "version"),
        optional=("extras",),
    )
    _expect_parameters(
        factory.Factory.find_candidates,
        *("self", "identifier", "requirements", "incompatibilities", "constraint"),
        *("prefers_installed", "is_satisfied_by"),
        optional=("is_satisfied_by",),
    )
    _expect_parameters(factory.Factory.get_dist_to_uninstall, "self", "candidate")
    _expect_parameters(factory.Factory.collect_root_requirements, "self", "root_ireqs")
    _expect_parameters(
        collector.LinkCollector.collect_sources, "self", "project_name", "candidates_from_page"
    )
    _expect_parameters(
        prepare.RequirementPreparer.prepare_linked_requirements_more,
        *("self", "reqs", "parallel_builds"),
    )
    _expect_parameters(
        prepare.RequirementPreparer._prepare_linked_requirement, "self", "req", "parallel_builds"
    )
    _expect_parameters(resolver.Resolver.resolve, "self", "root_reqs", "check_supported_wheels")
    _expect_parameters(link_module.Link.url_without_fragment.fget, "self")
    _expect_parameters(select_backend().Distribution.read_text, "self", "path")

    session = Session()
    pylock = sys.modules.get("pip._vendor.packaging.pylock")
    backend = sys.modules[select_backend().Distribution.__module__]
    aside.note(wheel_module, sources, collector, constructors, pylock, package_finder, factory)
    aside.note(sdist, resolver, prepare, backend)
    wheel_seam.change(session, wheel_module, sources, constructors, pylock)
    sources_seam.change(session, collector)
    finder_seam.change(session, package_finder, link_module, exceptions)
    factory_seam.change(session, factory)
    bridge_seam.change(session, collector, sources, factory)
    misfit_seam.change(session, factory)
    build_seam.change(session, sdist)
    resolver_seam.change(session, resolver)
    preparer_seam.change(session, prepare)
    metadata_seam.change(session, select_backend())
    bridge_distribution_seam.change(session, select_backend())
    aside.where_damaged(resolver.Resolver)
    # These take long to load, and not every command of pip needs them.
    when_imported(
        "pip._internal.operations.install.wheel",
        lambda module: _change_late(aside, session, module, _change_installer),
    )
    when_imported(
        "pip._internal.wheel_builder",
        lambda module: _change_late(aside, session, module, _change_wheel_builder),
    )
    when_imported(
        "pip._internal.models.installation_report",
        lambda module: _change_late(aside, session, module, _change_report),
    )
    when_imported(
        "pip._internal.resolution.legacy.resolver",
        lambda module: _change_late(aside, session, module, _change_legacy_resolver),
    )


def _change_late(
    aside: StandingAside, session: Session, module: Any, change: Callable[[Session, Any], None]
) -> None:
    """Change a module that pip loads when the other seams are changed already."""
    if aside.is_needed:
        return
    aside.note(module)
    try:
        change(session, module)
    except (UnknownSeam, AttributeError) as error:
        session.voice.warn(f"variantsel does not know the {module.__name__} of this pip ({error})")


def _change_installer(session: Session, wheel_installer: Any) -> None:
    from variantsel.pip_plugin import install_seam

    _expect_parameters(wheel_installer.ZipBackedFile.save, "self")
    _expect_parameters(
        wheel_installer.ZipBackedFile.__init__, "self", "src_record_path", "dest_path", "zip_file"
    )
    install_seam.change(session, wheel_installer)


def _change_legacy_resolver(session: Session, legacy_resolver: Any) -> None:
    from variantsel.pip_plugin import legacy_seam

    resolver = legacy_resolver.Resolver
    _expect_parameters(resolver.resolve, "self", "root_reqs", "check_supported_wheels")
    _expect_parameters(resolver._get_dist_for, "self", "req")
    _expect_parameters(resolver._check_skip_installed, "self", "req_to_install")
    legacy_seam.change(session, legacy_resolver)


def _change_wheel_builder(session: Session, wheel_builder: Any) -> None:
    from variantsel.pip_plugin import wheel_builder_seam

    _expect_parameters(
        wheel_builder._build_one,
        *("req", "output_dir", "verify", "build_options", "global_options", "editable"),
        optional=("build_options", "global_options"),
    )
    wheel_builder_seam.change(session, wheel_builder)


def _change_report(session: Session, installation_report: Any) -> None:
    from variantsel.pip_plugin import report_seam

    item_of = installation_report.InstallationReport._install_req_to_dict
    _expect_parameters(item_of.__func__, "cls", "ireq")
    report_seam.change(session, installation_report)


def _expect_parameters(function: Any, *names: str, optional: tuple[str, ...] = ()) -> None:
    function = getattr(function, "__wrapped__", function)  # behind functools.lru_cache till 25.3
    code = function.__code__
    found = code.co_varnames[: code.co_argcount]
    if found != tuple(name for name in names if name in found or name not in optional):
        raise UnknownSeam(f"{function.__qualname__}{found}")
