"""Choosing among the files of one release: the journey's last step, the same for every front end.

A front end finds the files, in its own order of preference by tags and build number, and says how
to read a source's metadata; here the variants are put in front, best first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Generic, NamedTuple, TypeVar

from variantsel.errors import InvalidMetadata, UnmetPreference
from variantsel.formats.metadata import VariantMetadata
from variantsel.formats.wheel_label import NULL_LABELS, split_label
from variantsel.ranking.enumeration import first_few
from variantsel.ranking.preferences import Preferences
from variantsel.ranking.preferred_order import apply_preferences, unmet_preference
from variantsel.ranking.rank import rank
from variantsel.ranking.ranking import Ranking
from variantsel.selection.order_of_sources import merged_by_source
from variantsel.targets.target import Target

__all__ = ["Release", "ReleaseFile", "Selection", "SourceRanking", "select"]

FileT = TypeVar("FileT")


class ReleaseFile(Generic[FileT]):
    """A file that the installer could take.

    :ivar filename: its name, label included.
    :ivar source: the page or folder it was listed on; variants are ordered one source at a time.
    :ivar file: whatever the front end knows the file by.
    :ivar label: the variant label, or what a bridge says it is a build of; empty for a non-variant
        wheel or a source distribution.
    """

    __slots__ = ("file", "filename", "label", "source")

    def __init__(self, filename: str, source: str, file: FileT, label: str | None = None) -> None:
        """
        :param label: what a bridge says; that of the name where ``None``.
        """
        self.filename = filename
        self.source = source
        self.file = file
        self.label = split_label(filename)[1] if label is None else label


class Release(Generic[FileT]):
    """The files of one version that fit the platform, in the installer's order, best first.

    :ivar is_named: whether the user named this very wheel, which is a wish that comes before what
        is preferred in general.
    :ivar absence: tells of a label without a file that could be taken why there is none, such as
        "was uploaded after the date given"; empty where that is not known.
    :ivar bridged: the metadata that a bridge makes of the files; ``None`` where they are variants.
    """

    def __init__(
        self,
        name: str,
        version: str,
        files: Sequence[ReleaseFile[FileT]],
        is_named: bool = False,
        absence: Callable[[str], str] = lambda _: "",
        bridged: VariantMetadata | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.files = files
        self.is_named = is_named
        self.absence = absence
        self.bridged = bridged

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class SourceRanking(NamedTuple):
    """The ranking of one source's variants."""

    source: str
    metadata: VariantMetadata
    ranking: Ranking


class Selection(Generic[FileT]):
    """The order in which to try the files of a release, and what it rests on.

    :ivar files: compatible variants best first, then null variants and non-variant files: those
        of one source in this order, across sources in the installer's.
    :ivar rankings: one for every source whose metadata could be read.
    :ivar preferences: what the user would rather have of this package.
    :ivar problems: what was set aside and why, a sentence each.
    :ivar unmet: why what is to be taken cannot be, where there is nothing else to take.
    """

    def __init__(
        self, release: Release[FileT], target: Target, preferences: Preferences | None = None
    ) -> None:
        self.release = release
        self.target = target
        self.preferences = preferences or Preferences()
        self.files: list[ReleaseFile[FileT]] = []
        self.rankings: list[SourceRanking] = []
        self.problems: list[str] = []
        self.unmet: UnmetPreference | None = None

    def labels_with_files(self, source: SourceRanking) -> list[str]:
        """The labels of a source of which there is a file to try, best first."""
        files = [file for file in self.files if file.label and file.source == source.source]
        return list(dict.fromkeys(file.label for file in files))

    def absence_of(self, label: str) -> str:
        """Why a label that fits is not taken, as far as that is known: ``has no wheel for …``."""
        if any(file.label == label for file in self.files):
            return "could not be taken"
        return self.release.absence(label) or "has no wheel for this platform"

    def ranking_of(self, file: ReleaseFile[FileT]) -> SourceRanking | None:
        """The ranking that a variant wheel was chosen by; ``None`` for a non-variant file."""
        for ranking in self.rankings:
            if file.label and ranking.source == file.source:
                return ranking
        return None


