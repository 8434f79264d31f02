"""What the user set, as far as this run of pip has asked for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from variantsel.pip_plugin.voice import Voice, installation_error

if TYPE_CHECKING:
    from variantsel.configuration import Configuration
    from variantsel.ranking.preferences import Preferences

__all__ = ["Settings"]


class Settings:
    """The configuration, read when it is first needed."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._configuration: Configuration | None = None
        self._deferred: list[str] = []

    @cached_property
    def may_be_set(self) -> bool:
        """Whether the user may have set anything at all, found out without reading it."""
        from variantsel.configuration.places import may_be_set

        return may_be_set(os.environ)

    @cached_property
    def is_first_source_only(self) -> bool:
        """Whether a project is taken from the first index that has it, and from no other.

        :raises pip._internal.exceptions.InstallationError: when a setting cannot be used.
        """
        return self.may_be_set and self.configuration.is_first_source_only

    def requirements_on(self, project_name: str) -> Preferences | None:
        """What the user requires of a project, be there variants of it or not; ``None`` where
        nothing.

        :raises pip._internal.exceptions.InstallationError: when a setting cannot be used.
        """
        if not self.may_be_set:
            return None
        preferences = self.configuration.preferences(project_name)
        is_required = not preferences.off and (preferences.take or preferences.never)
        return preferences if is_required else None

    @property
    def configuration(self) -> Configuration:
        """What the user set.

        :raises pip._internal.exceptions.InstallationError: when a setting cannot be used.
        """
        if self._configuration is None:
            from variantsel.configuration import load_configuration
            from variantsel.errors import VariantselError

            try:
                self._configuration = load_configuration()
                self._configuration.target  # noqa: B018  a wrong name must come out here
                self._configuration.bridges  # noqa: B018  likewise
            except VariantselError as error:
                raise installation_error(f"variantsel: {error}") from None
            for notice in self._configuration.notices:
                self._voice.warn(notice)
        return self._configuration

    @contextmanager
    def for_this_machine(self) -> Iterator[None]:
        """Forget the configured target for a while, here and in processes that are started."""
        name = "VARIANTSEL_TARGET"
        before = self._configuration, os.environ.get(name)
        self._configuration = None
        os.environ[name] = "host"
        try:
            yield
        finally:
            self._configuration, text = before
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text

    def machine_notices(self) -> Sequence[str]:
        """What the machine's providers had to say, as far as they were asked."""
        return self._configuration.target.notices if self._configuration is not None else ()

    def problem(self, problem: str) -> None:
        """Warn of something that goes on all the same, or, where the user is strict, does not.

        :raises pip._internal.exceptions.InstallationError: where the user is strict.
        """
        if self.configuration.strict:
            raise installation_error(f"variantsel (strict): {problem}")
        self._voice.warn(problem)

    def problem_unless_worse(self, problem: str) -> None:
        """Like :meth:`problem`, but where the user is strict, what is found till
        :meth:`end_if_problem` may end the run in its place."""
        if self.configuration.strict:
            self._deferred.append(problem)
        else:
            self._voice.warn(problem)

    def end_if_problem(self) -> None:
        """End the run if there was a problem, and the user is strict.

        :raises pip._internal.exceptions.InstallationError: naming the first.
        """
        for problem in self._deferred:
            self.problem(problem)
