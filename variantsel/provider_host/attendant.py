"""The processes between the one that watches and the provider's: they confine it and wait for it.

In namespaces the first process is special: it ends all others when it ends, takes in who has lost
its parent, and no signal from inside reaches it. So the provider's process is its child.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from variantsel.provider_host.confinement import confine
from variantsel.provider_host.devices import STANDARD_DEVICES, accelerator_devices
from variantsel.provider_host.file_view import enter_view
from variantsel.provider_host.libc import prctl_if_known
from variantsel.provider_host.namespaces import enter_namespaces
from variantsel.provider_host.privileges import own_user
from variantsel.provider_host.task_limit import other_tasks
from variantsel.provider_host.worker import PluginProblem, ask

TYPE_CHECKING = False  # typing takes long to load
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["STARTED", "attend"]

STARTED = b"started "
_LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4


def attend(request: Mapping[str, Any], answer: int, status: int, *, apart: bool) -> NoReturn:
    """Run the provider, write how its process ended, and end.

    :param request: as for :func:`variantsel.provider_host.supervisor.main`.
    :param answer: the descriptor for what the provider says.
    :param status: the descriptor for :data:`STARTED`, and then the exit code of its process, as
        text, below zero for a signal.
    :param apart: whether to do it in namespaces of their own. Where they cannot be had, nothing is
        started.
    """
    try:
        _leave_the_caller()
        user = own_user()
        others = other_tasks(apart=apart, own_user=user is not None)
        devices = [*STANDARD_DEVICES, *accelerator_devices()] if _LINUX else []
        if not apart or _enter_apart(request, devices, user):
            os.write(status, STARTED)
            _close_to_others()
            worker = os.fork()
            if worker == 0:
                os.close(status)
                _work(request, answer, devices, apart=apart, user=user, others=others)
            os.close(answer)
            os.write(status, str(_exit_code(worker)).encode())
    finally:
        os._exit(0)


def _leave_the_caller() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setsid()  # of which no terminal is part
    _end_with_parent()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _end_with_parent() -> None:
    if _LINUX:
        prctl_if_known(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _close_to_others() -> None:
    """Let no other process of this user look into this one, or write to it."""
    if _LINUX:
        prctl_if_known(_PR_SET_DUMPABLE, 0)


def _enter_apart(request: Mapping[str, Any], devices: Sequence[str], user: int | None) -> bool:
    """Be the first process of new namespaces from here on; ``False`` where they cannot be had."""
    try:
        enter_namespaces()
        first = os.fork()
        if first:
            os.waitpid(first, 0)
            os._exit(0)
        _end_with_parent()
        readable = [*request["readable"], *filter(None, [request["folder"]])]
        enter_view(readable, devices, str(Path.cwd()), user)
    except OSError:
        return False
    return True


def _exit_code(worker: int) -> int:
    while True:
        process, status = os.wait()
        if process == worker:
            return os.waitstatus_to_exitcode(status)


# -- the provider's own process


def _work(
    request: Mapping[str, Any],
    answer: int,
    devices: Sequence[str],
    *,
    apart: bool,
    user: int | None,
    others: int,
) -> NoReturn:
    """Ask the package, write the answer, end."""
    status = 1
    try:
        _end_with_parent()
        if _LINUX:
            prctl_if_known(_PR_SET_DUMPABLE, 1)
        confinement = confine(request, devices, apart=apart, user=user, others=others)
        for name in [name for name in sys.modules if name.startswith("variantsel")]:
            del sys.modules[name]  # nor can anything beside it be imported
        if request["folder"] is None:
            described: object = asdict(confinement)
        else:
            sys.path.append(request["folder"])
            described = _described(request)
        with os.fdopen(answer, "wb") as file:
            file.write(json.dumps(described).encode())
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
