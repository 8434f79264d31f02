"""Documents made of bytes, one choice a byte: near to what is valid, with what is hostile in them.

Bytes that are mutated at random are seldom JSON, and JSON is seldom a release of which two variants
are alike but for one value. Here every input is one, so that a fuzzer's mutations change what a
document says: the generation, who lists what, which of two orders counts, what stands twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["Case", "case_of"]

T = TypeVar("T")

SCHEMAS = (
    *("v0.2.0.json",) * 4,
    *(None, "x/", "v0.0.1.json", "v0.0.2.json", "v0.0.3.json", "v0.1.0.json", "v0.1.1.json"),
    *("https://h/v0.2.9.json", "v1.0.0.json", "v0.0.3.json", "v0.1.1.json", "v2.0.0.json"),
)
NAMESPACES = ("a", "b", "nvidia", "x86_64", "abi_dependency", "_", "9", "long_namespace_of_many")
FEATURES = ("f", "g", "level", "sm_arch", "9", "_")
VALUES = ("1", "2", "v1", "v2", "12.8", "90_real", ".", "a_value_that_is_longer_than_sixteen_bytes")
LABELS = (
    *("null", "00000000", "l", "l1", "l2", "l10", "cuda12.8", ".", "_", "a", "z", "label_of_many_"),
    "label_of_many_bytes_which_begin_alike_1",
    "label_of_many_bytes_which_begin_alike_2",
)
MARKERS = (
    "os_name == 'posix'",
    "os_name == 'none'",
    "extra == 'x'",
    "python_version ~= 'a'",
    "(",
    "",
)
ODD = (None, True, 1, 1.5, "", "A", "é", "a\n", [], {}, [[]], {"": ""}, "\ud800", "a" * 20)
SPACES = ("", "", " ", "\n", "\t", "\r\n", " " * 9)


@dataclass(frozen=True)
class Case:
    """A document and a machine.

    :ivar properties: what the machine supports.
    :ivar enabled: the namespaces whose optional providers are enabled.
    """

    document: bytes
    properties: dict[str, dict[str, list[str]]]
    enabled: tuple[str, ...]


def case_of(data: bytes) -> Case:
    """Make a document and a machine of any bytes."""
    draw = _Draw(data)
    document, machine = draw.document(), draw.machine()
    return Case(draw.written(document).encode("utf-8", "surrogatepass"), *machine)


class _Draw:
    """Takes a choice from each byte, the first of everything where they are over."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = 0

    def number(self, most: int) -> int:
        """A number from 0, less than ``most``."""
        if self._next >= len(self._data):
            return 0
        self._next += 1
        return self._data[self._next - 1] % most

    def of(self, choices: Sequence[T]) -> T:
        return choices[self.number(len(choices))]

    def rarely(self) -> bool:
        return self.number(64) == 63

    def name_of(self, choices: Sequence[str]) -> str:
        """One of those that make documents alike: the first ones more often than the last."""
        return choices[self.number(256) ** 2 * len(choices) // 256**2]

    def some(self, choices: Sequence[str], most: int) -> list[str]:
        """Some, of which one may stand twice."""
        return [self.name_of(choices) for _ in range(self.number(most + 1))]

    def most(self, choices: Sequence[str]) -> list[str]:
        """All, some of them first; or those alone."""
        return [*self.some(choices, 3), *(() if self.number(3) == 1 else choices)]

    def odd(self, usual: Any) -> Any:
        """What is usual, as a rule."""
        return self.of(ODD) if self.rarely() else usual

    def features(self, most: int = 4) -> dict[str, Any]:
        return {
            feature: self.odd(self.some(VALUES, 4) or ([] if self.rarely() else ["1"]))
            for feature in self.some(FEATURES, most)
        }

    def variants(self) -> Any:
        variants: dict[str, Any] = {}
        for _ in range(self.number(9)):
            label = self.of(LABELS)
            if label in ("null", "00000000") and not self.rarely():
                variants[label] = {namespace: {} for namespace in self.some(NAMESPACES, 1)}
                continue
            like = self.of([{}, *variants.values()])
            properties = dict(like) if isinstance(like, dict) and self.number(2) else {}
            for namespace in self.some(NAMESPACES, 3) or ["a"]:
                properties[namespace] = self.odd(self.features() or {"f": ["1"]})
            variants[label if not self.rarely() else str(self.odd(label))] = self.odd(properties)
        return self.odd(variants)

    def provider(self, schema: object) -> Any:
        provider: dict[str, Any] = {}
        static = self.features()
        if schema != "v0.2.0.json" or self.number(2):
            provider["requires"] = self.odd([self.odd("p>=1") for _ in range(self.number(3))])
        else:
            provider["static-properties"] = self.odd(static)
            if self.number(4):
                order = list(static)
                provider["feature-order"] = self.odd(order[::-1] if self.number(2) else order)
        if self.rarely():
            provider["requires"] = ["p" * 20_000, "p; " + "(" * 40, "p==" + "1" * 101][
                : self.number(4)
            ]
        for key, values in (
            ("plugin-api", ("p:P", None)),
            ("builtin", ("nvidia", "p")),
            ("enable-if", MARKERS),
            ("optional", (True, False)),
            ("plugin-use", ("all", "build", "none", "x")),
            ("install-time", (True, False)),
        ):
            if self.number(12) == 11:
                provider[key] = self.odd(self.of(values))
        return self.odd(provider)

    def document(self) -> Any:
        schema = self.of(SCHEMAS)
        first = list(NAMESPACES[: self.number(4)])
        listed = [*first[:: self.of((1, -1))], *self.some(NAMESPACES, 4)]
        listed = listed or (["a"] if not self.rarely() else [])
        priorities: dict[str, Any] = {"namespace": self.odd([self.odd(name) for name in listed])}
        if self.number(4) == 3:
            priorities["feature"] = self.odd({name: self.some(FEATURES, 3) for name in listed})
        if self.number(4) == 3:
            priorities["property"] = self.odd({name: self.features(2) for name in listed})
        names = listed if self.number(3) else self.some(NAMESPACES, 4)
        document: dict[str, Any] = {
            "default-priorities": self.odd(priorities),
            "variants": self.variants(),
            "providers": self.odd({name: self.provider(schema) for name in names}),
        }
        if schema is not None:
            document["$schema"] = self.odd(schema)
        if self.number(3) == 2:
            document["static-properties"] = self.odd({name: self.features(2) for name in names})
        if self.rarely():
            document.pop(self.of(list(document)))
        keys = list(document)
        turn = self.number(len(keys)) if keys else 0
        return {key: document[key] for key in (*keys[turn:], *keys[:turn])}

    def machine(self) -> tuple[dict[str, dict[str, list[str]]], tuple[str, ...]]:
        """A machine that supports much of what documents ask for most."""
        properties = {
            namespace: {
                feature: list(dict.fromkeys(self.most(VALUES))) for feature in self.most(FEATURES)
            }
            for namespace in self.most(NAMESPACES)
        }
        return properties, tuple(self.some(NAMESPACES, 2))

    def written(self, value: Any) -> str:
        """JSON of a value, spaced and escaped, some of whose keys stand twice."""
        space = self.of(SPACES) if self.rarely() else ""
        if isinstance(value, dict):
            items = [
                f"{self.string(key)}{space}:{space}{self.written(item)}"
                for key, item in value.items()
            ]
            if items and self.number(128) == 127:
                items.append(items[0])
            return f"{{{space}{f'{space},{space}'.join(items)}{space}}}"
        if isinstance(value, list):
            return f"[{space}{','.join(map(self.written, value))}{space}]"
        return self.string(value) if isinstance(value, str) else json.dumps(value)

    def string(self, text: str) -> str:
        if self.rarely():
            units = [ord(character) for character in text]
            if all(unit < 0x10000 for unit in units):
                return '"' + "".join(f"\\u{unit:04x}" for unit in units) + '"'
        return json.dumps(text, ensure_ascii=not self.rarely())
