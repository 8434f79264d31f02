"""Named machines of the type of the one that runs the tests: pip installs for no other."""

from __future__ import annotations

import platform

_IS_ARM = platform.machine() in ("aarch64", "arm64")

HOPPER = "gh200" if _IS_ARM else "h100"
"""A machine with a Hopper GPU."""

CPU_ONLY = "cpu-aarch64" if _IS_ARM else "cpu-x86-64-v1"
"""A machine without an accelerator."""

OF_ANOTHER_TYPE, ANOTHER_TYPE = ("h100", "x86_64") if _IS_ARM else ("gh200", "aarch64")
"""A machine of another type, and that type."""

CPU_NAMESPACE = "aarch64" if _IS_ARM else "x86_64"
CPU_PROPERTIES = {CPU_NAMESPACE: {"version": ["8a"]} if _IS_ARM else {"level": ["v1"]}}
"""What every CPU of that type has."""
