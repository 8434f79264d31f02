"""Preferences: what the user would rather have, or never, of the variants that fit.

They reorder the compatible variants of a release or leave some out; what does not fit the machine
stays out of reach (PEP 825, Variant ordering; ``spec/README.md``, Preferences).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import NamedTuple

from variantsel.errors import InvalidConfiguration
from variantsel.formats.properties import (
    FEATURE_PATTERN,
    NAMESPACE_PATTERN,
    VALUE_PATTERN,
    VariantProperty,
)
from variantsel.formats.wheel_label import NULL_LABEL, OLD_NULL_LABEL

__all__ = [
    "NON_VARIANT",
    "Narrowing",
    "Preferences",
    "PropertyPattern",
    "checked_label",
    "matching_entry",
]

NON_VARIANT = "non-variant"
"""Stands among labels for the files without one; no label has a hyphen."""

_LABEL_PATTERN = re.compile(r"[0-9a-z_.*]+")


class Preferences:
    """What the user wants of one package.

    Labels may hold ``*`` for any characters, or none; :data:`NON_VARIANT` stands for the files
    without a label. Properties are named by ``namespace``, ``namespace :: feature`` or
    ``namespace :: feature :: value``.

    :ivar take: take variants with one of these labels and nothing else; the first that fits.
    :ivar never: never take a variant with one of these labels.
    :ivar prefer: put variants first that have a supported property among these; of two entries
        the first counts more.
    :ivar exclude: leave out variants that need one of these: those with a feature all of whose
        supported values are named here.
    :ivar off: take no variant at all.
    :ivar sources: ``{(rule, entry): where it was set}``, for messages.
    :raises InvalidConfiguration: when an entry is neither a label nor a property.
    """

    def __init__(
        self,
        *,
        take: str | Sequence[str] = (),
        never: str | Sequence[str] = (),
        prefer: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        off: bool = False,
        sources: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        # Not a dataclass: writing its methods takes a pip run longer than all they do.
        self.take = tuple(checked_label(text, "take") for text in _entries(take))
        self.never = tuple(checked_label(text, "never") for text in _entries(never))
        self.prefer = tuple(str(PropertyPattern.parse(text, "prefer")) for text in _entries(prefer))
        self.exclude = tuple(
            str(PropertyPattern.parse(text, "exclude")) for text in _entries(exclude)
        )
        self.off = off
        self.sources = sources or {}

    def _rules(self) -> tuple[object, ...]:
        return self.take, self.never, self.prefer, self.exclude, self.off

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Preferences) and self._rules() == other._rules()

    def __hash__(self) -> int:
        return hash(self._rules())

    def __repr__(self) -> str:
        rules = zip(("take", "never", "prefer", "exclude", "off"), self._rules(), strict=True)
        return f"<Preferences {' '.join(f'{rule}={value!r}' for rule, value in rules if value)}>"

    def __bool__(self) -> bool:
        return bool(self.off or self.take or self.never or self.prefer or self.exclude)

    def narrowing_of(self, label: str) -> Narrowing | None:
        """Why files with a label are left out whatever their properties; ``None`` when not.

        :param label: empty for a file without one.
        """
        if self.off:
            return self._narrowing("off") if label else None
        if self.take and not matching_entry(self.take, label):
            return self._narrowing("take", *self.take)
        never = matching_entry(self.never, label)
        return self._narrowing("never", never) if never else None

    def exclusion_of(self, properties: Iterable[VariantProperty]) -> Narrowing | None:
        """Why a variant is left out for its properties; ``None`` when it is not.

        :param properties: those of the variant that the machine supports.
        """
        features: dict[tuple[str, str], list[VariantProperty]] = {}
        for item in properties if self.exclude else ():
            features.setdefault(item[:2], []).append(item)
        for values in features.values():
            covering = [_covering(self._excluded, value) for value in values]
            if all(covering):
                return self._narrowing("exclude", str(covering[0]))
        return None

    def sort_key(self, label: str, properties: Sequence[VariantProperty]) -> tuple[int, ...]:
        """Sorts the variants that are left; those with the same key keep their order.

        :param properties: those of the variant that the machine supports.
        """
        taken = matching_entry(self.take, label)
        return (
            self.take.index(taken) if taken else 0,
            *(not any(pattern.covers(item) for item in properties) for pattern in self._preferred),
        )

    @cached_property
    def _preferred(self) -> list[PropertyPattern]:
        return [PropertyPattern.parse(text) for text in self.prefer]

    @cached_property
    def _excluded(self) -> list[PropertyPattern]:
        return [PropertyPattern.parse(text) for text in self.exclude]

    def describe(self, rule: str, *entries: str) -> str:
        """A rule with its entries and where they were set: ``take = cuda12.8, set in FILE``."""
        places = [self.sources.get((rule, entry), "") for entry in entries or ("",)]
        text = f"{rule} = {', '.join(entries) or 'true'}"
        found = ", ".join(dict.fromkeys(filter(None, places)))
        return f"{text}, set in {found}" if found else text

    def _narrowing(self, rule: str, *entries: str) -> Narrowing:
        return Narrowing(rule, self.describe(rule, *entries))


class Narrowing(NamedTuple):
    """Why a variant that fits the machine is left out; ``str()`` of it says so.

    :ivar rule: the preference: ``off``, ``take``, ``never`` or ``exclude``.
    :ivar setting: what was set, and where.
    """

    rule: str
    setting: str

    def __str__(self) -> str:
        return f"is left out ({self.setting})."


class PropertyPattern(NamedTuple):
    """A namespace, a feature or a property; the parts not given are empty."""

    namespace: str
    feature: str = ""
    value: str = ""

    @classmethod
    def parse(cls, text: str, place: str = "preference") -> PropertyPattern:
        """Read ``namespace``, ``namespace :: feature`` or ``namespace :: feature :: value``.

        :param place: what the text is, for the error.
        :raises InvalidConfiguration: when the text is none of these.
        """
        parts = [part.strip() for part in text.split("::")]
        patterns = (NAMESPACE_PATTERN, FEATURE_PATTERN, VALUE_PATTERN)
        if len(parts) > 3 or not all(
            pattern.fullmatch(part) for pattern, part in zip(patterns, parts, strict=False)
        ):
            raise InvalidConfiguration(
                f"{place}: found {text!r:.200}, expected 'namespace', 'namespace :: feature' or "
                "'namespace :: feature :: value'"
            )
        return cls(*parts)

    def covers(self, item: VariantProperty) -> bool:
        """Whether a property is the one named here, or of the feature or namespace."""
        return all(mine in ("", theirs) for mine, theirs in zip(self, item, strict=True))

    def __str__(self) -> str:
        return " :: ".join(part for part in self if part)


def checked_label(text: str, place: str) -> str:
    """A label, one with ``*``, or :data:`NON_VARIANT`, as it is.

    :param place: where the text stands, for the error.
    :raises InvalidConfiguration: when the text is none of these.
    """
    if text != NON_VARIANT and not _LABEL_PATTERN.fullmatch(text):
        raise InvalidConfiguration(
            f"{place}: found {text!r:.200}, expected a label such as 'cuda12.8', one with '*' for "
            f"any characters such as 'cuda12.*', or '{NON_VARIANT}'"
        )
    return text


def _entries(value: Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


def matching_entry(entries: Sequence[str], label: str) -> str:
    """The first entry that stands for a label, empty when none does."""
    name = NULL_LABEL if label == OLD_NULL_LABEL else label
    for entry in entries:
        if entry == NON_VARIANT:
            if not label:
                return entry
        elif label and (fnmatchcase(label, entry) or fnmatchcase(name, entry)):
            return entry
    return ""


def _covering(patterns: Iterable[PropertyPattern], item: VariantProperty) -> PropertyPattern | None:
    return next((pattern for pattern in patterns if pattern.covers(item)), None)
