"""CPU slots, for machines without accelerators, and whether accelerators are left to others."""

import os

from resources.errors import BadInput
from resources.gpu.inventory.model import Device, DeviceId

ACCELERATOR_VARIABLE = "TRAINPLAT_ACCELERATOR"
ACCELERATORS = ("auto", "cpu")
"""What it may be: ``auto`` takes the accelerators that are there, ``cpu`` leaves them to others."""
CPU_SLOTS_VARIABLE = "TRAINPLAT_CPU_SLOTS"
DEFAULT_CPU_SLOTS = 2
MOST_CPU_SLOTS = 1024


def cpu_slots() -> tuple[Device, ...]:
    """The slots that ``TRAINPLAT_CPU_SLOTS`` declares. Raises :class:`BadInput` for a bad setting."""
    declared = os.environ.get(CPU_SLOTS_VARIABLE, str(DEFAULT_CPU_SLOTS))
    if not declared.isascii() or not declared.isdigit() or not 1 <= int(declared) <= MOST_CPU_SLOTS:
        raise BadInput(
            f"{CPU_SLOTS_VARIABLE} is {declared!r}; expected a whole number from 1 to {MOST_CPU_SLOTS}",
            f"Set {CPU_SLOTS_VARIABLE} to how many runs may hold a CPU slot at once.",
        )
    return tuple(Device(DeviceId(f"cpu:{index}"), None, None) for index in range(int(declared)))


def leaves_accelerators() -> bool:
    """Whether ``TRAINPLAT_ACCELERATOR`` says to leave them. Raises :class:`BadInput` for a bad setting."""
    told = os.environ.get(ACCELERATOR_VARIABLE, "auto")
    if told not in ACCELERATORS:
        raise BadInput(
            f"{ACCELERATOR_VARIABLE} is {told!r}; expected one of: {', '.join(ACCELERATORS)}",
            f"Set {ACCELERATOR_VARIABLE} to cpu to leave this machine's GPUs alone, or unset it.",
        )
    return told == "cpu"
