"""The process between variantsel and a provider package: it sees to it that all of it ends.

Starts the processes that the package runs in, reads its answer from a pipe that nothing else writes
to, and ends every process that was started on the way, daemons included: those of a namespace with
its first process; without one, all that are in its group, which they cannot leave, in its control
group, and what descends from this process. What the package prints goes nowhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from variantsel.provider_host.attendant import STARTED, attend
from variantsel.provider_host.control_group import ControlGroup
from variantsel.provider_host.libc import prctl_if_known

TYPE_CHECKING = False  # typing takes long to load
if TYPE_CHECKING:
    from typing import Any

__all__ = ["main"]

_MAX_PROCESSES = 64
_COUNT_INTERVAL = 0.2
_SWEEP_TIME = 10.0
_TIME_TO_END = 0.02
"""In which those that were killed together are usually gone."""
_PAUSE = 0.001
_LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36


def main(text: str) -> None:
    """Run one query; prints ``{"answer": text}``, or ``{"failure": what went wrong}``.

    :param text: the request as JSON: what :func:`~variantsel.provider_host.worker.ask` takes, and
        ``time_limit`` in seconds, ``max_bytes`` of the answer, ``readable``, the files and folders
        to read. Where ``folder`` is ``None``, the answer is what a provider would be confined by.
    """
    request = json.loads(text)
    signal.signal(signal.SIGTERM, _stop)
    if _LINUX:
        prctl_if_known(_PR_SET_PDEATHSIG, signal.SIGTERM)
        prctl_if_known(_PR_SET_CHILD_SUBREAPER, 1)
    result = _run(request, apart=True) if _LINUX else None
    if result is None:
        result = _run(request, apart=False) or {"failure": "could not be started"}
    print(json.dumps(result), flush=True)


def _stop(*_: Any) -> None:
    raise SystemExit(1)


def _run(request: Mapping[str, Any], *, apart: bool) -> dict[str, str] | None:
    """Ask once; ``None`` where it was not started: there may be no namespaces to do it in."""
    reading, answer = os.pipe()
    ending, status = os.pipe()
    group = ControlGroup.made() if _LINUX else None
    first = os.fork()
    if first == 0:
        os.close(reading)
        os.close(ending)
        if group is not None:
            group.enter()
        attend(request, answer, status, apart=apart)
    os.close(answer)
    os.close(status)
    if _LINUX:
        prctl_if_known(_PR_SET_DUMPABLE, 0)  # nor can the provider write to this process
    try:
        return _listen(reading, ending, request["time_limit"], request["max_bytes"])
    finally:
        if group is not None:
            group.end()
        _end_all(first)
        if group is not None:
            group.remove()
        os.close(reading)
        os.close(ending)


def _listen(answer: int, ending: int, time_limit: float, max_bytes: int) -> dict[str, str] | None:
    content, status = bytearray(), bytearray()
    waiting = {answer: content, ending: status}
    deadline = time.monotonic() + time_limit
    next_count = time.monotonic() + _COUNT_INTERVAL
    while ending in waiting:
        now = time.monotonic()
        if now > deadline:
            return {"failure": f"did not answer within {time_limit:g} s"}
        if now > next_count:
            if len(_descendants()) > _MAX_PROCESSES:
                return {"failure": f"started more than {_MAX_PROCESSES} processes"}
            next_count = time.monotonic() + _COUNT_INTERVAL
        _read(waiting, min(deadline, next_count) - now)
        if len(content) > max_bytes:
            return {"failure": f"answered with more than {max_bytes} bytes"}
    while answer in waiting and _read(waiting, 0):
        if len(content) > max_bytes:
            return {"failure": f"answered with more than {max_bytes} bytes"}
    return _result(bytes(content), bytes(status))


def _read(waiting: dict[int, bytearray], seconds: float) -> bool:
    """Read what there is; a descriptor at its end is waited for no longer."""
    ready, _, _ = select.select(list(waiting), [], [], max(0, seconds))
    for descriptor in ready:
        block = os.read(descriptor, 1 << 16)
        waiting[descriptor] += block
        if not block:
            del waiting[descriptor]
    return bool(ready)


def _result(content: bytes, status: bytes) -> dict[str, str] | None:
    if not status.startswith(STARTED):
        return None
    ending = status[len(STARTED) :]
    if not ending:
        return {"failure": "ended the process it was asked from"}
    code = int(ending)
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else -code
        return {"failure": f"was ended by the signal {name}"}
    if code != 0 or not content:
        return {"failure": f"ended with exit status {code} before it had answered"}
    return {"answer": content.decode(errors="replace")}


def _end_all(first: int) -> None:
    """Kill the first process, its process group, and whatever got away from it."""
    with contextlib.suppress(OSError):
        os.killpg(first, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(first, signal.SIGKILL)  # it may not lead its group yet
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < _SWEEP_TIME:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return  # on Linux, whoever loses its parent becomes a child of this process
        time.sleep(_PAUSE)
        if elapsed < _TIME_TO_END:
            continue
        for process in _descendants():
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)


def _descendants() -> list[int]:
    """The processes that descend from this one, where ``/proc`` tells."""
    parents: dict[int, int] = {}
    with contextlib.suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    status = Path(entry.path, "stat").read_text(errors="replace")
                    state, parent = status.rpartition(")")[2].split()[:2]
                    if state != "Z":  # has ended, and waits for its parent to notice
                        parents[int(entry.name)] = int(parent)
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sorted(ours - {os.getpid()})
