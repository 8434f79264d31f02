"""Write the /proc/cpuinfo of the CPU that qemu-user emulates, as Linux on that CPU would.

qemu-user shows the kernel of the machine it runs on, whose CPU is another. What the emulated one
has, it says where Linux says it to programs: in the auxiliary vector.
"""

from __future__ import annotations

import ctypes
import os

AT_HWCAP, AT_HWCAP2 = 16, 26

HWCAP = """
    fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc
    dcpop sha3 sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm ssbs sb paca pacg
"""
HWCAP2 = """
    dcpodp sve2 sveaes svepmull svebitperm svesha3 svesm4 flagm2 frint svei8mm svef32mm svef64mm
    svebf16 i8mm bf16 dgh rng bti mte ecv afp rpres mte3 sme smei16i64 smef64f64 smei8i32 smef16f32
    smeb16f32 smef32f32 smefa64 wfxt ebf16
"""
"""The names of the bits, from the first on, as Linux writes them (Documentation/arch/arm64/
elf_hwcaps.rst, arch/arm64/kernel/cpuinfo.c)."""

KERNELS_OWN = {"evtstrm"}
"""What Linux itself sees to, on every such CPU, and qemu-user, which is no kernel, does not."""

IDENTITIES = {
    "cortex-a72": ("0x41", "0x0", "0xd08", "3"),
    "neoverse-n1": ("0x41", "0x4", "0xd0c", "1"),
    "a64fx": ("0x46", "0x1", "0x001", "0"),
    "max": ("0x00", "0x0", "0x051", "0"),
}
"""Implementer, variant, part and revision, from each CPU's main ID register."""


def main() -> None:
    """Print one core."""
    getauxval = ctypes.CDLL(None).getauxval
    getauxval.restype = ctypes.c_ulong
    features = [
        name
        for register, names in ((AT_HWCAP, HWCAP), (AT_HWCAP2, HWCAP2))
        for bit, name in enumerate(names.split())
        if getauxval(ctypes.c_ulong(register)) >> bit & 1 or name in KERNELS_OWN
    ]
    implementer, variant, part, revision = IDENTITIES[os.environ["QEMU_CPU"]]
    print("processor\t: 0")
    print("BogoMIPS\t: 100.00")
    print(f"Features\t: {' '.join(features)}")
    print(f"CPU implementer\t: {implementer}")
    print("CPU architecture: 8")
    print(f"CPU variant\t: {variant}")
    print(f"CPU part\t: {part}")
    print(f"CPU revision\t: {revision}\n")


if __name__ == "__main__":
    main()
