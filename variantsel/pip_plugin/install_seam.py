"""Seam: the files that pip takes out of a wheel.

Fits pip 23.1 to 26.3: ``ZipBackedFile.save(self)``; a file whose ``changed`` is true gets a new
hash in RECORD.

The METADATA that is installed has its variant markers resolved, so that every tool can read the
environment afterwards: pip without the plugin, uv, importlib.metadata.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, wheel_installer: Any) -> None:
    """Resolve the variant markers of a wheel's METADATA as it is installed."""
    save = wheel_installer.ZipBackedFile.save

    def save_resolved(self: Any) -> None:
        save(self)
        folder, _, name = self.src_record_path.partition("/")
        if name == "METADATA" and folder.endswith(".dist-info"):
            path = Path(self.dest_path)
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            resolved = session.requirements.resolved_installed_metadata(folder, text)
            resolved = session.replaced_metadata(resolved, with_extras=False)
            if resolved != text:
                path.write_bytes(resolved.encode("utf-8", "surrogateescape"))
                self.changed = True

    wheel_installer.ZipBackedFile.save = save_resolved
