"""The trusted provider packages of this machine: whom to ask about a namespace, and what they say.

Providers draft, Providers, steps 5 and 6.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from variantsel.errors import PluginFailure, UntrustedPlugin
from variantsel.formats.provider_info import ProviderInfo
from variantsel.provider_host.answer import PluginAnswer
from variantsel.provider_host.answer_cache import cache_folder
from variantsel.provider_host.choice import (
    applicable_requirements,
    as_argument,
    check_version,
    chosen_package,
    parse_requirement,
)
from variantsel.provider_host.environment import Environment
from variantsel.provider_host.memory import remember, remembered
from variantsel.provider_host.ownership import somebody_elses
from variantsel.provider_host.query import Query, query
from variantsel.provider_host.trust_store import PinnedWheel, TrustedPackage, TrustStore
from variantsel.provider_host.wheels import WheelFolder, resolve

__all__ = ["TrustedPlugins", "agree"]

_LOG = logging.getLogger("variantsel")


def _plugin_cache() -> Path:
    """The folder that wheels and environments of trusted packages are kept in.

    :raises PluginFailure: when there is no home directory to keep it in, or it is somebody else's.
    """
    try:
        folder = cache_folder() / "plugins"
    except RuntimeError as error:
        raise PluginFailure(f"cannot be unpacked: {error}") from None
    if reason := somebody_elses(folder):
        raise PluginFailure(
            f"cannot be unpacked: {reason}; HOME or XDG_CACHE_HOME names a folder of root's"
        )
    return folder


class TrustedPlugins:
    """The packages that the user trusts, asked when a namespace needs them."""

    def __init__(self, configured: Collection[str] = (), store: TrustStore | None = None) -> None:
        """Nothing is read, installed or run yet.

        :param configured: requirements of packages that the user's configuration trusts, with
            whatever they depend on; those the user agreed to by file are in the store.
        :param store: where they are; the user's own where left out.
        :raises UntrustedPlugin: when something configured names no package.
        """
        self._configured = {
            canonicalize_name(requirement.name): requirement
            for requirement in map(parse_requirement, configured)
        }
        self._store = store
        self._answers: dict[tuple[str, ProviderInfo], PluginAnswer | UntrustedPlugin] = {}
        self.notices: list[str] = []
        """What went wrong, a sentence each."""

    # -- whom to ask

    def ask(self, namespace: str, provider: ProviderInfo) -> PluginAnswer:
        """Ask the package that a release requires for a namespace.

        What goes wrong with a trusted package is an answer without features, and a notice.

        :raises UntrustedPlugin: when it is not trusted; the text names the packages to trust, as
            arguments of ``variantsel trust``; it is empty where there is no package to ask.
        """
        key = namespace, provider
        if key not in self._answers:
            self._answers[key] = self._ask(namespace, provider)
        answer = self._answers[key]
        if isinstance(answer, UntrustedPlugin):
            raise answer
        return answer

    def ask_all(self) -> dict[str, PluginAnswer]:
        """Ask every package in the store about the namespaces that its plugins call their own.

        :returns: ``{namespace: answer}``. Newer plugins have no namespace until a release gives
            them one, and are left out.
        """
        answers: dict[str, PluginAnswer] = {}
        owners: dict[str, str] = {}
        for package in self._packages():
            try:
                found = self._query(None, [package], package)
            except PluginFailure as error:
                self.notices.append(f"The trusted provider {package.name} {error}.")
                continue
            if not found:
                self.notices.append(
                    f"The trusted provider {package.name} does not say which namespace it answers "
                    "for: it is asked where a release names it."
                )
            for answer in found:
                assert answer.namespace is not None, "asked of those that have one"
                if answer.namespace in answers:
                    self.notices.append(
                        f"{answer.namespace} is answered for by the trusted providers "
                        f"{owners[answer.namespace]} and {package.name}: shown is what the first "
                        "says; an install asks the one that the release names."
                    )
                    continue
                answers[answer.namespace] = answer
                owners[answer.namespace] = package.name
                self.notices += answer.notices
        return answers

    def _packages(self) -> list[TrustedPackage]:
        try:
            return self._opened_store().packages()
        except UntrustedPlugin as error:
            self.notices.append(f"{error}.")
            return []

    def _opened_store(self) -> TrustStore:
        if self._store is None:
            self._store = TrustStore()
        return self._store

    def _trusted(self, provider: ProviderInfo) -> list[TrustedPackage]:
        """The packages that a provider requires, where all of them are trusted.

        :raises UntrustedPlugin: where one is not.
        :raises PluginFailure: where one is, and is not what is asked for.
        """
        requirements = applicable_requirements(provider)
        if not requirements or provider.builtin is not None:
            raise UntrustedPlugin("")
        found = [self._agreed(requirement) for requirement in requirements]
        untrusted = [
            as_argument(requirement)
            for requirement, package in zip(requirements, found, strict=True)
            if package is None
        ]
        if untrusted:
            raise UntrustedPlugin(" ".join(untrusted))
        packages = [package for package in found if package is not None]
        for requirement, package in zip(requirements, packages, strict=True):
            check_version(package, requirement)
        return packages

    def _agreed(self, requirement: Requirement) -> TrustedPackage | None:
        """What the user agreed to run of the package that a requirement names.

        A package of the configuration is resolved at its first use, and whenever the configuration
        asks for another. What a release requires has no say in it.
        """
        try:
            package = self._opened_store().get(requirement.name)
        except UntrustedPlugin as error:
            self.notices.append(f"{error}.")
            return None
        configured = self._configured.get(canonicalize_name(requirement.name))
        if configured is not None and (package is None or not package.satisfies(configured)):
            return self._resolve(configured)
        if package is not None:
            return package
        if others := self._opened_store().interpreters(requirement.name):
            self.notices.append(
                f"The provider {requirement.name} is trusted for {', '.join(others)}, not for the "
                f"Python of {sys.executable}: 'variantsel trust {requirement.name}' run there "
                "shows what that would mean."
            )
        return None

    def _resolve(self, configured: Requirement) -> TrustedPackage:
        _LOG.info("fetching the provider %s, which your configuration trusts", configured)
        with TemporaryDirectory(prefix="variantsel-") as name:
            (package,) = resolve([configured], Path(name))
            for wheel in package.wheels:
                _LOG.info("  %s sha256:%s", wheel.filename, wheel.sha256)
            _LOG.info("  asked through %s", package.plugin_api)
            agree([package], Path(name), self._opened_store())
        return package

    # -- asking

    def _ask(self, namespace: str, provider: ProviderInfo) -> PluginAnswer | UntrustedPlugin:
        try:
            packages = self._trusted(provider)
            (answer,) = self._query(
                namespace, packages, chosen_package(packages, provider.plugin_api)
            )
        except UntrustedPlugin as error:
            return error
        except PluginFailure as error:
            notice = (
                f"The trusted provider {' and '.join(_names(provider))} {error}, so {namespace} "
                "counts as unsupported; a target file can take its place."
            )
            answer = PluginAnswer(namespace, {}, notices=(notice,))
        self.notices += answer.notices
        return answer

    def _query(
        self,
        namespace: str | None,
        packages: Sequence[TrustedPackage],
        asked: TrustedPackage,
    ) -> list[PluginAnswer]:
        environment = Environment(_plugin_cache(), _all_wheels(packages))
        question = Query(environment.folder, asked.name, asked.plugin_api, namespace)
        answers = remembered(question, environment.identity)
        if answers is not None:
            return answers
        prepare(environment, packages)
        answers = query(question)
        remember(question, environment.identity, answers)
        return answers


def agree(packages: Sequence[TrustedPackage], downloads: Path, store: TrustStore) -> None:
    """Write down that packages are trusted, and make what they run from.

    :param downloads: the folder that :func:`~variantsel.provider_host.wheels.resolve` filled.
    :raises PluginFailure: when that cannot be done; nothing is trusted then.
    """
    try:
        WheelFolder(_plugin_cache() / "wheels").adopt(_all_wheels(packages), downloads)
        prepare(Environment(_plugin_cache(), _all_wheels(packages)), packages)
        for package in packages:
            store.add(package)
    except OSError as error:
        raise PluginFailure(f"cannot be kept: {error}") from None


def prepare(environment: Environment, packages: Sequence[TrustedPackage]) -> None:
    """Make an environment ready to run from, saying so where there is something to do.

    :raises PluginFailure: when it cannot be made.
    """
    if environment.is_ready():
        return
    names = " and ".join(f"{package.name} {package.version}" for package in packages)
    _LOG.info("making an isolated environment for the trusted provider %s", names)
    try:
        environment.prepare()
    except OSError as error:
        raise PluginFailure(f"cannot be unpacked: {error}") from None


def _all_wheels(packages: Sequence[TrustedPackage]) -> list[PinnedWheel]:
    """The wheels of several packages, where they agree on what they share."""
    by_name: dict[str, tuple[PinnedWheel, str]] = {}
    for package in packages:
        for wheel in package.wheels:
            known, owner = by_name.setdefault(wheel.name, (wheel, package.name))
            if known.sha256 != wheel.sha256:
                raise PluginFailure(
                    f"was trusted with {wheel.filename} by {package.name} and {known.filename} by "
                    f"{owner}: 'variantsel trust {owner} {package.name}' finds what fits both"
                )
    return [wheel for wheel, _ in by_name.values()]


def _names(provider: ProviderInfo) -> list[str]:
    return [
        canonicalize_name(requirement.name) for requirement in applicable_requirements(provider)
    ]
