"""Reading a release's variant metadata with pip's own network session."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from variantsel.errors import InvalidMetadata
from variantsel.formats.json_reader import MAX_BYTES
from variantsel.formats.metadata import VariantMetadata
from variantsel.formats.wheel_label import NULL_LABELS
from variantsel.formats.wheel_metadata import read_wheel_metadata
from variantsel.pip_plugin.bounded_answers import content_of, open_by_ranges
from variantsel.pip_plugin.listed_hash import listed_hash
from variantsel.selection.selection import ReleaseFile

__all__ = ["in_words", "read_release_metadata", "read_remote_wheel"]

_MOST_WHEELS = 100
"""How many labels are asked for one by one where the index does not say what they need."""

_AT_ONCE = 6
"""How many connections to a server are kept open for that."""


class _Unavailable(InvalidMetadata):
    """A document cannot be had, or is not the one that was listed; nothing is known of it."""


def read_release_metadata(
    index_metadata: Any | None,
    wheels: Sequence[ReleaseFile[Any]],
    network: Any,
    tell: Callable[[str], None],
) -> VariantMetadata:
    """Read a release's variants.json, and ``variant.json`` out of one wheel for each label that is
    not in there, or for all of them where no variants.json is listed or the listed one cannot be
    had.

    :param index_metadata: pip's link to the variants.json; ``None`` where none is listed.
    :param wheels: the variant wheels of the release on this source.
    :param network: pip's session.
    :param tell: is told, in a sentence, that the listed variants.json cannot be had.
    :raises InvalidMetadata: when the metadata cannot be had or used.
    :raises OSError: when a local file cannot be read.
    """
    if index_metadata is not None:
        try:
            document = _read_document(index_metadata, network)
        except _Unavailable as error:
            tell(f"{error}; what the variants need is read from their wheels instead")
        else:
            metadata = VariantMetadata.parse(document, source=index_metadata.filename)
            return _with_unlisted_labels(metadata, wheels, network, tell)
    one_per_label = {wheel.label: wheel for wheel in reversed(wheels)}
    parts = []
    for found in _read_wheels(list(one_per_label.values())[::-1], network, tell):
        if isinstance(found, Exception):
            raise found
        parts.append(found)
    return VariantMetadata.merge(parts)


def _with_unlisted_labels(
    metadata: VariantMetadata,
    wheels: Sequence[ReleaseFile[Any]],
    network: Any,
    tell: Callable[[str], None],
) -> VariantMetadata:
    """Add what wheels say of labels that the index does not list (PEP 825, Suggested implementation
    logic); those that cannot be read, or contradict it, stay unlisted."""
    unlisted = {
        wheel.label: wheel for wheel in reversed(wheels) if wheel.label not in metadata.variants
    }
    for found in _read_wheels(list(unlisted.values())[::-1], network, tell):
        if not isinstance(found, Exception):
            with contextlib.suppress(InvalidMetadata):
                metadata = VariantMetadata.merge([metadata, found])
    return metadata


def _read_wheels(
    wheels: Sequence[ReleaseFile[Any]], network: Any, tell: Callable[[str], None]
) -> Iterator[VariantMetadata | Exception]:
    """What each wheel says, or why that cannot be had, in their order; no more wheels than is
    worth it, several at a time."""
    if len(wheels) > _MOST_WHEELS:
        tell(
            f"{len(wheels)} labels are listed that no variants.json has; only the wheels of the "
            f"first {_MOST_WHEELS} are asked what they need"
        )
    # The null variant fits for certain.
    nulls_first = sorted(wheels, key=lambda wheel: wheel.label not in NULL_LABELS)
    wheels = nulls_first[:_MOST_WHEELS]
    # The first by itself: pip may have to ask the user for a password.
    yield from (_read_or_error(wheel, network) for wheel in wheels[:1])
    if len(wheels) < 3 or all(wheel.file.link.is_file for wheel in wheels):
        yield from (_read_or_error(wheel, network) for wheel in wheels[1:])
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running = [pool.submit(_read_or_error, wheel, network) for wheel in wheels[1:]]
        try:
            for future in running:
                yield future.result()
        finally:
            for future in running:
                future.cancel()


def _read_or_error(wheel: ReleaseFile[Any], network: Any) -> VariantMetadata | Exception:
    try:
        return _read_wheel(wheel, network)
    except (InvalidMetadata, OSError) as error:
        return error


def _read_document(link: Any, network: Any) -> bytes:
    algorithm, expected = listed_hash(link)
    # What pip's cache holds is good only if the index says so: a release may have gained variants.
    for from_cache in (True, False) if expected and not link.is_file else (False,):
        document = _read_document_once(link, network, from_cache)
        if len(document) > MAX_BYTES:  # not all of it, so it has no hash; the reader refuses it
            return document
        if not expected or hashlib.new(algorithm, document).hexdigest() == expected:
            return document
    raise _Unavailable(
        f"its {algorithm} is not {expected}, which the index lists", source=link.filename
    )


def _read_document_once(link: Any, network: Any, from_cache: bool) -> bytes:
    if link.is_file:
        try:
            with Path(link.file_path).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            reason = error.strerror or str(error)
            raise _Unavailable(f"it could not be read ({reason})", source=link.filename) from None
    return b"".join(_download(link, network, MAX_BYTES + 1, from_cache))


def _read_wheel(wheel: ReleaseFile[Any], network: Any) -> VariantMetadata:
    metadata = read_remote_wheel(wheel.file.link, network)
    if list(metadata.variants) != [wheel.label]:
        raise InvalidMetadata(
            f"found the labels {sorted(metadata.variants)}, expected exactly {wheel.label!r}",
            place="variants",
            source=f"{wheel.filename}: variant.json",
        )
    return metadata


def read_remote_wheel(link: Any, network: Any) -> VariantMetadata:
    """Read ``variant.json`` out of the wheel behind one of pip's links.

    :raises InvalidMetadata: when it has none, or cannot be read.
    :raises OSError: when a local file cannot be read.
    """
    if link.is_file:
        return read_wheel_metadata(link.file_path, source=link.filename)
    with _open_remote(link, network) as file:
        return read_wheel_metadata(file, source=link.filename)


@contextlib.contextmanager
def _open_remote(link: Any, network: Any) -> Any:
    from pip._internal.network.lazy_wheel import HTTPRangeRequestUnsupported

    with contextlib.ExitStack() as stack:
        file: IO[bytes]
        try:
            with _network_errors(link):
                file = stack.enter_context(open_by_ranges(link.url_without_fragment, network))
        except HTTPRangeRequestUnsupported:
            file = stack.enter_context(tempfile.TemporaryFile())
            for chunk in _download(link, network):
                file.write(chunk)
        with _network_errors(link):
            yield file


def _download(link: Any, network: Any, limit: int | None = None, from_cache: bool = True) -> Any:
    """Yield the bytes behind a link, at most ``limit`` of them and a chunk.

    :param from_cache: whether pip's cache may answer without asking the server.
    """
    from pip._internal.network.utils import raise_for_status, response_chunks

    headers = {"Accept-Encoding": "identity"} | (
        {} if from_cache else {"Cache-Control": "max-age=0"}
    )
    with _network_errors(link):
        response = network.get(link.url_without_fragment, headers=headers, stream=True)
        raise_for_status(response)
        received = 0
        # What has no bound is a wheel, which pip takes as it is sent, too.
        for chunk in response_chunks(response) if limit is None else content_of(response):
            received += len(chunk)
            yield chunk
            if limit is not None and received >= limit:
                return


@contextlib.contextmanager
def _network_errors(link: Any) -> Any:
    """Whatever class it is of (pip's change, and a server may make any part fail): an error of
    reading, which sets aside no more than what was read."""
    from pip._internal.network.lazy_wheel import HTTPRangeRequestUnsupported

    try:
        yield
    except (HTTPRangeRequestUnsupported, InvalidMetadata, ImportError, SyntaxError):
        raise  # the latter two: of ours
    except Exception as error:
        reason = in_words(error)
        raise _Unavailable(f"it could not be read ({reason})", source=link.filename) from None


def in_words(error: Exception) -> str:
    """A network error in one line; newer pips' have parts, which pip itself lays out."""
    reference = getattr(error, "reference", None)
    if reference is None:
        return str(error) or type(error).__name__
    context = getattr(error, "context", None)
    return f"{reference.replace('-', ' ')}: {context}" if context else reference.replace("-", " ")
