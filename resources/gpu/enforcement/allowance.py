"""What each lease on a machine allows its run: what it states, else its share of what others do not. Pure.

- Of a device that it has alone, everything.
- Of a device that it shares, the memory that its request names; where it names none, the part of the memory
  that goes with its share, at most what requests that name some leave of it.
- Of CPU and main memory, what its terms state; else its share of what nobody stated, by its devices.

So the allowances on a device, and on a machine, never add up to more than there is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from resources.gpu.enforcement.model import Limits
from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import Lease, Overuse, RunId, run_of
from resources.gpu.placement.model import WHOLE_MILLI
from resources.gpu.requests.model import Mode
from resources.gpu.settings import ANY_PROJECT


@dataclass(frozen=True)
class Machine:
    """What there is to share."""

    devices: Sequence[Device]
    cpu_milli: int
    host_memory_mib: int


def limits_of(
    leases: Iterable[Lease], machine: Machine, overuse: Mapping[str, Overuse] | None = None
) -> tuple[Limits, ...]:
    """The limits of each of these leases, which are all that live on the machine.

    ``overuse`` is what projects declare for runs that say nothing, ``*`` for those not named.
    """
    known = tuple(leases)
    memory = _device_memory(known, machine.devices)
    projects = overuse or {}
    usual = projects.get(ANY_PROJECT, Overuse.LEAVE)
    cpu = _Share(machine.cpu_milli, [one.terms.cpu_milli for one in known], known, machine)
    host = _Share(machine.host_memory_mib, [one.terms.host_memory_mib for one in known], known, machine)
    return tuple(
        Limits(
            one.run_id,
            {device: memory.get((one.run_id, device)) for device in one.devices},
            cpu.of(one, one.terms.cpu_milli),
            host.of(one, one.terms.host_memory_mib),
            one.terms.overuse or projects.get(one.owner.project, usual),
            frozenset(one.devices) if one.request.mode is Mode.SHARED else frozenset(),
        )
        for one in known
    )


def joined(limits: Iterable[Limits]) -> list[Limits]:
    """The same, with what a run has by second leases added to its own: its processes use both as one."""
    found: dict[RunId, Limits] = {}
    for one in sorted(limits, key=lambda one: one.run_id):  # the run's own id is the beginning of the others
        own = found.get(run_of(one.run_id))
        if own is None:
            found[one.run_id] = one
        else:
            found[own.run_id] = _with(own, one)
    return list(found.values())


def _with(own: Limits, more: Limits) -> Limits:
    memory = dict(own.device_memory_mib)
    for device, mib in more.device_memory_mib.items():
        memory[device] = _sum(memory[device], mib) if device in memory else mib
    return replace(
        own,
        device_memory_mib=memory,
        cpu_milli=_sum(own.cpu_milli, more.cpu_milli),
        host_memory_mib=_sum(own.host_memory_mib, more.host_memory_mib),
        unreserved=own.unreserved | more.unreserved,
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _device_memory(leases: Sequence[Lease], devices: Iterable[Device]) -> dict[tuple[str, DeviceId], int]:
    """By run and device; what is not in it is not limited."""
    found: dict[tuple[str, DeviceId], int] = {}
    for device in devices:
        on_it = [one for one in leases if device.id in one.devices]
        shared = [one for one in on_it if one.request.mode is Mode.SHARED]
        parts = [one for one in on_it if one.request.mode is Mode.FRACTION]
        stated = {one.run_id: one.request.memory_mib for one in parts if one.request.memory_mib is not None}
        found |= {(one.run_id, device.id): 0 for one in shared}
        found |= {(run_id, device.id): mib for run_id, mib in stated.items()}
        if device.memory_mib is None:
            continue
        silent = [one for one in parts if one.run_id not in stated]
        left_mib = max(0, device.memory_mib - sum(stated.values()))
        asked_milli = sum(one.milli for one in silent)
        for one in silent:
            by_share = device.memory_mib * one.milli // WHOLE_MILLI
            found[one.run_id, device.id] = min(by_share, left_mib * one.milli // asked_milli)
    return found


class _Share:
    """How what nobody stated is divided among those that state nothing."""

    def __init__(self, total: int, stated: Sequence[int], leases: Sequence[Lease], machine: Machine) -> None:
        self._left = max(0, total - sum(stated))
        silent = [one for one, amount in zip(leases, stated, strict=True) if not amount]
        spoken = [one for one, amount in zip(leases, stated, strict=True) if amount]
        everything = len(machine.devices) * WHOLE_MILLI - sum(map(_units_milli, spoken))
        # Devices of which more is held than there is, as after a loss, are no reason to allow more.
        self._units = max(everything, sum(map(_units_milli, silent)))

    def of(self, lease: Lease, stated: int) -> int | None:
        """None for a run that neither holds devices nor states anything: nothing is declared."""
        if stated:
            return stated
        units = _units_milli(lease)
        return self._left * units // self._units if units else None


def _units_milli(lease: Lease) -> int:
    return len(lease.devices) * lease.milli
