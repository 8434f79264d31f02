"""What this machine supports: variantsel's own providers, and packages that the user trusts.

Each provider runs in a process of its own with a time limit: a driver that hangs or crashes takes
neither pip nor the caller with it. What it answers is kept for this boot (``answer_cache``).
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from variantsel.errors import UntrustedPlugin
from variantsel.formats.properties import FEATURE_PATTERN, VALUE_PATTERN
from variantsel.formats.provider_info import ProviderInfo
from variantsel.provider_host.answer_cache import answer_key, load_answer, save_answer
from variantsel.provider_host.interpreter import interpreter_and_path
from variantsel.python_process import importing_variantsel, run_python
from variantsel.targets.namespace_support import NamespaceSupport
from variantsel.targets.rejection_kind import RejectionKind

if TYPE_CHECKING:
    from variantsel.provider_host.plugins import TrustedPlugins

__all__ = ["PROVIDER_PACKAGES", "HostProperties", "ProviderAnswer", "ask_provider"]

PROVIDER_PACKAGES = {
    "nvidia": {"nvidia-variant-provider": "nvidia_variant_provider.plugin:NvidiaVariantPlugin"},
    "amd": {
        "amd-variant-provider": "amd_variant_provider.plugin:AMDVariantPlugin",
        "rocm-bootstrap": "rocm_bootstrap.variant_provider:AMDVariantPlugin",
    },
    "intel": {"intel-variant-provider": "intel_variant_provider.plugin:IntelVariantPlugin"},
    "tpu": {"tpu-variant-provider": "tpu_variant_provider.plugin"},
    "x86_64": {
        "provider-variant-x86-64": "provider_variant_x86_64.plugin:X8664Plugin",
        "x86-64-variant-provider": "x86_64_variant_provider",
    },
    "aarch64": {
        "provider-variant-aarch64": "provider_variant_aarch64.plugin:AArch64Plugin",
        "aarch64-variant-provider": "aarch64_variant_provider",
    },
}
"""variantsel's providers by name, with the packages each stands in for and the plugin it is there.

A package's plugin may also be its top module, which is what a missing ``plugin-api`` means."""

TIME_LIMIT = 30.0
"""Seconds a provider may take; drivers of many GPUs without persistence mode need several."""

_CHILD = """\
from variantsel.provider_host.provider_process import main
main(sys.argv[1])
"""


class ProviderAnswer(NamedTuple):
    """What a provider said.

    :ivar features: ``{feature: (value, ...)}``, best first.
    :ivar notices: its warnings, or what went wrong with it, a sentence each.
    """

    features: dict[str, tuple[str, ...]]
    notices: tuple[str, ...] = ()


class HostProperties:
    """The properties of this machine."""

    def __init__(self, trusted: Collection[str] = ()) -> None:
        """Nobody is asked yet.

        :param trusted: the provider packages that the configuration trusts, ``NAME`` or
            ``NAME==VERSION``, beside those in the user's trust store.
        :raises UntrustedPlugin: when one of them names no package.
        """
        self._answers: dict[str, ProviderAnswer] = {}
        self._plugins: TrustedPlugins | None = None
        if trusted:
            self._plugins = _trusted_plugins(trusted)

    def stated(self, namespace: str) -> None:
        """Nobody wrote anything down for this machine."""

    def support(self, namespace: str, provider: ProviderInfo) -> NamespaceSupport:
        """Ask the provider of variantsel's that stands in for the one required, whatever the
        namespace is called; else the package that is required, if the user trusts it."""
        vendored = _vendored_provider(namespace, provider)
        if vendored is not None:
            answer = self._answer(vendored)
            return NamespaceSupport(answer.features, detail=" ".join(answer.notices))
        try:
            plugin = self._opened_plugins().ask(namespace, provider)
        except UntrustedPlugin as error:
            return NamespaceSupport({}, RejectionKind.UNTRUSTED, str(error))
        return NamespaceSupport(plugin.features, detail=" ".join(plugin.notices))

    def all_properties(
        self, without: Collection[str] = ()
    ) -> dict[str, dict[str, tuple[str, ...]]]:
        """Ask every provider variantsel ships, and trusted packages that answer for others; but
        for those of some namespaces."""
        answers = {
            namespace: self._answer(namespace).features
            for namespace in PROVIDER_PACKAGES
            if namespace not in without
        }
        for namespace, plugin in self._opened_plugins().ask_all().items():
            if namespace not in without:
                answers.setdefault(namespace, dict(plugin.features))
        return {namespace: features for namespace, features in answers.items() if features}

    @property
    def notices(self) -> tuple[str, ...]:
        """What the providers asked so far had to say, a sentence each."""
        ours = [notice for answer in self._answers.values() for notice in answer.notices]
        return (*ours, *(self._plugins.notices if self._plugins is not None else ()))

    def _opened_plugins(self) -> TrustedPlugins:
        if self._plugins is None:
            self._plugins = _trusted_plugins(())
        return self._plugins

    def _answer(self, namespace: str) -> ProviderAnswer:
        if namespace not in self._answers:
            self._answers[namespace] = _remembered(namespace)
        return self._answers[namespace]


