"""What the extension does to memory: whether it gives it back, and what it does without."""

from __future__ import annotations

import gc
import os
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from support.repository import REPOSITORY

TESTS = Path(__file__).parent.parent
STATM = Path("/proc/self/statm")

measures_memory = pytest.mark.skipif(
    not STATM.exists() or "libasan" in os.environ.get("LD_PRELOAD", ""),
    reason="needs Linux's /proc, and an allocator that does not keep what is freed, as ASan's does",
)
builds_for_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="builds with the options of Linux compilers"
)


def assert_memory_stays_flat(calls: Iterable[Callable[[], object]], times: int) -> None:
    """Repeat calls, of which some may fail, and look at what they left behind.

    :param times: how often each is repeated; twice that, after a quarter to warm up.
    """
    prepared = list(calls)

    def repeat(times: int) -> None:
        for call in prepared:
            for _ in range(times):
                try:
                    call()
                except (TypeError, KeyError):
                    continue
        gc.collect()

    repeat(times // 4)
    blocks, pages = sys.getallocatedblocks(), resident_pages()
    repeat(times)
    assert sys.getallocatedblocks() - blocks < 250
    assert resident_pages() - pages < 256


def resident_pages() -> int:
    return int(STATM.read_text(encoding="ascii").split()[1])


def run_in_process(script: str, *arguments: str) -> None:
    """Run a script of its own: what it does to allocation must not reach this process."""
    process = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=TESTS,  # not the root, whose sources hold no built extension
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr


PYTHON_ALLOCATIONS = """
import _testcapi
from variantsel.ranking import _native
expected = ask(_native)
for failing in range(100_000):
    result = None
    _testcapi.set_nomemory(failing, failing + 1)
    try:
        result = ask(_native)
    except MemoryError:
        pass
    finally:
        _testcapi.remove_mem_hooks()
    if result is not None:
        assert result == expected
        assert failing > 100, failing
        break
else:
    raise AssertionError("never succeeded")
"""


def assert_python_allocations_may_fail(script: str, argument: str) -> None:
    """Let each of Python's allocations fail in turn: a MemoryError, or the right answer.

    :param script: defines ``ask(native)``, which returns an answer; ``sys.argv[1]`` is at hand.
    """
    pytest.importorskip("_testcapi", reason="this Python has no _testcapi")
    run_in_process(script + PYTHON_ALLOCATIONS, argument)


FAILING_ALLOCATOR = """
#include <limits.h>
#include <stdlib.h>
long allocations_left __attribute__((weak)) = LONG_MAX; /* one for all files */
static void *failing_malloc(size_t size)
{
    return allocations_left-- == 0 ? NULL : malloc(size);
}
static void *failing_realloc(void *memory, size_t size)
{
    return allocations_left-- == 0 ? NULL : realloc(memory, size);
}
#define malloc failing_malloc
#define realloc failing_realloc
"""

C_ALLOCATIONS = """
import ctypes, importlib.machinery, importlib.util
path = sys.argv[2]
loader = importlib.machinery.ExtensionFileLoader("variantsel.ranking._native", path)
native = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(native)
left = ctypes.c_long.in_dll(ctypes.CDLL(path), "allocations_left")
expected = ask(native)
for failing in range(100_000):
    left.value = failing
    try:
        result = ask(native)
    except MemoryError:
        continue
    assert left.value >= 0 and result == expected
    assert failing > 15, failing
    break
else:
    raise AssertionError("never succeeded")
"""


def assert_c_allocations_may_fail(script: str, argument: str, folder: Path) -> None:
    """Let each of the extension's own allocations fail in turn, as above."""
    run_in_process(script + C_ALLOCATIONS, argument, str(build_with_failing_allocator(folder)))


def native_sources() -> list[Path]:
    """The extension's sources, which an installed package does not hold."""
    folder = REPOSITORY / "variantsel" / "ranking" / "native"
    return sorted(folder.glob("*.c"))


def build_with_failing_allocator(folder: Path) -> Path:
    """Compile the extension so that a chosen one of its own allocations fails."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    header = folder / "failing_allocator.h"
    header.write_text(FAILING_ALLOCATOR, encoding="ascii")
    library = folder / "_native.so"
    include = sysconfig.get_paths()["include"]
    options = ["-shared", "-fPIC", *shlex.split(os.environ.get("CFLAGS", "")), f"-I{include}"]
    command = [*compiler, *options, "-include", str(header), *map(str, native_sources())]
    try:
        subprocess.run([*command, "-o", str(library)], check=True, capture_output=True, timeout=120)
    except FileNotFoundError:
        pytest.skip(f"no C compiler here ({compiler[0]})")
    return library