def select(
    release: Release[FileT],
    target: Target,
    read_metadata: Callable[[Sequence[ReleaseFile[FileT]]], VariantMetadata],
    *,
    enabled: Collection[str] = (),
    preferences: Preferences | None = None,
) -> Selection[FileT]:
    """Order the files of a release (PEP 825, Variant ordering; Installing from multiple sources).

    A variant that fits for what the machine has comes first, whichever source has it. The null
    variant says nothing of the machine: across sources it stands where an ordinary wheel would.

    :param read_metadata: reads the metadata of one source, given its variant wheels; what it
        raises sets those wheels aside, and no other source's.
    :param enabled: namespaces whose optional providers are enabled.
    :param preferences: what the user would rather have of this package; that it cannot be had is
        in the selection's ``unmet``.
    """
    if preferences is None or release.is_named:
        preferences = Preferences()
    if release.bridged is not None:
        bridged = release.bridged
        read_metadata = lambda _: bridged  # noqa: E731
    selection = Selection(release, target, preferences)
    nulls: list[ReleaseFile[FileT]] = []
    by_source: dict[str, list[ReleaseFile[FileT]]] = {}
    for file in release.files:
        if file.label and not preferences.off:
            by_source.setdefault(file.source, []).append(file)
    for source, wheels in by_source.items():
        try:
            metadata = read_metadata(wheels)
            ranking = rank(metadata, target, enabled=enabled)
            if preferences:
                ranking = apply_preferences(ranking, preferences)
        except (ImportError, SyntaxError):  # of ours, which is no fault of a source
            raise
        except Exception as error:  # a source may fail in any way; the others are none the worse
            labels = first_few(dict.fromkeys(wheel.label for wheel in wheels))
            selection.problems.append(
                f"{release}: set aside the variants {labels} on {source}: {_in_words(error)}"
            )
            continue
        selection.rankings.append(SourceRanking(source, metadata, ranking))
        unknown = {wheel.label for wheel in wheels} - metadata.variants.keys()
        if unknown:
            selection.problems.append(
                f"{release}: set aside the variants {first_few(sorted(unknown))}: the release's "
                "variant metadata does not list them, and what their wheels say is no part of it"
            )
        position = {label: index for index, label in enumerate(ranking.labels)}
        fitting = [wheel for wheel in wheels if wheel.label in position]
        # sorted() is stable: within a label the installer's own order by tags and build stays.
        fitting.sort(key=lambda wheel: position[wheel.label])
        is_last = bool(ranking.labels) and ranking.labels[-1] in NULL_LABELS
        for wheel in fitting:  # where a preference puts null before others, that is its place
            is_null = is_last and wheel.label in NULL_LABELS
            (nulls if is_null else selection.files).append(wheel)
    ordinary = [file for file in release.files if not file.label]
    selection.files += merged_by_source(
        release.files, nulls, ordinary if not preferences.narrowing_of("") else []
    )
    if release.bridged is not None:
        selection.files += _misfits(selection)
    if not selection.files:
        unmet = [unmet_preference(source.ranking, preferences) for source in selection.rankings]
        selection.unmet = next(filter(None, unmet), None)
    return selection


def _misfits(selection: Selection[FileT]) -> list[ReleaseFile[FileT]]:
    """The builds of a bridged release that do not fit, in the installer's own order.

    Unlike a variant wheel, such a build is what every installer takes that knows nothing of
    bridges, and is better than none: last, and said.
    """
    preferences, taken = selection.preferences, {id(file) for file in selection.files}
    rejected = {label for source in selection.rankings for label in source.ranking.rejected}
    return [
        file
        for file in selection.release.files
        if id(file) not in taken
        and (preferences.off or file.label in rejected)
        and not preferences.narrowing_of("" if preferences.off else file.label)
    ]


def _in_words(error: Exception) -> str:
    if isinstance(error, (InvalidMetadata, OSError)):
        return str(error)
    return f"variantsel failed ({type(error).__name__}: {error}); please report this"
