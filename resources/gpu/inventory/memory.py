"""What is remembered of accelerators: who vanishes is missed, who was ill has to be well for a while. Pure.

Drivers count anew when a card is missing, and leases name cards by their ids. So a card keeps the id under
which it was seen first, by what stays with it, and the id of one that is gone is not given to another one.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from resources.gpu.inventory.discover import identity, with_vanished
from resources.gpu.inventory.model import ComputeMode, Device, DeviceId, Inventory, Node, NodeId, Vendor
from resources.gpu.inventory.xid import XidError, xid_fault
from resources.texts import filled, mark

FORGOTTEN_AFTER = timedelta(days=1)
WELL_FOR = timedelta(minutes=5)
"""So long has a device that was ill to be well before it is given out again."""


@dataclass(frozen=True)
class Remembered:
    """One accelerator, as it was seen last."""

    device: Device
    """Without its fault."""
    fault: str | None = None
    """What was wrong with it last; None once it has been well for long enough."""
    ill_since: datetime | None = None
    well_since: datetime | None = None
    """Since when it is well again."""


def seen_again(now: Inventory, known: Iterable[Remembered]) -> Inventory:
    """``now`` with the devices that are gone, under the ids that leases know, none given out too early."""
    before = {one.device.id: one for one in known}
    if not before:
        return now
    declared = tuple(node for node in now.nodes if not node.takes_runs)  # nobody looks at their devices
    # CPU slots in the place of accelerators that are gone would hide it.
    now = Inventory(
        tuple(
            replace(node, devices=tuple(device for device in node.devices if not device.is_cpu_slot))
            for node in now.nodes
            if node.takes_runs
        )
    )
    nodes = {node.id: node for node in now.nodes}
    remembered = [
        Node(name, node.cpu_milli, node.host_memory_mib, _on(name, before.values()))
        for name, node in nodes.items()
    ]
    merged = with_vanished(Inventory(tuple(remembered)), now)
    return Inventory(
        tuple(
            replace(node, devices=tuple(_held_back(device, before.get(device.id)) for device in node.devices))
            for node in merged.nodes
        )
        + declared
    )


def remember(
    now: Inventory, known: Iterable[Remembered], held: Collection[DeviceId], at: datetime
) -> tuple[Remembered, ...]:
    """What to remember after a look.

    A device that is gone and that no lease holds any more is forgotten after a day, and at once where another
    one is there under its id, as after MIG instances were made anew.
    """
    before = {one.device.id: one for one in known}
    now = now.for_runs
    merged = seen_again(now, before.values())
    shown = {identity(device) for device in merged.devices}
    wanted = {one.id for one in now.devices if one.answers and identity(one) not in shown}
    found = []
    for device in merged.devices:
        if device.is_cpu_slot:
            continue
        one = _remembered(device, before.get(device.id), at)
        is_old = one is not None and one.ill_since is not None and at - one.ill_since > FORGOTTEN_AFTER
        is_done = not device.answers and device.id not in held and (is_old or device.id in wanted)
        if one is not None and not is_done:
            found.append(one)
    return tuple(found)


def with_xids(
    now: Iterable[Device], known: Iterable[Remembered], errors: Iterable[XidError]
) -> tuple[Remembered, ...]:
    """What to remember once cards had critical errors; ``now`` is what :func:`seen_again` found.

    All instances of a card in MIG mode have had the error.
    """
    numbers = {one.uuid: one.number for one in errors}
    found = {one.device.id: one for one in known}
    for device in now:
        number = None if device.uuid is None else numbers.get(device.uuid)
        if number is None:
            continue
        plain = replace(device, fault=None, answers=True, is_recovering=False)
        one = found.get(device.id, Remembered(plain))
        found[device.id] = replace(one, device=replace(one.device, xid=number))
    return tuple(found.values())


def to_json(device: Device) -> str:
    """As it is stored."""
    return json.dumps({key: value for key, value in asdict(device).items() if value is not None})


def from_json(text: str) -> Device:
    """What :func:`to_json` wrote; a key that is not known, as of a later release, is passed over."""
    told = {key: value for key, value in json.loads(text).items() if key in Device.__dataclass_fields__}
    usual = {"model": None, "memory_mib": None}
    made = Device(**{**usual, **told, "id": DeviceId(told["id"])})
    capability = made.compute_capability
    return replace(
        made,
        node=NodeId(made.node),
        vendor=None if made.vendor is None else Vendor(made.vendor),
        compute_capability=None if capability is None else (capability[0], capability[1]),
        compute_mode=None if made.compute_mode is None else ComputeMode(made.compute_mode),
    )


def _on(node: NodeId, known: Iterable[Remembered]) -> tuple[Device, ...]:
    return tuple(one.device for one in known if one.device.node == node)


def _held_back(device: Device, known: Remembered | None) -> Device:
    if known is not None and known.device.xid is not None:
        xid = known.device.xid
        return replace(device, xid=xid, fault=device.fault or xid_fault(xid, device.id))
    if device.fault is not None or known is None or known.fault is None:
        return device
    minutes = int(WELL_FOR.total_seconds()) // 60
    told = filled(
        mark("It is well again, and given out when it has been so for {minutes} minutes. Before: {fault}"),
        minutes=minutes,
        fault=known.fault,
    )
    return replace(device, fault=told, is_recovering=True)


def _remembered(device: Device, known: Remembered | None, at: datetime) -> Remembered | None:
    """None for one that does not tell who it is, and never did."""
    if known is None and not device.answers:
        return None
    plain = replace(device, fault=None, answers=True, is_recovering=False)
    if known is not None and not device.answers:
        plain = known.device  # one too ill to tell has lost its name
    if device.fault is None:
        return Remembered(plain)
    if not device.is_recovering:
        since = None if known is None else known.ill_since
        return Remembered(plain, device.fault, since or at)
    if known is None:
        return Remembered(plain)
    since = known.well_since or at
    if at - since >= WELL_FOR:
        return Remembered(plain)
    return replace(known, device=plain, well_since=since)
