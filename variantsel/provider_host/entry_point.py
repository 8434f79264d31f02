"""The plugin that a provider package is asked through: the one that its own files name.

Known before anything of the package runs, and part of what the user trusts: metadata of a release
may name the plugin, too, but only as a choice among what is trusted.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from configparser import ConfigParser, Error
from pathlib import Path

from variantsel.errors import PluginFailure, UntrustedPlugin

__all__ = ["default_module", "normalized_reference", "plugin_of"]

_GROUP = "variant_plugins"
_REFERENCE = re.compile(
    r"\s*([A-Za-z_][\w.]*)\s*(?::\s*([A-Za-z_][\w.]*))?\s*(?:\[.*\])?\s*", re.ASCII
)
_MAX_BYTES = 1024 * 1024


def normalized_reference(text: str) -> str:
    """An object reference as it is compared, ``module`` or ``module:attribute.path``.

    :raises UntrustedPlugin: when it is none.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise UntrustedPlugin(
            f"found {text!r:.80}, expected where a plugin is: MODULE or MODULE:ATTRIBUTE"
        )
    return ":".join(part for part in match.groups() if part)


def default_module(package: str) -> str:
    """The module that is a package's plugin where nothing else is said (providers draft, API
    endpoint).

    :param package: its normalized name.
    """
    return package.replace("-", "_")


def plugin_of(wheel: Path, package: str) -> str:
    """The plugin of a package: what its entry point in ``variant_plugins`` names; the module of the
    package's name where it has no such entry point.

    :param wheel: the package's own.
    :param package: its normalized name.
    :raises PluginFailure: when there is none, or more than one.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            declared = _declared(archive)
            names = archive.namelist()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, Error) as error:
        raise PluginFailure(f"cannot be used: {wheel.name}: {error!s:.200}") from None
    if len(declared) == 1:
        return declared[0]
    if declared:
        raise PluginFailure(
            f"declares {len(declared)} plugins ({', '.join(declared)[:200]}), and one can be "
            f"trusted: 'variantsel trust {package} --plugin-api {declared[0]}', say"
        )
    module = default_module(package)
    if not any(name.startswith((f"{module}/", f"{module}.")) for name in names):
        raise PluginFailure(
            f"declares no plugin as an entry point, and has no module {module}: if its makers say "
            f"where it is, 'variantsel trust {package} --plugin-api MODULE:ATTRIBUTE'"
        )
    return module


def _declared(archive: zipfile.ZipFile) -> list[str]:
    """What the entry points of our group name, each once."""
    for name in archive.namelist():
        if name.count("/") == 1 and name.endswith(".dist-info/entry_points.txt"):
            with archive.open(name) as file:
                text = file.read(_MAX_BYTES).decode("utf-8")
            break
    else:
        return []
    parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False, default_section="")
    parser.read_string(text)
    if not parser.has_section(_GROUP):
        return []
    try:
        references = [normalized_reference(value) for _, value in parser.items(_GROUP)]
    except UntrustedPlugin as error:
        raise PluginFailure(f"cannot be used: its entry points in {_GROUP}: {error}") from None
    return list(dict.fromkeys(references))
