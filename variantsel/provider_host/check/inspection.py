"""The process in which a check asks a provider: tells what it does, judges nothing.

A program by itself that uses the standard library only, so that a provider meets no module which
it does not bring.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

__all__ = ["FUNCTIONS", "main"]

FUNCTIONS = ("get_supported_configs", "get_all_configs")
"""The plugin interface (providers draft)."""

_MAX_FILE_BYTES = 16 * 1024 * 1024
_MAX_EFFECTS = 5
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_PROGRAM_EVENTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn")
_NETWORK_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname")


def main(endpoint: str, result: str, *search_path: str) -> None:
    """Inspect one provider.

    :param endpoint: ``module(:attribute.path)?``.
    :param result: the file to write what was seen to, as JSON (see :func:`_inspect`).
    :param search_path: the folders to import it from.
    """
    sys.path[:] = search_path
    sys.dont_write_bytecode = True
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    effects = _Effects()
    seen = _inspect(endpoint)
    seen["effects"] = effects.seen
    effects.stop()
    Path(result).write_text(json.dumps(seen), encoding="utf-8")


class _Effects:
    """What Python is made to do beside answering, as its audit events tell."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._watching = True
        sys.addaudithook(self._hook)

    def stop(self) -> None:
        self._watching = False

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching or len(self.seen) >= _MAX_EFFECTS:
            return
        what = ""
        if event in _PROGRAM_EVENTS:
            what = f"ran {arguments[0]!r:.60}"
        elif event in _NETWORK_EVENTS:
            what = f"used the network ({event})"
        elif event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING and path != os.devnull:
                what = f"wrote {path!r:.60}"
        if what and what not in self.seen:
            self.seen.append(what)


def _inspect(endpoint: str) -> dict[str, Any]:
    """``{"problem", "absent", "namespace", "instance", "functions", "seconds", "notices"}``.

    ``problem`` says why the endpoint could not be had; ``absent`` that its module does not exist;
    ``instance`` whether its class has to be instantiated; ``functions`` maps each name of
    `FUNCTIONS` to what `_called` tells, ``None`` where there is none; ``seconds`` is how long
    importing and the first answer took.
    """
    seen: dict[str, Any] = {"problem": "", "absent": False, "functions": {}, "notices": []}
    module, _, path = endpoint.partition(":")
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            plugin: Any = importlib.import_module(module)
            for name in path.split(".") if path else ():
                plugin = getattr(plugin, name)
        except BaseException as error:  # SystemExit as well
            seen["absent"] = (
                isinstance(error, ModuleNotFoundError)
                and error.name is not None
                and f"{module}.".startswith(f"{error.name}.")
            )
            seen["problem"] = _text(error)
            return seen
        seen["instance"] = inspect.isclass(plugin) and any(
            inspect.isfunction(inspect.getattr_static(plugin, name, None)) for name in FUNCTIONS
        )
        if seen["instance"]:
            try:
                plugin = plugin()
            except BaseException as error:
                seen["problem"] = _text(error)
                return seen
        namespace = getattr(plugin, "namespace", None)
        seen["namespace"] = None if namespace is None else _plain(namespace)
        for name in FUNCTIONS:
            function = getattr(plugin, name, None)
            seen["functions"][name] = _called(function) if callable(function) else None
            seen.setdefault("seconds", time.perf_counter() - started)
    seen["notices"] = [
        str(warning.message)
        for warning in caught
        if not issubclass(warning.category, (DeprecationWarning, ImportWarning, ResourceWarning))
    ]
    return seen


def _called(function: Any) -> dict[str, Any]:
    """``{"arguments", "problem", "type", "configs", "again"}``.

    ``arguments`` is how many it insists on, ``type`` that of its answer, ``configs`` what a list
    holds, ``again`` whether it answers the same when called again.
    """
    called: dict[str, Any] = {"arguments": 0, "problem": "", "type": "", "configs": []}
    try:
        parameters = inspect.signature(function).parameters.values()
        called["arguments"] = sum(
            parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            for parameter in parameters
        )
        # The first plugins were given the properties in question, or None.
        answers = [function(*[None] * called["arguments"]) for _ in range(2)]
        called["type"] = type(answers[0]).__name__
        described = [_configs(answer) for answer in answers]
    except BaseException as error:
        called["problem"] = _text(error)
        return called
    called["configs"], called["again"] = described[0], described[0] == described[1]
    return called


def _configs(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, (list, tuple)):
        return []
    return [
        {
            name: _plain(getattr(config, name))
            for name in ("name", "values", "multi_value")
            if hasattr(config, name)
        }
        for config in answer
    ]


def _plain(value: Any) -> Any:
    """A text, a bool or a list as it is; of anything else the type, as ``{"type": name}``."""
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {"type": type(value).__name__}


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


if __name__ == "__main__":
    main(*sys.argv[1:])
