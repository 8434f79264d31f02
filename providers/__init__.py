"""Variant providers: one module a namespace, each asking the hardware which values it supports.

A module named after its namespace is a plugin of the providers draft by itself (section "Plugin
interface"): its name, such as ``variantsel_providers.nvidia``, is the API endpoint. Importing one
asks nothing yet. The other modules are what these share.
"""

__all__ = ["aarch64", "amd", "feature", "intel", "notices", "nvidia", "tpu", "x86_64"]
