"""Seam: the files that pip takes out of a wheel.

Fits pip 23.1 to 26.3: ``ZipBackedFile.save(self)`` writes ``src_record_path`` of ``_zip_file`` to
``dest_path``; a file whose ``changed`` is true gets a new hash in RECORD; since 26.3 pip asks
``written`` what a broken installation left behind.

The METADATA that is installed has its variant markers resolved, so that every tool can read the
environment afterwards: pip without the plugin, uv, importlib.metadata. It is never there in another
form than the one that RECORD has the hash of, neither the RECORD out of the wheel nor the one that
pip writes in the end: each is written whole, wherever the run is killed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, wheel_installer: Any) -> None:
    """Resolve the variant markers of a wheel's METADATA as it is installed."""
    save = wheel_installer.ZipBackedFile.save
    current_umask = wheel_installer.current_umask

    def save_resolved(self: Any) -> None:
        folder, _, name = self.src_record_path.partition("/")
        resolved = None
        if name in ("METADATA", "RECORD") and folder.endswith(".dist-info"):
            resolved = session.requirements.resolved_file(
                folder, name, self._zip_file, session.replaced_installed_metadata
            )
        if resolved is None:
            save(self)
            return
        # Loaded with what resolved it.
        from variantsel.pip_plugin.record import write_whole

        path = Path(self.dest_path)
        path.parent.mkdir(parents=True, exist_ok=True)  # pip's save() did so before 24.1
        self.written = True
        write_whole(path, resolved, mode=0o666 & ~current_umask())
        self.changed = name == "METADATA"

    wheel_installer.ZipBackedFile.save = save_resolved
