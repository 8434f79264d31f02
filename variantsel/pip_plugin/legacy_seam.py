"""Seam: pip's legacy resolver (``--use-deprecated=legacy-resolver``), which takes what it finds.

Fits pip 23.1 to 26.3: ``Resolver._get_dist_for(self, req)`` gives a requirement its link and
prepares the wheel behind it; ``Resolver.resolve(self, root_reqs, check_supported_wheels)`` returns
a ``RequirementSet``; ``Resolver._check_skip_installed(self, req_to_install)`` leaves
``satisfied_by`` unset where something is to be installed. Which wheel a release stands for is
decided in ``finder_seam``.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from variantsel.pip_plugin.announcement import announce, announce_notices
from variantsel.pip_plugin.installed import compare_with_installed
from variantsel.pip_plugin.session import Session
from variantsel.pip_plugin.without_variants import announce_hint

__all__ = ["change"]


def change(session: Session, resolver: Any) -> None:
    """Read a wheel's requirements for its variant, refuse what does not fit, say what was taken."""
    from pip._internal.exceptions import HashMismatch, InstallationError

    get_dist_for = resolver.Resolver._get_dist_for
    check_skip_installed = resolver.Resolver._check_skip_installed
    resolve = resolver.Resolver.resolve

    def check_skip_fitting(self: Any, req_to_install: Any) -> Any:
        reason = check_skip_installed(self, req_to_install)
        installed = req_to_install.satisfied_by
        if installed is None or not self._is_upgrade_allowed(req_to_install):
            return reason
        if not _should_be_replaced(session, self.finder, req_to_install):
            return reason
        session.replaceable.add(installed.canonical_name)
        self._set_req_to_reinstall(req_to_install)
        return None

    def get_chosen_dist_for(self: Any, req: Any) -> Any:
        named = session.seen.release_of(req.link) if req.link is not None else None
        mismatch: Exception | None = None
        while True:
            if named is not None and next(session.choices.of(named, self.finder), None) is None:
                raise session.choices.no_variant_fits(named)
            try:
                distribution = _prepared(session, get_dist_for, self, req)
            except HashMismatch as error:
                chosen = session.chosen(req)
                if chosen is None or not session.choices.is_of_another_hash(
                    chosen[0], chosen[1].release
                ):
                    raise mismatch or error from None
                mismatch = mismatch or error
                _forget_link(req)
                continue
            except InstallationError as error:
                raise mismatch or error from None
            chosen = session.chosen(req)
            if chosen is None:
                return distribution
            if session.agreement.agrees(*chosen, req.local_file_path):
                with session.requirements.preparing(*chosen):
                    list(distribution.iter_dependencies())
                return distribution
            if named is None:
                _forget_link(req)

    def resolve_and_explain(self: Any, root_reqs: Any, check_supported_wheels: bool) -> Any:
        if session.bridges is not None:
            _prepare_bridges(session, root_reqs)
        with session.failures_explained():
            requirement_set = resolve(self, root_reqs, check_supported_wheels)
        requirements = list(requirement_set.requirements.values())
        session.voice.guarded(lambda: _explain(session, requirements, self.finder))
        session.voice.guarded(session.settings.end_if_problem)
        session.voice.guarded(lambda: announce_notices(session))
        session.voice.guarded(lambda: announce_hint(session))
        return requirement_set

    resolver.Resolver._check_skip_installed = check_skip_fitting
    resolver.Resolver._get_dist_for = get_chosen_dist_for
    resolver.Resolver.resolve = resolve_and_explain


def _prepare_bridges(session: Session, root_reqs: Any) -> None:
    """Ask for the names that fit; this resolver never looks back, so no label is given up."""
    from pip._internal.metadata import get_default_environment

    from variantsel.pip_plugin.bridged_requirements import replace_given

    assert session.bridges is not None, "only called where one is switched on"
    session.bridges.label_for_all.stop_looking_back()
    installed = get_default_environment().iter_installed_distributions(local_only=False)
    replace_given(session, root_reqs, {item.canonical_name: item for item in installed})


def _forget_link(req: Any) -> None:
    """As if no file had ever been found."""
    req.link = req.local_file_path = req.download_info = None
    if hasattr(req, "_source_link"):
        req._source_link = None


def _prepared(session: Session, get_dist_for: Any, resolver: Any, req: Any) -> Any:
    try:
        return get_dist_for(resolver, req)
    except Exception as error:
        if req.link is not None:
            with session.source_builds.explained(req.link):
                raise error
        raise


def _should_be_replaced(session: Session, finder: Any, req_to_install: Any) -> bool:
    """Whether an upgrade takes another build of the version that is installed."""
    installed = req_to_install.satisfied_by
    name, hashes = installed.canonical_name, req_to_install.hashes(trust_internet=False)
    is_misfit = installed in session.misfits
    if is_misfit:
        session.replaceable.add(name)
    elif not session.seen.has_variants(name):
        return False
    found = finder.find_best_candidate(name, req_to_install.req.specifier, hashes).best_candidate
    is_same_version = found is not None and found.version == installed.version
    if not is_misfit:
        return is_same_version and bool(session.upgrades.better_link(installed, finder, hashes))
    network = finder._link_collector.session
    return not (is_same_version and session.misfits.is_same_build(installed, found.link, network))


def _explain(session: Session, requirements: Any, finder: Any) -> None:
    installed, result = _result(requirements)
    session.check_kept(result.mapping, finder)
    session.voice.guarded(lambda: announce(session, requirements, finder, result))
    session.voice.guarded(lambda: compare_with_installed(session, installed, result))


def _result(requirements: Any) -> tuple[dict[str, Any], Any]:
    """What was installed before, and the result in the words of the other resolver."""
    from pip._internal.metadata import get_default_environment
    from pip._vendor.packaging.utils import canonicalize_name

    environment = get_default_environment()
    installed, mapping, criteria = {}, {}, {}
    for req in requirements:
        if not req.name:
            continue
        name = canonicalize_name(req.name)
        before = environment.get_distribution(req.name)
        if before is not None:
            installed[name] = before
        mapping[name] = _Candidate(name, req, before)
        criteria[name] = SimpleNamespace(information=[_information(req)])
    return installed, SimpleNamespace(mapping=mapping, criteria=criteria)


class _Candidate:
    """What the other resolver has for a requirement that was met."""

    def __init__(self, name: str, req: Any, before: Any) -> None:
        self.project_name = name
        self.is_installed = req.satisfied_by is not None
        self.source_link = req.link
        self._req = req
        self._before = before

    @property
    def dist(self) -> Any:
        return self._before if self.is_installed else self._req.get_dist()

    @property
    def version(self) -> Any:
        return self.dist.version


def _information(req: Any) -> SimpleNamespace:
    """Which requirement it was, and whose; ``parent`` is ``None`` for what the user named."""
    parent = req.comes_from
    if not hasattr(parent, "get_dist"):  # nothing, or the text of a requirements file's line
        return SimpleNamespace(requirement=req.req, parent=None)
    distribution = parent.satisfied_by or parent.get_dist()
    version = distribution.version
    return SimpleNamespace(
        requirement=req.req, parent=SimpleNamespace(name=parent.name, version=version)
    )
