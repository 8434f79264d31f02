"""The ``intel`` namespace: the architectures of Intel's GPUs.

The vocabulary and its meaning are those of ``intel-variant-provider`` 0.0.3
(``intel_variant_provider.plugin:IntelVariantPlugin``). Asked is Level Zero, the interface of
Intel's GPU driver.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable
from pathlib import Path

from variantsel_providers.feature import VariantFeatureConfig
from variantsel_providers.level_zero import LevelZeroError, NoLevelZero, gpu_ip_versions
from variantsel_providers.notices import ProviderWarning
from variantsel_providers.pci import pci_devices

__all__ = ["get_all_configs", "get_supported_configs", "namespace", "supported_configs"]

namespace = "intel"

_FORCED_DEVICE_IP = "INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP"
_DEVICE_IP_FORM = re.compile(r"[0-9]{1,4}\.[0-9]{1,3}\.[0-9]{1,2}")

# What Intel's offline compiler (`ocloc ids`) calls its GPUs' architectures, newest first, and the
# base platform each is built on: code for the base platform runs on it too.
_BASE_PLATFORMS = {
    "35.11.0": None,  # cri
    "35.10.4": None,  # nvl-p
    "30.5.4": "30.0.4",  # nvl-u, nvl-h
    "30.4.4": "30.0.4",  # nvl-s, nvl-hx, nvl-ul
    "30.3.1": "30.0.4",  # wcl
    "30.1.0": "30.0.4",  # ptl-u
    "30.0.4": None,  # ptl-h
    "20.4.4": "20.1.0",  # lnl-m
    "20.2.0": "20.1.0",  # bmg-g31
    "20.1.0": None,  # bmg-g21
    "12.74.4": None,  # arl-h
    "12.71.4": "12.70.4",  # mtl-h
    "12.70.4": None,  # mtl-u, arl-u, arl-s
    "12.60.7": None,  # pvc
    "12.57.0": "12.55.8",  # dg2-g12
    "12.56.5": "12.55.8",  # dg2-g11, ats-m75
    "12.55.8": None,  # dg2-g10, ats-m150
    "12.10.0": None,  # dg1
    "12.4.0": None,  # adl-n
    "12.3.0": None,  # adl-p, rpl-p
    "12.2.0": None,  # adl-s, rpl-s
    "12.1.0": None,  # rkl
    "12.0.0": None,  # tgl
}

_PCI_VENDOR = "0x8086"


def get_supported_configs(*, root: Path = Path("/")) -> list[VariantFeatureConfig]:
    """What this machine's GPUs support (providers draft, "Plugin interface").

    See `supported_configs` for the answer's shape. The architectures come from Level Zero, in its
    order of GPUs; GPUs of other makers that it lists do not count. The environment variable
    ``INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP``, ``architecture.release.revision``, stands in for
    what is detected. Level Zero's own variables (``ZE_AFFINITY_MASK`` hides GPUs) count as far
    as its loader obeys them.

    ``root`` is the directory that ``sys`` is in, where a GPU is looked for if Level Zero has none.

    Raises nothing; warns with `ProviderWarning` when the override cannot be read, when Level Zero
    or a device answers with an error, and when a discrete Intel GPU is there but Level Zero is
    not. A machine with neither gets an empty answer without a word.
    """
    forced = _forced_device_ip()
    if forced is not None:
        return supported_configs([forced])
    try:
        versions = gpu_ip_versions(_warn)
    except NoLevelZero as error:
        _tell_of_unused_gpu(root, f"Level Zero is not ({error})")
        return []
    except LevelZeroError as error:
        _warn(
            f"Level Zero does not start: {error}. No variant built for Intel GPUs (device_ip) is "
            "compatible until `sycl-ls` or `clinfo` shows the GPU"
        )
        return []
    if not versions:
        _tell_of_unused_gpu(root, "Level Zero does not list it")
    return supported_configs(map(_device_ip, versions))


def supported_configs(device_ips: Iterable[str]) -> list[VariantFeatureConfig]:
    """What a machine with those GPUs supports, as `get_supported_configs` would answer there.

    ``device_ips`` are the GPUs' architectures as Intel's tools spell them (``20.2.0``), the first
    GPU first.

    The one feature is ``device_ip``: for each GPU its own architecture, then the base platform
    whose code it runs too; no value twice. A GPU that is not known here has only its own.
    Without a GPU the answer is empty.
    """
    values: dict[str, None] = {}
    for device_ip in device_ips:
        values[device_ip] = None
        if (base := _BASE_PLATFORMS.get(device_ip)) is not None:
            values[base] = None
    return [VariantFeatureConfig("device_ip", list(values), multi_value=True)] if values else []


def get_all_configs() -> list[VariantFeatureConfig]:
    """Every feature and value of the namespace, in the order of `get_supported_configs`.

    The values known when this was written: a newer GPU is answered with its own all the same.
    """
    return [VariantFeatureConfig("device_ip", list(_BASE_PLATFORMS), multi_value=True)]


def _device_ip(version: int) -> str:
    """The version as text. Its bits, from the lowest: 6 revision, 8 reserved, 8 release, 10
    architecture (intel/compute-runtime, shared/source/helpers/hw_ip_version.h)."""
    return f"{version >> 22}.{version >> 14 & 0xFF}.{version & 0x3F}"


def _forced_device_ip() -> str | None:
    value = os.environ.get(_FORCED_DEVICE_IP)
    if not value:
        return None
    if not _DEVICE_IP_FORM.fullmatch(value):
        _warn(
            f"{_FORCED_DEVICE_IP} is {value!r:.200}, expected architecture.release.revision, such "
            "as 20.1.0: it is ignored and the machine is asked instead"
        )
        return None
    return value


def _tell_of_unused_gpu(root: Path, reason: str) -> None:
    # Only of a discrete GPU: nearly every desktop has an integrated one, and nobody misses it.
    if _discrete_gpu(root):
        _warn(
            f"an Intel GPU is there but {reason}: no variant built for Intel GPUs (device_ip) is "
            "compatible. Install the driver's libze1 and libze-intel-gpu1, in a container pass the "
            "GPU in (docker run --device /dev/dri), let this user into the group `render`, or set "
            f"{_FORCED_DEVICE_IP}"
        )


def _discrete_gpu(root: Path) -> bool:
    return any(
        device.is_display_controller and not device.is_integrated
        for device in pci_devices(root, _PCI_VENDOR)
    )


def _warn(message: str) -> None:
    warnings.warn(message, ProviderWarning, stacklevel=2)
