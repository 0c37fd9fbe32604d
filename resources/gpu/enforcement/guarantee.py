"""Whose memory on a device is no longer sure, and who has to go for it: rule U6."""

from collections.abc import Mapping
from dataclasses import dataclass

from resources.gpu.enforcement.excess import Key
from resources.gpu.enforcement.model import DeviceMemory, Limits, Look, Use
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import RunId
from resources.gpu.policy.reason import Reason, Value
from resources.texts import mark


@dataclass(frozen=True)
class Danger:
    """A device with less free memory than its leases are still owed."""

    device_id: DeviceId
    offenders: Mapping[Key, Reason]
    """Runs that have to go: the greatest excess first, no more of them than it takes.

    By what they do too much, U2 or U5; by U6 itself those for whom nothing is reserved.
    """
    left_short: Mapping[str, Value] | None
    """How short memory is even without the offenders, as is said of strangers there; None where it is not."""

    def of_stranger(self, own: Mapping[str, Value]) -> Reason:
        """What is said of a stranger there; ``own`` is what it uses."""
        return Reason("U6", _SHORT, {**own, **(self.left_short or {})})


def dangers(limits: Mapping[RunId, Limits], look: Look) -> tuple[Danger, ...]:
    """The devices on which a lease's memory is no longer sure."""
    uses = {one.run_id: one for one in look.uses}
    found = (_danger(limits, uses, device) for device in look.devices)
    return tuple(one for one in found if one is not None)


def _danger(limits: Mapping[RunId, Limits], uses: Mapping[RunId, Use], device: DeviceMemory) -> Danger | None:
    owed = _owed_mib(limits, uses, device.device_id)
    if device.free_mib >= sum(owed.values()):
        return None
    going = _who_goes(_above(limits, uses, device.device_id), owed, device.free_mib)
    free_mib = device.free_mib + sum(one.used_mib for one in going)
    owed_mib = sum(owed.values())
    values: dict[str, Value] = {"device": device.device_id, "free_mib": free_mib, "owed_mib": owed_mib}
    left_short = values if free_mib < owed_mib else None
    values = values | {"free_mib": device.free_mib}
    offenders = {
        one.key: Reason(
            "U6", _ENDANGERED, values | {"used_mib": one.used_mib, "allowed_mib": one.allowed_mib}
        )
        for one in going
    }
    return Danger(device.device_id, offenders, left_short)


@dataclass(frozen=True)
class _Above:
    """A run that has more memory on a device than it may have, so that it is owed none."""

    key: Key
    run_id: RunId
    used_mib: int
    allowed_mib: int


def _who_goes(above: list[_Above], owed: Mapping[RunId, int], free_mib: int) -> list[_Above]:
    """Taken in order until it is enough; then each whose memory is not needed after all is left there."""
    needed_mib = sum(owed.values()) - free_mib
    going: list[_Above] = []
    for one in above:
        if sum(taken.used_mib for taken in going) >= needed_mib:
            break
        going.append(one)
    for one in reversed(going[:]):
        if sum(taken.used_mib for taken in going) - one.used_mib >= needed_mib:
            going.remove(one)
    return going


def _owed_mib(
    limits: Mapping[RunId, Limits], uses: Mapping[RunId, Use], device: DeviceId
) -> dict[RunId, int]:
    """What each lease on the device may still take of it."""
    owed = {}
    for run_id, one in limits.items():
        allowed_mib = one.device_memory_mib.get(device)
        if allowed_mib is not None:
            owed[run_id] = max(0, allowed_mib - _used_mib(uses, run_id, device))
    return owed


def _above(limits: Mapping[RunId, Limits], uses: Mapping[RunId, Use], device: DeviceId) -> list[_Above]:
    """The greatest excess first."""
    found = []
    for run_id, one in limits.items():
        used_mib = _used_mib(uses, run_id, device)
        leased = device in one.device_memory_mib
        allowed_mib = one.device_memory_mib[device] if leased else 0
        if allowed_mib is not None and used_mib > allowed_mib:
            rule = "U6" if device in one.unreserved else "U2" if leased else "U5"
            found.append(_Above(Key(rule, run_id, device), run_id, used_mib, allowed_mib))
    return sorted(found, key=lambda one: (one.allowed_mib - one.used_mib, one.run_id))


def _used_mib(uses: Mapping[RunId, Use], run_id: RunId, device: DeviceId) -> int:
    return uses[run_id].device_memory_mib.get(device, 0) if run_id in uses else 0


_ENDANGERED = mark(
    "It has {used_mib} MiB on {device} and may have {allowed_mib}; the {free_mib} MiB that are free there "
    "are less than the {owed_mib} MiB that others are owed."
)
_SHORT = mark(
    "Process {pid} of user {user} has {used_mib} MiB on {device} without a lease; the {free_mib} MiB that "
    "are free there are less than the {owed_mib} MiB that leases are owed."
)
