"""What there is to give out: the devices of this machine, and the nodes of a declared cluster."""

import socket
from dataclasses import replace

from resources.errors import BadInput, Unavailable
from resources.gpu.inventory import static
from resources.gpu.inventory.host import host_cpu_milli, host_memory_mib
from resources.gpu.inventory.model import LOCAL, Device, Inventory, Node
from resources.gpu.inventory.slots import cpu_slots, leaves_accelerators
from resources.gpu.inventory.source import Found
from resources.gpu.inventory.sources import SOURCES
from resources.texts import filled, mark


def discover_inventory() -> Inventory:
    """Tell this machine as one node, with its ill devices too, and the declared nodes after it.

    Raises :class:`Unavailable` when a driver is there and does not answer, :class:`BadInput` for a bad
    setting or a bad file.
    """
    here, declared = machine(), static.declared()
    if declared is None:
        return here
    known = _last.get("together")
    if known is None or known[0] != here or known[1] is not declared:
        known = here, declared, together(here.nodes[0], declared)
        _last["together"] = known
    return known[2]


_last: dict[str, tuple[Inventory, Inventory, Inventory]] = {}
"""The same object as long as nothing has changed, for those who keep what they know of it."""


def together(here: Node, declared: Inventory) -> Inventory:
    """Join this machine and the declared nodes.

    The one of them that bears the name of this machine is this machine: its devices are those that are found,
    under the names that they have anyway; of CPUs and memory its runs use what is declared at most.
    """
    names = host_names()
    own = next((node for node in declared.nodes if node.id in names), None)
    if own is not None:
        here = replace(
            here,
            cpu_milli=min(here.cpu_milli, own.cpu_milli),
            host_memory_mib=min(here.host_memory_mib, own.host_memory_mib),
            labels=own.labels,
            declared_as=own.id,
        )
    return Inventory((here, *(node for node in declared.nodes if node is not own)))


def host_names() -> frozenset[str]:
    """What this machine is called, with and without its domain."""
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0]})


class BadCluster(Unavailable):
    """The declared cluster cannot be read. No request is to blame for that."""


def known_inventory() -> Inventory:
    """What :func:`discover_inventory` finds; raises :class:`BadCluster` for a bad file."""
    try:
        static.declared()
    except BadInput as problem:
        raise BadCluster(problem.problem, f"{problem.next_step} No run is started meanwhile.") from problem
    return discover_inventory()


def one_node(devices: tuple[Device, ...]) -> Inventory:
    """These devices as those of this machine."""
    return Inventory((Node(LOCAL, host_cpu_milli(), host_memory_mib(), devices),))


def local_inventory() -> Inventory:
    """Tell this machine alone, whatever is declared.

    Raises :class:`Unavailable` where a driver does not answer, and where every accelerator is ill.
    """
    found = machine()
    refuse_all_ill(found)
    return found


def machine() -> Inventory:
    """The machine as one node, with its ill devices too, even where all of them are ill.

    Raises :class:`Unavailable` where a driver does not answer.
    """
    return one_node(local_devices())


def refuse_all_ill(inventory: Inventory) -> None:
    """Raise :class:`Unavailable` where this machine has devices, and all of them are ill."""
    devices = inventory.for_runs.devices
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
            _gone(device, filled(mark("Its node {node} is not in the inventory any more."), node=node.id))
            for device in node.devices
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
            gone = mark("It is gone: no driver on its node lists it any more.")
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
