"""The value of a request: how much of how many devices of which kind."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resources.gpu.inventory.model import Device

WHOLE_MILLI = 1000
"""A whole device, in thousandths."""
_TENTHS_LEFT = 9
"""Drivers keep part of a card back: of 16 GiB a T4 reports 15,109 MiB, of 80 GiB an H100 81,559 MiB. A card
with nine tenths of the size that was asked for is taken for one of that size."""


class Mode(StrEnum):
    """How a request uses devices."""

    NONE = "none"
    """It asks for no device."""
    WHOLE = "whole"
    """It alone uses each of its devices."""
    FRACTION = "fraction"
    """It uses a share of one device."""
    SHARED = "shared"
    """It sees a device that others use, and reserves nothing of it."""


@dataclass(frozen=True)
class GpuRequest:
    """What a run asks for. Two requests are equal when they ask for the same, however it was written."""

    text: str = field(compare=False)
    """As it was written."""
    count: int
    """How many devices; 0 asks for none, and so does shared use, which reserves none."""
    model: str | None = None
    """Which kind of device, in capitals; None for any. Each part of it has to stand in the device's name."""
    vendor: str = "nvidia"
    resource_name: str = "nvidia.com/gpu"
    """What Kubernetes calls such a device."""
    milli: int = WHOLE_MILLI
    """How much of each device, in thousandths of its computing power; below 1000 only for a fraction."""
    memory_mib: int | None = None
    """Memory of each device: of a fraction what is reserved, of a whole device the size that it has."""
    mode: Mode = Mode.WHOLE

    def __post_init__(self) -> None:
        """Raise ValueError for a value that contradicts itself."""
        reserves = self.mode in {Mode.WHOLE, Mode.FRACTION}
        if reserves != (self.count > 0) or self.count < 0:
            raise ValueError(f"mode {self.mode} with {self.count} devices")
        if (self.mode is Mode.FRACTION) != (self.milli < WHOLE_MILLI) or not 0 < self.milli <= WHOLE_MILLI:
            raise ValueError(f"mode {self.mode} with {self.milli} thousandths of each device")
        if self.memory_mib is not None and self.memory_mib <= 0:
            raise ValueError(f"{self.memory_mib} MiB of memory")

    @property
    def fraction(self) -> float:
        """How much of each device, from above 0 to 1."""
        return self.milli / WHOLE_MILLI

    @property
    def units_milli(self) -> int:
        """What is charged, in thousandths of a device: count × fraction. 0 for none and for shared use."""
        return self.count * self.milli

    @property
    def partition(self) -> str | None:
        """The MIG profile asked for as Kubernetes spells it, ``1g.10gb.me``; None for other devices."""
        name = self.resource_name.partition("/")[2]
        return name.removeprefix("mig-") if name.startswith("mig-") else None

    def matches(self, device: "Device") -> bool:
        """Whether ``device`` is of the kind asked for.

        A CPU slot is of any kind, unless a model is named. A device whose vendor or memory nobody knows is
        taken at its word. A MIG instance matches its profile only.
        """
        if device.model is None:  # a CPU slot
            return self.model is None
        names = _words(device.model)
        if device.vendor is not None and device.vendor != self.vendor:
            return False
        if self.model is not None and not _words(self.model) <= names:
            return False
        slice_of_card = device.mig_profile and device.mig_profile.replace("+", ".")
        if slice_of_card != self.partition:
            return False
        return self._fits_memory(device.memory_mib)

    def _fits_memory(self, has_mib: int | None) -> bool:
        if self.memory_mib is None or has_mib is None:
            return True
        if self.mode is Mode.FRACTION:
            return has_mib >= self.memory_mib
        return has_mib * 10 >= self.memory_mib * _TENTHS_LEFT


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(re.split(r"[-_\s]+", name.upper()))
