"""Saying what was taken of a release, and why: the same words for every front end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from variantsel.formats.wheel_label import NULL_LABELS, split_label
from variantsel.ranking.enumeration import first_few, first_few_sentences
from variantsel.ranking.preferences import Preferences
from variantsel.ranking.preferred_order import decisive_preference
from variantsel.selection.selection import ReleaseFile, Selection, SourceRanking

__all__ = [
    "choice_details",
    "choice_line",
    "misfit_line",
    "nothing_fits_line",
    "other_machine_line",
    "passed_over_line",
    "reasons_against",
    "several_sources_line",
]

_MOST_DETAILS = 200


def choice_line(selection: Selection[Any], taken: ReleaseFile[Any]) -> str:
    """One line: what was taken of a release that has variants, and why.

    Empty when no metadata could be read, which is a problem of its own.
    """
    release, machine = selection.release, selection.target.name
    if not selection.rankings:
        return ""
    kind = "variant" if release.bridged is None else "build"
    preferred = _preferred(selection, taken)
    if not taken.label:
        null = next((file for file in selection.files if file.label in NULL_LABELS), None)
        if preferred:
            why = f"taking {taken.filename} {preferred}"
        elif null is not None and null.source != taken.source:
            why = (
                f"no variant fits {machine} but {null.label} on {null.source}; taking "
                f"{taken.filename} on {taken.source}, which would come first among ordinary wheels"
            )
        else:
            why = f"no {kind} fits {machine}; taking {taken.filename}"
        return f"{release}: {why}"
    preferred = f"; {preferred}" if preferred else ""
    source = _source(selection, taken)
    if taken.label in source.ranking.rejected:
        return ""  # a bridged build that is taken all the same: see misfit_line
    label = taken.label
    if release.bridged is None and any(file.source != taken.source for file in release.files):
        label = f"{label} on {taken.source}"
    if not source.metadata.variants[taken.label]:
        rejected = first_few(source.ranking.rejected)
        why = f"{machine} supports none of {rejected}" if rejected else "it needs nothing special"
        return f"{release}: {kind} {label} ({why}{preferred})"
    others = [other for other in selection.labels_with_files(source) if other != taken.label]
    instead = f"; fits as well: {first_few(others)}" if others else ""
    why = first_few(_best_properties(source, taken.label))
    return f"{release}: {kind} {label} ({machine} supports {why}{instead}{preferred})"


def misfit_line(selection: Selection[Any], taken: ReleaseFile[Any]) -> str:
    """What to say of a bridged build that was taken though it does not fit, since nothing of that
    version does; empty for any other file."""
    source = selection.ranking_of(taken)
    if source is None or taken.label not in source.ranking.rejected:
        return ""
    return (
        f"{selection.release}: {taken.filename} is the build {taken.label}, which does not fit "
        f"{selection.target.name}: it {source.ranking.rejected[taken.label]} No build of this "
        "version that could be had fits."
    )


def choice_details(selection: Selection[Any], taken: ReleaseFile[Any]) -> list[str]:
    """A line for every label of the release, best first, for whoever asks for more: as many as
    someone can be expected to read."""
    if selection.preferences.off:
        return [f"no variant is considered ({selection.preferences.describe('off')})"]
    lines = []
    for source in selection.rankings:
        with_files = set(selection.labels_with_files(source))
        for position, label in enumerate(source.ranking.labels, start=1):
            note = "" if label in with_files else f"  ({_absence(selection, label)})"
            if taken.label == label and taken.source == source.source:
                note = "  (taken)"
            lines.append(f"{position}. {label}{note}")
        lines += [f"-  {label} {reason}" for label, reason in reasons_against(source)]
    if len(lines) > _MOST_DETAILS:
        more = len(lines) - _MOST_DETAILS
        return [*lines[:_MOST_DETAILS], f"and {more} more; 'variantsel rank' shows all"]
    return lines


def nothing_fits_line(selection: Selection[Any]) -> str:
    """A warning that a release has no wheel for the machine, with the reason of every label."""
    reasons = first_few_sentences(
        f"{label} {reason}"
        for source in selection.rankings
        for label, reason in reasons_against(source)
    )
    without_label = selection.preferences.narrowing_of("")
    if without_label and not all(file.label for file in selection.release.files):
        reasons += f" What has no label {without_label}"
    elif selection.preferences.off:
        reasons = f"No variant is considered ({selection.preferences.describe('off')})."
    return f"{selection.release} has no wheel for {selection.target.name}. {reasons}".rstrip()


def passed_over_line(
    project_name: str, versions: Sequence[str], labels: Iterable[str], preferences: Preferences
) -> str:
    """A warning that some versions have no file that preferences leave, whatever the machine.

    :param versions: newest first.
    :param labels: those of their files, empty for a file without one.
    """
    narrowings = map(preferences.narrowing_of, labels)
    settings = "; ".join(sorted({narrowing.setting for narrowing in narrowings if narrowing}))
    more = f" and {len(versions) - 3} more" if len(versions) > 3 else ""
    return (
        f"{project_name} {', '.join(versions[:3])}{more}: passed over, no file for this platform "
        f"is left ({settings})"
    )


def other_machine_line(selection: Selection[Any], taken: ReleaseFile[Any]) -> str:
    """A warning when a wheel is for another machine type than the target's; empty otherwise."""
    platforms = split_label(taken.filename)[0].removesuffix(".whl").rpartition("-")[2]
    if selection.target.is_host or not taken.label or platforms == "any":
        return ""
    machine = selection.target.environment["platform_machine"]
    if any(platform.endswith(machine.lower()) for platform in platforms.split(".")):
        return ""
    return (
        f"{selection.release}: {selection.target.name} is {machine}, but {taken.filename} is not "
        "for it; name the platform as well (--platform, --python-version, --only-binary=:all:)"
    )


