"""Seam: how pip finds the candidates of a project.

Fits pip 23.1 to 26.3: ``LinkEvaluator.evaluate_link(self, link)`` sees every link of every page and
folder; ``PackageFinder.find_best_candidate`` returns candidates sorted worst first, as
``applicable_candidates`` since 25.1 and ``iter_applicable()`` before.

Candidates of one version that hold variant wheels become a single candidate whose link stands for
the release: which wheel that is, is only decided when pip tries it (see ``factory_seam``), so that
the metadata of versions nobody looks at is never read.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from variantsel.formats.wheel_label import INDEX_METADATA_SUFFIX, split_label
from variantsel.pip_plugin.candidates import applicable_candidates
from variantsel.pip_plugin.listed_hash import is_ruled_out
from variantsel.pip_plugin.seen import normalized
from variantsel.pip_plugin.session import Session
from variantsel.pip_plugin.voice import installation_error

__all__ = ["change"]


def change(session: Session, package_finder: Any, link_module: Any, exceptions: Any) -> None:
    """Collect variants.json links, and put the variants of one version behind one candidate."""
    evaluate_link = package_finder.LinkEvaluator.evaluate_link
    find_best_candidate = package_finder.PackageFinder.find_best_candidate
    find_requirement = package_finder.PackageFinder.find_requirement
    session.seen.release_link_type = release_link_type = _release_link_type(link_module.Link)
    is_candidate = package_finder.LinkType.candidate
    is_mismatch = package_finder.LinkType.platform_mismatch
    latest: Any = None

    def evaluate_and_collect(self: Any, link: Any) -> Any:
        if INDEX_METADATA_SUFFIX in link.url and link.filename.endswith(INDEX_METADATA_SUFFIX):
            session.seen.note_index_metadata(link)
        result = evaluate_link(self, link)
        if result[0] is is_mismatch:
            session.seen.note_mismatch(self.project_name, link)
        elif result[0] is not is_candidate and (
            session.seen.notes_refused or getattr(self, "_uploaded_prior_to", None)
        ):
            session.seen.note_refused(self.project_name, link, result[0].name)
        return result

    def find_best_release(
        self: Any, project_name: str, specifier: Any = None, hashes: Any = None
    ) -> Any:
        nonlocal latest
        latest = find_best_candidate(self, project_name, specifier, hashes)
        if (
            session.seen.has_variants(project_name)
            or session.is_bridged(project_name)
            or session.settings.requirements_on(project_name)
        ):
            latest = _with_releases(session, project_name, latest, hashes, self)
        if latest.best_candidate is None:
            session.seen.not_found[project_name] = self, specifier
        return latest

    def find_chosen_requirement(self: Any, req: Any, upgrade: bool) -> Any:
        # What the legacy resolver asks: it wants a wheel at once.
        candidate = find_requirement(self, req, upgrade)
        if candidate is None:
            return None
        if not isinstance(candidate.link, release_link_type):
            session.note_source(candidate.name, candidate.version, candidate.link, self)
            return candidate
        installed = req.satisfied_by.version if req.satisfied_by is not None else None
        for other in reversed(applicable_candidates(latest)):  # which it has just looked at
            if upgrade and installed is not None and other.version <= installed:
                raise exceptions.BestVersionAlreadyInstalled
            if not isinstance(other.link, release_link_type):
                session.note_source(other.name, other.version, other.link, self)
                return other
            for chosen, selection in session.choices.of(other.link.release, self):
                session.settle(chosen, selection)
                return chosen.file
        raise session.choices.no_variant_fits(candidate.link.release)

    package_finder.LinkEvaluator.evaluate_link = evaluate_and_collect
    package_finder.PackageFinder.find_best_candidate = find_best_release
    package_finder.PackageFinder.find_requirement = find_chosen_requirement


def _release_link_type(link_type: type[Any]) -> type[Any]:
    class ReleaseLink(link_type):  # type: ignore[misc]
        """The link of a release whose wheel is still to be chosen.

        Equal to the link it was made from, the one pip would have tried first.
        """

        __slots__ = ("release",)

        def __init__(self, link: Any, release: Any) -> None:
            for cls in link_type.__mro__:
                for name in getattr(cls, "__slots__", ()):
                    if hasattr(link, name):
                        setattr(self, name, getattr(link, name))
            if hasattr(link, "__dict__"):
                self.__dict__.update(link.__dict__)
            self.release = release

    return ReleaseLink


def _with_releases(
    session: Session, project_name: str, result: Any, hashes: Any, finder: Any
) -> Any:
    """The same result with every version that has variants, or builds that a bridge tells apart,
    collapsed into one candidate, and without the versions of which preferences leave nothing."""
    from variantsel.pip_plugin import bridged_releases
    from variantsel.selection.selection import Release, ReleaseFile

    preferences = session.settings.configuration.preferences(project_name)
    is_bridged, project = session.is_bridged(project_name), normalized(project_name)
    passed_over: list[Any] = []
    applicable = applicable_candidates(result)
    everything = (
        result.all_candidates if hasattr(result, "all_candidates") else list(result.iter_all())
    )
    best = result.best_candidate
    collapsed: list[Any] = []
    bridged: list[tuple[Any, Any]] = []
    for grouped in bridged_releases.versions(applicable, hashes, is_bridged=is_bridged):
        candidates = [item for item in grouped if not _has_other_hash(item, hashes)] or grouped
        if best in grouped and best not in candidates:
            best = candidates[-1]
        # pip sorts its candidates worst first; a release lists its files best first.
        files = [
            ReleaseFile(item.link.filename, session.seen.source_of(item.link), item)
            for item in reversed(candidates)
        ]
        metadata = None
        if is_bridged and not any(file.label for file in files):
            builds = bridged_releases.builds_of(session, project, candidates)
            if builds is not None:
                files, metadata = builds
                bridged.append((candidates[-1].version, metadata))
        if not files or (preferences and all(preferences.narrowing_of(f.label) for f in files)):
            passed_over += candidates if files else []
            continue
        if not any(file.label for file in files):
            collapsed += candidates
            continue
        first = candidates[-1] if metadata is None else files[0].file
        version = str(first.version) if metadata is None else first.version.public
        absence = partial(_absence, session, everything, first, hashes)
        release = Release(first.name, version, files, absence=absence, bridged=metadata)
        locked = {"locked": first.locked} if hasattr(first, "locked") else {}  # in newer pips
        link = session.seen.release_link_type(first.link, release)
        candidate = type(first)(first.name, str(first.version), link, **locked)
        collapsed.append(candidate)
        if best in grouped:
            best = candidate
    if bridged:
        bridged_releases.check_newest(session, project, bridged)
        collapsed = bridged_releases.in_order(session, project, collapsed, finder)
        best = collapsed[-1] if collapsed else None
    if passed_over:
        _pass_over(session, project_name, passed_over, collapsed, everything)
        if best in passed_over:
            best = collapsed[-1] if collapsed else None
    return type(result)(everything, collapsed, best)


def _has_other_hash(candidate: Any, hashes: Any) -> bool:
    """Whether it is seen, before it is fetched, that a variant has none of the hashes given."""
    is_variant = bool(hashes) and split_label(candidate.link.filename)[1]
    return bool(is_variant) and is_ruled_out(candidate.link, hashes)


def _absence(session: Session, everything: Any, first: Any, hashes: Any, label: str) -> str:
    """Why a release has no file of a label that could be taken; empty where for its platform.

    :param everything: the candidates of the project, whatever was asked for.
    :param first: one of the release.
    """
    for item in everything:
        if item.version == first.version and session.label_of(item) == label:
            if item.link.is_yanked:
                return "was yanked"
            if is_ruled_out(item.link, hashes):
                return "has a hash that is none of those given"
            if hashes and not item.link.is_hash_allowed(hashes):
                return "has no hash listed, and another has one of those given"
    for filename, reason in session.seen.ruled_out(first.name):
        base, its_label = split_label(filename)
        if its_label == label and base.split("-")[1] == str(first.version):
            return reason
    return ""


def _pass_over(
    session: Session, project_name: str, passed_over: list[Any], kept: list[Any], everything: Any
) -> None:
    """Say which versions preferences leave nothing of, where any of them would have been taken.

    :raises pip._internal.exceptions.InstallationError: when what is required is nowhere.
    """
    from variantsel.selection.requirement import unmet_requirement
    from variantsel.selection.taken import passed_over_line

    preferences = session.settings.configuration.preferences(project_name)
    if not kept and not preferences.off:
        files = [(session.label_of(item), session.seen.source_of(item.link)) for item in everything]
        unmet = unmet_requirement(project_name, preferences, files)
        if unmet:
            raise installation_error(f"variantsel: {unmet}")
    newer = [item for item in passed_over if not kept or item.version > kept[-1].version]
    if newer:
        versions = dict.fromkeys(str(item.version) for item in reversed(newer))
        labels = {session.label_of(item) for item in newer}
        session.voice.warn(passed_over_line(project_name, list(versions), labels, preferences))