def _vendored_provider(namespace: str, provider: ProviderInfo) -> str | None:
    """Which of variantsel's providers stands in for one that metadata describes.

    It is known by the packages required and the plugin in them (providers draft, Providers), never
    by the namespace alone; but for metadata of 0.1.x, where tools bring their own.
    """
    if provider.builtin is not None:
        return provider.builtin if provider.builtin in PROVIDER_PACKAGES else None
    packages = {name for text in provider.requires for name in _required_package(text)}
    if not packages and provider.plugin_api is None:
        return namespace if namespace in PROVIDER_PACKAGES else None
    for name, plugins in PROVIDER_PACKAGES.items():
        if packages <= plugins.keys() and (
            provider.plugin_api is None or _is_plugin(provider.plugin_api, packages, plugins)
        ):
            return name
    return None


def _is_plugin(plugin_api: str, packages: Collection[str], plugins: Mapping[str, str]) -> bool:
    """Whether a reference is to the plugin of one of the packages; of any where none is named."""
    return any(
        plugin_api in (plugins[package], package.replace("-", "_"))
        for package in packages or plugins
    )


def _trusted_plugins(configured: Collection[str]) -> TrustedPlugins:
    from variantsel.provider_host.plugins import TrustedPlugins

    return TrustedPlugins(configured)


def _remembered(namespace: str) -> ProviderAnswer:
    """The provider's answer of this boot, asked for only where there is none yet.

    An answer with a notice is not kept: what it complains of may be mended without a restart.
    """
    key = answer_key(namespace)
    if key is not None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return _checked_answer(load_answer(namespace, key))
    answer = ask_provider(namespace)
    if key is not None and not answer.notices:
        features = [[name, values] for name, values in answer.features.items()]
        save_answer(namespace, key, {"features": features, "notices": []})
    return answer


_PLAIN_REQUIREMENT = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?:\s*[<>]=?\s*[0-9]+(?:\.[0-9]+)*(?:\s*,\s*[<>]=?\s*[0-9]+(?:\.[0-9]+)*)*)?",
    re.ASCII,
)
"""The requirements that metadata has as a rule, a name with bounds: packaging, which reads all of
them, takes longer to load than everything else that choosing takes."""


def _required_package(text: str) -> Iterator[str]:
    """The name of the package required here, if it is; what is no requirement stands for itself."""
    plain = _PLAIN_REQUIREMENT.fullmatch(text)
    if plain is not None:
        yield re.sub(r"[-_.]+", "-", plain[1]).lower()
        return
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    from variantsel.formats.markers import evaluate_marker

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        yield text
        return
    if requirement.marker is None or evaluate_marker(requirement.marker):
        yield canonicalize_name(requirement.name)


def ask_provider(namespace: str, time_limit: float = TIME_LIMIT) -> ProviderAnswer:
    """Run one of variantsel's providers in a process of its own.

    :param time_limit: seconds.
    :returns: its answer; a crash, a hang or nonsense is an answer without features whose notice
        says so. Nothing is raised.
    """
    python, path = interpreter_and_path()
    command = importing_variantsel(_CHILD, namespace, path=path)
    try:
        process = run_python(command, python=python, time_limit=time_limit)
    except subprocess.TimeoutExpired:
        return _failure(namespace, f"did not answer within {time_limit:g} s")
    except OSError as error:
        return _failure(namespace, f"could not be started ({error})")
    if process.returncode != 0:
        last_line = process.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        ended = (
            f"was ended by signal {-process.returncode}"
            if process.returncode < 0
            else f"failed ({last_line[:300]})"
        )
        return _failure(namespace, ended)
    try:
        return _checked_answer(json.loads(process.stdout))
    except (ValueError, KeyError, TypeError):
        return _failure(namespace, "gave an answer that makes no sense")


def _failure(namespace: str, what: str) -> ProviderAnswer:
    return ProviderAnswer(
        {},
        (
            f"The {namespace} provider {what}, so {namespace} counts as unsupported; "
            f"'variantsel detect' shows more, a target file can take its place.",
        ),
    )


def _checked_answer(answer: Any) -> ProviderAnswer:
    features = {}
    for name, values in answer["features"]:
        if not FEATURE_PATTERN.fullmatch(name) or not all(map(VALUE_PATTERN.fullmatch, values)):
            raise ValueError(name)
        features[name] = tuple(values)
    return ProviderAnswer(features, tuple(map(str, answer["notices"])))
