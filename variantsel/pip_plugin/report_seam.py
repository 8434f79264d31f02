"""Seam: the installation report (``pip install --report``).

Fits pip 23.1 to 26.3: ``InstallationReport._install_req_to_dict(cls, ireq)``, a class method, gives
one item of ``install``.

A variant gets the field ``variant``: its ``label``, and its ``properties`` as ``variant.json``
spells them, ``{namespace: {feature: [value, ...]}}``. Other items stay as they are.
"""

from __future__ import annotations

from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, installation_report: Any) -> None:
    """Name the variant of every item that is one."""
    report_class = installation_report.InstallationReport
    item_of = report_class._install_req_to_dict.__func__

    def item_with_variant(cls: Any, ireq: Any) -> Any:
        item = item_of(cls, ireq)
        metadata = session.choices.chosen_metadata(ireq.link) if ireq.link is not None else None
        if metadata is not None:
            ((label, properties),) = metadata.variants.items()
            item["variant"] = {"label": label, "properties": properties}
        return item

    report_class._install_req_to_dict = classmethod(item_with_variant)
