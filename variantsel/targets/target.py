"""Targets: the machine to install for, be it this one or another."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from variantsel.errors import InvalidTarget
from variantsel.formats.properties import FEATURE_PATTERN, NAMESPACE_PATTERN, VALUE_PATTERN
from variantsel.formats.provider_info import ProviderInfo
from variantsel.targets.namespace_support import NamespaceSupport
from variantsel.targets.rejection_kind import RejectionKind

if TYPE_CHECKING:
    from packaging.tags import Tag

__all__ = ["Properties", "PropertySource", "StaticProperties", "Target"]

Properties = Mapping[str, Mapping[str, Sequence[str]]]
"""``{namespace: {feature: [value, ...]}}``, features and values best first."""


class PropertySource(Protocol):
    """Says what a machine supports."""

    def stated(self, namespace: str) -> Mapping[str, tuple[str, ...]] | None:
        """``{feature: (value, ...)}`` that somebody wrote down for a namespace, which then decide
        alone; ``None`` where nobody did."""

    def support(self, namespace: str, provider: ProviderInfo) -> NamespaceSupport:
        """What is supported in a namespace whose provider the metadata describes."""

    def all_properties(
        self, without: Collection[str] = ()
    ) -> dict[str, dict[str, tuple[str, ...]]]:
        """Everything known to be supported, ``{namespace: {feature: (value, ...)}}``.

        :param without: namespaces that are not asked about.
        """

    @property
    def notices(self) -> Sequence[str]:
        """What went wrong or deserves attention while the machine was asked, a sentence each."""


class StaticProperties:
    """Properties somebody wrote down: no provider is ever asked."""

    notices: Sequence[str] = ()

    def __init__(self, properties: Properties) -> None:
        """Take ``{namespace: {feature: [value, ...]}}``.

        :raises InvalidTarget: when a name or value has characters the drafts do not allow, or a
            type is wrong, naming the place.
        """
        self._properties = _checked_properties(properties)

    def stated(self, namespace: str) -> Mapping[str, tuple[str, ...]] | None:
        """The values written down for a namespace."""
        return self._properties.get(namespace)

    def support(self, namespace: str, provider: ProviderInfo) -> NamespaceSupport:
        """The values written down for a namespace, whatever package would provide them."""
        del provider  # whoever it is: nobody is asked
        return NamespaceSupport(self._properties.get(namespace, {}))

    def all_properties(
        self, without: Collection[str] = ()
    ) -> dict[str, dict[str, tuple[str, ...]]]:
        """What was written down."""
        return {name: self._properties[name] for name in self._properties if name not in without}


class Target:
    """A machine to install for: its marker environment, its tags, its supported properties.

    :ivar name: how messages call it: ``this machine``, ``gh200@12.8``, a file's path.
    :ivar environment: the marker variables, ``{"platform_machine": "aarch64", ...}``.
    :ivar is_host: whether the properties are those of the machine this runs on.
    :ivar disabled: the namespaces whose providers the user switched off.
    :ivar stated_environment: the marker variables that were said of it; the others are this
        host's.
    :ivar stated_platforms: the platform tags that were said of it; ``None`` where they are this
        host's.
    """

    disabled: frozenset[str] = frozenset()

    def __init__(
        self,
        name: str,
        source: PropertySource,
        *,
        environment: Mapping[str, str] | None = None,
        platforms: Sequence[str] | None = None,
        is_host: bool = False,
    ) -> None:
        """Most callers want one of the class methods.

        :param environment: marker variables that differ from this host's.
        :param platforms: platform tags, best first; this host's where ``None``.
        """
        self.name = name
        self.is_host = is_host
        self._source = source
        self.stated_environment: Mapping[str, str] = _with_python_version(environment or {})
        self.stated_platforms = tuple(platforms) if platforms is not None else None

    @classmethod
    def host(cls, *, trusted: Collection[str] = ()) -> Target:
        """This machine. Its providers are asked when a namespace is first needed, not before.

        :param trusted: provider packages that may be installed and run, ``NAME`` or
            ``NAME==VERSION``, beside those that the user agreed to with ``variantsel trust``.
        :raises UntrustedPlugin: when one of them names no package.
        """
        from variantsel.provider_host.host import HostProperties

        return cls("this machine", HostProperties(trusted), is_host=True)

    @classmethod
    def from_properties(cls, properties: Properties) -> Target:
        """This host's marker environment and tags with the given properties, no provider asked.

        :param properties: ``{namespace: {feature: [value, ...]}}``, best first.
        :raises InvalidTarget: when a name, value or type is not allowed.
        """
        return cls("the given machine", StaticProperties(properties))

    @classmethod
    def from_file(cls, path: str | Path) -> Target:
        """Read a target file.

        TOML with the optional tables ``[environment]`` (marker variables), ``[tags]`` (the list
        ``platforms``, best first), and ``[properties.NAMESPACE]`` of ``feature = [values, best
        first]``, order significant. What a file leaves out of the first two is this host's.

        :raises InvalidTarget: when the file cannot be read or holds anything else.
        """
        from variantsel.targets.target_file import read_target_file

        return read_target_file(Path(path))

    @classmethod
    def named(cls, name: str) -> Target:
        """A machine variantsel knows: ``gh200``, or ``gh200@12.8`` for a driver of CUDA 12.8; also
        by a cloud's name for it, ``aws:p5.48xlarge``.

        :raises InvalidTarget: when there is no machine of that name, or the driver version does
            not fit it.
        """
        from variantsel.targets.machines import named_target

        return named_target(name)

    def without(self, namespaces: Iterable[str]) -> Target:
        """The same machine with the providers of some namespaces switched off.

        Nothing in these is supported, whoever says so, and nothing is run for them.
        """
        result = copy(self)
        result.disabled = self.disabled.union(namespaces)
        return result

    @classmethod
    def resolve(cls, text: str) -> Target:
        """What a user writes where a target is asked for: ``host``, a file's path, a machine's name
        or a cloud's instance type.

        Text that ends in ``.toml`` or holds a path separator is a file's path.

        :raises InvalidTarget: as :meth:`from_file` and :meth:`named`.
        """
        if text == "host":
            return cls.host()
        if text.endswith(".toml") or "/" in text or "\\" in text:
            return cls.from_file(text)
        return cls.named(text)

    def with_python(self, version: str) -> Target:
        """The same machine with another CPython.

        :param version: ``3.12``, or ``3.12.4``. Where that is what it has, it stays what it is.
        """
        short = ".".join(version.split(".")[:2])
        if version in (
            self.environment["python_version"],
            self.environment["python_full_version"],
        ):
            return self
        full = version if version != short else f"{short}.0"
        python = {
            "implementation_version": full,
            "python_full_version": full,
            "python_version": short,
        }
        return self._with({**self.stated_environment, **python}, self.stated_platforms)

    def with_platforms(self, platforms: Sequence[str]) -> Target:
        """The same machine with another system on it, as in a container's image.

        :param platforms: the platform tags of wheels that it can install, best first.
        """
        return self._with(self.stated_environment, platforms)

    def _with(self, environment: Mapping[str, str], platforms: Sequence[str] | None) -> Target:
        result = Target(
            self.name,
            self._source,
            environment=environment,
            platforms=platforms,
            is_host=self.is_host,
        )
        return result.without(self.disabled)

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The marker environment (dependency specifiers, Environment Markers)."""
        from packaging.markers import default_environment

        host = {key: str(value) for key, value in default_environment().items()}
        return {**host, **self.stated_environment}

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags of wheels that can be installed, best first, older ones included."""
        from packaging import tags

        if self.stated_platforms is None:
            return tuple(dict.fromkeys(tags.platform_tags()))
        expanded = [tag for entry in self.stated_platforms for tag in expand_platform(entry)]
        return tuple(dict.fromkeys(expanded))

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """The platform compatibility tags of wheels that can be installed, best first."""
        from packaging import tags

        if self.stated_platforms is None and not self.stated_environment:
            return tuple(tags.sys_tags())
        version = self._python_version()
        interpreter = f"cp{version[0]}{version[1]}"
        return (
            *tags.cpython_tags(version, abis=[interpreter], platforms=self.platforms),
            *tags.compatible_tags(version, interpreter, self.platforms),
        )

    def _python_version(self) -> tuple[int, int]:
        text = self.environment["python_version"]
        major, _, minor = text.partition(".")
        if not (major.isdecimal() and minor.isdecimal()):
            raise InvalidTarget(
                f"{self.name}: environment.python_version is {text!r}, expected MAJOR.MINOR"
            )
        return int(major), int(minor)

    def matches_marker(self, marker: str) -> bool:
        """Evaluate an environment marker for this target.

        :raises packaging.markers.InvalidMarker: when it is not a marker, or larger than what is
            read.
        """
        from variantsel.formats.markers import evaluate_marker, parse_marker

        return evaluate_marker(parse_marker(marker), self.environment)

    def stated(self, namespace: str) -> Mapping[str, tuple[str, ...]] | None:
        """``{feature: (value, ...)}`` that the user wrote down for a namespace, by a target file, a
        machine's name or as properties; ``None`` where nothing was said of it.

        Such values decide alone, whatever the metadata says of the provider: for optional ones and
        for static ones, too (providers draft, Providers).
        """
        return self._source.stated(namespace)

    def support(self, namespace: str, provider: ProviderInfo) -> NamespaceSupport:
        """What this target supports in a namespace."""
        if namespace in self.disabled:
            return NamespaceSupport({}, RejectionKind.DISABLED)
        return self._source.support(namespace, provider)

    def all_properties(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Everything this target supports, ``{namespace: {feature: (value, ...)}}``.

        For the host this asks every provider variantsel ships, and every trusted package that
        says which namespace it answers for.
        """
        return self._source.all_properties(without=self.disabled)

    @property
    def notices(self) -> Sequence[str]:
        """What went wrong or deserves attention while the machine was asked, a sentence each."""
        return self._source.notices

    def differs_from_host(self) -> str:
        """The target's machine type where it is not this host's, otherwise empty."""
        # Not by way of the whole environment: what that loads takes longer than choosing.
        machine = self.stated_environment.get("platform_machine", platform.machine())
        system = self.stated_environment.get("sys_platform", sys.platform)
        if (machine, system) == (platform.machine(), sys.platform):
            return ""
        return machine if system == sys.platform else f"{system} {machine}"

    def __repr__(self) -> str:
        return f"<Target {self.name}>"


