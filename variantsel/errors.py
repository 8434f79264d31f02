"""What can go wrong, each error saying what was found, where, what was expected."""

from __future__ import annotations

__all__ = [
    "InconsistentMetadata",
    "InvalidBridge",
    "InvalidConfiguration",
    "InvalidMetadata",
    "InvalidTarget",
    "InvalidWheelName",
    "PluginFailure",
    "UnmetPreference",
    "UnsupportedSchema",
    "UntrustedPlugin",
    "VariantselError",
]


class VariantselError(Exception):
    """Base of every error that variantsel raises on purpose; its text is for the user."""


class InvalidWheelName(VariantselError, ValueError):
    """A file name is not the name of a wheel (PEP 825, Variant label)."""


class InvalidMetadata(VariantselError, ValueError):
    """Variant metadata cannot be used.

    :ivar place: where in the document, dotted (``variants.cuda12.8.nvidia``); empty for the whole.
    :ivar problem: what was found there and what was expected.
    :ivar source: the file or URL, where the caller knows it.
    """

    def __init__(self, problem: str, *, place: str = "", source: str = "") -> None:
        super().__init__(problem, place, source)
        self.problem = problem
        self.place = place
        self.source = source

    def __str__(self) -> str:
        return ": ".join(part for part in (self.source, self.place, self.problem) if part)


class UnsupportedSchema(InvalidMetadata):
    """The metadata's ``$schema`` names a major version, or a format, that is not known here."""


class InconsistentMetadata(InvalidMetadata):
    """Two files of one release contradict each other (PEP 825, Metadata consistency)."""


class InvalidConfiguration(VariantselError, ValueError):
    """A setting, or the file it stands in, cannot be used."""


class InvalidBridge(VariantselError, ValueError):
    """A bridge's file, or the name of a bridge, cannot be used."""


class InvalidTarget(VariantselError, ValueError):
    """A target's name or file cannot be used."""


class UnmetPreference(VariantselError):
    """A variant that is to be taken does not fit the machine, or is not there."""


class UntrustedPlugin(VariantselError):
    """A provider package must not be run: nobody agreed to it, or not to this."""


class PluginFailure(VariantselError):
    """A trusted provider package cannot be fetched, or gives no answer that can be used.

    The text goes on where the package's name stops: "did not answer within 30 s".
    """
