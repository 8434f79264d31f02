"""Large indexes of wheel variants, reproducible from a seed, shaped like the real listing.

    python -m benchmarks.generator --projects 10000 --seed 1 --out DIR

``real_listing.json`` holds what was counted of the real variant index (``derive_listing.py`` says
what and how); here projects are drawn from it:

1. for each project, how many releases it has, and which namespaces its variants are about;
2. whether a release has variants: with the probability ``adoption``;
3. how many: the listing's number times ``growth``;
4. which features each variant has, and how many values of each; the values are drawn from
   ``vocabulary.json``, no two variants of a release with the same properties;
5. how many wheels each variant, or each release without variants, has;
6. which version of the provider packages it requires: the previous release's, as a rule.

The real index is young: one release in five has variants, and 1.5 of them. ``adoption=0.19,
growth=1`` is that; the defaults, 1 and 4, are what it becomes when every release of every project
has variants, six on average (torch has seven today): 10,000 projects hold over a million.

Project number n depends on the seed and on n only, so that a smaller index is the start of a larger
one. Only ``random.Random.random`` is drawn from, whose sequence Python promises to keep.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.simple_pages import PageFile, html_page

__all__ = ["ADOPTION", "GROWTH", "Project", "Release", "generate", "wheel_names", "write_index"]

Properties = dict[str, dict[str, list[str]]]
"""``{namespace: {feature: [value, ...]}}``"""
ItemT = TypeVar("ItemT")

ADOPTION = 1.0
GROWTH = 4.0
PROVIDER_VERSIONS = 50
"""How many versions of provider packages the projects' first releases require."""
CHANGE = 11 / 132
"""The probability that a release says something new outside of its variants: 132 releases of the
real listing say 11 different things there."""
SCHEMA = "https://variants-schema.wheelnext.dev/v0.2.0.json"

_NAMESPACES = json.loads(Path(__file__).with_name("vocabulary.json").read_bytes())
VOCABULARY: Properties = {
    namespace: content["features"] for namespace, content in _NAMESPACES.items()
}
"""The values variants are drawn from, as the providers spell them, best first where static."""
_LABEL_STEMS = {"nvidia": "cuda", "amd": "rocm", "intel": "xpu", "x86_64": "x8664", "ascend": ""}
_PYTHONS = ("cp39", "cp310", "cp311", "cp312", "cp313", "cp313t", "cp314", "cp314t")
_PLATFORMS = (
    "manylinux_2_27_x86_64.manylinux_2_28_x86_64",
    "manylinux_2_27_aarch64.manylinux_2_28_aarch64",
    "win_amd64",
    "macosx_11_0_arm64",
    "macosx_10_15_x86_64",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
    "win_arm64",
    "win32",
    "linux_ppc64le",
)


@dataclass(frozen=True)
class Release:
    """One version of a project.

    :ivar metadata: the content of its variants.json; ``None`` where it has no variants.
    :ivar wheels: the names of its wheels.
    """

    version: str
    metadata: dict[str, Any] | None
    wheels: list[str]


@dataclass(frozen=True)
class Project:
    """One project of the index, oldest release first."""

    name: str
    releases: list[Release]

    @property
    def metadata(self) -> Iterator[dict[str, Any]]:
        """The variants.json of every release that has one."""
        return (release.metadata for release in self.releases if release.metadata is not None)


def generate(
    projects: int, seed: int, *, adoption: float = ADOPTION, growth: float = GROWTH
) -> Iterator[Project]:
    """Draw an index.

    :param projects: how many projects.
    :param adoption: the probability that a release has variants.
    :param growth: how many times as many variants a release has as in the real listing.
    """
    for number in range(projects):
        yield _Draw(random.Random(f"{seed}/{number}"), adoption, growth).project(number)


