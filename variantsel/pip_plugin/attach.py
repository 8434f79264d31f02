"""Joining variantsel to the pip that is running, or standing aside.

A seam is a place in pip that one module here changes. All of them fit, or none is changed.
"""

from __future__ import annotations

import re
import sys
from typing import Any

__all__ = ["NEWEST_PIP", "OLDEST_PIP", "attach", "is_supported_pip"]

OLDEST_PIP = (23, 1)
NEWEST_PIP = (26, 3)
"""The release lines, MAJOR.MINOR, at either end of those whose seams are known."""


class UnknownSeam(Exception):
    """A place in pip does not look like any pip that is known."""


def attach() -> None:
    """Change pip's seams; on a pip that is not known, change nothing and say so in one line."""
    import pip

    try:
        if not is_supported_pip(pip.__version__):
            raise UnknownSeam
        _attach_all_seams()
    except (UnknownSeam, ImportError, AttributeError) as error:
        where = f" ({error})" if str(error) else ""
        sys.stderr.write(
            f"WARNING: variantsel does not know pip {pip.__version__}{where} and stands aside: "
            "variant wheels are not considered. A newer variantsel, or pip "
            f"{'.'.join(map(str, OLDEST_PIP))} to {'.'.join(map(str, NEWEST_PIP))}, works.\n"
        )


def is_supported_pip(version: str) -> bool:
    """Whether a version of pip is of a known release line; the development version is not."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return match is not None and OLDEST_PIP <= (int(match[1]), int(match[2])) <= NEWEST_PIP


def _attach_all_seams() -> None:
    from pip._internal import exceptions
    from pip._internal.index import package_finder, sources
    from pip._internal.metadata import select_backend
    from pip._internal.models import link as link_module
    from pip._internal.models import wheel as wheel_module
    from pip._internal.operations import prepare
    from pip._internal.req import constructors
    from pip._internal.resolution.resolvelib import factory, resolver

    from variantsel.pip_plugin import (
        factory_seam,
        finder_seam,
        metadata_seam,
        preparer_seam,
        resolver_seam,
        wheel_seam,
    )
    from variantsel.pip_plugin.session import Session
    from variantsel.pip_plugin.startup import when_imported

    _expect_parameters(wheel_module.Wheel.__init__, "self", "filename")
    _expect_parameters(package_finder.LinkEvaluator.evaluate_link, "self", "link")
    _expect_parameters(
        package_finder.PackageFinder.find_best_candidate,
        *("self", "project_name", "specifier", "hashes"),
    )
    _expect_parameters(package_finder.PackageFinder.find_requirement, "self", "req", "upgrade")
    _expect_parameters(
        getattr(factory.Factory, factory_seam.method_name(factory)),
        *("self", "link", "extras", "template", "name", "version"),
        optional=("extras",),
    )
    _expect_parameters(
        prepare.RequirementPreparer.prepare_linked_requirements_more,
        *("self", "reqs", "parallel_builds"),
    )
    _expect_parameters(resolver.Resolver.resolve, "self", "root_reqs", "check_supported_wheels")
    _expect_parameters(link_module.Link.url_without_fragment.fget, "self")

    session = Session()
    pylock = sys.modules.get("pip._vendor.packaging.pylock")
    wheel_seam.change(session, wheel_module, sources, constructors, pylock)
    finder_seam.change(session, package_finder, link_module, exceptions)
    factory_seam.change(session, factory)
    resolver_seam.change(session, resolver)
    preparer_seam.change(session, prepare)
    metadata_seam.change(session, select_backend())
    # What pip itself loads only when it needs it.
    when_imported(
        "pip._internal.operations.install.wheel",
        lambda module: _change_installer(session, module),
    )
    when_imported(
        "pip._internal.resolution.legacy.resolver",
        lambda module: _change_legacy_resolver(session, module),
    )


def _change_installer(session: Any, wheel_installer: Any) -> None:
    from variantsel.pip_plugin import install_seam

    try:
        _expect_parameters(wheel_installer.ZipBackedFile.save, "self")
    except (UnknownSeam, AttributeError) as error:
        session.warn(f"variantsel does not know how this pip installs wheels ({error})")
        return
    install_seam.change(session, wheel_installer)


def _change_legacy_resolver(session: Any, legacy_resolver: Any) -> None:
    from variantsel.pip_plugin import legacy_seam

    resolver = legacy_resolver.Resolver
    try:
        _expect_parameters(resolver.resolve, "self", "root_reqs", "check_supported_wheels")
        _expect_parameters(resolver._get_dist_for, "self", "req")
    except (UnknownSeam, AttributeError) as error:
        session.warn(f"variantsel does not know this pip's legacy resolver ({error})")
        return
    legacy_seam.change(session, legacy_resolver)


def _expect_parameters(function: Any, *names: str, optional: tuple[str, ...] = ()) -> None:
    function = getattr(function, "__wrapped__", function)  # behind functools.lru_cache till 25.3
    code = function.__code__
    found = code.co_varnames[: code.co_argcount]
    if found not in (names, tuple(name for name in names if name not in optional)):
        raise UnknownSeam(f"{function.__qualname__}{found}")
