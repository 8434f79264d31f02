"""uv as a peer: what its wheel-variants preview adds to a whole run on the same index."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from support.wheels import write_wheel

from benchmarks.measurement import Difference, in_turns

__all__ = ["publish", "uv_difference", "uv_label"]

PROJECT = "crowded"
VERSION = "1.0"
TAG = "py3-none-any"


def publish(index: Path, metadata: Mapping[str, Any], document: bytes, chosen: str) -> None:
    """Make a folder of wheels for ``--find-links``: one a variant and one that is none.

    :param chosen: the label that is best; only its wheel is ever opened, the others are empty.
    """
    index.mkdir()
    (index / f"{PROJECT}-{VERSION}-variants.json").write_bytes(document)
    for label in metadata["variants"]:
        (index / f"{PROJECT}-{VERSION}-{TAG}-{label}.whl").touch()
    write_wheel(index, PROJECT, VERSION)
    write_wheel(index, PROJECT, VERSION, label=chosen, variant_json=metadata)


def uv_label(index: Path) -> str:
    """The label that uv selects; empty for the non-variant wheel."""
    log = _run(index, "--preview-features", "wheel-variants", "--verbose")
    line = next(line for line in log.splitlines() if "Selecting: " in line)
    name = line.rpartition("(")[2].removesuffix(")").removesuffix(".whl")
    return name.partition(f"-{TAG}")[2].removeprefix("-")


def uv_difference(index: Path, rounds: int) -> Difference | None:
    """What the preview adds to the wall time of ``uv pip install --dry-run``; ``None`` without uv.

    With the preview off, uv lists the same folder and takes the wheel that is no variant.
    """
    if _uv() is None:
        return None
    times = in_turns(
        {
            "with": _timed(index, "--preview-features", "wheel-variants"),
            "without": _timed(index),
        },
        rounds,
    )
    return Difference.between(times["with"], times["without"])


def _timed(index: Path, *options: str) -> Callable[[], float]:
    def action() -> float:
        started = time.perf_counter()
        _run(index, *options)
        return time.perf_counter() - started

    return action


def _run(index: Path, *options: str) -> str:
    command = [
        *(str(_uv()), "pip", "install", "--dry-run", "--no-deps"),
        *("--no-config", "--no-cache", "--no-progress", "--color", "never"),
        *("--python", sys.executable, "--no-index", "--find-links", str(index)),
        *(PROJECT, *options),
    ]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_", "NV_VARIANT_", "VIRTUAL_ENV", "CONDA_"))
    }
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"uv failed: {run.stderr}")
    return run.stderr


def _uv() -> str | None:
    try:
        import uv
    except ImportError:
        return None
    return uv.find_uv_bin()
