"""An installed variant, and whether it fits a machine.

A variant wheel leaves its ``variant.json`` in its ``.dist-info`` folder (PEP 825, Variant
metadata): that is how an installed variant is known. What a bridge knows an ordinary wheel to be a
build of is as good as one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from variantsel.bridges.vocabulary import ORDER_NAMESPACE
from variantsel.errors import InvalidMetadata
from variantsel.formats.metadata import VariantMetadata
from variantsel.ranking.rank import rank
from variantsel.ranking.rejection import Rejection
from variantsel.targets.rejection_kind import RejectionKind
from variantsel.targets.target import Target

if TYPE_CHECKING:
    from variantsel.selection.bridged import BridgedEnvironment

__all__ = ["VARIANT_JSON", "InstalledVariant"]

VARIANT_JSON = "variant.json"

_KNOWN_TO_MISFIT = (
    RejectionKind.VALUE,
    RejectionKind.FEATURE,
    RejectionKind.NAMESPACE,
    RejectionKind.ENABLE_IF,
)


@dataclass(frozen=True)
class InstalledVariant:
    """One distribution that was installed from a variant wheel, or that a bridge knows.

    :ivar name: the distribution's name, as it spells it.
    :ivar version: its version.
    :ivar metadata: its ``variant.json``, which holds its one label, or what stands for that.
    """

    name: str
    version: str
    metadata: VariantMetadata

    @classmethod
    def read(cls, name: str, version: str, document: str) -> InstalledVariant:
        """Take a distribution by its name, its version and the text of its ``variant.json``.

        :raises InvalidMetadata: when the text is no metadata of one variant.
        """
        source = f"{name} {version}: installed {VARIANT_JSON}"
        metadata = VariantMetadata.parse(document, source=source)
        if len(metadata.variants) != 1:
            raise InvalidMetadata(
                f"found the labels {sorted(metadata.variants)!s:.300}, expected exactly one",
                place="variants",
                source=source,
            )
        return cls(name, version, metadata)

    @property
    def is_bridged(self) -> bool:
        """Whether a bridge says what it is, rather than a ``variant.json`` of its own."""
        return ORDER_NAMESPACE in self.metadata.namespaces

    @classmethod
    def bridged(
        cls, name: str, version: str, environment: BridgedEnvironment
    ) -> InstalledVariant | None:
        """Take a distribution that was not installed from a variant wheel as what the bridges that
        are switched on know it to be; ``None`` where they do not know it.

        :param environment: what the bridges make of the machine that it is installed on.
        """
        from packaging.utils import canonicalize_name
        from packaging.version import Version

        project = canonicalize_name(name)
        try:
            parsed = Version(version)
        except ValueError:  # InvalidVersion, and Python's of a number with too many digits
            return None
        label = environment.label_of(project, parsed)
        metadata = environment.metadata(project, parsed, [label] if label else [])
        if metadata is None or label not in metadata.variants:
            return None
        return cls(name, version, metadata)

    @property
    def label(self) -> str:
        """Its variant label."""
        return next(iter(self.metadata.variants))

    @property
    def properties(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """What it was built for: ``{namespace: {feature: (value, ...)}}``, without the order that a
        bridge gives builds."""
        properties = self.metadata.variants[self.label]
        return {name: properties[name] for name in properties if name != ORDER_NAMESPACE}

    def misfit(self, target: Target, *, enabled: Collection[str] = ()) -> Rejection | None:
        """Why it does not fit a machine; ``None`` when it fits.

        :param enabled: namespaces whose optional providers are enabled.
        """
        return rank(self.metadata, target, enabled=enabled).rejected.get(self.label)

    def is_known_to_misfit(self, target: Target, *, enabled: Collection[str] = ()) -> bool:
        """Whether the machine cannot use it, and that is known.

        It is not known when a provider failed, is not trusted or is not enabled: nothing should
        be replaced for that.
        """
        reason = self.misfit(target, enabled=enabled)
        if reason is None or reason.kind not in _KNOWN_TO_MISFIT:
            return False
        provider_failed = reason.kind is RejectionKind.NAMESPACE and bool(reason.detail)
        return not provider_failed
