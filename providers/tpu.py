"""The ``tpu`` namespace: whether this machine has a Google TPU.

The vocabulary and the answers are those of ``tpu-variant-provider`` 0.1.0
(``tpu_variant_provider.plugin:TpuVariantPlugin``), as uv 0.13.9's preview carries it.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from variantsel_providers.feature import VariantFeatureConfig
from variantsel_providers.notices import ProviderWarning
from variantsel_providers.pci import pci_devices

__all__ = ["get_all_configs", "get_supported_configs", "namespace", "supported_configs"]

namespace = "tpu"

_FORCED_PRESENCE = "TPU_VARIANT_PROVIDER_FORCE_PRESENT"
_SAYS_YES = ("1", "true", "yes")
_SAYS_NO = ("0", "false", "no", "")

_PCI_VENDOR = "0x1ae0"
# Google sells network and storage devices under its vendor number too; these are the TPUs, as
# JAX's hardware_utils.py lists them.
_PCI_DEVICES = {
    "0x0027": "TPU v3",
    "0x0056": "TPU, an early one",
    "0x005e": "TPU v4",
    "0x0062": "TPU v5p",
    "0x0063": "TPU v5e",
    "0x006f": "TPU v6e",
    "0x0076": "TPU7x",
    "0x007c": "TPU 8t",
    "0x0083": "TPU 8i",
}


def get_supported_configs(*, root: Path = Path("/")) -> list[VariantFeatureConfig]:
    """Whether this machine has a TPU (providers draft, "Plugin interface").

    See `supported_configs` for the answer's shape. TPUs are looked for on the PCI bus, below
    ``sys`` in ``root``. The environment variable ``TPU_VARIANT_PROVIDER_FORCE_PRESENT`` (``1`` or
    ``0``, and words for them) stands in for what is detected; any other text counts as no.

    Raises nothing; warns with `ProviderWarning` when the override cannot be read.
    """
    forced = os.environ.get(_FORCED_PRESENCE)
    return supported_configs(_tpu_on_pci_bus(root) if forced is None else _is_yes(forced))


def supported_configs(present: bool) -> list[VariantFeatureConfig]:
    """What a machine with or without a TPU supports, as `get_supported_configs` would answer there.

    The one feature is ``present``, its one value ``true`` or ``false``.
    """
    return [VariantFeatureConfig("present", ["true" if present else "false"], multi_value=False)]


def get_all_configs() -> list[VariantFeatureConfig]:
    """Every feature and value of the namespace, in the order of `get_supported_configs`."""
    return [VariantFeatureConfig("present", ["true", "false"], multi_value=False)]


def _is_yes(value: str) -> bool:
    if value.lower() not in (*_SAYS_YES, *_SAYS_NO):
        warnings.warn(
            f"{_FORCED_PRESENCE} is {value!r:.200}, expected 1 or 0: it counts as 0",
            ProviderWarning,
            stacklevel=2,
        )
    return value.lower() in _SAYS_YES


def _tpu_on_pci_bus(root: Path) -> bool:
    return any(device.model in _PCI_DEVICES for device in pci_devices(root, _PCI_VENDOR))
