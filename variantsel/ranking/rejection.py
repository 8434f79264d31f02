"""Why a variant does not fit: one reason for every rejected label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from variantsel.ranking.enumeration import first_few
from variantsel.targets.rejection_kind import RejectionKind

__all__ = ["Rejection", "skipped_for_abi"]


class Rejection(NamedTuple):
    """Why one variant is not compatible; ``str()`` of it is a sentence.

    :ivar kind: the rule.
    :ivar namespace: the namespace of the first property that does not fit.
    :ivar feature: its feature.
    :ivar wanted: the values the variant was built for, any of which would do.
    :ivar supported: the values of that feature the machine supports, best first.
    :ivar detail: what else is known, depending on ``kind``: the marker, the provider packages to
        trust, or what the machine's provider reported.
    """

    kind: RejectionKind
    namespace: str
    feature: str
    wanted: tuple[str, ...]
    supported: tuple[str, ...] = ()
    detail: str = ""

    def __str__(self) -> str:
        return f"{self._need()}, but {self._finding()}."

    def _need(self) -> str:
        return f"needs {self.namespace} :: {self.feature} :: {_listed(self.wanted, 'or')}"

    def _finding(self) -> str:
        name = self.namespace
        if self.kind is RejectionKind.VALUE:
            return f"the machine supports {_listed(self.supported, 'and')}"
        if self.kind is RejectionKind.FEATURE:
            return f"the machine supports no value of {name} :: {self.feature}"
        if self.kind is RejectionKind.NAMESPACE:
            return f"the machine supports nothing in {name}" + _in_parentheses(self.detail)
        if self.kind is RejectionKind.ENABLE_IF:
            return f"the package uses {name} only where {self.detail}"
        if self.kind is RejectionKind.OPTIONAL:
            return f"the provider of {name} is optional and not enabled (enable it by name: {name})"
        if self.kind is RejectionKind.DISABLED:
            return f"the provider of {name} is switched off (by 'disable' or VARIANTSEL_DISABLE)"
        if self.kind is RejectionKind.NO_PROVIDER:
            return f"the package's metadata names no provider for {name}"
        if self.kind is RejectionKind.UNTRUSTED and not self.detail:
            return f"variantsel has no provider for {name}; a target file can name what it supports"
        if self.kind is RejectionKind.UNTRUSTED:
            return (
                f"what the machine supports in {name} only the package {self.detail!r} could say, "
                "which is not part of variantsel and is not trusted: "
                f"'variantsel trust {self.detail}' shows what would run and asks"
            )
        if self.kind is RejectionKind.UNLISTED:
            return f"the package's metadata gives {name} no place in default-priorities.namespace"
        return "variantsel does not resolve the reserved namespace abi_dependency"


def skipped_for_abi(rejected: Mapping[str, Rejection]) -> str:
    """What a tool says that does not implement the namespace ``abi_dependency`` (providers draft,
    ABI Dependency Variant Provider); empty where no variant is rejected for it.

    :param rejected: ``{label: reason}``.
    """
    skipped = {
        label: reason.feature
        for label, reason in rejected.items()
        if reason.kind is RejectionKind.ABI_DEPENDENCY
    }
    if not skipped:
        return ""
    packages = first_few(sorted({*skipped.values()}))
    return (
        f"skipped {first_few(skipped)}, built for certain versions of {packages} (abi_dependency), "
        "which variantsel does not check"
    )


def _in_parentheses(text: str) -> str:
    return f" ({text})" if text else ""


def _listed(values: tuple[str, ...], conjunction: str) -> str:
    """``a, b or c``, long lists cut in the middle where nobody reads on."""
    shown = [*values[:4], "…", values[-1]] if len(values) > 6 else list(values)
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {conjunction} {shown[-1]}"
