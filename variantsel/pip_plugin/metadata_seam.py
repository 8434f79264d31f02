"""Seam: the requirements of a candidate, which may depend on the variant that was chosen.

Fits pip 23.1 to 26.3: ``_metadata_impl`` of the ``importlib`` backend's ``Distribution``, and
``InMemoryMetadata.get_metadata`` of the ``pkg_resources`` backend (Python 3.10 with most of them).

What bridges make of a requirement, another name or an extra, is put in its place likewise.

pip cannot read variant markers. They are resolved before it looks, whenever it looks: while a
candidate is prepared, that is, after its wheel was chosen (PEP 825, Evaluating variant markers),
and again when the wheel itself is here, for the report and for the check of what would be broken.
"""

from __future__ import annotations

from typing import Any

from variantsel.pip_plugin.session import Session
from variantsel.pip_plugin.wheel_requirements import has_variant_markers

__all__ = ["change"]


def change(session: Session, backend: Any) -> None:
    """Resolve the variant markers of every wheel pip reads the metadata of."""
    if ".importlib." in backend.Distribution.__module__:
        _change_importlib(session, backend.Distribution)
    else:
        from pip._internal.metadata import pkg_resources

        _change_pkg_resources(session, pkg_resources.InMemoryMetadata)


def _change_importlib(session: Session, distribution: Any) -> None:
    read_metadata = distribution._metadata_impl

    def _metadata_impl(self: Any) -> Any:
        message = read_metadata(self)
        requirements = message.get_all("Requires-Dist", [])
        resolved = requirements
        if has_variant_markers(requirements):
            resolved = session.requirements.resolved_requirements(
                str(message.get("Name", "")), requirements
            )
        resolved = session.replaced_requirements(resolved)
        if resolved is not requirements:
            del message["Requires-Dist"]
            for requirement in resolved:
                message["Requires-Dist"] = requirement
        return message

    distribution._metadata_impl = _metadata_impl


def _change_pkg_resources(session: Session, in_memory_metadata: Any) -> None:
    get_metadata = in_memory_metadata.get_metadata

    def get_resolved_metadata(self: Any, name: str) -> Any:
        text = get_metadata(self, name)
        if name != "METADATA":
            return text
        return session.replaced_metadata(session.requirements.resolved_metadata(text))

    in_memory_metadata.get_metadata = get_resolved_metadata
