"""Hundreds of published ``/proc/cpuinfo``: no answer too high, no feature that is not listed."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import archspec.cpu
import pytest
from support.repository import REPOSITORY, SHARED
from variantsel_providers import aarch64, x86_64

CAPTURES = SHARED / "captures" / "cpuinfo.jsonl.gz"
pytestmark = pytest.mark.skipif(
    not CAPTURES.is_file(), reason="the captures are not here (set VARIANTSEL_SHARED)"
)

# Whose features would allow more than is claimed: BTI and pointer authentication are part of their
# version, and hidden there; and nothing listed shows a version 9.
LOWER = {
    "armsocs-HiSilicon-Kirin-9000s.cpuinfo",
    "armsocs-google-tensor-g3",
    "armsocs-mediatek-dimensity-9300",
    "armsocs-qemu-max",
    "armsocs-snapdragon-x-elite",
    "armsocs-snapdragon-x2e",
    "extra-apple-vm-bf16",
    "extra-apple-vm-no-ssbs",
    "extra-m1-docker-desktop",
    "extra-m3max-fedora-vm",
    "extra-snapdragon-8-elite-gen5",
    "extra-snapdragon-x-wsl",
    "extra-snapdragon-x2-elite",
    "pytorch-mock-pixel-8",
    "archspec-linux-asahi-m1",
    "armsocs-apple-m1",
    "armsocs-apple-m1-max",
    "armsocs-apple-m1-pro",
}


@cache
def captures():
    with gzip.open(CAPTURES, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def of(architecture):
    return [one for one in captures() if one["expected"]["arch"] == architecture]


@pytest.fixture
def ask(tmp_path):
    """What a provider answers of a capture on a machine of an architecture."""
    (tmp_path / "proc").mkdir()

    def answers(provider, capture, machine):
        (tmp_path / "proc/cpuinfo").write_text(capture["cpuinfo"], encoding="utf-8")
        configs = provider.get_supported_configs(root=tmp_path, machine=machine)
        return {config.name: config.values for config in configs}

    return answers


def version(answer):
    newest, *_ = answer["version"]
    major, _, minor = newest.rstrip("a").partition(".")
    return [int(major), int(minor or 0)]


def test_no_arm_core_is_taken_for_more_than_it_is(ask):
    for capture in of("aarch64"):
        expected = capture["expected"]
        answer = ask(aarch64, capture, "aarch64")
        if expected["ceiling"] is not None:
            assert version(answer) <= expected["ceiling"], capture["name"]
        listed = set(expected["features"] or ())
        assert set(answer) - {"version"} <= listed, capture["name"]


def test_arm_cores_get_what_they_list(ask):
    lower = {
        capture["name"]
        for capture in of("aarch64")
        if capture["expected"]["visible"] is not None
        and version(ask(aarch64, capture, "aarch64")) < capture["expected"]["visible"]
    }
    assert lower == LOWER


def test_x86_64_processors_have_the_psabis_level(ask):
    for capture in of("x86_64"):
        level = capture["expected"]["level"]
        answer = ask(x86_64, capture, "x86_64")
        assert answer["level"][0] == f"v{level}".replace("vv", "v"), capture["name"]


def test_of_other_architectures_nothing_is_said(ask, monkeypatch):
    # What archspec says of a host of another architecture, which this one is not.
    monkeypatch.setattr(archspec.cpu, "host", lambda: archspec.cpu.TARGETS["ppc64le"])
    for capture in captures():
        architecture = capture["expected"]["arch"]
        for name, provider in (("aarch64", aarch64), ("x86_64", x86_64)):
            if architecture != name:
                assert ask(provider, capture, architecture) == {}, capture["name"]


@pytest.mark.skipif(
    not importlib.util.find_spec("provider_variant_aarch64")
    or not importlib.util.find_spec("provider_variant_x86_64"),
    reason="the published packages are not installed",
)
def test_the_readme_says_how_many_captures_the_published_packages_answer_differently():
    """With one archspec for both: what a newer one says of a CPU is no difference of the rules."""
    printed = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("compare_captures.py"))],
        env=os.environ | {"VARIANTSEL_SHARED": str(SHARED)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    readme = (REPOSITORY / "providers" / "README.md").read_text(encoding="utf-8")
    for line in printed.splitlines():
        architecture, _, counts = line.partition(": ")
        with_one_archspec = counts.partition("; ")[2]
        assert any(
            said.startswith(f"{architecture}: ") and said.endswith(with_one_archspec)
            for said in readme.splitlines()
        ), line
