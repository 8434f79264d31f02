"""What a release asks for of providers: a choice among what the user trusts, and nothing more.

Its metadata names packages, their versions and a plugin. None of it changes what is trusted: files
by their hash, and the one plugin that they are asked through.
"""

from __future__ import annotations

from collections.abc import Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from variantsel.errors import PluginFailure, UntrustedPlugin
from variantsel.formats.markers import evaluate_marker
from variantsel.formats.provider_info import ProviderInfo
from variantsel.provider_host.entry_point import default_module, normalized_reference
from variantsel.provider_host.trust_store import TrustedPackage

__all__ = [
    "applicable_requirements",
    "as_argument",
    "check_version",
    "chosen_package",
    "parse_requirement",
]


def parse_requirement(text: str) -> Requirement:
    """Read what names a package to trust: a name, with extras and versions if need be.

    :raises UntrustedPlugin: when it is anything else.
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise UntrustedPlugin(
            f"{text!r:.200} names no package; expected a name, such as 'acme-provider' or "
            "'acme-provider==1.0'"
        ) from None
    if requirement.url is not None:
        raise UntrustedPlugin(
            f"{text!r:.200} names a place, not a package of an index; expected a name alone"
        )
    return requirement


def applicable_requirements(provider: ProviderInfo) -> list[Requirement]:
    """The requirements that count in this environment; none where one cannot be understood."""
    requirements = []
    for text in provider.requires:
        try:
            requirement = parse_requirement(text)
        except UntrustedPlugin:
            return []
        if requirement.marker is None or evaluate_marker(requirement.marker):
            requirements.append(requirement)
    return requirements


def as_argument(requirement: Requirement) -> str:
    """A requirement's package, as an argument of ``variantsel trust``."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{canonicalize_name(requirement.name)}{extras}"


def check_version(package: TrustedPackage, requirement: Requirement) -> None:
    """Check that a trusted package is what a release requires.

    :raises PluginFailure: when it is another version, or lacks an extra.
    """
    if package.satisfies(requirement):
        return
    extras = f"[{','.join(sorted(package.extras))}]" if package.extras else ""
    raise PluginFailure(
        f"is not asked: {package.name}{extras} is trusted in its version {package.version}, and "
        f"{requirement} is asked for ('variantsel trust \"{as_argument(requirement)}\"' shows what "
        "would run then)"
    )


def chosen_package(packages: Sequence[TrustedPackage], plugin_api: str | None) -> TrustedPackage:
    """Whose plugin a release asks for, of packages that are all trusted.

    :param plugin_api: the plugin, as the release's metadata names it; the first package's where
        ``None``.
    :raises PluginFailure: when it is none of those that the user trusts.
    """
    if plugin_api is None:
        return packages[0]
    try:
        wanted = normalized_reference(plugin_api)
    except UntrustedPlugin as error:
        raise PluginFailure(f"is not asked: {error}") from None
    for package in packages:
        if wanted in (package.plugin_api, default_module(package.name)):
            return package
    first = packages[0]
    raise PluginFailure(
        f"is not asked: {first.name} is trusted with the plugin {first.plugin_api}, and "
        f"{wanted:.120} is asked for ('variantsel trust {first.name} --plugin-api ...' can change "
        "that)"
    )
