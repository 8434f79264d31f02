"""Compare our aarch64 provider with provider-variant-aarch64 on the CPU that runs this."""

from __future__ import annotations

import os
from typing import Any

from variantsel import Target

EXPECTED = {
    "cortex-a72": ("8a", {"aes", "crc32", "sha2"}, {"fphp", "sve"}),
    "neoverse-n1": ("8.2a", {"asimddp", "fphp", "lrcpc"}, {"sve", "i8mm"}),
    "a64fx": ("8.2a", {"fphp", "sve"}, {"sve2", "asimddp"}),
    "max": ("8.3a", {"fphp", "sve2"}, set()),  # nobody's CPU: its instruction sets tell the version
}
"""Of each CPU: the architecture version, instruction sets that it has, and that it has not."""


def answer(configs: Any) -> list[tuple[str, list[str]]]:
    """A provider's answer as plain values."""
    return [(config.name, list(config.values)) for config in configs]


def main() -> None:
    """Fail where the two differ, or what is found is not that CPU's."""
    from provider_variant_aarch64.plugin import AArch64Plugin
    from variantsel_providers import aarch64

    cpu = os.environ["QEMU_CPU"]
    ours = answer(aarch64.get_supported_configs())
    theirs = answer(AArch64Plugin().get_supported_configs(None))
    if cpu == "max":  # archspec takes what it does not know for the least there is, and so do they
        assert theirs == [("version", ["8a"])], theirs
    else:
        assert ours == theirs, (cpu, ours, theirs)
    found = Target.host().all_properties()["aarch64"]
    assert list(found) == [name for name, _ in ours]
    version, present, absent = EXPECTED[cpu]
    assert found["version"][0] == version, (cpu, found["version"])
    assert present <= found.keys(), (cpu, present - found.keys())
    assert not absent & found.keys(), (cpu, absent & found.keys())
    print(f"{cpu}: {version}, {len(found) - 1} instruction sets")


if __name__ == "__main__":
    main()
