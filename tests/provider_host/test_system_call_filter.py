"""The filter of system calls: its numbers. What it refuses is in ``test_promises.py``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from variantsel.provider_host.system_call_numbers import FIRST_UNKNOWN, NUMBERS

HEADERS = {
    0: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    1: Path("/usr/include/asm-generic/unistd.h"),
}
"""The kernel's own lists: of x86-64, and the one that aarch64 takes over."""


@pytest.mark.parametrize("machine", HEADERS, ids=["x86_64", "aarch64"])
def test_the_numbers_are_the_kernels(machine: int) -> None:
    if not HEADERS[machine].is_file():
        pytest.skip(f"there is no {HEADERS[machine]}")
    defined = re.findall(
        r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text(encoding="utf-8")
    )
    known = {name: int(number) for name, number in defined}
    ours = {name: numbers[machine] for name, numbers in NUMBERS.items()}
    newer = {name for name in ours if name not in known and ours[name] is not None}
    assert newer <= {"fchmodat2"}, "in no header of this age"
    assert {name: known.get(name) for name in ours if name not in newer} == {
        name: ours[name] for name in ours if name not in newer
    }
    assert max(number for number in ours.values() if number is not None) < FIRST_UNKNOWN
