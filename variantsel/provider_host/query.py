"""Asking a provider package, in a process of its own that is told little and trusted with nothing.

The environment variables it sees are those that drivers and their tools go by; its working folder,
its home and its temporary folder are one empty folder that is removed afterwards.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from variantsel.errors import PluginFailure
from variantsel.provider_host.answer import InvalidAnswer, PluginAnswer, one_line, read_answer
from variantsel.provider_host.reachable import readable_paths
from variantsel.provider_host.removal import remove
from variantsel.python_process import start_python

__all__ = ["TIME_LIMIT", "Query", "confinement", "passed_variables", "query"]

TIME_LIMIT = 30.0
"""Seconds a provider package may take; drivers of many GPUs can need several."""

MAX_BYTES = 1024 * 1024
"""Of an answer."""

_GRACE = 15.0
"""Seconds on top, in which the supervisor ends what the package started."""

_PASSED = re.compile(
    r"PATH|LANG|LANGUAGE|LC_[A-Z]+|LD_LIBRARY_PATH"
    r"|(CUDA|NVIDIA|ROCR|HIP|GPU|ZE|ONEAPI|ASCEND|ASCEND_RT|TPU)_(VISIBLE_[A-Z]+|DEVICE_[A-Z]+)"
    r"|(CUDA|ROCM|HIP|ASCEND|ASCEND_TOOLKIT|CANN|ONEAPI)_(PATH|HOME|HOME_PATH|ROOT)"
    r"|ZE_AFFINITY_MASK|ZE_FLAT_DEVICE_HIERARCHY"
    r"|[A-Z0-9_]+_VARIANT_PROVIDER_[A-Z0-9_]+|ROCM_BOOTSTRAP_[A-Z0-9_]+"
)
_START = """\
import sys
folder = sys.argv[1]
sys.path.append(folder)
from variantsel.provider_host import supervisor
sys.path.remove(folder)
supervisor.main(sys.argv[2])
"""


@dataclass(frozen=True)
class Query:
    """What to ask whom.

    :ivar folder: where the package is unpacked.
    :ivar package: its normalized name.
    :ivar plugin_api: its plugin's object reference, which the user trusts.
    :ivar namespace: what to ask about; ``None`` for what its plugin calls its own.
    """

    folder: Path
    package: str
    plugin_api: str
    namespace: str | None


def query(question: Query, time_limit: float = TIME_LIMIT) -> list[PluginAnswer]:
    """Run the package once.

    :param time_limit: seconds.
    :returns: one answer; or none, where no namespace is asked about and it has none of its own.
    :raises PluginFailure: when it gives none that can be used, in a line.
    """
    text = _run({**vars(question), "folder": str(question.folder)}, time_limit)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise PluginFailure("gave an answer that is no answer at all") from None
    if isinstance(document, dict) and isinstance(document.get("problem"), str):
        raise PluginFailure(one_line(document["problem"])[:400])
    try:
        return read_answer(document)
    except InvalidAnswer as error:
        raise PluginFailure(str(error)) from None


def passed_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that a provider package gets to see."""
    return {name: value for name, value in environ.items() if _PASSED.fullmatch(name)}


def confinement() -> dict[str, Any]:
    """What a provider package would be confined by: the fields of ``confinement.Confinement``.

    :raises PluginFailure: when it cannot be told.
    """
    nobody = {"folder": None, "plugin_api": None, "namespace": None}
    found: dict[str, Any] = json.loads(_run(nobody, TIME_LIMIT))
    return found


def _run(question: Mapping[str, str | None], time_limit: float) -> str:
    if not hasattr(os, "fork"):
        raise PluginFailure("is not asked: provider packages run on POSIX systems only")
    variables = passed_variables(os.environ)
    request = {
        **question,
        "time_limit": time_limit,
        "max_bytes": MAX_BYTES,
        "readable": readable_paths(variables),
    }
    ours = str(Path(__file__).parents[2])
    arguments = ["-S", "-B", "-c", _START, ours, json.dumps(request)]
    folder = os.path.realpath(tempfile.mkdtemp(prefix="variantsel-"))
    try:
        process = start_python(
            arguments,
            folder=folder,
            env={**variables, "HOME": folder, "TMPDIR": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        output = _finish(process, time_limit + _GRACE)
    except OSError as error:
        raise PluginFailure(f"could not be started ({error})") from None
    finally:
        remove(Path(folder))
    try:
        result = json.loads(output)
        failure, answer = result.get("failure"), result.get("answer")
    except (ValueError, AttributeError):
        raise PluginFailure(f"ended the process it was asked from ({process.returncode})") from None
    if failure is not None:
        raise PluginFailure(str(failure))
    return str(answer)


def _finish(process: subprocess.Popen[bytes], time_limit: float) -> bytes:
    try:
        return process.communicate(timeout=time_limit)[0]
    except subprocess.TimeoutExpired:
        raise PluginFailure(f"did not end within {time_limit:g} s") from None
    finally:
        if process.poll() is None:  # also where the user has had enough
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
