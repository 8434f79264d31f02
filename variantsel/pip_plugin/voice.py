"""Talking to the user in pip's own voice: through its logger, each thing once.

All that is said passes through here, also before pip has set up its logger (:func:`say_early`), and
becomes one harmless line of the stream that it goes to: pip loses its own output where one line
cannot be encoded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from variantsel.terminal import printable_on

__all__ = ["Voice", "installation_error", "say_early"]


class Voice:
    """Says things once a run.

    ``-q`` silences :meth:`info`, ``-v`` lets :meth:`verbose` be heard.
    """

    def __init__(self) -> None:
        self._said: set[str] = set()

    def warn(self, text: str) -> None:
        """Say something that nobody should miss."""
        self._say("warning", text)

    def info(self, text: str) -> None:
        """Say something of interest."""
        self._say("info", text)

    def repeat(self, text: str) -> None:
        """Say as an error what was said before, where it is why something failed."""
        from pip._internal.utils.logging import getLogger

        getLogger("variantsel").error("%s", printable_on(sys.stderr, text))

    @property
    def is_verbose(self) -> bool:
        """Whether :meth:`verbose` is heard."""
        from pip._internal.utils.logging import VERBOSE, getLogger

        return bool(getLogger("variantsel").isEnabledFor(VERBOSE))

    def verbose(self, text: str) -> None:
        """Say something for whoever asks for more."""
        self._say("verbose", text)

    def guarded(self, talk: Callable[[], None]) -> None:
        """Say something about a result; a mistake of ours on the way must not cost the result.

        :raises pip._internal.exceptions.PipError: what is raised on purpose.
        """
        from pip._internal.exceptions import PipError

        try:
            talk()
        except PipError:
            raise
        except Exception as error:
            self.warn(
                f"variantsel failed to explain what was chosen ({type(error).__name__}: {error}); "
                "please report this"
            )

    def _say(self, level: str, text: str) -> None:
        if text not in self._said:
            from pip._internal.utils.logging import getLogger

            self._said.add(text)
            stream = sys.stderr if level == "warning" else sys.stdout
            getattr(getLogger("variantsel"), level)("%s", printable_on(stream, text))


def say_early(text: str) -> None:
    """Say a line where pip has no logger yet, or no longer."""
    if sys.stderr is not None:
        sys.stderr.write(f"{printable_on(sys.stderr, text)}\n")


def installation_error(message: str) -> Exception:
    """pip's own error, which ends the command with one line."""
    from pip._internal.exceptions import InstallationError

    error: Exception = InstallationError(printable_on(sys.stderr, message))
    return error
