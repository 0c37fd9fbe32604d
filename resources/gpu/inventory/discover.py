"""What there is to give out: the devices of this machine, or the nodes of a declared cluster."""

from dataclasses import replace

from resources.errors import Unavailable
from resources.gpu.inventory import static
from resources.gpu.inventory.host import host_cpu_milli, host_memory_mib
from resources.gpu.inventory.model import LOCAL, Device, Inventory, Node
from resources.gpu.inventory.slots import cpu_slots, leaves_accelerators
from resources.gpu.inventory.source import Found
from resources.gpu.inventory.sources import SOURCES


def discover_inventory() -> Inventory:
    """The declared cluster; where none is declared, this machine as one node, with its ill devices too.

    Raises :class:`Unavailable` when a driver is there and does not answer, :class:`BadInput` for a bad
    setting or a bad file.
    """
    declared = static.declared_file()
    if declared is not None:
        return static.load(declared)
    return one_node(local_devices())


def one_node(devices: tuple[Device, ...]) -> Inventory:
    """These devices as those of this machine."""
    return Inventory((Node(LOCAL, host_cpu_milli(), host_memory_mib(), devices),))


def local_inventory() -> Inventory:
    """The machine as one node, with its ill devices too: where runs are started without other machines.

    Raises as :func:`discover_inventory` does, and :class:`Unavailable` where every accelerator is ill:
    handing out CPU slots there would hide it.
    """
    found = machine()
    refuse_all_ill(found)
    return found


def machine() -> Inventory:
    """The machine as one node, with its ill devices too, even where all of them are ill.

    Raises as :func:`discover_inventory` does.
    """
    return one_node(local_devices())


def refuse_all_ill(inventory: Inventory) -> None:
    """Raise :class:`Unavailable` where there are devices, and all of them are ill."""
    devices = inventory.devices
    if not devices or any(device.fault is None for device in devices):
        return
    told = "; ".join(f"{device.id}: {device.fault}" for device in devices)
    raise Unavailable(
        f"every accelerator of this machine is ill: {told}",
        "Mend them as said there, or set TRAINPLAT_ACCELERATOR to cpu. No run is started meanwhile.",
    )


def discover() -> tuple[Device, ...]:
    """The devices of this machine that can be given out, in the order of their indexes; raises as
    :func:`local_inventory` does.
    """
    return tuple(device for device in local_inventory().devices if device.fault is None)


def local_devices() -> tuple[Device, ...]:
    """The accelerators of this machine, ill ones too; its CPU slots where it has none or leaves them."""
    if leaves_accelerators():
        return cpu_slots()
    found = [source.find() for source in SOURCES]
    return tuple(device for one in found if isinstance(one, Found) for device in one.devices) or cpu_slots()


def with_vanished(before: Inventory, now: Inventory) -> Inventory:
    """``now``, and in it each device of ``before`` that is gone, with a fault that says so.

    A card is known by its uuid, not by its place: drivers count anew when a card is missing. One that now
    goes by another id keeps the id that leases know it by.
    """
    nodes = []
    known = {node.id: node for node in before.nodes}
    for node in now.nodes:
        old = known.pop(node.id, None)
        nodes.append(node if old is None else replace(node, devices=_merged(old.devices, node.devices)))
    for node in known.values():
        gone = tuple(
            _gone(device, f"Its node {node.id} is not in the inventory any more.") for device in node.devices
        )
        nodes.append(replace(node, devices=gone))
    return Inventory(tuple(nodes))


def _merged(before: tuple[Device, ...], now: tuple[Device, ...]) -> tuple[Device, ...]:
    left = {identity(device): device for device in now}
    merged: list[Device] = []
    for device in before:
        found = left.pop(identity(device), None)
        if found is None:
            nameless = left.pop(device.id, None)  # too ill to tell its uuid
            gone = "It is gone: no driver on its node lists it any more."
            merged.append(_gone(device, gone if nameless is None else nameless.fault or gone))
        else:
            merged.append(replace(found, id=device.id))
    taken = {device.id for device in merged}
    # A new card under the id of one that is gone waits until that one is out of the books.
    return tuple(merged) + tuple(device for device in left.values() if device.id not in taken)


def identity(device: Device) -> str:
    """What stays with a device when its driver counts anew."""
    return device.mig_uuid or device.uuid or device.id


def _gone(device: Device, why: str) -> Device:
    return replace(device, fault=device.fault or why, answers=False)
