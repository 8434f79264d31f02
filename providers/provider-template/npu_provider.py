"""The ``npu`` namespace: the generation of the machine's neural processors."""

from __future__ import annotations

import warnings
from pathlib import Path

from variantsel_providers.feature import VariantFeatureConfig
from variantsel_providers.notices import ProviderWarning

__all__ = ["get_all_configs", "get_supported_configs", "namespace", "supported_configs"]

namespace = "npu"

_GENERATIONS = ["gen3", "gen2", "gen1"]  # best first: the order ranks variants


def get_supported_configs(*, root: Path = Path("/")) -> list[VariantFeatureConfig]:
    """What this machine supports; ``root`` is the directory that ``sys`` is in."""
    try:
        text = (root / "sys/class/npu/generation").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        _warn(f"the NPU's generation cannot be read: {error}. No NPU variant is compatible")
        return []
    return supported_configs(text)


def supported_configs(generation: str) -> list[VariantFeatureConfig]:
    """What a machine with that figure supports, as `get_supported_configs` would answer there."""
    if generation not in _GENERATIONS:
        _warn(f"the NPU's generation is {generation!r:.50}, expected one of {_GENERATIONS}")
        return []
    supported = _GENERATIONS[_GENERATIONS.index(generation) :]
    return [VariantFeatureConfig("generation", supported, multi_value=False)]


def get_all_configs() -> list[VariantFeatureConfig]:
    """Every feature and value of the namespace, in the order of `get_supported_configs`."""
    return [VariantFeatureConfig("generation", list(_GENERATIONS), multi_value=False)]


def _warn(message: str) -> None:
    warnings.warn(message, ProviderWarning, stacklevel=2)
