"""What the plugin knows during one run of pip: variants seen, metadata read, wheels chosen.

Imports what it costs to choose a variant only once a variant wheel has been seen.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from variantsel.formats.wheel_label import split_label
from variantsel.pip_plugin.misfits import Misfits
from variantsel.pip_plugin.voice import Voice, installation_error
from variantsel.pip_plugin.wheel_requirements import WheelRequirements

if TYPE_CHECKING:
    from variantsel.configuration import Configuration
    from variantsel.formats.metadata import VariantMetadata
    from variantsel.selection.selection import Release, ReleaseFile, Selection
    from variantsel.targets.target import Target

__all__ = ["Session"]


class Session:
    """The state of one run.

    :ivar voice: how it talks to the user.
    :ivar requirements: what the chosen wheels require.
    :ivar release_link_type: the type of links that stand for a release.
    :ivar misfits: the installed variants that do not fit the machine.
    :ivar resolution: the last resolution: how to repeat it, and the set pip was given.
    """

    release_link_type: Any = ()
    resolution: tuple[Callable[[], Any], Any] | None = None

    def __init__(self) -> None:
        self.voice = Voice()
        self.requirements = WheelRequirements()
        self.misfits = Misfits(self)
        self._projects: set[str] = set()
        self._index_metadata: dict[tuple[str, str], Any] = {}
        self._metadata: dict[tuple[str, str, str], VariantMetadata | Exception] = {}
        self._selections: dict[str, tuple[ReleaseFile[Any], Selection[Any]]] = {}
        self._set_aside: set[str] = set()
        self._agreed: set[str] = set()
        self._configuration: Configuration | None = None
        self._unknown_machine: Target | None = None
        self._targets: dict[tuple[str, tuple[int, ...]], Target] = {}

    # -- what the finder sees

    def note_variant_wheel(self, project_name: str) -> None:
        """Remember that a project has variant wheels."""
        self._projects.add(_normalized(project_name))

    def has_variants(self, project_name: str) -> bool:
        """Whether a variant wheel of a project was seen."""
        return bool(self._projects) and _normalized(project_name) in self._projects

    def note_index_metadata(self, link: Any) -> None:
        """Remember a link to a release's variants.json."""
        self._index_metadata[self.source_of(link), link.filename.lower()] = link

    @staticmethod
    def source_of(link: Any) -> str:
        """The page or folder that a link was listed on, without its password.

        A page in a folder stands for the folder.
        """
        comes_from = link.comes_from
        if comes_from is None:
            return posixpath.dirname(str(link.url_without_fragment))
        return _source_of_page(str(getattr(comes_from, "url", comes_from)))

    def release_of(self, link: Any) -> Release[Any] | None:
        """The release a link stands for: pip's pick of an index, or one variant wheel by name."""
        if isinstance(link, self.release_link_type):
            release: Release[Any] = link.release
            return release
        if not link.is_wheel or not split_label(link.filename)[1]:
            return None
        from variantsel.selection.selection import Release, ReleaseFile

        name, version = link.filename.split("-")[:2]
        wheel = ReleaseFile(link.filename, link.url_without_fragment, SimpleNamespace(link=link))
        return Release(name.replace("_", "-"), version, [wheel], is_named=True)

    # -- choosing

    @property
    def configuration(self) -> Configuration:
        """What the user set.

        :raises pip._internal.exceptions.InstallationError: when a setting cannot be used.
        """
        if self._configuration is None:
            from variantsel.configuration import load_configuration
            from variantsel.errors import VariantselError

            try:
                self._configuration = load_configuration()
                self._configuration.target  # noqa: B018  a wrong name must come out here
            except VariantselError as error:
                raise installation_error(f"variantsel: {error}") from None
            for notice in self._configuration.notices:
                self.voice.warn(notice)
        return self._configuration

    @contextmanager
    def choosing_for_this_machine(self) -> Iterator[None]:
        """Forget the configured target for a while, here and in processes that are started."""
        name = "VARIANTSEL_TARGET"
        before = self._configuration, self._selections, os.environ.get(name)
        self._configuration, self._selections = None, {}
        os.environ[name] = "host"
        try:
            yield
        finally:
            self._configuration, self._selections, text = before
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text

    def choices(
        self, release: Release[Any], finder: Any
    ) -> Iterator[tuple[ReleaseFile[Any], Selection[Any]]]:
        """The files of a release in the order in which to try them.

        :param finder: pip's ``PackageFinder``: its network session knows proxies, credentials and
            caches; its target Python whether pip was given another platform.
        """
        selection = self._select(release, finder)
        for problem in selection.problems:
            self.problem(problem)
        if selection.unmet is not None:
            raise installation_error(f"variantsel: {release}: {selection.unmet}")
        for file in selection.files:
            if file.file.link.url not in self._set_aside:
                self._selections[file.file.link.url] = file, selection
                yield file, selection
        if all(file.file.link.url in self._set_aside for file in selection.files):
            from variantsel.selection.explanation import nothing_fits_line

            self.voice.warn(nothing_fits_line(selection))

    def _select(self, release: Release[Any], finder: Any) -> Selection[Any]:
        from variantsel.selection.selection import Selection, select

        configuration = self.configuration
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
        """The configured target; nothing is assumed of a platform pip was given instead of it."""
        target = self.configuration.target
        platforms = finder.target_python.platforms
        if not target.is_host or not platforms:
            return target
        if any(tag.platform in platforms for tag in target.tags):
            return target
        if self._unknown_machine is None:
            from variantsel.targets.target import StaticProperties, Target

            name = f"the machine behind --platform {platforms[0]}"
            machine = Target(name, StaticProperties({}), platforms=platforms)
            self._unknown_machine = machine.without(self.configuration.disabled)
            self.voice.warn(
                f"pip was given --platform {platforms[0]}, and nothing is known of that machine's "
                "hardware: name it with VARIANTSEL_TARGET (a machine's name, or a target file)"
            )
        return self._unknown_machine

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
        from variantsel.errors import InvalidMetadata
        from variantsel.pip_plugin.metadata_source import read_release_metadata

        key = wheels[0].source, release.name, release.version
        if key not in self._metadata:
            listed = "-".join(wheels[0].filename.split("-", 2)[:2]) + "-variants.json"
            link = self._index_metadata.get((key[0], listed.lower()))
            try:
                self._metadata[key] = read_release_metadata(link, wheels, network)
            except (InvalidMetadata, OSError) as error:
                self._metadata[key] = error
        found = self._metadata[key]
        if isinstance(found, Exception):
            raise found
        return found

    # -- a wheel against its index

    def agrees_with_index(
        self, file: ReleaseFile[Any], selection: Selection[Any], wheel_path: str | None
    ) -> bool:
        """Compare a wheel's own variant.json with what the index says of its label.

        A wheel that is not here yet agrees for now; one that does not is set aside and said so.
        """
        url = file.file.link.url
        source = selection.ranking_of(file)
        if source is None or wheel_path is None or url in self._agreed:
            return True
        from variantsel.errors import InvalidMetadata
        from variantsel.formats.wheel_metadata import read_wheel_metadata

        try:
            wheel = read_wheel_metadata(wheel_path, source=file.filename)
            source.metadata.check_wheel(wheel, file.label)
        except (InvalidMetadata, OSError) as error:
            self._set_aside.add(url)
            problem = str(error).removeprefix(f"{file.filename}: ")
            self.problem(f"{selection.release}: set aside {file.filename}: {problem}")
            return False
        self._agreed.add(url)
        return True

    def all_agree_with_index(self, requirements: Sequence[Any]) -> bool:
        """:meth:`agrees_with_index` for every wheel that pip has chosen."""
        agreed = True
        for requirement in requirements:
            chosen = self.chosen(requirement)
            if chosen is not None:
                agreed &= self.agrees_with_index(*chosen, requirement.local_file_path)
        return agreed

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

    def machine_notices(self) -> Sequence[str]:
        """What the machine's providers had to say, as far as they were asked."""
        return self._configuration.target.notices if self._configuration is not None else ()

    def no_variant_fits(self, release: Release[Any]) -> Exception:
        """pip's error for a release of which nothing can be installed."""
        return installation_error(f"variantsel: no wheel of {release} fits; see above")

    def problem(self, problem: str) -> None:
        """Warn of something that goes on all the same, or, where the user is strict, does not.

        :raises pip._internal.exceptions.InstallationError: where the user is strict.
        """
        if self.configuration.strict:
            raise installation_error(f"variantsel (strict): {problem}")
        self.voice.warn(problem)


@lru_cache(maxsize=8)  # the links of a page come one after the other
def _source_of_page(url: str) -> str:
    from pip._internal.utils.misc import redact_auth_from_url

    page: str = redact_auth_from_url(url)
    return posixpath.dirname(page) if page.startswith("file:") else page.rstrip("/")


def _normalized(project_name: str) -> str:
    from pip._vendor.packaging.utils import canonicalize_name

    name: str = canonicalize_name(project_name)
    return name
