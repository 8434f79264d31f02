"""The words of a bridge's ``needs``: those of the providers, with the package that each is of."""

from __future__ import annotations

import re
from collections.abc import Mapping

from variantsel.formats.provider_info import ProviderInfo

__all__ = ["NAMESPACES", "ORDER_NAMESPACE", "PROVIDERS", "VALUES"]

PROVIDERS: Mapping[str, ProviderInfo] = {
    "nvidia": ProviderInfo(
        ("nvidia-variant-provider",), "nvidia_variant_provider.plugin:NvidiaVariantPlugin"
    ),
    "amd": ProviderInfo(("amd-variant-provider",), "amd_variant_provider.plugin:AMDVariantPlugin"),
    "intel": ProviderInfo(
        ("intel-variant-provider",), "intel_variant_provider.plugin:IntelVariantPlugin"
    ),
    "tpu": ProviderInfo(("tpu-variant-provider",), "tpu_variant_provider.plugin"),
}
"""What metadata says of each namespace's provider (providers draft); ours stand in for these."""

NAMESPACES = tuple(PROVIDERS)
"""Best first: where a build of each fits a machine, it is the first that is taken."""

ORDER_NAMESPACE = "bridge"
"""The static namespace that puts builds in the file's order which nothing else tells apart."""

VALUES: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "nvidia": {
        "cuda_version_lower_bound": re.compile(r"\d{1,2}(\.\d{1,2})?"),
        "cuda_version_upper_bound": re.compile(r"\d{1,2}(\.\d{1,2})?"),
        "sm_arch": re.compile(r"\d{2,3}[af]?_(real|virtual)"),
    },
    "amd": {
        "gfx_arch": re.compile(r"gfx[0-9]{1,2}[0-9a-f]{2}"),
        "rocm_version": re.compile(r"\d{1,2}\.\d{1,2}"),
    },
    "intel": {"device_ip": re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}")},
    "tpu": {"present": re.compile("true")},
}
"""``{namespace: {feature: the form of its values}}``."""
