"""Variant markers in ``Requires-Dist``, resolved for the wheel that was chosen.

PEP 825, Environment markers. The four variables are constants once a wheel is chosen, so what asks
for them can be replaced by the answer, and what is left is an ordinary requirement that every tool
can read, then and later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from variantsel.errors import VariantselError
from variantsel.formats.properties import VariantProperty
from variantsel.formats.text_limits import excess

__all__ = ["InvalidVariantMarker", "VariantContext", "resolve_requirement"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted> "[^"]*" | '[^']*' )
      | (?P<operator> ===? | ~= | != | <=? | >=? | not\s+in\b | in\b )
      | (?P<boolean> (?:and|or)\b )
      | (?P<parenthesis> [()] )
      | (?P<variable> [A-Za-z_][A-Za-z0-9_.]* )
    )\s*""",
    re.VERBOSE,
)
_SETS = ("variant_properties", "variant_features", "variant_namespaces")


class InvalidVariantMarker(VariantselError, ValueError):
    """A marker that uses variant variables cannot be understood."""


@dataclass(frozen=True)
class VariantContext:
    """What the variant variables stand for (PEP 825, Evaluating variant markers).

    :ivar label: the chosen wheel's label; empty for a non-variant wheel.
    :ivar properties: the wheel's properties that the machine supports.
    """

    label: str = ""
    properties: tuple[VariantProperty, ...] = ()

    @cached_property
    def members(self) -> Mapping[str, frozenset[str]]:
        """The members of each of the three sets, without spaces around ``::``."""
        properties = self.properties
        return {
            "variant_properties": frozenset("::".join(item) for item in properties),
            "variant_features": frozenset(f"{item[0]}::{item[1]}" for item in properties),
            "variant_namespaces": frozenset(item.namespace for item in properties),
        }


def resolve_requirement(requirement: str, context: VariantContext) -> str | None:
    """Resolve the variant markers of one requirement.

    :param requirement: a header's value; it may be folded over lines.
    :returns: the requirement without variant variables, in one line; ``None`` when its marker is
        false whatever the environment.
    :raises InvalidVariantMarker: when the marker cannot be understood, or is larger than what is
        read.
    """
    if "variant_" not in requirement:
        return requirement
    head, marker = _split_marker(_unfolded(requirement))
    if "variant_" not in marker:
        return requirement
    too_large = excess(marker)
    if too_large:
        raise InvalidVariantMarker(f"{marker.strip()!r:.300} is not read as a marker: {too_large}")
    left = _Parser(marker, context).parse()
    if left is True:
        return head.rstrip()
    return None if left is False else f"{head.rstrip()} ; {left.text}"


def _split_marker(requirement: str) -> tuple[str, str]:
    # In "name @ url ; marker" a semicolon needs a space before it, since urls may hold one.
    head, _, marker = requirement.partition(" ;" if _names_url(requirement) else ";")
    return head, marker


def _names_url(requirement: str) -> bool:
    """Whether "@" follows the name, or the extras behind it."""
    name = re.match(r"[^;'\"\[(<>=!~]*", requirement)
    assert name is not None, "the pattern matches nothing, too"
    if "@" in name.group():
        return True
    extras, bracket, behind = requirement[name.end() :].partition("]")
    return extras.startswith("[") and bool(bracket) and behind.lstrip().startswith("@")


def _unfolded(value: str) -> str:
    """A header's value in one line."""
    return re.sub(r"[\r\n]\s*", " ", value.strip())


class _Text(NamedTuple):
    """An expression that is left to the environment."""

    text: str
    is_or: bool = False


_Expression = _Text | bool


class _Parser:
    """Reads a marker and evaluates what it can on the way."""

    def __init__(self, marker: str, context: VariantContext) -> None:
        self._marker = marker
        self._context = context
        self._tokens = list(_tokens(marker))
        self._next = 0

    def parse(self) -> _Expression:
        expression = self._any_of()
        if self._next != len(self._tokens):
            raise self._error()
        return expression

    def _any_of(self) -> _Expression:
        parts = [self._all_of()]
        while self._take("or"):
            parts.append(self._all_of())
        return _joined(parts, "or")

    def _all_of(self) -> _Expression:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return _joined(parts, "and")

    def _one(self) -> _Expression:
        if self._take("("):
            expression = self._any_of()
            if not self._take(")"):
                raise self._error()
            return expression
        left, operator, right = (self._token() for _ in range(3))
        if not re.fullmatch(r"[=!<>~]+|in|not\s+in", operator):
            raise self._error()
        operator = " ".join(operator.split())
        if not (left.startswith("variant_") or right.startswith("variant_")):
            return _Text(f"{left} {operator} {right}")
        quoted = [side[0] in "'\"" for side in (left, right)]
        if right in _SETS and quoted == [True, False]:
            return self._in_set(left, operator, right)
        if "variant_label" in (left, right) and any(quoted):
            return self._label(left, operator, right)
        raise self._error()

    def _in_set(self, left: str, operator: str, right: str) -> bool:
        wanted = "::".join(part.strip() for part in left[1:-1].split("::"))
        found = wanted in self._context.members[right]
        if operator == "in":
            return found
        if operator == "not in":
            return not found
        raise self._error()

    def _label(self, left: str, operator: str, right: str) -> bool:
        label = self._context.label
        mine, theirs = (label if side == "variant_label" else side[1:-1] for side in (left, right))
        if operator in ("==", "==="):
            return mine == theirs
        if operator == "!=":
            return mine != theirs
        if operator == "in":
            return mine in theirs
        if operator == "not in":
            return mine not in theirs
        raise self._error()

    def _token(self) -> str:
        if self._next >= len(self._tokens):
            raise self._error()
        self._next += 1
        return self._tokens[self._next - 1]

    def _take(self, token: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next] == token:
            self._next += 1
            return True
        return False

    def _error(self) -> InvalidVariantMarker:
        return InvalidVariantMarker(
            f"{self._marker.strip()!r:.300} is not a marker; variant_label is compared by ==, !=, "
            "in and not in; of variant_properties, variant_features and variant_namespaces one "
            "asks '\"…\" in' or '\"…\" not in'"
        )


def _tokens(marker: str) -> Iterable[str]:
    position = 0
    while position < len(marker):
        match = _TOKEN.match(marker, position)
        if match is None or match.end() == position:
            if not marker[position:].strip():
                return
            raise InvalidVariantMarker(f"{marker.strip()!r:.300} is not a marker")
        yield match.group().strip()
        position = match.end()


def _joined(parts: list[_Expression], operator: str) -> _Expression:
    """``and`` or ``or`` of parts, of which constants are taken out."""
    decisive = operator == "or"
    if decisive in [part for part in parts if isinstance(part, bool)]:
        return decisive
    texts = [part for part in parts if isinstance(part, _Text)]
    if len(texts) < 2:
        return texts[0] if texts else not decisive
    written = [f"({part.text})" if part.is_or and not decisive else part.text for part in texts]
    return _Text(f" {operator} ".join(written), is_or=decisive)