def several_sources_line(selection: Selection[Any]) -> str:
    """A warning when variants of one release come from several sources; empty otherwise."""
    if len(selection.rankings) < 2:
        return ""
    sources = ", then ".join(ranking.source for ranking in selection.rankings)
    return (
        f"{selection.release} has variants on several sources; each source's are ordered on their "
        f"own: {sources}"
    )


def reasons_against(source: SourceRanking) -> list[tuple[str, object]]:
    """The labels that cannot be taken, with why; what preferences leave out first."""
    return [*source.ranking.narrowed.items(), *source.ranking.rejected.items()]


def _absence(selection: Selection[Any], label: str) -> str:
    return selection.absence_of(label).removeprefix("has ")


def _preferred(selection: Selection[Any], taken: ReleaseFile[Any]) -> str:
    """``rather than cuda13: …`` when preferences put another wheel first; empty otherwise."""
    for source in selection.rankings:
        if taken.label and source.source != taken.source:
            continue
        labels = {file.label for file in selection.release.files if file.source == source.source}
        first = next((label for label in source.ranking.compatible if label in labels), "")
        if first and first != taken.label:
            setting = decisive_preference(source.ranking, selection.preferences, taken.label, first)
            return f"rather than {first}: {setting}" if setting else ""
    return ""


def _source(selection: Selection[Any], taken: ReleaseFile[Any]) -> SourceRanking:
    source = selection.ranking_of(taken)
    assert source is not None, "a variant wheel is only offered with its source's ranking"
    return source


def _best_properties(source: SourceRanking, label: str) -> list[str]:
    """The best supported value of each feature; of static namespaces only where there is no other,
    since every machine supports those."""
    best: dict[tuple[str, str], str] = {}
    for namespace, feature, value in source.ranking.supported_properties(label):
        best.setdefault((namespace, feature), value)
    static = {
        namespace
        for namespace, provider in (source.metadata.providers or {}).items()
        if provider.static_properties is not None
    }
    telling = {key: value for key, value in best.items() if key[0] not in static} or best
    return [f"{namespace} :: {name} :: {value}" for (namespace, name), value in telling.items()]
