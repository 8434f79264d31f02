"""The devices on the PCI bus, as Linux lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PciDevice", "pci_devices"]

_DISPLAY_CONTROLLER = "0x03"


@dataclass(frozen=True)
class PciDevice:
    """One device; ``vendor``, ``model`` and ``kind`` are hexadecimal numbers (``0x10de``), ``kind``
    of three bytes with the base class first. What cannot be read, as when the device is unplugged
    in the meantime, is empty.
    """

    address: str
    vendor: str
    model: str
    kind: str

    @property
    def is_display_controller(self) -> bool:
        """Whether it is a GPU, with or without a display."""
        return self.kind.startswith(_DISPLAY_CONTROLLER)

    @property
    def is_integrated(self) -> bool:
        """Whether it sits on the root bus, beside the processor, and not behind a bridge."""
        return self.address.split(":")[1:2] == ["00"]


def pci_devices(root: Path, vendor: str) -> Iterator[PciDevice]:
    """The devices of one vendor; ``root`` is the directory that ``sys`` is in."""
    for folder in sorted((root / "sys/bus/pci/devices").glob("*")):
        if _attribute(folder, "vendor") == vendor:
            yield PciDevice(
                folder.name, vendor, _attribute(folder, "device"), _attribute(folder, "class")
            )


def _attribute(device: Path, name: str) -> str:
    try:
        return (device / name).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
