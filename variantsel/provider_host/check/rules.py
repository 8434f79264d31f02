"""The rules that a provider keeps to, and what breaks them (providers draft, Plugin interface)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from variantsel.formats.properties import FEATURE_PATTERN, NAMESPACE_PATTERN, VALUE_PATTERN
from variantsel.provider_host.check.inspection import FUNCTIONS
from variantsel.provider_host.check.process import Run

__all__ = ["ADVICE", "RULES", "SWIFT", "broken_rules", "values_of"]

SWIFT = 1.0
"""Seconds that nobody notices; what takes longer had better be needed."""

RULES = {
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
    "swift": f"it answers within {SWIFT:g} s",
}
"""What is asked of a provider, by a word for it, in the order in which it builds on each other."""

ADVICE = frozenset({"order", "effects", "swift"})
"""The rules that the draft does not make."""


def broken_rules(first: Run, second: Run, bare: Run) -> Iterator[tuple[str, list[str]]]:
    """For each rule that could be looked at, what breaks it, a sentence each.

    :param second: a run like the first.
    :param bare: one in an empty environment.
    """
    seen = first.seen
    yield "quiet", [f"printed {first.printed!r:.80}"] if first.printed else []
    if seen is None:
        yield "import", [first.last_words]
        return
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
        yield "subset", list(_unlisted(values_of(supported), values_of(everything)))
        yield "order", list(_out_of_order(list(values_of(supported)), list(values_of(everything))))
    if called:
        yield "repeatable", list(_differences(called, second))
        yield "bare", list(_bare_problems(called, bare))
    if (seconds := seen.get("seconds")) is not None:
        yield "swift", [f"took {seconds:.1f} s"] if seconds > SWIFT else []


def _effects(run: Run, seen: Mapping[str, Any]) -> Iterator[str]:
    yield from seen["effects"]
    for name in run.left:
        yield f"left {name!r:.60} behind"
    if run.complained:
        yield f"wrote {run.complained!r:.80} to standard error"


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
        for feature, values in values_of(call).items():
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


def values_of(call: Mapping[str, Any]) -> dict[str, list[str]]:
    """``{feature: [value, ...]}`` of what is well-formed in an answer.

    :param call: what the inspection tells of one function.
    """
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


def _differences(called: Mapping[str, Any], second: Run) -> Iterator[str]:
    for name, call in called.items():
        if not call.get("again", True):
            yield f"{name}() answered otherwise when it was called again"
    if second.seen is None:
        yield f"in a second process, {second.last_words}"
        return
    for name, call in called.items():
        again = second.seen["functions"].get(name)
        if again is None or again["configs"] != call["configs"]:
            yield f"{name}() answered otherwise in a second process"


def _bare_problems(called: Mapping[str, Any], bare: Run) -> Iterator[str]:
    if bare.seen is None:
        yield bare.last_words
        return
    if bare.seen["problem"]:
        yield bare.seen["problem"]
    for name in called:
        call = bare.seen["functions"].get(name)
        if call is not None and call["problem"] and not called[name]["problem"]:
            yield f"{name}() raised {call['problem']}"
