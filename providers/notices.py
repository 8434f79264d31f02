"""What a provider tells the user besides its answer."""

from __future__ import annotations

__all__ = ["ProviderWarning"]


class ProviderWarning(UserWarning):
    """The answer is poorer than the hardware may deserve; the message says why and what to do."""
