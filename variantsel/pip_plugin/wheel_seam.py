"""Seam: the names of wheels, which pip takes apart in two places.

Fits pip 23.1 to 26.3: ``pip._internal.models.wheel.Wheel.__init__(self, filename)``, a pattern
before 25.3 and packaging's parser since; and ``parse_wheel_filename`` as
``pip._internal.index.sources`` uses it to list ``--find-links`` folders, since 23.3 (before, such a
folder's files are all listed), and as ``pip._vendor.packaging.pylock`` and
``pip._internal.req.constructors`` use it to install from lock files, in the newest ones.
"""

from __future__ import annotations

from typing import Any

from variantsel.formats.wheel_label import INDEX_METADATA_SUFFIX, split_label
from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, wheel_module: Any, sources: Any, *lock_modules: Any) -> None:
    """Let pip read the names of variant wheels, and list variants.json in folders.

    :param lock_modules: those that read the names in lock files, where this pip has them.
    """
    read_name = wheel_module.Wheel.__init__
    parsed: dict[str, dict[str, Any]] = {}
    parse_wheel_filename = getattr(sources, "parse_wheel_filename", None)

    def __init__(self: Any, filename: str) -> None:  # noqa: N807
        base, label = split_label(filename)
        if base in parsed:
            self.__dict__.update(parsed[base], filename=filename)
            return
        if label:
            _refuse_excess(base)
        read_name(self, base)
        self.filename = filename
        if label:  # the variants of a release share the rest of their names
            parsed[base] = dict(self.__dict__)
            session.seen.note_variant_wheel(self.name)

    def parse_variant_wheel_filename(filename: str) -> Any:
        if filename.endswith(INDEX_METADATA_SUFFIX):
            # Read as the wheel it belongs to, so that the folder's listing keeps it.
            filename = f"{filename.removesuffix(INDEX_METADATA_SUFFIX)}-py3-none-any.whl"
        assert parse_wheel_filename is not None
        return parse_wheel_filename(split_label(filename)[0])

    wheel_module.Wheel.__init__ = __init__
    if parse_wheel_filename is not None:
        sources.parse_wheel_filename = parse_variant_wheel_filename
    for module in lock_modules:
        if hasattr(module, "parse_wheel_filename"):
            module.parse_wheel_filename = _without_label(module.parse_wheel_filename)


def _refuse_excess(filename: str) -> None:
    """pip passes over what is no wheel's name, as it would without us over any with a label, but
    ends the run at a version of thousands of digits."""
    from pip._internal.exceptions import InvalidWheelFilename

    from variantsel.formats.text_limits import excess

    too_large = excess(filename)
    if too_large:
        raise InvalidWheelFilename(f"{filename:.100}… is not read: {too_large}")


def _without_label(parse_wheel_filename: Any) -> Any:
    def parse_without_label(filename: str, **options: Any) -> Any:
        return parse_wheel_filename(split_label(filename)[0], **options)

    return parse_without_label
