"""How busy, how warm and how well the devices of this machine are now."""

from resources.errors import Unavailable
from resources.gpu.inventory.model import DeviceId, DeviceReading, Inventory
from resources.gpu.inventory.sources import SOURCES


def read_devices(inventory: Inventory) -> dict[DeviceId, DeviceReading]:
    """A reading for each accelerator of ``inventory`` that is in this machine.

    CPU slots have none, and neither have the devices of declared nodes, which are elsewhere. A source
    that does not answer is told as the fault of its devices.
    """
    here = inventory.for_runs.devices
    readings: dict[DeviceId, DeviceReading] = {}
    for source in SOURCES:
        asked = tuple(device for device in here if device.vendor is source.vendor)
        if not asked:
            continue
        try:
            found = source.read(asked)
        except Unavailable as problem:
            found = tuple(DeviceReading(device.id, fault=f"{problem.problem}.") for device in asked)
        readings.update({reading.device: reading for reading in found})
    return readings
