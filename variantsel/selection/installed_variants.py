"""An installed variant, and whether it fits a machine.

A variant wheel leaves its ``variant.json`` in its ``.dist-info`` folder (PEP 825, Variant
metadata): that is how an installed variant is known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from variantsel.bridges.bridge import ORDER_NAMESPACE
from variantsel.errors import InvalidMetadata
from variantsel.formats.metadata import VariantMetadata
from variantsel.ranking.rank import rank
from variantsel.ranking.rejection import Rejection
from variantsel.targets.rejection_kind import RejectionKind
from variantsel.targets.target import Target

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
    """One distribution that was installed from a variant wheel.

    :ivar name: the distribution's name, as it spells it.
    :ivar version: its version.
    :ivar metadata: its ``variant.json``, which holds its one label.
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
                f"found the labels {sorted(metadata.variants)}, expected exactly one",
                place="variants",
                source=source,
            )
        return cls(name, version, metadata)

    @property
    def is_bridged(self) -> bool:
        """Whether a bridge says what it is, rather than a ``variant.json`` of its own."""
        return ORDER_NAMESPACE in self.metadata.namespaces

    @property
    def label(self) -> str:
        """Its variant label."""
        return next(iter(self.metadata.variants))

    @property
    def properties(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """What it was built for: ``{namespace: {feature: (value, ...)}}``."""
        return self.metadata.variants[self.label]

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