def write_index(projects: Iterator[Project], folder: Path) -> dict[str, int]:
    """Write an index that any static file server can serve; the wheels themselves are left out.

    Per project a folder with ``index.html`` and the ``{name}-{version}-variants.json`` files, and
    ``index.html`` above them.

    :returns: how many ``projects``, ``releases``, ``variants``, ``wheels`` and ``metadata_bytes``.
    """
    totals = dict.fromkeys(("projects", "releases", "variants", "wheels", "metadata_bytes"), 0)
    names = []
    for project in projects:
        own = folder / project.name
        own.mkdir(parents=True, exist_ok=True)
        files = []
        for release in project.releases:
            if release.metadata is not None:
                document = (json.dumps(release.metadata, indent=4) + "\n").encode()
                name = f"{project.name}-{release.version}-variants.json"
                (own / name).write_bytes(document)
                files.append(PageFile.of(name, document))
                totals["variants"] += len(release.metadata["variants"])
                totals["metadata_bytes"] += len(document)
            files += [PageFile.of_no_content(wheel) for wheel in release.wheels]
            totals["wheels"] += len(release.wheels)
        (own / "index.html").write_bytes(html_page(project.name, files))
        names.append(project.name)
        totals["projects"] += 1
        totals["releases"] += len(project.releases)
    links = "\n".join(f'<a href="{name}/">{name}</a><br>' for name in names)
    (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>\n{links}\n</body></html>\n")
    return totals


@cache
def real_listing() -> dict[str, Any]:
    """What was counted of the real index; ``derive_listing.py`` says what the keys mean."""
    listing: dict[str, Any] = json.loads(Path(__file__).with_name("real_listing.json").read_bytes())
    return listing


class _Draw:
    """Draws one project."""

    def __init__(self, rng: random.Random, adoption: float, growth: float) -> None:
        self._rng = rng
        self._adoption = adoption
        self._growth = growth
        self._provider_version = int(rng.random() * PROVIDER_VERSIONS)

    def project(self, number: int) -> Project:
        listing = real_listing()
        name = f"project{number:05}"
        releases = self._one_of(listing["releases_per_project"])
        groups = listing["releases_by_namespaces"]
        group = self._weighted(groups, [group["releases"] for group in groups])
        return Project(
            name,
            [
                self._release(name, f"{major // 10}.{major % 10}.0", group)
                for major in range(10, 10 + releases)
            ],
        )

    def _release(self, name: str, version: str, group: Mapping[str, Any]) -> Release:
        if self._rng.random() >= self._adoption:
            count = self._counted(real_listing()["wheels_per_release"])
            return Release(version, None, wheel_names(name, version, "", count))
        if self._rng.random() < CHANGE:
            self._provider_version += 1
        variants = self._variants(group)
        wheels = [
            wheel
            for label in variants
            for wheel in wheel_names(
                name, version, label, self._counted(group["wheels_per_variant"])
            )
        ]
        metadata = {
            "$schema": SCHEMA,
            "default-priorities": {"namespace": group["namespaces"]},
            "providers": {
                namespace: self._provider(namespace, variants) for namespace in group["namespaces"]
            },
            "variants": variants,
        }
        return Release(version, metadata, wheels)

    def _provider(
        self, namespace: str, variants: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        """What the metadata says of a namespace's provider; static ones list the values used."""
        provider = _NAMESPACES[namespace].get("provider")
        if provider is not None:
            requirement = f"{provider['package']}>=0.{self._provider_version},<1"
            return {"requires": [requirement], "plugin-api": provider["plugin-api"]}
        ((feature, values),) = VOCABULARY[namespace].items()
        used = {
            value
            for properties in variants.values()
            for value in properties.get(namespace, {}).get(feature, ())
        }
        static = [value for value in values if value in used] or values[:1]
        return {"static-properties": {feature: static}}

    def _variants(self, group: Mapping[str, Any]) -> dict[str, Properties]:
        """Variants with distinct properties; fewer where the vocabulary holds no more."""
        wanted = max(1, round(self._counted(group["variants_per_release"]) * self._growth))
        shapes = [shape["values"] for shape in group["variants"]]
        weights = [shape["count"] for shape in group["variants"]]
        variants: dict[str, Properties] = {}
        seen: set[str] = set()
        for _ in range(20 * wanted):
            properties = self._properties(self._weighted(shapes, weights))
            text = repr(properties)
            if text not in seen:
                seen.add(text)
                variants[_free_label(properties, variants)] = properties
            if len(variants) == wanted:
                break
        return variants

    def _properties(self, shape: Mapping[str, Mapping[str, int]]) -> Properties:
        return {
            namespace: {
                feature: self._values(VOCABULARY[namespace][feature], count)
                for feature, count in features.items()
            }
            for namespace, features in shape.items()
        }

    def _values(self, vocabulary: Sequence[str], count: int) -> list[str]:
        if count == 1:
            return [self._one_of(vocabulary)]
        return sorted(sorted(vocabulary, key=lambda _: self._rng.random())[:count])

    def _one_of(self, items: Sequence[ItemT]) -> ItemT:
        return items[int(self._rng.random() * len(items))]

    def _counted(self, counts: Mapping[str, int]) -> int:
        return int(self._weighted(list(counts), list(counts.values())))

    def _weighted(self, items: Sequence[ItemT], weights: Sequence[int]) -> ItemT:
        left = self._rng.random() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            left -= weight
            if left < 0:
                return item
        return items[-1]


def _free_label(properties: Properties, taken: Mapping[str, Any]) -> str:
    """A label as projects choose them (``cuda12.8``, ``x8664v4_mkl``), numbered where taken."""
    if not properties:
        return "null"
    parts = []
    for namespace, features in properties.items():
        if namespace != "priority":
            parts.append(_LABEL_STEMS.get(namespace, "") + _shortest(features))
    stem = "_".join(sorted(parts, reverse=True))[:16]
    label, number = stem, 2
    while label in taken:
        label = f"{stem[: 15 - len(str(number))]}_{number}"
        number += 1
    return label


def _shortest(features: Mapping[str, Sequence[str]]) -> str:
    return min(features.values(), key=len)[0]


def wheel_names(name: str, version: str, label: str, count: int) -> list[str]:
    """Names of ``count`` wheels of one variant, or of none where the label is empty.

    Up to three wheels are one a platform; more are one a Python too, as in the real listing. There
    are 80 names at most.
    """
    pythons = ["py3-none"] if count <= 3 else [f"{python}-{python}" for python in _PYTHONS]
    tags = [f"{python}-{platform}" for platform in _PLATFORMS for python in pythons]
    suffix = f"-{label}" if label else ""
    return [f"{name}-{version}-{tag}{suffix}.whl" for tag in tags[:count]]


def _main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.generator",
        description="Write a large index of wheel variants, shaped like the real one.",
    )
    parser.add_argument("--projects", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--adoption", type=float, default=ADOPTION)
    parser.add_argument("--growth", type=float, default=GROWTH)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args()
    projects = generate(
        arguments.projects,
        arguments.seed,
        adoption=arguments.adoption,
        growth=arguments.growth,
    )
    for what, number in write_index(projects, arguments.out).items():
        print(f"{what.replace('_', ' '):15} {number:>13,}")


if __name__ == "__main__":
    _main()
