"""Target files: a machine written down as TOML."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from variantsel.errors import InvalidTarget
from variantsel.target import StaticProperties, Target

__all__ = ["MARKER_VARIABLES", "read_target_file", "read_toml"]

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


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    :raises InvalidTarget: when it cannot be read or is not TOML, naming the file.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidTarget(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InvalidTarget(f"{path}: byte {error.start} is not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidTarget(f"{path}: not TOML: {error}") from None


def read_target_file(path: Path) -> Target:
    """See :meth:`variantsel.Target.from_file`."""
    content = read_toml(path)
    unknown = sorted(content.keys() - {"environment", "tags", "properties"})
    if unknown:
        raise InvalidTarget(
            f"{path}: found {', '.join(unknown)}; a target file holds the tables [environment], "
            "[tags] and [properties.NAMESPACE]"
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
                f"environment: {variable!r} is not a marker variable; known are "
                f"{', '.join(MARKER_VARIABLES)}"
            )
        if not isinstance(value, str):
            raise InvalidTarget(f"environment.{variable}: found {value!r:.200}, expected text")
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
    return platforms
