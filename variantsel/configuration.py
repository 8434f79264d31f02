"""What the user set: environment variables, and ``[tool.variantsel]`` of pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from variantsel.errors import InvalidTarget
from variantsel.properties import NAMESPACE_PATTERN
from variantsel.target import Target

__all__ = ["Configuration", "load_configuration"]


@dataclass(frozen=True)
class Configuration:
    """What the user set.

    :ivar target_text: the target as written; empty for this machine.
    :ivar enabled: the namespaces whose optional providers are enabled.
    :ivar strict: whether broken variant metadata is an error rather than a notice.
    :ivar origin: where the target was set, for messages.
    """

    target_text: str = ""
    enabled: frozenset[str] = frozenset()
    strict: bool = False
    origin: str = ""

    @cached_property
    def target(self) -> Target:
        """The machine to install for.

        :raises InvalidTarget: when there is no such machine or file, naming where it was set.
        """
        if not self.target_text:
            return Target.host()
        try:
            return Target.resolve(self.target_text)
        except InvalidTarget as error:
            raise InvalidTarget(f"{self.origin}: {error}") from None


def load_configuration(
    directory: Path | None = None, environ: Mapping[str, str] | None = None
) -> Configuration:
    """Read ``VARIANTSEL_TARGET``, ``VARIANTSEL_ENABLE`` (namespaces, separated by commas),
    ``VARIANTSEL_STRICT``, and the keys ``target``, ``enable`` and ``strict`` of
    ``[tool.variantsel]`` in the nearest pyproject.toml at or above a directory.

    A variable that is set, even to nothing, wins over the file; a target file named in
    pyproject.toml is relative to it.

    :param directory: the current directory where ``None``.
    :param environ: :data:`os.environ` where ``None``.
    :raises InvalidTarget: when a setting cannot be used, naming the file or variable.
    """
    environ = os.environ if environ is None else environ
    path, table = _pyproject_table(Path.cwd() if directory is None else directory)
    place = f"{path}: tool.variantsel"
    target_text, origin = _text(table, "target", place), f"{place}.target"
    if target_text.endswith(".toml") and path is not None:
        target_text = str(path.parent / target_text)
    if "VARIANTSEL_TARGET" in environ:
        target_text, origin = environ["VARIANTSEL_TARGET"].strip(), "VARIANTSEL_TARGET"
    enabled = _namespaces(table.get("enable", []), f"{place}.enable")
    if "VARIANTSEL_ENABLE" in environ:
        listed = [item.strip() for item in environ["VARIANTSEL_ENABLE"].split(",")]
        enabled = _namespaces([item for item in listed if item], "VARIANTSEL_ENABLE")
    strict = _flag(table, "strict", place)
    if "VARIANTSEL_STRICT" in environ:
        strict = environ["VARIANTSEL_STRICT"].strip() not in ("", "0")
    return Configuration(target_text, enabled, strict, origin)


def _pyproject_table(directory: Path) -> tuple[Path | None, Mapping[str, Any]]:
    from variantsel.target_file import read_toml

    for folder in (directory, *directory.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            content = read_toml(path)
            tool = content.get("tool", {})
            table = tool.get("variantsel", {}) if isinstance(tool, dict) else {}
            if not isinstance(table, dict):
                raise InvalidTarget(f"{path}: tool.variantsel: expected a table")
            return path, table
    return None, {}


def _text(table: Mapping[str, Any], key: str, place: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise InvalidTarget(f"{place}.{key}: found {value!r:.200}, expected text")
    return value


def _flag(table: Mapping[str, Any], key: str, place: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise InvalidTarget(f"{place}.{key}: found {value!r:.200}, expected true or false")
    return value


def _namespaces(value: Any, place: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(
        isinstance(item, str) and NAMESPACE_PATTERN.fullmatch(item) for item in value
    ):
        raise InvalidTarget(f"{place}: found {value!r:.200}, expected namespaces")
    return frozenset(value)
