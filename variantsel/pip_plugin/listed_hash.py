"""The hash that an index lists of a file, and whether it is among those that the user allows."""

from __future__ import annotations

from typing import Any

__all__ = ["is_ruled_out", "listed_hash"]

_ALGORITHMS = ("sha512", "sha384", "sha256", "sha224", "sha1", "md5")
"""Those that pip knows, strongest first."""


def listed_hash(link: Any) -> tuple[str, str]:
    """The algorithm and the digest that are listed of pip's link, in lower case; both empty where
    nothing is.

    Indexes spell either in capitals, too: pip reads no algorithm that is.
    """
    listed = {}
    if link.hash_name:
        listed[link.hash_name.lower()] = link.hash
    else:
        for part in link.url.partition("#")[2].split("&"):
            name, _, digest = part.partition("=")
            listed[name.lower()] = digest
    for algorithm in _ALGORITHMS:
        if listed.get(algorithm):
            return algorithm, listed[algorithm].lower()
    return "", ""


def is_ruled_out(link: Any, hashes: Any) -> bool:
    """Whether the user allows hashes, and the listed one is none of them.

    :param hashes: pip's ``Hashes``; ``None`` where the user allows any.
    """
    algorithm, digest = listed_hash(link)
    return bool(hashes and digest) and not hashes.is_hash_allowed(algorithm, hex_digest=digest)
