"""Whether a provider keeps to the plugin interface: the same checks for ours and for anyone's.

The provider runs in processes of its own with a time limit. That is not the isolation in which
`variantsel.provider_host` runs packages: it is for code that you would run anyway, your own.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from variantsel.errors import VariantselError
from variantsel.provider_host.check.process import run_inspection
from variantsel.provider_host.check.rules import ADVICE, RULES, broken_rules, values_of

__all__ = ["CheckOutcome", "CheckResult", "ProviderReport", "UnknownProvider", "check_provider"]

TIME_LIMIT = 30.0
"""Seconds after which installers give up on a provider."""

_ENDPOINT_PATTERN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*)?")
_MAX_PROBLEMS = 3


class UnknownProvider(VariantselError, ValueError):
    """There is no such module to check."""


class CheckOutcome(str, Enum):
    """How a check ended."""

    PASSED = "passed"
    ADVICE = "advice"
    """The draft allows it; an installer, or whoever waits for one, would rather not have it."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """What it looks at was never reached."""


@dataclass(frozen=True)
class CheckResult:
    """One check.

    :ivar name: a word for it.
    :ivar rule: what is asked of a provider.
    :ivar problems: what was found instead, a sentence each; empty when it passed.
    """

    name: str
    rule: str
    outcome: CheckOutcome
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProviderReport:
    """All checks of one provider.

    :ivar endpoint: ``module(:attribute.path)?``.
    :ivar results: in the order in which they build on each other.
    :ivar features: what it says this machine supports.
    :ivar notices: the warnings it gave.
    :ivar seconds: how long importing it and asking it once took; ``None`` where it did not answer.
    """

    endpoint: str
    results: tuple[CheckResult, ...]
    features: Mapping[str, tuple[str, ...]]
    notices: tuple[str, ...]
    seconds: float | None

    @property
    def conforms(self) -> bool:
        """Whether no check failed."""
        return all(result.outcome is not CheckOutcome.FAILED for result in self.results)


def check_provider(
    endpoint: str, *, search_path: Sequence[str] | None = None, time_limit: float = TIME_LIMIT
) -> ProviderReport:
    """Check one provider (providers draft, Plugin interface).

    :param endpoint: its API endpoint, ``module(:attribute.path)?``.
    :param search_path: the folders to import it from; ``sys.path`` where ``None``.
    :param time_limit: seconds, for each of the up to three processes it runs in.
    :raises UnknownProvider: when the endpoint is none, or its module does not exist.
    """
    if not _ENDPOINT_PATTERN.fullmatch(endpoint):
        raise UnknownProvider(
            f"found {endpoint!r:.200}, expected the provider's API endpoint, MODULE or "
            "MODULE:ATTRIBUTE, such as variantsel_providers.nvidia"
        )
    path = list(sys.path if search_path is None else search_path)
    first = run_inspection(endpoint, path, time_limit, os.environ)
    if first.seen is not None and first.seen["absent"]:
        raise UnknownProvider(
            f"{endpoint}: {first.seen['problem']}; it is looked for in this folder and in "
            f"{sys.executable}'s packages"
        )
    second = bare = first
    if first.seen is not None:  # what hangs or crashes is not asked again
        second = run_inspection(endpoint, path, time_limit, os.environ)
        bare = run_inspection(endpoint, path, time_limit, {})
    problems = dict(broken_rules(first, second, bare))
    results = tuple(_result(name, problems.get(name)) for name in RULES)
    if first.seen is None:
        return ProviderReport(endpoint, results, {}, (), None)
    return ProviderReport(
        endpoint,
        results,
        _features(first.seen),
        tuple(first.seen["notices"]),
        first.seen.get("seconds"),
    )


def _result(name: str, problems: Sequence[str] | None) -> CheckResult:
    if problems is None:
        outcome = CheckOutcome.SKIPPED
    elif not problems:
        outcome = CheckOutcome.PASSED
    elif name in ADVICE:
        outcome = CheckOutcome.ADVICE
    else:
        outcome = CheckOutcome.FAILED
    shown = tuple((problems or ())[:_MAX_PROBLEMS])
    if problems and len(problems) > _MAX_PROBLEMS:
        shown = (*shown, f"and {len(problems) - _MAX_PROBLEMS} more")
    return CheckResult(name, RULES[name], outcome, shown)


def _features(seen: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    call = seen["functions"].get("get_supported_configs")
    return {name: tuple(values) for name, values in values_of(call).items()} if call else {}
