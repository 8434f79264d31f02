"""Choosing: the files of a release in the order in which pip is to try them.

Imports what that costs when there is a release to choose from.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from variantsel.pip_plugin.seen import Seen
from variantsel.pip_plugin.settings import Settings
from variantsel.pip_plugin.source_builds import SourceBuilds
from variantsel.pip_plugin.voice import Voice, installation_error

if TYPE_CHECKING:
    from variantsel.formats.metadata import VariantMetadata
    from variantsel.selection.selection import Release, ReleaseFile, Selection
    from variantsel.targets.target import Target

__all__ = ["Choices"]


class Choices:
    """What was chosen in this run, and what is to be chosen from."""

    def __init__(
        self, seen: Seen, settings: Settings, voice: Voice, source_builds: SourceBuilds
    ) -> None:
        self._seen = seen
        self._settings = settings
        self._voice = voice
        self._source_builds = source_builds
        self._metadata: dict[tuple[str, str, str], VariantMetadata | Exception] = {}
        self._selections: dict[str, tuple[ReleaseFile[Any], Selection[Any]]] = {}
        self._set_aside: set[str] = set()
        self._of_another_hash: set[str] = set()
        self._unknown_machine: Target | None = None
        self._targets: dict[tuple[str, tuple[int, ...]], Target] = {}

    @contextmanager
    def for_this_machine(self) -> Iterator[None]:
        """Choose for this machine for a while, whatever the configured target."""
        before, self._selections = self._selections, {}
        try:
            with self._settings.for_this_machine():
                yield
        finally:
            self._selections = before

    def of(
        self, release: Release[Any], finder: Any
    ) -> Iterator[tuple[ReleaseFile[Any], Selection[Any]]]:
        """The files of a release in the order in which to try them.

        :param finder: pip's ``PackageFinder``: its network session knows proxies, credentials and
            caches; its target Python whether pip was given another platform.
        """
        selection = self.select(release, finder)
        for problem in selection.problems:
            self._settings.problem(problem)
        if selection.unmet is not None:
            raise installation_error(f"variantsel: {release}: {selection.unmet}")
        for file in selection.files:
            if file.file.link.url not in self._set_aside | self._of_another_hash:
                self._selections[file.file.link.url] = file, selection
                self._note_source_build(file, selection)
                yield file, selection
        if all(file.file.link.url in self._set_aside for file in selection.files):
            from variantsel.selection.taken import nothing_fits_line

            self._voice.warn(nothing_fits_line(selection))

    def _note_source_build(self, file: ReleaseFile[Any], selection: Selection[Any]) -> None:
        if file.filename.endswith(".whl"):
            return
        from variantsel.selection.source_fallback import source_fallback_line

        reason = source_fallback_line(selection, file)
        if reason:
            self._source_builds.note(file.file.link, reason)

    def select(self, release: Release[Any], finder: Any) -> Selection[Any]:
        """The order in which to try the files of a release, about which nothing is said yet."""
        from variantsel.selection.selection import Selection, select

        configuration = self._settings.configuration
        preferences = configuration.preferences(release.name)
        target = self._with_given_python(self._target_of(finder), finder)
        network = finder._link_collector.session
        try:
            return select(
                release,
                target,
                lambda wheels: self._read_metadata(release, wheels, network),
                enabled=configuration.enabled,
                preferences=preferences,
            )
        except (ImportError, SyntaxError):  # a file of ours is damaged
            raise
        except Exception as error:  # a mistake of ours must not end an install that can go on
            selection = Selection(release, target)
            selection.files = [
                file
                for file in release.files
                if not file.label and not preferences.narrowing_of("")
            ]
            selection.problems.append(
                f"{release}: set aside the variants, since variantsel failed "
                f"({type(error).__name__}: {error}); please report this"
            )
            return selection

    def _target_of(self, finder: Any) -> Target:
        """The configured target; nothing is assumed of a platform pip was given instead of it.

        :raises pip._internal.exceptions.InstallationError: when what pip would install is for
            another type of machine than the target.
        """
        target = self._settings.configuration.target
        platforms = finder.target_python.platforms
        if not platforms:
            self._refuse_mixture(target)
        if not target.is_host or not platforms:
            return target
        if any(tag.platform in platforms for tag in target.tags):
            return target
        if self._unknown_machine is None:
            from variantsel.targets.target import StaticProperties, Target

            name = f"the machine behind --platform {platforms[0]}"
            machine = Target(name, StaticProperties({}), platforms=platforms)
            self._unknown_machine = machine.without(self._settings.configuration.disabled)
            self._voice.warn(
                f"pip was given --platform {platforms[0]}, and nothing is known of that machine's "
                "hardware: name it with VARIANTSEL_TARGET (a machine's name, or a target file)"
            )
        return self._unknown_machine

    def _refuse_mixture(self, target: Target) -> None:
        """Refuse variants of one machine with the platform tags and markers of another."""
        other = target.differs_from_host()
        if target.is_host or not other:
            return
        configuration = self._settings.configuration
        raise installation_error(
            f"variantsel: {target.name} ({configuration.settings['target'].place}) is {other}, "
            f"and this pip installs for {platform.machine()}: the result would be right for "
            "neither. For that machine: 'variantsel pip --target "
            f"{configuration.target_text} install PACKAGE --into DIR', or give pip its platform "
            "(--platform, --python-version, --only-binary=:all:). For this one: "
            "VARIANTSEL_TARGET=host"
        )

    def _with_given_python(self, target: Target, finder: Any) -> Target:
        """The target with the Python that pip was given by ``--python-version``."""
        given = finder.target_python._given_py_version_info
        if given is None or len(given) < 2:
            return target
        key = target.name, given
        if key not in self._targets:
            self._targets[key] = target.with_python(".".join(map(str, given)))
        return self._targets[key]

    def _read_metadata(
        self, release: Release[Any], wheels: Sequence[ReleaseFile[Any]], network: Any
    ) -> VariantMetadata:
        from variantsel.pip_plugin.metadata_source import read_release_metadata

        key = wheels[0].source, release.name, release.version
        if key not in self._metadata:
            listed = "-".join(wheels[0].filename.split("-", 2)[:2]) + "-variants.json"
            link = self._seen.index_metadata(key[0], listed.lower())
            try:
                self._metadata[key] = read_release_metadata(
                    link,
                    wheels,
                    network,
                    lambda text: self._voice.warn(f"{release} on {key[0]}: {text}"),
                )
            except (ImportError, SyntaxError):  # of ours
                raise
            except Exception as error:
                self._metadata[key] = error
        found = self._metadata[key]
        if isinstance(found, Exception):
            raise found
        return found

    def is_of_another_hash(self, file: ReleaseFile[Any], release: Release[Any]) -> bool:
        """Whether another file may be tried where one has none of the hashes that the user allows:
        only with its download was that seen, and it is a variant. It is never offered again.

        What contradicts the hash that the index lists is no such file: it was tampered with.
        """
        from variantsel.pip_plugin.listed_hash import listed_hash

        link = file.file.link
        if not file.label or any(listed_hash(link)) or release.is_named:
            return False
        self._of_another_hash.add(link.url)
        self._voice.warn(
            f"{release}: passed over {file.filename}: its hash is none of those that were given"
        )
        return True

    def set_aside(self, file: ReleaseFile[Any]) -> None:
        """Never offer a file again in this run."""
        self._set_aside.add(file.file.link.url)

    def chosen(self, requirement: Any) -> tuple[ReleaseFile[Any], Selection[Any]] | None:
        """What was chosen for one of pip's requirements; ``None`` where there was no choice."""
        link = requirement.link
        return self._selections.get(link.url) if self._selections and link is not None else None

    def chosen_metadata(self, link: Any) -> VariantMetadata | None:
        """The metadata of the variant that was chosen behind a link, of its label alone."""
        file, selection = self._selections.get(link.url, (None, None))
        source = selection.ranking_of(file) if selection and file else None
        if file is None or source is None:
            return None
        return source.metadata._replace(variants={file.label: source.metadata.variants[file.label]})

    def no_variant_fits(self, release: Release[Any]) -> Exception:
        """pip's error for a release of which nothing can be installed."""
        elsewhere = ""
        if release.is_named and self._settings.configuration.target.is_host:
            elsewhere = (
                ". Where it is for another machine than this one, name that: VARIANTSEL_TARGET="
                "MACHINE (a name of 'variantsel target list', or a target file)"
            )
        return installation_error(f"variantsel: no wheel of {release} fits; see above{elsewhere}")
