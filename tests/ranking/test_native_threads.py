"""The extension in many threads at once, with a GIL or, on free-threaded CPython, without."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from variantsel import Target, VariantMetadata
from variantsel.ranking import reference
from variantsel.ranking.rank import rank, rank_for_targets, rank_many

native = pytest.importorskip(
    "variantsel.ranking._native", reason="the C extension was not built in this environment"
)

THREADS = 10
ROUNDS = 40
free_threaded = pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this CPython has a GIL"
)

HEAD = {
    "$schema": "https://example.org/v0.0.3.json",
    "default-priorities": {"namespace": ["nvidia", "x86_64"]},
    "providers": {
        name: {"requires": [f"{name}-provider"], "plugin-api": f"{name}:Plugin"}
        for name in ("nvidia", "x86_64")
    },
}


@pytest.fixture(autouse=True)
def threads_take_turns_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def variants(count: int, number: int) -> dict[str, Any]:
    return {
        f"v{label}": {
            "nvidia": {"sm_arch": [f"{(label + number) % 7}0_real", "90_real"]},
            "x86_64": {"level": [f"v{label % 5}"], "f": [f"{label % 3}"]},
        }
        for label in range(count)
    } | {"null": {}}


def documents(number: int) -> list[bytes]:
    """Releases of a project of a round's own: nothing is remembered of its head yet."""
    head = {**HEAD, "round": number}
    return [
        json.dumps({**head, "variants": variants(count, number)}).encode()
        for count in (3, 30, 600)  # the last one is read and matched without the GIL
    ]


def supported(number: int) -> dict[str, dict[str, list[str]]]:
    return {
        "nvidia": {"sm_arch": [f"{number % 7}0_real", "90_real", "80_real"]},
        "x86_64": {"level": ["v3", "v2", "v1"], "f": ["2", "1"]},
    }


@free_threaded
def test_the_extension_leaves_the_gil_off() -> None:
    code = "import sys, variantsel.ranking._native; sys.exit(sys._is_gil_enabled())"
    command = [sys.executable, "-I", "-W", "error", "-c", code]
    assert subprocess.run(command, check=False).returncode == 0


@free_threaded
def test_the_extension_is_built_for_this_free_threaded_cpython_alone() -> None:
    assert native.__file__.endswith(sysconfig.get_config_var("EXT_SUFFIX"))


def test_ten_threads_that_share_everything_answer_as_one() -> None:
    rounds = [(documents(number), supported(number)) for number in range(ROUNDS)]
    expected = [answers(*one, Target.from_properties(one[1])) for one in rounds]
    # Other objects than those that are known by now, so that the threads meet in making them.
    targets = [Target.from_properties(one[1]) for one in rounds]
    start = threading.Barrier(THREADS)

    def work(_: int) -> list[Any]:
        found = []
        for (releases, machine), target in zip(rounds, targets, strict=True):
            start.wait(60)
            found.append(answers(releases, machine, target))
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(work, range(THREADS)):
            assert found == expected


def answers(
    releases: list[bytes], machine: dict[str, dict[str, list[str]]], target: Target
) -> list[Any]:
    """All that the extension and what stands on it say of releases and a machine."""
    return [
        [ranking.labels for ranking in rank_many(releases, target)],
        [[*rank(release, target).rejected.items()] for release in releases],
        [ranking.labels for ranking in rank_for_targets(releases[1], [target, target])],
        [native.order_variants(variants(30, 1), machine)],
        [VariantMetadata.parse(releases[0]).variants],
    ]


def test_ten_threads_that_share_a_document_and_a_machine_answer_as_one() -> None:
    for number in range(ROUNDS):
        releases = documents(number)
        shared = [native.read_document(release) for release in releases]
        machine = native.compile_supported(supported(number))
        expected = [(read.order(machine), read.rejected(machine)) for read in shared]
        assert expected[1] == reference.order_variants(variants(30, number), supported(number))
        start = threading.Barrier(THREADS)

        def work(
            _: int,
            releases: list[bytes] = releases,
            shared: list[Any] = shared,
            machine: Any = machine,
            start: threading.Barrier = start,
        ) -> tuple[list[Any], list[Any], list[Any]]:
            start.wait(60)
            mine = [
                native.read_document(release, like)
                for release, like in zip(releases, shared, strict=True)
            ]
            return (
                [(read.order(machine), read.rejected(machine)) for read in shared],
                [(read.order(machine), read.rejected(machine)) for read in mine],
                [read.head is like.head for read, like in zip(mine, shared, strict=True)],
            )

        with ThreadPoolExecutor(THREADS) as pool:
            for found in pool.map(work, range(THREADS)):
                assert found == (expected, expected, [True] * 3)
