"""What keeps a run within its lease on this machine, in sentences: devices, CPUs and main memory."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from resources.gpu.enforcement.cgroup import is_in_group
from resources.gpu.enforcement.isolation import Isolation, isolation
from resources.gpu.enforcement.limits import Means
from resources.gpu.enforcement.mps import program
from resources.gpu.inventory.model import Device
from resources.gpu.model import Lease
from resources.gpu.policy.reason import Reason
from resources.texts import mark


@dataclass(frozen=True)
class Apart:
    """How a run is kept apart from its neighbours."""

    devices: tuple[Isolation, ...]
    """One for each of its devices that is in the inventory."""
    cpu: Means
    host_memory: Means
    told: tuple[Reason, ...]
    """CPU, then main memory; nothing of what is not stated."""


def apart(lease: Lease, devices: Sequence[Device]) -> Apart:
    """How the run of ``lease`` is kept apart now, or will be when it is started."""
    has_mps = program() is not None
    held = [device for device in devices if device.id in lease.devices]
    found = tuple(isolation(device, lease.request, has_mps=has_mps) for device in held)
    terms = lease.terms
    cpu = _means_of_cpu(lease) if terms.cpu_milli else Means.NONE
    memory = (Means.CGROUP if _has_group(lease) else Means.WATCH) if terms.host_memory_mib else Means.NONE
    told = []
    if terms.cpu_milli:
        cores = f"{terms.cpu_milli / 1000:g}"
        told.append(Reason(_RULES[cpu], _CPU[cpu], {"cores": cores, "on": _cores_of(lease)}))
    if terms.host_memory_mib:
        told.append(Reason(_RULES[memory], _MEMORY[memory], {"memory_mib": terms.host_memory_mib}))
    return Apart(found, cpu, memory, tuple(told))


def _means_of_cpu(lease: Lease) -> Means:
    if _has_group(lease):
        return Means.CGROUP
    return Means.AFFINITY if _cores_of(lease) else Means.WATCH


def _has_group(lease: Lease) -> bool:
    return lease.holder is not None and is_in_group(lease.holder.pid, lease.run_id)


def _cores_of(lease: Lease) -> str:
    """The cores that its process is kept on; empty where it may run on all, or does not run."""
    cores: set[int] = set()
    if lease.holder is not None and lease.holder.is_alive() and hasattr(os, "sched_getaffinity"):
        with suppress(OSError):
            cores = os.sched_getaffinity(lease.holder.pid)
    return ", ".join(map(str, sorted(cores))) if len(cores) < (os.cpu_count() or 1) else ""


_RULES = {Means.CGROUP: "I8", Means.AFFINITY: "I9", Means.WATCH: "I10"}
_CPU = {
    Means.CGROUP: mark("The kernel allows it {cores} CPU cores and no more."),
    Means.AFFINITY: mark("It may use {cores} CPU cores, and runs on these only: {on}."),
    Means.WATCH: mark("It may use {cores} CPU cores; that is only watched."),
}
_MEMORY = {
    Means.CGROUP: mark("The kernel ends it where it needs more than {memory_mib} MiB of main memory."),
    Means.WATCH: mark("It may use {memory_mib} MiB of main memory; that is only watched."),
}
