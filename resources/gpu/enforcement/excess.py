"""What of a look is more than a lease allows: rules U2 to U5."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from resources.gpu.enforcement.model import Limits, Look, Stranger, Use
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import RunId
from resources.gpu.policy.reason import Reason, Value
from resources.texts import mark

CPU_TOLERANCE = 1.1
"""Threads that wake up for a moment, and the kernel's ticks, are no overuse."""
CPU_TOLERANCE_MILLI = 100


@dataclass(frozen=True)
class Key:
    """What is too much: which rule, of which run or process, on which device."""

    rule: str
    run_id: RunId | None
    """None for a process of no run."""
    device_id: DeviceId | None = None
    pid: int | None = None


def excesses(limits: Mapping[RunId, Limits], look: Look) -> dict[Key, Reason]:
    """Everything that is too much in this look. What no lease limits is never too much."""
    found: dict[Key, Reason] = {}
    for use in look.uses:
        if use.run_id in limits:
            found.update(_of_run(limits[use.run_id], use))
    found.update(_of_stranger(one) for one in look.strangers)
    return found


def _of_run(allowed: Limits, use: Use) -> Iterator[tuple[Key, Reason]]:
    yield from _on_devices(allowed, use)
    if _is_above_cpu(allowed.cpu_milli, use.cpu_milli):
        values: dict[str, Value] = {
            "used_milli": use.cpu_milli or 0,
            "allowed_milli": allowed.cpu_milli or 0,
            "used_cores": _cores(use.cpu_milli),
            "allowed_cores": _cores(allowed.cpu_milli),
        }
        yield Key("U3", allowed.run_id), Reason("U3", _CPU, values)
    if allowed.host_memory_mib is not None and use.host_memory_mib > allowed.host_memory_mib:
        values = {"used_mib": use.host_memory_mib, "allowed_mib": allowed.host_memory_mib}
        yield Key("U4", allowed.run_id), Reason("U4", _HOST_MEMORY, values)


def _on_devices(allowed: Limits, use: Use) -> Iterator[tuple[Key, Reason]]:
    for device, used_mib in sorted(use.device_memory_mib.items()):
        if device in allowed.unreserved:
            continue
        values: dict[str, Value] = {"device": device, "used_mib": used_mib}
        if device not in allowed.device_memory_mib:
            yield Key("U5", allowed.run_id, device), Reason("U5", _NOT_LEASED, values | {"allowed_mib": 0})
            continue
        allowed_mib = allowed.device_memory_mib[device]
        if allowed_mib is not None and used_mib > allowed_mib:
            values["allowed_mib"] = allowed_mib
            yield Key("U2", allowed.run_id, device), Reason("U2", _DEVICE_MEMORY, values)


def _of_stranger(one: Stranger) -> tuple[Key, Reason]:
    values: dict[str, Value] = {
        "device": one.device_id,
        "pid": one.pid,
        "user": one.user or "?",
        "used_mib": one.memory_mib or 0,
    }
    return Key("U5", None, one.device_id, one.pid), Reason("U5", _STRANGER, values)


def _is_above_cpu(allowed_milli: int | None, used_milli: int | None) -> bool:
    if allowed_milli is None or used_milli is None:
        return False
    return used_milli > max(allowed_milli * CPU_TOLERANCE, allowed_milli + CPU_TOLERANCE_MILLI)


def _cores(milli: int | None) -> str:
    return f"{(milli or 0) / 1000:.1f}"


_DEVICE_MEMORY = mark(
    "It has {used_mib} MiB of the memory of {device}; its lease reserves {allowed_mib} MiB."
)
_CPU = mark("It uses {used_cores} CPU cores; its lease has {allowed_cores}.")
_HOST_MEMORY = mark("It has {used_mib} MiB of main memory; its lease has {allowed_mib} MiB.")
_NOT_LEASED = mark("It has {used_mib} MiB on {device}, which is not in its lease.")
_STRANGER = mark("Process {pid} of user {user} has {used_mib} MiB on {device} without a lease.")
