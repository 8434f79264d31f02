"""Which builds of torch PyTorch's index has: the newest patch release of each minor.

CUDA and ROCm to 2.13: the release matrix of pytorch/test-infra
(tools/scripts/generate_binary_build_matrix.py at the commits of each release). CUDA 12.9 is in no
matrix from 2.9 on: SGLang and vLLM asked for it, for Linux, to 2.13 (pytorch/pytorch issues 185269
and 187834). 2.14: pytorch/pytorch pull request 194367 and issue 190355. 2.15: the nightly matrix of
2026-08 without CUDA 12.6 (issue 190385); not verified, as are the builds for Arm of CUDA 12.9 after
2.9.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["TORCH_RELEASES"]

_LINUX_X86_64 = {
    "2.15.0": "cpu cu130 cu132 cu134 rocm7.2 rocm7.14 xpu",
    "2.14.1": "cpu cu126 cu130 cu132 rocm7.2 rocm7.14 xpu",
    "2.13.0": "cpu cu126 cu129 cu130 cu132 rocm7.1 rocm7.2 xpu",
    "2.12.1": "cpu cu126 cu129 cu130 cu132 rocm7.1 rocm7.2 xpu",
    "2.11.0": "cpu cu126 cu128 cu129 cu130 rocm7.1 rocm7.2 xpu",
    "2.10.0": "cpu cu126 cu128 cu129 cu130 rocm7.0 rocm7.1 xpu",
    "2.9.1": "cpu cu126 cu128 cu129 cu130 rocm6.3 rocm6.4 xpu",
    "2.8.0": "cpu cu126 cu128 cu129 rocm6.3 rocm6.4 xpu",
    "2.7.1": "cpu cu118 cu126 cu128 rocm6.2.4 rocm6.3 xpu",
    "2.6.0": "cpu cu118 cu124 cu126 rocm6.1 rocm6.2.4 xpu",
    "2.5.1": "cpu cu118 cu121 cu124 rocm6.1 rocm6.2",
    "2.4.1": "cpu cu118 cu121 cu124 rocm6.0 rocm6.1",
    "2.3.1": "cpu cu118 cu121 rocm6.0",
}

_LINUX_AARCH64 = {
    "2.15.0": "cpu cu130 cu132 cu134",
    "2.14.1": "cpu cu126 cu130 cu132",
    "2.13.0": "cpu cu126 cu130 cu132",
    "2.12.1": "cpu cu126 cu130 cu132",
    "2.11.0": "cpu cu126 cu128 cu130",
    "2.10.0": "cpu cu126 cu128 cu130",
    "2.9.1": "cpu cu126 cu128 cu129 cu130",
    "2.8.0": "cpu cu129",
    "2.7.1": "cpu cu128",
    "2.6.0": "cpu",
}

_WINDOWS_X86_64 = {
    "2.15.0": "cpu cu130 cu132 xpu",
    "2.14.1": "cpu cu126 cu130 cu132 xpu",
    "2.13.0": "cpu cu126 cu130 cu132 xpu",
    "2.12.1": "cpu cu126 cu130 cu132 xpu",
    "2.11.0": "cpu cu126 cu128 cu130 xpu",
    "2.10.0": "cpu cu126 cu128 cu130 xpu",
    "2.9.1": "cpu cu126 cu128 cu130 xpu",
    "2.9.0": "cpu cu126 cu128 cu129 cu130 xpu",
    "2.8.0": "cpu cu126 cu128 cu129 xpu",
    "2.7.1": "cpu cu118 cu126 cu128 xpu",
    "2.6.0": "cpu cu118 cu124 cu126 xpu",
    "2.5.1": "cpu cu118 cu121 cu124",
}

TORCH_RELEASES: Mapping[str, Mapping[str, str]] = {
    "linux-x86_64": _LINUX_X86_64,
    "linux-aarch64": _LINUX_AARCH64,
    "windows-x86_64": _WINDOWS_X86_64,
    "macos-aarch64": {"2.15.0": "cpu"},
}
"""``{platform: {version: labels}}``, the newest version first."""
