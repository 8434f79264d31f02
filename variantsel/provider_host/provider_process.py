"""The process a provider runs in: asks one module, prints its answer as JSON."""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings

__all__ = ["main"]


def main(namespace: str) -> None:
    """Print ``{"features": [[name, [value, ...]], ...], "notices": [text, ...]}``.

    :param namespace: one of :data:`variantsel.provider_host.host.PROVIDER_PACKAGES`.
    """
    # Whatever a driver library prints must not end up inside the answer.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    provider = importlib.import_module(f"variantsel_providers.{namespace}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        configs = provider.get_supported_configs()
    notices = [str(warning.message) for warning in caught if warning.category is not None]
    features = [[config.name, list(config.values)] for config in configs]
    with answer:
        json.dump({"features": features, "notices": notices}, answer)
    sys.exit(0)
