"""Strict JSON: what variant metadata files may be, before anyone asks what they say.

Stricter than :mod:`json`: UTF-8 only, no duplicate keys, no NaN or Infinity, bounded size and
nesting.
"""

from __future__ import annotations

import json
from typing import Any

from variantsel.errors import InvalidMetadata

__all__ = ["MAX_BYTES", "MAX_NESTING", "read_json"]

MAX_BYTES = 32 * 1024 * 1024
"""The largest document that is read, in bytes of UTF-8."""
MAX_NESTING = 32
"""The deepest nesting of objects and arrays that is read; the format itself needs 5."""


def read_json(document: bytes | str) -> Any:
    """Parse a JSON document.

    :raises InvalidMetadata: when it is too large, too deep, not UTF-8 or not strict JSON.
    """
    if _utf8_size(document) > MAX_BYTES:
        raise InvalidMetadata(
            f"the document is larger than {MAX_BYTES // 1024 // 1024} MiB, the most that is read"
        )
    if isinstance(document, bytes):
        try:
            document = document.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidMetadata(
                f"byte {error.start} is not UTF-8 ({error.reason}); expected JSON in UTF-8"
            ) from None
    try:
        value = json.loads(
            document,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=float,  # no number means anything here, and int() of a long one is slow
        )
    except json.JSONDecodeError as error:
        raise InvalidMetadata(
            f"not JSON: {error.msg.removesuffix(' at')} at line {error.lineno} column {error.colno}"
        ) from None
    except RecursionError:
        raise _too_deep() from None
    _refuse_deep_nesting(value)
    return value


def _utf8_size(document: bytes | str) -> int:
    if isinstance(document, bytes) or len(document) * 3 <= MAX_BYTES or document.isascii():
        return len(document)
    return len(document.encode("utf-8", "surrogatepass"))


def _refuse_deep_nesting(value: Any) -> None:
    level = [value]
    for _ in range(MAX_NESTING + 1):
        containers = [item for item in level if isinstance(item, (dict, list))]
        if not containers:
            return
        level = [
            child
            for container in containers
            for child in (container.values() if isinstance(container, dict) else container)
        ]
    raise _too_deep()


def _too_deep() -> InvalidMetadata:
    return InvalidMetadata(f"nested more than {MAX_NESTING} deep; variant metadata nests 5 deep")


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise InvalidMetadata(f"the key {key!r:.200} stands twice in one object")
            seen.add(key)
    return result


def _refuse_constant(constant: str) -> Any:
    raise InvalidMetadata(f"not JSON: {constant} is not a JSON value")
