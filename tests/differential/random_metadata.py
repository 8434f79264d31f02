"""Random releases, each with the machine to rank them for, the same for the same seed.

A release is drawn in the shape of one of ``SHAPES`` and can be written down in two ways: with
everything the machine supports in the metadata (``static-properties``), which makes any machine
expressible to any tool, or with provider packages and the machine apart.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Properties = dict[str, dict[str, list[str]]]
"""``{namespace: {feature: [value, ...]}}``"""

SEED = 825
SCHEMA = "https://variants-schema.wheelnext.dev/v0.2.0.json"

NAMESPACES = ("x86_64", "nvidia", "blas", "a", "b2", "x86", "aa", "_", "9")
FEATURES = ("level", "sm_arch", "library", "f", "f2", "ff", "0", "on", "lower_bound")
VALUES = ("v1", "v2", "v10", "12", "12.8", "12.10", "on", "off", "a", "b", "c", "0", "90_real", "_")
LABEL_ALPHABET = "019az._"
"""Few characters, from every class a label may have, so that labels are often near each other."""


@dataclass(frozen=True)
class Shape:
    """How large the parts of a release are; each number is an inclusive range."""

    namespaces: tuple[int, int]
    features: tuple[int, int]
    values: tuple[int, int]
    variants: tuple[int, int]
    features_a_variant: tuple[int, int]
    values_a_feature: tuple[int, int]


SHAPES = {
    "one feature": Shape((1, 1), (1, 1), (2, 8), (1, 8), (1, 1), (1, 1)),
    "many namespaces": Shape((3, 5), (1, 2), (1, 3), (3, 12), (1, 5), (1, 2)),
    "many features": Shape((1, 2), (3, 7), (1, 4), (3, 12), (1, 6), (1, 2)),
    "many values": Shape((1, 2), (1, 3), (6, 14), (2, 12), (1, 3), (1, 6)),
    "many ties": Shape((1, 2), (1, 2), (1, 2), (6, 12), (1, 3), (1, 2)),
    "anything": Shape((1, 5), (1, 4), (1, 6), (1, 12), (1, 8), (1, 4)),
}


@dataclass(frozen=True)
class Case:
    """A release and a machine.

    :ivar name: tells which case of which seed this is.
    :ivar namespaces: ``default-priorities.namespace``; some may be used by no variant.
    :ivar supported: what the machine supports, features and values best first; some may be used
        by no variant, and a namespace may be missing.
    :ivar variants: ``{label: properties}``.
    """

    name: str
    namespaces: tuple[str, ...]
    supported: Properties
    variants: dict[str, Properties]

    def static_metadata(self) -> dict[str, Any]:
        """The variants.json that holds the machine too."""
        providers = {}
        for namespace in self.namespaces:
            # Static properties cannot be empty, so one that nobody uses stands for "nothing".
            features = self.supported.get(namespace, {"unused": ["unused"]})
            provider: dict[str, Any] = {"static-properties": dict(sorted(features.items()))}
            if len(features) > 1:
                provider["feature-order"] = list(features)
            providers[namespace] = provider
        return self._metadata(providers)

    def plugin_metadata(self) -> dict[str, Any]:
        """The variants.json that names provider packages; the machine is :attr:`supported`."""
        return self._metadata(
            {namespace: {"requires": [f"{namespace}-provider"]} for namespace in self.namespaces}
        )

    def _metadata(self, providers: dict[str, dict[str, Any]]) -> dict[str, Any]:
        return {
            "$schema": SCHEMA,
            "default-priorities": {"namespace": list(self.namespaces)},
            "providers": providers,
            "variants": self.variants,
        }

    def __str__(self) -> str:
        return f"{self.name}\n{json.dumps(self.static_metadata(), indent=1)}"


def random_cases(seed: int, count: int) -> Iterator[Case]:
    """Draw ``count`` cases; the n-th does not depend on ``count``."""
    shapes = list(SHAPES.items())
    for number in range(count):
        name, shape = shapes[number % len(shapes)]
        rng = random.Random(f"{seed}/{number}")
        yield _Draw(rng, shape).case(f"seed {seed}, case {number} ({name})")


class _Draw:
    """Draws one case."""

    def __init__(self, rng: random.Random, shape: Shape) -> None:
        self.rng = rng
        self.shape = shape
        self.known = self._known_properties()
        self.supported = self._supported_properties()

    def case(self, name: str) -> Case:
        variants = self._variants()
        return Case(name, tuple(self.known), self.supported, variants)

    def _number(self, bounds: tuple[int, int]) -> int:
        return self.rng.randint(*bounds)

    def _known_properties(self) -> Properties:
        """Every property a variant may be built for, namespaces by priority."""
        return {
            namespace: {
                feature: self.rng.sample(VALUES, self._number(self.shape.values))
                for feature in self.rng.sample(FEATURES, self._number(self.shape.features))
            }
            for namespace in self.rng.sample(NAMESPACES, self._number(self.shape.namespaces))
        }

    def _supported_properties(self) -> Properties:
        """Some of the known values, sometimes others too; now and then no feature or namespace."""
        supported: Properties = {}
        for namespace, features in self.known.items():
            for feature in self.rng.sample(list(features), len(features)):
                if self.rng.random() < 0.06:
                    continue
                values = features[feature]
                chosen = self.rng.sample(
                    values, self.rng.randint((len(values) + 1) // 2, len(values))
                )
                if self.rng.random() < 0.2:
                    chosen.insert(self.rng.randint(0, len(chosen)), "beyond")
                supported.setdefault(namespace, {})[feature] = chosen
        return supported

    def _variants(self) -> dict[str, Properties]:
        found: list[Properties] = []
        ways: list[Callable[[list[Properties]], Properties]] = [
            self._fresh_variant,
            self._fresh_variant,
            self._twin,
            self._extension,
        ]
        for _ in range(self._number(self.shape.variants)):
            found.append(self.rng.choice(ways)(found) if found else self._fresh_variant(found))
        variants = dict(zip(self._labels(len(found)), found, strict=True))
        if self.rng.random() < 0.5:
            variants["null"] = {}
        shuffled = self.rng.sample(list(variants.items()), len(variants))
        return dict(shuffled)

    def _fresh_variant(self, _: list[Properties]) -> Properties:
        features = [
            (name, feature) for name, features in self.known.items() for feature in features
        ]
        wanted = min(self._number(self.shape.features_a_variant), len(features))
        variant: Properties = {}
        for namespace, feature in self.rng.sample(features, wanted):
            variant.setdefault(namespace, {})[feature] = self._values(namespace, feature)
        return variant

    def _twin(self, found: list[Properties]) -> Properties:
        """A variant with the best values of another: it may have been built for worse ones too."""
        twin = _copy(self.rng.choice(found))
        for namespace, features in twin.items():
            for feature, values in features.items():
                order = self.supported.get(namespace, {}).get(feature, [])
                best = min((order.index(v) for v in values if v in order), default=len(order))
                worse = [v for v in self.known[namespace][feature] if v not in order[: best + 1]]
                more = self.rng.sample(worse, self.rng.randint(0, len(worse)))
                features[feature] = sorted({*values, *more})
        return twin

    def _extension(self, found: list[Properties]) -> Properties:
        """A variant with the properties of another and those of a fresh one where it has none."""
        extension = _copy(self.rng.choice(found))
        for namespace, features in self._fresh_variant([]).items():
            for feature, values in features.items():
                extension.setdefault(namespace, {}).setdefault(feature, values)
        return extension

    def _values(self, namespace: str, feature: str) -> list[str]:
        """Values to build for, mostly with a supported one among them; sorted, as in files."""
        values = self.known[namespace][feature]
        wanted = min(self._number(self.shape.values_a_feature), len(values))
        chosen = set(self.rng.sample(values, wanted))
        supported = set(values).intersection(self.supported.get(namespace, {}).get(feature, []))
        if supported and not chosen & supported and self.rng.random() < 0.8:
            chosen.add(self.rng.choice(sorted(supported)))
        return sorted(chosen)

    def _labels(self, count: int) -> list[str]:
        labels: set[str] = set()
        while len(labels) < count:
            labels.add("".join(self.rng.choices(LABEL_ALPHABET, k=self.rng.randint(1, 5))))
        return self.rng.sample(sorted(labels), count)


def _copy(variant: Properties) -> Properties:
    return {
        namespace: {feature: list(values) for feature, values in features.items()}
        for namespace, features in variant.items()
    }
