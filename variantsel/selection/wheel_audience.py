"""Saying for which Pythons and platforms a release has wheels, where it has none for this one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from variantsel.formats.wheel_label import split_label
from variantsel.ranking.enumeration import first_few

__all__ = ["described_platform", "no_wheel_line"]

_PYTHON = re.compile(r"(?P<kind>cp|py|pp)(?P<major>\d)(?P<minor>\d*)")
_KINDS = {"cp": "CPython", "py": "Python", "pp": "PyPy"}
_PLATFORMS = (
    (re.compile(r"manylinux_(\d+)_(\d+)_(\w+)"), r"Linux \3 (glibc \1.\2)"),
    (re.compile(r"manylinux1_(\w+)"), r"Linux \1 (glibc 2.5)"),
    (re.compile(r"manylinux2010_(\w+)"), r"Linux \1 (glibc 2.12)"),
    (re.compile(r"manylinux2014_(\w+)"), r"Linux \1 (glibc 2.17)"),
    (re.compile(r"musllinux_(\d+)_(\d+)_(\w+)"), r"Linux \3 (musl \1.\2)"),
    (re.compile(r"linux_(\w+)"), r"Linux \1"),
    (re.compile(r"macosx_(\d+)_(\d+)_(\w+)"), r"macOS \1.\2 \3"),
    (re.compile(r"win_(\w+)"), r"Windows \1"),
    (re.compile(r"win32"), "Windows x86"),
    (re.compile(r"any"), "any platform"),
)


def no_wheel_line(
    project: str, version: str, filenames: Sequence[str], wanted: str, sources: Iterable[str]
) -> str:
    """A warning that a release has wheels, and none that could be taken.

    :param filenames: those of its wheels.
    :param wanted: what a wheel was looked for, in words.
    """
    pythons: dict[str, None] = {}
    platforms: dict[str, None] = {}
    labels: dict[str, None] = {}
    for filename in sorted(filenames):
        base, label = split_label(filename)
        tags = base.removesuffix(".whl").split("-")[-3:]
        pythons.update(dict.fromkeys(_pythons(tags[0], tags[1])))
        platforms.update(dict.fromkeys(map(described_platform, tags[2].split("."))))
        labels.update(dict.fromkeys([label] if label else []))
    variants = f" (variants {first_few(labels)})" if labels else ""
    return (
        f"{project} {version} has wheels{variants} for {first_few(pythons)} on "
        f"{first_few(platforms)}, and none for {wanted} ({first_few(list(sources))})"
    )


def described_platform(tag: str) -> str:
    """A platform tag in words: ``Linux aarch64 (glibc 2.28)``; as it is where it is not known."""
    for pattern, words in _PLATFORMS:
        match = pattern.fullmatch(tag)
        if match is not None:
            return match.expand(words)
    return tag


def _pythons(tags: str, abis: str) -> list[str]:
    described = []
    for tag in tags.split("."):
        match = _PYTHON.fullmatch(tag)
        if match is None:
            described.append(tag)
            continue
        version = match["major"] + (f".{match['minor']}" if match["minor"] else "")
        name = f"{_KINDS[match['kind']]} {version}"
        if abis == f"{tag}t":
            name = f"free-threaded {name}"
        described.append(f"{name} and newer" if abis == "abi3" else name)
    return described
