"""Provider packages, unpacked as the host would."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.plugins import Ask

from variantsel.provider_host.answer import PluginAnswer
from variantsel.provider_host.query import Query, confinement, query


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Ask a package ``acme-provider`` whose one module is given about the namespace ``acme``."""

    def ask_module(
        code: str, *, plugin_api: str = "acme_provider", limit: float = 20
    ) -> PluginAnswer:
        folder = tmp_path / "site"
        info = folder / "acme_provider-1.0.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        (folder / "acme_provider.py").write_text(code)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Acme_Provider\nVersion: 1.0\n")
        (answer,) = query(Query(folder, "acme-provider", plugin_api, "acme"), limit)
        return answer

    return ask_module


@pytest.fixture
def namespaces() -> None:
    """Skip where providers get none, in a chroot say: less is possible to them there, and to us."""
    if not confinement()["namespaces"]:
        pytest.skip("there are no namespaces on this machine")
