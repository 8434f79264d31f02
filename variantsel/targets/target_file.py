"""Target files: a machine written down as TOML."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from variantsel.errors import InvalidTarget
from variantsel.formats.toml_file import InvalidToml, read_toml
from variantsel.targets.target import StaticProperties, Target, expand_platform

__all__ = [
    "MARKER_VARIABLES",
    "read_target_file",
    "render_target_file",
    "write_target_file",
]

MARKER_VARIABLES = (
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
)


_MAX_TEXT = 256
"""Characters of a marker variable's value."""
_MAX_PLATFORMS = 256
"""Each may stand for a hundred."""


def read_target_file(path: Path) -> Target:
    """See :meth:`variantsel.Target.from_file`."""
    try:
        content = read_toml(path)
    except InvalidToml as error:
        raise InvalidTarget(str(error)) from None
    unknown = sorted(content.keys() - {"environment", "tags", "properties"})
    if unknown:
        some = ", ".join(key[:80] for key in unknown[:5])
        raise InvalidTarget(
            f"{path}: found {some}; a target file holds the tables [environment], [tags] and "
            "[properties.NAMESPACE]"
        )
    try:
        return Target(
            str(path),
            StaticProperties(content.get("properties", {})),
            environment=_environment(content.get("environment", {})),
            platforms=_platforms(content.get("tags", {})),
        )
    except InvalidTarget as error:
        raise InvalidTarget(f"{path}: {error}") from None


def _environment(table: Any) -> dict[str, str]:
    if not isinstance(table, dict):
        raise InvalidTarget(f"environment: found {table!r:.200}, expected a table")
    for variable, value in table.items():
        if variable not in MARKER_VARIABLES:
            raise InvalidTarget(
                f"environment: {variable!r:.80} is not a marker variable; known are "
                f"{', '.join(MARKER_VARIABLES)}"
            )
        if not isinstance(value, str):
            raise InvalidTarget(f"environment.{variable}: found {value!r:.200}, expected text")
        if len(value) > _MAX_TEXT:
            raise InvalidTarget(
                f"environment.{variable}: found {len(value)} characters, expected at most "
                f"{_MAX_TEXT}"
            )
    return table


def _platforms(table: Any) -> list[str] | None:
    if not isinstance(table, dict) or table.keys() - {"platforms"}:
        raise InvalidTarget(
            f"tags: found {table!r:.200}, expected a table with the list 'platforms' "
            '(platforms = ["manylinux_2_35_aarch64"])'
        )
    platforms = table.get("platforms")
    if platforms is None:
        return None
    if (
        not isinstance(platforms, list)
        or not platforms
        or not all(
            isinstance(tag, str) and tag.isascii() and tag.replace("_", "").isalnum()
            for tag in platforms
        )
    ):
        raise InvalidTarget(
            f"tags.platforms: found {platforms!r:.200}, expected a list of platform tags"
        )
    if len(platforms) > _MAX_PLATFORMS:
        raise InvalidTarget(
            f"tags.platforms: found {len(platforms)} tags, expected at most {_MAX_PLATFORMS}; a "
            "manylinux tag stands for all older ones"
        )
    return platforms


def write_target_file(target: Target, path: Path, *, replace: bool = False) -> None:
    """Write a target to a file that :meth:`variantsel.Target.from_file` reads.

    :param replace: whether a file that is there already may be replaced.
    :raises InvalidTarget: when the file is there, or cannot be written.
    """
    text = render_target_file(target)
    try:
        with path.open("w" if replace else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InvalidTarget(f"{path}: the file is there already; --force replaces it") from None
    except OSError as error:
        raise InvalidTarget(f"{path}: {error.strerror or error}") from None


def render_target_file(target: Target) -> str:
    """The text of a target file; the same machine always gives the same text.

    This machine is written down whole: all marker variables, platform tags and properties. Of any
    other target it is what was said of it: a named machine's file says nothing of Python, and
    leaves that to whoever reads it.
    """
    environment = target.environment if target.is_host else target.stated_environment
    platforms = target.platforms if target.is_host else target.stated_platforms
    lines = [f"# {target.name}: what wheels are chosen for, written by variantsel."]
    if environment:
        lines += ["", "[environment]"]
        lines += [f"{name} = {_quoted(environment[name])}" for name in sorted(environment)]
    if platforms is not None:
        lines += ["", "[tags]", *_list("platforms", _shortest(platforms))]
    for namespace, features in target.all_properties().items():
        lines += ["", f"[properties.{namespace}]"]
        for feature, values in features.items():
            lines += _list(feature, values)
    return "\n".join(lines) + "\n"


def _shortest(platforms: Sequence[str]) -> Sequence[str]:
    """Without the tags that those before them stand for, where that says the same."""
    entries: list[str] = []
    expanded: dict[str, None] = {}
    for tag in platforms:
        if tag not in expanded:
            entries.append(tag)
            expanded.update(dict.fromkeys(expand_platform(tag)))
    return entries if list(expanded) == list(platforms) else platforms


def _list(name: str, values: Sequence[str]) -> Iterator[str]:
    quoted = ", ".join(map(_quoted, values))
    line = f"{name} = [{quoted}]"
    if len(line) <= 100:
        yield line
        return
    yield f"{name} = ["
    yield from textwrap.wrap(
        f"{quoted},", 100, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )
    yield "]"


def _quoted(text: str) -> str:
    """A TOML basic string, which JSON's is too, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
