"""The process between variantsel and a provider package: it sees to it that all of it ends.

Starts the worker in a session of its own, reads its answer from a pipe that nothing else writes to,
and ends every process that was started on the way, daemons included: on Linux they become children
of this process. What the package prints goes nowhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from variantsel.provider_host.confinement import confine
from variantsel.provider_host.worker import PluginProblem, ask

__all__ = ["main"]

_MAX_PROCESSES = 64
_COUNT_INTERVAL = 0.2
_SWEEP_TIME = 10.0
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main(text: str) -> None:
    """Run one query; prints ``{"answer": text}``, or ``{"failure": what went wrong}``.

    :param text: the request as JSON: what :func:`~variantsel.provider_host.worker.ask` takes, and
        ``time_limit`` in seconds, ``max_bytes`` of the answer, ``readable``, the folders to read.
    """
    request = json.loads(text)
    signal.signal(signal.SIGTERM, _stop)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        _work(request, writing, {1, 2, reading})
    os.close(writing)
    try:
        result = _listen(worker, reading, request["time_limit"], request["max_bytes"])
    finally:
        _end_all(worker)
    print(json.dumps(result), flush=True)


def _stop(*_: Any) -> None:
    raise SystemExit(1)


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


# -- the worker's side


def _work(request: Mapping[str, Any], answer: int, others: set[int]) -> None:
    """Ask the package, write the answer, end; never returns."""
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in others:
            os.dup2(nowhere, descriptor, inheritable=descriptor <= 2)
        confine(request["readable"], str(Path.cwd()), request["time_limit"])
        for name in [name for name in sys.modules if name.startswith("variantsel")]:
            del sys.modules[name]  # nor can anything beside it be imported
        sys.path.append(request["folder"])
        content = json.dumps(_described(request)).encode()
        with os.fdopen(answer, "wb") as file:
            file.write(content)
        status = 0
    finally:
        os._exit(status)


def _described(request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return ask(request)
    except PluginProblem as problem:
        return {"problem": str(problem)}
    except BaseException as error:  # SystemExit as well: whatever it does is an answer
        return {"problem": f"failed ({type(error).__name__}: {str(error)[:300]})"}


# -- this side


def _listen(worker: int, pipe: int, time_limit: float, max_bytes: int) -> dict[str, str]:
    deadline = time.monotonic() + time_limit
    next_count = 0.0
    content = b""
    status: int | None = None
    while True:
        ready, _, _ = select.select([pipe], [], [], 0 if status is not None else 0.1)
        if ready:
            block = os.read(pipe, 1 << 16)
            content += block
            if len(content) > max_bytes:
                return {"failure": f"answered with more than {max_bytes} bytes"}
        if status is None:
            # Where the pipe has been closed, the end is near: wait for it.
            status = _exit_status(worker, wait=bool(ready and not block))
        elif not ready or not block:
            break
        now = time.monotonic()
        if now > deadline:
            return {"failure": f"did not answer within {time_limit:g} s"}
        if now > next_count:
            next_count = now + _COUNT_INTERVAL
            if len(_descendants()) > _MAX_PROCESSES:
                return {"failure": f"started more than {_MAX_PROCESSES} processes"}
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else -status
        return {"failure": f"was ended by the signal {name}"}
    if status != 0 or not content:
        return {"failure": f"ended with exit status {status} before it had answered"}
    return {"answer": content.decode(errors="replace")}


def _exit_status(worker: int, *, wait: bool) -> int | None:
    deadline = time.monotonic() + (1 if wait else 0)
    while True:
        pid, status = os.waitpid(worker, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.001)


def _end_all(worker: int) -> None:
    """Kill the worker, its process group, and whatever got away from it."""
    with contextlib.suppress(OSError):
        os.killpg(worker, signal.SIGKILL)
    deadline = time.monotonic() + _SWEEP_TIME
    while time.monotonic() < deadline:
        left = _descendants()
        for process in left:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            if not left:
                return
        time.sleep(0.005)


def _descendants() -> list[int]:
    """The processes that descend from this one, where ``/proc`` tells."""
    parents: dict[int, int] = {}
    with contextlib.suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    status = Path(entry.path, "stat").read_text(errors="replace")
                    parents[int(entry.name)] = int(status.rpartition(")")[2].split()[1])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sorted(ours - {os.getpid()})
