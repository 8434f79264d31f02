"""What an environment or a folder holds, and whether it is right for a machine."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from variantsel.errors import InvalidMetadata
from variantsel.ranking.preferences import Preferences
from variantsel.ranking.rejection import Rejection
from variantsel.selection.build import Build
from variantsel.selection.folder_python import FolderPython
from variantsel.selection.installed_builds import idle_accelerators
from variantsel.selection.installed_variants import VARIANT_JSON, InstalledVariant
from variantsel.targets.target import Target

if TYPE_CHECKING:
    from variantsel.selection.bridged import BridgedEnvironment

__all__ = ["InstalledPackage", "Judge", "Verdict", "installed_packages"]


@dataclass(frozen=True)
class Verdict:
    """Whether an installed package is right for a machine.

    :ivar rejection: why its variant does not fit; ``None`` where it does, or it is none.
    :ivar foreign_tags: the tags of its wheel where the machine takes none of them, else empty.
    :ivar python: the Python that is to use it, where that is not simply the machine's own.
    :ivar unused: the accelerators of the machine that it leaves unused although it fits.
    """

    rejection: Rejection | None = None
    foreign_tags: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    python: str = ""

    @property
    def fits(self) -> bool:
        """Whether it can be used on the machine at all."""
        return self.rejection is None and not self.foreign_tags

    def reason(self, target: Target) -> str:
        """What is wrong, a sentence without its subject; empty where nothing is."""
        if self.foreign_tags:
            machine = f"{target.name} with {self.python}" if self.python else target.name
            return (
                f"was installed from a wheel for {' or '.join(self.foreign_tags)}, which {machine} "
                "does not take."
            )
        if self.rejection is not None:
            return str(self.rejection)
        if self.unused:
            return f"leaves {target.name}'s {' and '.join(self.unused)} hardware unused."
        return ""


@dataclass(frozen=True)
class InstalledPackage:
    """One installed distribution.

    :ivar name: its name, as it spells it.
    :ivar build: what is known of what it uses.
    :ivar variant: what it is as a variant; ``None`` where it is none.
    :ivar tags: the tags of the wheel it was installed from; empty where that is not known.
    :ivar bridge: the bridge that knows it for a variant; empty where its ``variant.json`` says so.
    """

    name: str
    build: Build
    variant: InstalledVariant | None = None
    tags: tuple[str, ...] = ()
    bridge: str = ""


class Judge:
    """Tells whether installed packages are right for a machine."""

    def __init__(
        self,
        target: Target,
        *,
        enabled: Collection[str] = (),
        python: FolderPython | None = None,
    ) -> None:
        """
        :param enabled: namespaces whose optional providers are enabled.
        :param python: the Python that is to use the packages; the target's where left out.
        """
        self._target = target
        self._enabled = enabled
        self._python = str(python) if python else ""
        self._tags = python.tags(target.platforms) if python else {*map(str, target.tags)}

    def verdict(self, package: InstalledPackage, preferences: Preferences) -> Verdict:
        """Whether a package is right for the machine, and for the user's preferences."""
        if package.tags and self._tags.isdisjoint(package.tags):
            return Verdict(foreign_tags=package.tags, python=self._python)
        if package.variant is not None:
            rejection = package.variant.misfit(self._target, enabled=self._enabled)
            if rejection is not None:
                return Verdict(rejection)
        if package.build.accelerators is None:  # what is not known is no finding
            return Verdict()
        unused = idle_accelerators(package.build, self._target, preferences)
        return Verdict(unused=tuple(unused))


def installed_packages(
    path: Iterable[str] | None = None,
    *,
    target: Target | None = None,
    bridged: BridgedEnvironment | None = None,
) -> tuple[list[InstalledPackage], list[str]]:
    """What is installed in an environment, by name.

    :param path: the folders to look in, as :data:`sys.path`; that itself where ``None``.
    :param target: the machine whose marker variables tell what is required there; this
        interpreter's where left out.
    :param bridged: what the bridges that are switched on make of the machine.
    :returns: the packages, and a sentence for every ``variant.json`` that cannot be used.
    """
    from packaging.utils import canonicalize_name

    environment = target.environment if target is not None else None
    packages: dict[str, InstalledPackage] = {}
    problems = []
    for distribution in importlib.metadata.distributions(
        path=list(sys.path if path is None else path)
    ):
        name, version = distribution.metadata["Name"], distribution.version
        if not name or canonicalize_name(name) in packages:
            continue  # the first on the path is what is imported
        document, variant = "", None
        try:
            document = distribution.read_text(VARIANT_JSON) or ""
            variant = InstalledVariant.read(name, version, document) if document else None
        except UnicodeDecodeError as error:
            problem = f"byte {error.start} is not UTF-8 ({error.reason}); expected JSON in UTF-8"
            source = f"{name} {version}: installed {VARIANT_JSON}"
            problems.append(str(InvalidMetadata(problem, source=source)))
        except InvalidMetadata as error:
            problems.append(str(error))
        bridge = ""
        if bridged is not None and not document:
            variant = InstalledVariant.bridged(name, version, bridged)
            known = bridged.bridge_of(canonicalize_name(name)) if variant is not None else None
            bridge = known.name if known is not None else ""
        build = Build.read(
            canonicalize_name(name),
            version,
            distribution.metadata.get_all("Requires-Dist", []),
            metadata=variant.metadata if variant else None,
            environment=environment,
        )
        tags = _tags(distribution.read_text("WHEEL") or "")
        packages[build.name] = InstalledPackage(name, build, variant, tags, bridge)
    return [packages[name] for name in sorted(packages)], problems


def _tags(wheel_file: str) -> tuple[str, ...]:
    """The tags that a WHEEL file lists, one a line (binary distribution format)."""
    lines = (line.partition(":") for line in wheel_file.splitlines())
    return tuple(value.strip() for key, _, value in lines if key.strip().lower() == "tag")
