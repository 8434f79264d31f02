"""variantsel for a Python that it is not installed in, lent by one that it is.

The modules are read where they lie; nothing is copied, no folder comes onto :data:`sys.path`, and
pip lists nothing that is lent. The hook runs the text of this file in the other Python, so it
stands by itself.
"""

from __future__ import annotations

import importlib.util
import os
import sys

TYPE_CHECKING = False  # what type checkers take for typing's, which takes long to load
if TYPE_CHECKING:
    from typing import Any

__all__ = ["borrow", "describe_lender"]

_MODULES = ("variantsel", "variantsel_providers", "packaging", "archspec", "pynvml", "tomli")
"""variantsel and what it needs."""


def describe_lender() -> dict[str, Any]:
    """Where this Python has variantsel and its requirements.

    :returns: for :func:`borrow`, in JSON's types: ``lending``, this file; ``python``; ``path``,
        what that Python's lacks when it is isolated; ``modules``, where each lies.
    """
    from variantsel.python_process import variantsel_path

    modules = {}
    for name in _MODULES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            modules[name] = spec.origin
    return {
        "lending": os.path.abspath(__file__),  # noqa: PTH100  pathlib would have to be loaded
        "python": sys.executable,
        "path": variantsel_path(),
        "modules": modules,
    }


def borrow(lender: dict[str, Any]) -> None:
    """Make what a lender has importable here.

    :param lender: what :func:`describe_lender` answered there.
    """
    sys.meta_path.insert(0, _LentModules(lender["modules"]))
    from variantsel.provider_host import interpreter

    interpreter.ask_with(lender["python"], lender["path"])


class _LentModules:
    """A finder of the lender's modules and of no others."""

    def __init__(self, modules: dict[str, str]) -> None:
        self._modules = modules

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        del path, target
        origin = self._modules.get(name)
        if origin is None and name == "tomli":  # a lender that is newer has none; every pip has
            vendored = importlib.util.find_spec("pip._vendor.tomli")
            origin = vendored.origin if vendored is not None else None
        if origin is None:
            return None
        folder, _, file = origin.replace("\\", "/").rpartition("/")
        is_package = file.startswith("__init__.")
        return importlib.util.spec_from_file_location(
            name, origin, submodule_search_locations=[folder] if is_package else None
        )
