"""One release with any number of variants, that every tool can read and rank alike.

What the machine supports stands in the metadata itself (``static-properties``), so that no tool
asks this machine for anything. Values are drawn from the vocabulary of the large indexes; of each
feature the machine supports three quarters, so that a part of the variants is incompatible.
"""

from __future__ import annotations

import json
import random
from typing import Any

from benchmarks.generator import SCHEMA, VOCABULARY

__all__ = ["compact", "one_release"]

NAMESPACES = ("nvidia", "x86_64", "blas_lapack", "priority")


def one_release(variants: int, seed: int) -> dict[str, Any]:
    """The content of a variants.json.

    :param variants: how many, the null variant among them; the first n are the same whatever
        their number.
    """
    rng = random.Random(f"{seed}/one release")
    supported = {
        namespace: {
            feature: rng.sample(values, max(1, len(values) * 3 // 4))
            for feature, values in VOCABULARY[namespace].items()
        }
        for namespace in NAMESPACES
    }
    return {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": list(NAMESPACES)},
        "providers": {
            namespace: _static_provider(features) for namespace, features in supported.items()
        },
        "variants": {
            "null": {},
            **{f"v{number}": _properties(rng) for number in range(1, variants)},
        },
    }


def compact(metadata: dict[str, Any]) -> bytes:
    """JSON as an index sends it."""
    return json.dumps(metadata, separators=(",", ":")).encode()


def _static_provider(features: dict[str, list[str]]) -> dict[str, Any]:
    provider: dict[str, Any] = {"static-properties": features}
    if len(features) > 1:
        provider["feature-order"] = list(features)
    return provider


def _properties(rng: random.Random) -> dict[str, dict[str, list[str]]]:
    nvidia = {
        "cuda_version_lower_bound": _values(rng, "nvidia", "cuda_version_lower_bound", 1),
        "sm_arch": _values(rng, "nvidia", "sm_arch", rng.randint(1, 8)),
    }
    properties = {"nvidia": nvidia, "priority": {"order": _values(rng, "priority", "order", 1)}}
    if rng.random() < 0.3:
        properties["x86_64"] = {"level": _values(rng, "x86_64", "level", 1)}
    if rng.random() < 0.2:
        properties["blas_lapack"] = {"provider": _values(rng, "blas_lapack", "provider", 1)}
    return properties


def _values(rng: random.Random, namespace: str, feature: str, count: int) -> list[str]:
    return sorted(rng.sample(VOCABULARY[namespace][feature], count))
