"""The process a provider package runs in: find the plugin, ask it, describe its answer.

Only the standard library and the package are on the path here; nothing of variantsel is.
"""

from __future__ import annotations

import importlib
import inspect
import re
import warnings
from collections.abc import Mapping
from importlib.machinery import PathFinder

TYPE_CHECKING = False  # typing takes long to load
if TYPE_CHECKING:
    from typing import Any

__all__ = ["PluginProblem", "ask"]

_METHOD = "get_supported_configs"
_REFERENCE = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(?::\s*([A-Za-z_][\w.]*))?\s*(?:\[.*\])?\s*")


class PluginProblem(Exception):
    """The plugin cannot be asked; the text completes "The provider ..."."""


def ask(request: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the plugin of a package.

    :param request: ``folder``, where the packages are; ``plugin_api``, the plugin's object
        reference; ``namespace``, the one that is asked about, or ``None`` for the plugin's own,
        where it has one.
    :returns: ``{"plugins": [{"namespace": ..., "configs": [...]}], "notices": [text, ...]}``.
    :raises PluginProblem: when there is no such plugin, or it is no plugin.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plugin = _plugin(request)
        own = _namespace(plugin)
        answers = []
        if own or request["namespace"] is not None:
            answers.append({"namespace": own, "configs": _configs(plugin)})
    notices = [
        str(warning.message)
        for warning in caught
        # What is meant for the user; not what Python has to say about the package's code.
        if issubclass(warning.category, (UserWarning, RuntimeWarning))
    ]
    return {"plugins": answers, "notices": notices}


def _plugin(request: Mapping[str, Any]) -> Any:
    """The plugin, if it may answer for the namespace (providers draft, API endpoint)."""
    plugin = _load(request["plugin_api"], request["folder"])
    if not callable(getattr(plugin, _METHOD, None)):
        raise PluginProblem(f"has no {_METHOD}() at {request['plugin_api']!r:.80}")
    own, namespace = _namespace(plugin), request["namespace"]
    if namespace is not None and own is not None and own != namespace:
        raise PluginProblem(f"answers for the namespace {own!r:.60}, not for {namespace!r}")
    return plugin


def _load(reference: str, folder: str) -> Any:
    """``module(:attribute.path)?``, an instance where it is a class whose methods want one."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise PluginProblem(f"is said to be at {reference!r:.80}, which is no object reference")
    module, path = match.groups()
    # What the package is asked through is part of it, not whatever Python can import.
    if PathFinder.find_spec(module.partition(".")[0], [folder]) is None:
        raise PluginProblem(f"has no module {module!r:.80}")
    found = importlib.import_module(module)
    for name in path.split(".") if path else ():
        found = getattr(found, name)
    if inspect.isclass(found):
        method = inspect.getattr_static(found, _METHOD, None)
        if inspect.isfunction(method):
            return found()
    return found


def _namespace(plugin: Any) -> Any:
    return getattr(plugin, "namespace", None)


def _configs(plugin: Any) -> list[dict[str, Any]]:
    method = getattr(plugin, _METHOD)
    parameters = inspect.signature(method).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = [p for p in parameters if p.default is p.empty and p.kind in positional]
    # The first plugins were given the properties in question, or None.
    configs = method(*[None] * len(required))
    if not isinstance(configs, (list, tuple)):
        raise PluginProblem(f"answered with {_kind(configs)} from {_METHOD}(), expected a list")
    return [_config(config) for config in configs]


def _config(config: Any) -> dict[str, Any]:
    for attribute in ("name", "values"):
        if not hasattr(config, attribute):
            raise PluginProblem(
                f"answered with {_kind(config)} among its features, which has no {attribute!r}"
            )
    values = config.values
    if not isinstance(values, (list, tuple)):
        raise PluginProblem(
            f"answered with {_kind(values)} as the values of {config.name!r:.60}, expected a list"
        )
    return {
        "name": _plain(config.name),
        "values": [_plain(value) for value in values],
        # Older plugins have none.
        "multi_value": _plain(getattr(config, "multi_value", False)),
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise PluginProblem(f"answered with {_kind(value)}, expected text")


def _kind(value: Any) -> str:
    return f"an object of the type {type(value).__name__!r:.60}"
