"""Running the inspection of a provider: once, in a process and in empty folders of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from variantsel.provider_host.check import inspection
from variantsel.python_process import start_python

__all__ = ["Run", "run_inspection"]

_MAX_OUTPUT_BYTES = 4096


@dataclass(frozen=True)
class Run:
    """One process.

    :ivar seen: what the inspection saw; ``None`` where it ended without a word.
    :ivar ending: how, then.
    :ivar printed: the beginning of its standard output.
    :ivar complained: the beginning of its standard error.
    :ivar left: the files it left behind.
    """

    seen: Mapping[str, Any] | None
    ending: str = ""
    printed: str = ""
    complained: str = ""
    left: tuple[str, ...] = ()

    @property
    def last_words(self) -> str:
        """How it ended, and the last line it wrote."""
        last = self.complained.rpartition("\n")[2][:200]
        return f"{self.ending} ({last})" if last else self.ending


def run_inspection(
    endpoint: str, path: Sequence[str], time_limit: float, environment: Mapping[str, str]
) -> Run:
    """Inspect a provider.

    :param path: the folders to import it from.
    :param time_limit: seconds.
    :param environment: its variables, apart from the folders to write to.
    """
    with tempfile.TemporaryDirectory(prefix="variantsel-check-") as name:
        folder = Path(name)
        work = folder / "work"
        work.mkdir()
        result = folder / "result.json"
        own = {key: str(work) for key in ("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME")}
        command = [inspection.__file__, endpoint, str(result), *path]
        with open(folder / "out", "w+b") as out, open(folder / "err", "w+b") as err:
            process = start_python(
                command,
                folder=str(work),
                env={**environment, **own},
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            ending = _ending(process, time_limit)
            printed, complained = _beginning(out), _beginning(err)
        seen = None
        with contextlib.suppress(OSError, ValueError):
            seen = json.loads(result.read_bytes())
        if seen is None and not ending:
            ending = "it ended the process before it had answered"
        return Run(
            seen, ending, printed, complained, tuple(sorted(path.name for path in work.iterdir()))
        )


def _ending(process: subprocess.Popen[bytes], time_limit: float) -> str:
    """Wait for a process and end whatever is left of it; says what went wrong."""
    try:
        code = process.wait(time_limit)
    except subprocess.TimeoutExpired:
        return f"it did not answer within {time_limit:g} s"
    finally:
        with contextlib.suppress(OSError, AttributeError):
            os.killpg(process.pid, signal.SIGKILL)  # its children too, where there are groups
        process.kill()
        process.wait()
    return f"it was ended by signal {-code}" if code < 0 else ""


def _beginning(file: Any) -> str:
    file.seek(0)
    return str(file.read(_MAX_OUTPUT_BYTES).decode(errors="replace")).strip()
