"""Whether a provider keeps to the plugin interface: the same checks for ours and for anyone's.

The provider runs in processes of its own with a time limit. That is not the isolation in which
`variantsel.plugin_host` runs packages: it is for code that you would run anyway, your own.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from variantsel import provider_inspection
from variantsel.errors import VariantselError
from variantsel.properties import FEATURE_PATTERN, NAMESPACE_PATTERN, VALUE_PATTERN
from variantsel.provider_inspection import FUNCTIONS

__all__ = ["CheckOutcome", "CheckResult", "ProviderReport", "UnknownProvider", "check_provider"]

TIME_LIMIT = 30.0
"""Seconds after which installers give up on a provider."""

_SWIFT = 1.0
"""Seconds that nobody notices; what takes longer had better be needed."""

_ENDPOINT_PATTERN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*)?")
_INSPECTION = provider_inspection.__file__
_MAX_OUTPUT_BYTES = 4096
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


@dataclass(frozen=True)
class _Run:
    """One process: what `provider_inspection` saw, or how it ended without a word."""

    seen: Mapping[str, Any] | None
    ending: str = ""
    printed: str = ""
    complained: str = ""
    left: tuple[str, ...] = ()


_RULES = {
    "import": "the API endpoint can be imported",
    "interface": "get_supported_configs() and get_all_configs() are called on it as it is",
    "answer": "both return a list of objects with name, values and multi_value",
    "names": "namespace, features and values are lower-case ASCII words",
    "unique": "no feature comes twice, and no value of a feature",
    "subset": "whatever is supported is among get_all_configs()",
    "order": "features come in one order, that of get_all_configs()",
    "repeatable": "it answers the same each time, in every process",
    "bare": "it answers in an empty environment too",
    "quiet": "it prints nothing: warnings are for warnings.warn",
    "effects": "it reads the machine: runs no program, writes no file, uses no network",
    "swift": f"it answers within {_SWIFT:g} s",
}
_ADVICE = frozenset({"order", "effects", "swift"})


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
    first = _run(endpoint, path, time_limit, os.environ)
    if first.seen is not None and first.seen["absent"]:
        raise UnknownProvider(
            f"{endpoint}: {first.seen['problem']}; it is looked for in this folder and in "
            f"{sys.executable}'s packages"
        )
    if first.seen is None:
        problems = {"quiet": _noise(first), "import": [_last_words(first)]}
    else:
        second = _run(endpoint, path, time_limit, os.environ)
        bare = _run(endpoint, path, time_limit, {})
        problems = dict(_judged(first, first.seen, second, bare))
    results = tuple(_result(name, problems.get(name)) for name in _RULES)
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
    elif name in _ADVICE:
        outcome = CheckOutcome.ADVICE
    else:
        outcome = CheckOutcome.FAILED
    shown = tuple((problems or ())[:_MAX_PROBLEMS])
    if problems and len(problems) > _MAX_PROBLEMS:
        shown = (*shown, f"and {len(problems) - _MAX_PROBLEMS} more")
    return CheckResult(name, _RULES[name], outcome, shown)


def _run(
    endpoint: str, path: Sequence[str], time_limit: float, environment: Mapping[str, str]
) -> _Run:
    """Run the inspection once, in empty folders of its own."""
    with tempfile.TemporaryDirectory(prefix="variantsel-check-") as name:
        folder = Path(name)
        work = folder / "work"
        work.mkdir()
        result = folder / "result.json"
        own = {key: str(work) for key in ("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME")}
        command = [sys.executable, "-I", _INSPECTION, endpoint, str(result), *path]
        with open(folder / "out", "w+b") as out, open(folder / "err", "w+b") as err:
            process = subprocess.Popen(
                command,
                cwd=work,
                env={**environment, **own},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            ending = _ending(process, time_limit)
            printed, complained = _beginning(out), _beginning(err)
        seen = None
        with contextlib.suppress(OSError, ValueError):
            seen = json.loads(result.read_bytes())
        if seen is None and not ending:
            ending = "it ended the process before it had answered"
        return _Run(
            seen, ending, printed, complained, tuple(sorted(path.name for path in work.iterdir()))
        )


def _ending(process: subprocess.Popen[bytes], time_limit: float) -> str:
    """Wait for a process and end whatever is left of it; says what went wrong."""
    try:
        code = process.wait(time_limit)
    except subprocess.TimeoutExpired:
        return f"it did not answer within {time_limit:g} s"
    finally:
        with contextlib.suppress(OSError, AttributeError):
            os.killpg(process.pid, signal.SIGKILL)  # its children too, where there are groups
        process.kill()
        process.wait()
    return f"it was ended by signal {-code}" if code < 0 else ""


def _beginning(file: Any) -> str:
    file.seek(0)
    return str(file.read(_MAX_OUTPUT_BYTES).decode(errors="replace")).strip()


def _judged(
    first: _Run, seen: Mapping[str, Any], second: _Run, bare: _Run
) -> Iterator[tuple[str, list[str]]]:
    """For each check that could be made, the problems it found.

    :param seen: what the first run saw.
    """
    yield "quiet", _noise(first)
    yield "effects", list(_effects(first, seen))
    if seen["problem"]:
        yield "import", [seen["problem"]]
        return
    yield "import", []
    yield "interface", list(_interface_problems(seen))
    functions = {name: seen["functions"].get(name) for name in FUNCTIONS}
    called = {name: call for name, call in functions.items() if call is not None}
    if called:
        yield "answer", [text for name in called for text in _answer_problems(name, called[name])]
        yield "names", list(_name_problems(seen, called))
        yield "unique", [text for name in called for text in _repetitions(name, called[name])]
    supported, everything = functions["get_supported_configs"], functions["get_all_configs"]
    if supported is not None and everything is not None:
        yield "subset", list(_unlisted(_values(supported), _values(everything)))
        yield "order", list(_out_of_order(list(_values(supported)), list(_values(everything))))
    if called:
        yield "repeatable", list(_differences(called, second))
        yield "bare", list(_bare_problems(called, bare))
    if (seconds := seen.get("seconds")) is not None:
        yield "swift", [f"took {seconds:.1f} s"] if seconds > _SWIFT else []


def _noise(run: _Run) -> list[str]:
    return [f"printed {run.printed!r:.80}"] if run.printed else []


def _effects(run: _Run, seen: Mapping[str, Any]) -> Iterator[str]:
    yield from seen["effects"]
    for name in run.left:
        yield f"left {name!r:.60} behind"
    if run.complained:
        yield f"wrote {run.complained!r:.80} to standard error"


def _last_words(run: _Run) -> str:
    last = run.complained.rpartition("\n")[2][:200]
    return f"{run.ending} ({last})" if last else run.ending


def _interface_problems(seen: Mapping[str, Any]) -> Iterator[str]:
    if seen["instance"]:
        yield "it is a class that has to be instantiated, as older plugins were"
    for name in FUNCTIONS:
        call = seen["functions"].get(name)
        if call is None:
            yield f"{name}() is missing"
        elif call["arguments"]:
            yield f"{name}() wants {call['arguments']} argument(s), as older plugins did"


def _answer_problems(name: str, call: Mapping[str, Any]) -> Iterator[str]:
    if call["problem"]:
        yield f"{name}() raised {call['problem']}"
        return
    if call["type"] != "list":
        yield f"{name}() returned a {call['type']}"
    for number, config in enumerate(call["configs"]):
        feature = config.get("name")
        where = f"{name}()[{number}]"
        if not isinstance(feature, str):
            yield f"{where} has {_kind(config, 'name')}, expected text"
        if not _is_list_of_text(config.get("values")):
            yield f"{where} has {_kind(config, 'values')}, expected a list of text"
        if not isinstance(config.get("multi_value"), bool):
            yield f"{where} has {_kind(config, 'multi_value')}, expected True or False"


def _kind(config: Mapping[str, Any], name: str) -> str:
    if name not in config:
        return f"no {name}"
    value = config[name]
    if isinstance(value, dict):
        return f"a {value['type']} as {name}"
    if isinstance(value, list):
        odd = next(item for item in value if not isinstance(item, str))
        return f"a list with a {odd['type'] if isinstance(odd, dict) else type(odd).__name__}"
    return f"{value!r:.60} as {name}"


def _name_problems(seen: Mapping[str, Any], called: Mapping[str, Any]) -> Iterator[str]:
    namespace = seen["namespace"]
    if namespace is not None and not _matches(NAMESPACE_PATTERN, namespace):
        yield f"the namespace is {namespace!r:.60}, expected {NAMESPACE_PATTERN.pattern}"
    for name, call in called.items():
        for feature, values in _values(call).items():
            if not _matches(FEATURE_PATTERN, feature):
                yield f"{name}(): the feature {feature!r:.60}, expected {FEATURE_PATTERN.pattern}"
            for value in values:
                if not _matches(VALUE_PATTERN, value):
                    yield (
                        f"{name}(): the value {value!r:.60} of {feature}, expected "
                        f"{VALUE_PATTERN.pattern}"
                    )


def _matches(pattern: re.Pattern[str], text: Any) -> bool:
    return isinstance(text, str) and pattern.fullmatch(text) is not None


def _repetitions(name: str, call: Mapping[str, Any]) -> Iterator[str]:
    features = [config.get("name") for config in call["configs"]]
    for feature in _twice(features):
        yield f"{name}(): the feature {feature!r:.60} comes {features.count(feature)} times"
    for config in call["configs"]:
        values = config.get("values")
        for value in _twice(values if isinstance(values, list) else []):
            yield f"{name}(): the value {value!r:.60} of {config.get('name')} comes more than once"


def _twice(items: Sequence[Any]) -> list[str]:
    texts = [item for item in items if isinstance(item, str)]
    return [text for text in dict.fromkeys(texts) if texts.count(text) > 1]


def _values(call: Mapping[str, Any]) -> dict[str, list[str]]:
    """``{feature: [value, ...]}`` of what is well-formed in an answer."""
    return {
        config["name"]: [value for value in config["values"] if isinstance(value, str)]
        for config in call["configs"]
        if isinstance(config.get("name"), str) and isinstance(config.get("values"), list)
    }


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _unlisted(
    supported: Mapping[str, Sequence[str]], everything: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    for feature, values in supported.items():
        if feature not in everything:
            yield f"the feature {feature!r:.60} is supported, but get_all_configs() lacks it"
            continue
        for value in values:
            if value not in everything[feature]:
                yield f"{value!r:.60} of {feature} is supported, but get_all_configs() lacks it"


def _out_of_order(supported: Sequence[str], everything: Sequence[str]) -> Iterator[str]:
    common = [feature for feature in supported if feature in everything]
    expected = [feature for feature in everything if feature in common]
    for found, wanted in zip(common, expected, strict=True):
        if found != wanted:
            yield f"{found!r:.60} is supported before {wanted!r:.60}, in get_all_configs() after it"
            return


def _differences(called: Mapping[str, Any], second: _Run) -> Iterator[str]:
    for name, call in called.items():
        if not call.get("again", True):
            yield f"{name}() answered otherwise when it was called again"
    if second.seen is None:
        yield f"in a second process, {_last_words(second)}"
        return
    for name, call in called.items():
        again = second.seen["functions"].get(name)
        if again is None or again["configs"] != call["configs"]:
            yield f"{name}() answered otherwise in a second process"


def _bare_problems(called: Mapping[str, Any], bare: _Run) -> Iterator[str]:
    if bare.seen is None:
        yield _last_words(bare)
        return
    if bare.seen["problem"]:
        yield bare.seen["problem"]
    for name in called:
        call = bare.seen["functions"].get(name)
        if call is not None and call["problem"] and not called[name]["problem"]:
            yield f"{name}() raised {call['problem']}"


def _features(seen: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    call = seen["functions"].get("get_supported_configs")
    return {name: tuple(values) for name, values in _values(call).items()} if call else {}
