"""How busy, how warm and how well the devices of this machine are now."""

import socket

from resources.errors import Unavailable
from resources.gpu.inventory.model import LOCAL, Device, DeviceId, DeviceReading, Inventory
from resources.gpu.inventory.sources import SOURCES


def read_devices(inventory: Inventory) -> dict[DeviceId, DeviceReading]:
    """A reading for each accelerator of ``inventory`` that is in this machine.

    CPU slots have none, and neither have the devices of other nodes: their own machines read them. A source
    that does not answer is told as the fault of its devices.
    """
    here = _devices_of_this_machine(inventory)
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


def _devices_of_this_machine(inventory: Inventory) -> list[Device]:
    names = {LOCAL, socket.gethostname(), socket.gethostname().partition(".")[0]}
    return [device for node in inventory.nodes if node.id in names for device in node.devices]
