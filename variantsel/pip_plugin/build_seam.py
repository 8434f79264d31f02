"""Seam: the requirements of a build, which pip installs into an environment of their own.

Fits pip 23.1 to 26.3: ``SourceDistribution.prepare_distribution_metadata`` installs them, by a pip
in a process of its own or, since 26.0, also in this one.

A build runs on this machine, whatever machine its result is for.
"""

from __future__ import annotations

from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, sdist: Any) -> None:
    """Choose the requirements of builds for this machine."""
    prepare_metadata = sdist.SourceDistribution.prepare_distribution_metadata

    def prepare_on_this_machine(self: Any, *arguments: Any, **options: Any) -> Any:
        with session.choices.for_this_machine():
            return prepare_metadata(self, *arguments, **options)

    sdist.SourceDistribution.prepare_distribution_metadata = prepare_on_this_machine
