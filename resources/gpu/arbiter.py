"""The decision: who gets devices now. Pure: a snapshot and the time in, decisions out.

First come, first served, by numbered rules:

- **A1** A request for no device is granted at once.
- **A2** A request is granted when enough matching devices are free that nobody before it waits for.
- **A3** It waits while its matching devices are in use.
- **A4** It waits while free devices are kept for a request that came before it, so that a large request
  is not overtaken for ever by small ones.
- **A5** It waits while this machine has fewer matching devices than it asks for, as after the loss of a card.
  Nothing is kept for it meanwhile: others go on.
"""

from collections.abc import Callable
from datetime import datetime

from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import Decision, Grant, Lease, Snapshot, Wait, WaitingRequest


def decide(snapshot: Snapshot, now: datetime) -> list[Decision]:
    """One decision for each waiting request, in the order in which they came (then by run id).

    A request stamped later than ``now``, as a clock that was set back leaves it, counts as come now.
    """
    free = _free_devices(snapshot)
    kept: dict[DeviceId, WaitingRequest] = {}
    decisions: list[Decision] = []
    for waiting in sorted(snapshot.waiting, key=lambda one: (min(one.submitted_at, now), one.run_id)):
        decision = _decide_one(waiting, free, kept, snapshot)
        decisions.append(decision)
        if isinstance(decision, Grant):
            free = [device for device in free if device.id not in decision.devices]
            continue
        if decision.rule == "A5":
            continue
        for device in free:
            if waiting.request.matches(device):
                kept.setdefault(device.id, waiting)
    return decisions


def _free_devices(snapshot: Snapshot) -> list[Device]:
    held = {device for lease in snapshot.leases for device in lease.devices}
    return [device for device in snapshot.devices if device.id not in held]


def _decide_one(
    waiting: WaitingRequest,
    free: list[Device],
    kept: dict[DeviceId, WaitingRequest],
    snapshot: Snapshot,
) -> Decision:
    request = waiting.request
    if request.count == 0:
        return Grant(waiting.run_id, waiting.attempt, (), "A1", "Asks for no device.")
    existing = sum(1 for device in snapshot.devices if request.matches(device))
    if existing < request.count:
        reason = (
            f"Waits for {request.count} device(s), and this machine has {existing} that match any more. "
            "Bring the missing ones back, or cancel the run and ask for less."
        )
        return Wait(waiting.run_id, waiting.attempt, "A5", reason)
    matching = [device for device in free if request.matches(device)]
    open_to_it = [device.id for device in matching if device.id not in kept]
    if len(open_to_it) >= request.count:
        chosen = tuple(open_to_it[: request.count])
        reason = f"Granted {', '.join(chosen)}: free, and nobody before it waits for them."
        return Grant(waiting.run_id, waiting.attempt, chosen, "A2", reason)
    if len(matching) >= request.count:
        first = next(kept[device.id] for device in matching if device.id in kept)
        reason = (
            f"Waits for {request.count} of {len(matching)} free devices, which are kept for run "
            f"{first.run_id[:8]} ({first.request.text} asked earlier)."
        )
        return Wait(waiting.run_id, waiting.attempt, "A4", reason)
    holders = _holders(request.matches, snapshot)
    reason = f"Waits for {request.count} device(s), {len(matching)} free; in use by {holders}."
    return Wait(waiting.run_id, waiting.attempt, "A3", reason)


def _holders(matches: Callable[[Device], bool], snapshot: Snapshot) -> str:
    devices = {device.id: device for device in snapshot.devices}

    def of_kind(lease: Lease) -> bool:
        return any(held in devices and matches(devices[held]) for held in lease.devices)

    return "; ".join(
        f"run {lease.run_id[:8]} of {lease.owner.project} ({', '.join(lease.devices)})"
        for lease in snapshot.leases
        if of_kind(lease)
    )