def expand_platform(platform_tag: str) -> list[str]:
    """The platform tags of a machine, best first, from its newest.

    ``manylinux_2_35_aarch64`` stands for every older glibc too, down to 2.17 (2.5 on x86-64), with
    their legacy names, ``musllinux_1_2_aarch64`` for the older musls, and both for plain
    ``linux_aarch64``; any other tag for itself.
    """
    match = re.fullmatch(r"(manylinux_2|musllinux_1)_(\d{1,2})_(\w+)", platform_tag, re.ASCII)
    if match is None:
        return [platform_tag]
    family, newest, machine = match[1], int(match[2]), match[3]
    oldest = 0
    if family == "manylinux_2":
        oldest = 5 if machine in ("x86_64", "i686") else 17
    tags = []
    for minor in range(newest, min(newest, oldest) - 1, -1):
        tags.append(f"{family}_{minor}_{machine}")
        if family == "manylinux_2" and minor in _LEGACY_MANYLINUX:
            tags.append(f"{_LEGACY_MANYLINUX[minor]}_{machine}")
    return [*tags, f"linux_{machine}"]


_LEGACY_MANYLINUX = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def _with_python_version(environment: Mapping[str, str]) -> dict[str, str]:
    """The two variables that tell the version of Python, of which one is enough."""
    result = dict(environment)
    if "python_full_version" in result:
        short = ".".join(result["python_full_version"].split(".")[:2])
        result.setdefault("python_version", short)
    elif "python_version" in result:
        result["python_full_version"] = f"{result['python_version']}.0"
    return result


def _checked_properties(properties: object) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        namespace: {
            _checked(feature, FEATURE_PATTERN, f"properties.{namespace}"): _checked_values(
                values, f"properties.{namespace:.80}.{feature:.80}"
            )
            for feature, values in _checked_table(features, f"properties.{namespace}").items()
        }
        for namespace, features in _checked_table(properties, "properties").items()
        if _checked(namespace, NAMESPACE_PATTERN, "properties")
    }


def _checked_table(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidTarget(f"{place}: found {value!r:.200}, expected a table")
    return value


def _checked_values(values: object, place: str) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise InvalidTarget(f"{place}: found {values!r:.200}, expected a list of values")
    return tuple(dict.fromkeys(_checked(value, VALUE_PATTERN, place) for value in values))


def _checked(value: object, pattern: re.Pattern[str], place: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidTarget(
            f"{place}: found {value!r:.200}, expected text that matches {pattern.pattern}"
        )
    return value
