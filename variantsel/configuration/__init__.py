"""What the user set: files and environment variables, one layer over the other.

Where each setting comes from is kept with it, for messages and ``variantsel config``. Importing
this loads nothing: every run of pip asks ``configuration.places`` whether anything is set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from variantsel.bridges.bridge import Bridge
    from variantsel.configuration.files import ConfigurationFile
    from variantsel.configuration.keys import Setting
    from variantsel.ranking.preferences import Preferences
    from variantsel.targets.target import Target

__all__ = ["Configuration", "load_configuration"]


class Configuration:
    """What the user set.

    :ivar settings: every setting in force by its key, ``target`` or ``packages.torch.take``.
    :ivar files: the files that were looked for, strongest first.
    :ivar notices: what deserves attention although it is no error, a sentence each.
    """

    def __init__(
        self,
        settings: Mapping[str, Setting],
        files: tuple[ConfigurationFile, ...] = (),
        notices: tuple[str, ...] = (),
    ) -> None:
        self.settings = settings
        self.files = files
        self.notices = notices

    @cached_property
    def target(self) -> Target:
        """The machine to install for, without what is switched off.

        :raises InvalidTarget: when there is no such machine or file, naming where it was set.
        """
        from variantsel.errors import InvalidTarget
        from variantsel.targets.target import Target

        if self.target_text in ("", "host"):
            return Target.host(trusted=self.trusted).without(self.disabled)
        try:
            return Target.resolve(self.target_text).without(self.disabled)
        except InvalidTarget as error:
            raise InvalidTarget(f"{self.settings['target'].place}: {error}") from None

    @property
    def target_text(self) -> str:
        """The target as written, a file's path made absolute; empty for this machine."""
        text: str = self._value("target", "")
        return text

    @property
    def enabled(self) -> frozenset[str]:
        """The namespaces whose optional providers are enabled."""
        return frozenset(self._value("enable", ()))

    @property
    def disabled(self) -> frozenset[str]:
        """The namespaces whose providers are switched off: nothing of them is supported."""
        return frozenset(self._value("disable", ()))

    @property
    def strict(self) -> bool:
        """Whether broken variant metadata is an error rather than a notice."""
        strict: bool = self._value("strict", False)
        return strict

    @property
    def is_first_source_only(self) -> bool:
        """Whether a project is taken from the first index that has it, and from no other."""
        return bool(self._value("sources", ""))

    @property
    def trusted(self) -> frozenset[str]:
        """The provider packages that may be installed and run, ``name`` or ``name==version``.

        Only the user's, the environment's and the machine's files and ``VARIANTSEL_TRUST`` say so,
        never a file that comes with a project.
        """
        return frozenset(self._value("trust", ()))

    @cached_property
    def bridges(self) -> tuple[Bridge, ...]:
        """The bridges that are switched on, in that order.

        :raises InvalidBridge: when there is none of a name, or a file of one cannot be used.
        """
        names = self._value("bridge", ())
        return self.find_bridges(names) if names else ()

    def find_bridges(self, names: Iterable[str] | None = None) -> tuple[Bridge, ...]:
        """Bridges by name, on or not, from the user's files and with their mirrors.

        :param names: all there are where ``None``.
        :raises InvalidBridge: when there is none of a name, or a file of one cannot be used.
        """
        from variantsel.bridges.catalogue import find_bridges, known_names
        from variantsel.configuration.keys import BRIDGES

        given: dict[str, dict[str, str]] = {"file": {}, "base": {}}
        for key, setting in self.settings.items():
            if key.startswith(f"{BRIDGES}."):
                _, name, what = key.split(".")
                given[what][name] = setting.value
        if names is None:
            names = known_names(given["file"])
        return find_bridges(names, files=given["file"], bases=given["base"])

    @property
    def version_first(self) -> bool:
        """Whether the newest version of a bridged project is taken though an older one has a build
        for the machine's accelerator and it has none."""
        version_first: bool = self._value("version-first", False)
        return version_first

    @property
    def hints(self) -> bool:
        """Whether a run may end with a line about a bridge that would have changed it."""
        hints: bool = self._value("hints", True)
        return hints

    def preferences(self, package: str) -> Preferences:
        """What the user wants of a package: its own settings, then the general ones."""
        from variantsel.configuration.keys import normalized_name, package_key
        from variantsel.ranking.preferences import Preferences

        name = normalized_name(package)
        entries: dict[str, list[str]] = {"take": [], "never": [], "prefer": [], "exclude": []}
        sources: dict[tuple[str, str], str] = {}
        for rule, listed in entries.items():
            for key in (package_key(name, rule), rule):
                if key in self.settings:
                    listed.extend(self.settings[key].value)
                    for entry in self.settings[key].value:
                        sources.setdefault((rule, entry), self.settings[key].source)
        off = self.settings.get(package_key(name, "off"))
        if off is not None:
            sources["off", ""] = off.source
        return Preferences(**entries, off=off is not None and off.value, sources=sources)

    def _value(self, key: str, default: Any) -> Any:
        return self.settings[key].value if key in self.settings else default


def load_configuration(
    directory: Path | None = None, environ: Mapping[str, str] | None = None
) -> Configuration:
    """Read the environment variables and the files, strongest first: variables; the file that
    ``VARIANTSEL_CONFIG`` names; the nearest project file at or above a directory; the file of the
    Python environment; the user's; the machine's.

    Each key is taken from the strongest layer that sets it, those of a package one by one. A
    variable that is set to nothing counts as set.

    :param directory: the current directory where ``None``.
    :param environ: :data:`os.environ` where ``None``.
    :raises InvalidConfiguration: when a file or a setting cannot be used, naming it.
    """
    from variantsel.configuration.files import find_files
    from variantsel.configuration.variables import misspelled_variables, read_variables

    environ = os.environ if environ is None else environ
    files, notices = find_files(directory, environ)
    settings: dict[str, Setting] = {}
    for file in reversed(files):
        settings.update(file.settings)
    settings.update(read_variables(environ))
    return Configuration(settings, tuple(files), (*notices, *misspelled_variables(environ)))
