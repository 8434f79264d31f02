"""How ``real_listing.json`` was made: counts what a saved listing of the real index holds.

    python -m benchmarks.derive_listing /path/to/variant-index/v0.0.3 > real_listing.json

The folder holds one folder a project, each with ``files.tsv`` (file name, requires-python) and the
``{name}-{version}-variants.json`` files of its releases. Run once; the generator reads the result.

What is counted:

- ``releases_per_project``: one number a project, sorted;
- ``releases``, ``releases_with_variants``: totals over the listing;
- ``wheels_per_release``: of releases without variants, ``{wheels: releases}``;
- ``releases_by_namespaces``: the releases with variants, grouped by their
  ``default-priorities.namespace``; for each group ``releases``, how many;
  ``variants_per_release``, ``{variants: releases}``; ``wheels_per_variant``,
  ``{wheels: labels}``; and ``variants``, which properties they have, most frequent first: ``count``
  and ``values``, ``{namespace: {feature: number of values}}``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from variantsel import InvalidWheelName, WheelName

__all__ = ["derive"]


def derive(folder: Path) -> dict[str, Any]:
    """Count a saved listing; see the module's docstring for what comes out."""
    releases_per_project: list[int] = []
    wheels_per_release: Counter[int] = Counter()
    groups: dict[tuple[str, ...], _Group] = defaultdict(_Group)
    for project in sorted(folder.iterdir()):
        wheels = _wheels_by_version(project / "files.tsv")
        metadata = _metadata_by_version(project)
        releases_per_project.append(len(wheels.keys() | metadata.keys()))
        for version in wheels.keys() | metadata.keys():
            if version in metadata:
                namespaces = tuple(metadata[version]["default-priorities"]["namespace"])
                groups[namespaces].add(
                    metadata[version]["variants"], wheels.get(version, Counter())
                )
            else:
                wheels_per_release[sum(wheels[version].values())] += 1
    return {
        "releases_per_project": sorted(releases_per_project),
        "releases": sum(releases_per_project),
        "releases_with_variants": sum(group.releases for group in groups.values()),
        "wheels_per_release": _sorted(wheels_per_release),
        "releases_by_namespaces": [
            {"namespaces": list(namespaces), **group.to_dict()}
            for namespaces, group in sorted(
                groups.items(), key=lambda item: (-item[1].releases, item[0])
            )
        ],
    }


class _Group:
    """What was counted of the releases that list the same namespaces."""

    def __init__(self) -> None:
        self.releases = 0
        self.variants_per_release: Counter[int] = Counter()
        self.wheels_per_variant: Counter[int] = Counter()
        self.variants: Counter[str] = Counter()

    def add(self, variants: dict[str, Any], wheels: Counter[str]) -> None:
        self.releases += 1
        self.variants_per_release[len(variants)] += 1
        for label, properties in variants.items():
            if wheels[label]:
                self.wheels_per_variant[wheels[label]] += 1
            self.variants[json.dumps(_value_counts(properties), sort_keys=True)] += 1

    def to_dict(self) -> dict[str, Any]:
        shapes = sorted(self.variants.items(), key=lambda item: (-item[1], item[0]))
        return {
            "releases": self.releases,
            "variants_per_release": _sorted(self.variants_per_release),
            "wheels_per_variant": _sorted(self.wheels_per_variant),
            "variants": [{"count": count, "values": json.loads(shape)} for shape, count in shapes],
        }


def _wheels_by_version(path: Path) -> dict[str, Counter[str]]:
    """``{version: {label: wheels}}``; the label of a non-variant wheel is empty."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            wheel = WheelName.parse(line.partition("\t")[0])
        except InvalidWheelName:
            continue  # a source distribution
        found[str(wheel.version)][wheel.label] += 1
    return found


def _metadata_by_version(project: Path) -> dict[str, dict[str, Any]]:
    return {
        path.name.split("-")[1]: json.loads(path.read_bytes())
        for path in project.glob("*-variants.json")
    }


def _value_counts(properties: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {
        namespace: {feature: len(values) for feature, values in features.items()}
        for namespace, features in properties.items()
    }


def _sorted(counts: Counter[int]) -> dict[str, int]:
    return {str(number): counts[number] for number in sorted(counts)}


if __name__ == "__main__":
    print(json.dumps(derive(Path(sys.argv[1])), indent=1))
