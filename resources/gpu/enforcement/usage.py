"""What each run really uses now: device memory, CPU and main memory of all its processes."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import psutil

from resources.gpu.enforcement.model import DeviceMemory, DeviceUse, Holder, Look, Stranger, Use
from resources.gpu.environment import RUN_ID_VARIABLE
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import RunId
from resources.process import ProcessIdentity

MIB = 1024 * 1024


class ProcessOnDevice(Protocol):
    """What the inventory reads of a process on a device."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def memory_mib(self) -> int | None:
        """What it has there; None where the driver does not tell."""


class Reading(Protocol):
    """What the inventory reads of a device."""

    @property
    def device(self) -> DeviceId:
        """Which one."""

    @property
    def memory_used_mib(self) -> int | None:
        """By whomever; None where the driver does not tell."""

    @property
    def memory_total_mib(self) -> int | None:
        """All that it has."""

    @property
    def processes(self) -> Sequence[ProcessOnDevice] | None:
        """Who is there; None where the driver does not tell."""


@dataclass(frozen=True)
class CpuTimes:
    """CPU time that the processes of each run have used in all, to be compared with the next look's."""

    at_s: float | None = None
    """On a clock that nobody sets; None where nobody has looked."""
    used_s: Mapping[RunId, Mapping[ProcessIdentity, float]] = field(default_factory=dict)
    """Of each process, with that of its children that have ended."""


@dataclass(frozen=True)
class Seen:
    """A look, and what the next one needs of it."""

    look: Look
    cpu: CpuTimes


def device_uses(readings: Iterable[Reading]) -> tuple[DeviceUse, ...]:
    """Every process on every device. One that the driver lists twice, as a client of MPS, counts once."""
    found: dict[tuple[DeviceId, int], int | None] = {}
    for reading in readings:
        for one in reading.processes or ():
            place = (reading.device, one.pid)
            known = found.get(place)
            found[place] = one.memory_mib if known is None else max(known, one.memory_mib or 0)
    return tuple(DeviceUse(device, pid, memory_mib) for (device, pid), memory_mib in found.items())


def device_memory(readings: Iterable[Reading]) -> tuple[DeviceMemory, ...]:
    """What is free on each device that tells it."""
    return tuple(
        DeviceMemory(one.device, max(0, one.memory_total_mib - one.memory_used_mib))
        for one in readings
        if one.memory_total_mib is not None and one.memory_used_mib is not None
    )


def look_at(
    holders: Sequence[Holder],
    uses: Sequence[DeviceUse],
    devices: tuple[DeviceMemory, ...],
    before: CpuTimes,
    now_s: float,
    *,
    close_above_mib: Mapping[RunId, int] | None = None,
    ours: frozenset[int] = frozenset(),
) -> Seen:
    """What the runs of ``holders`` use at this moment.

    Main memory is what is resident in each process, summed. That counts pages twice that processes share,
    such as those of a data loader. Where the sum is above ``close_above_mib`` of a run, each shared page is
    divided among its users instead, which costs the kernel a walk through the page tables. ``ours`` are
    processes of the platform itself on the devices, such as the MPS server: they are no strangers.
    """
    families = processes_of(holders)
    run_of = {process.pid: run for run, family in families.items() for process in family}
    cpu = CpuTimes(now_s, {run: _cpu_times_s(family) for run, family in families.items()})
    on_devices: dict[RunId, dict[DeviceId, int]] = {}
    strangers = []
    for one in uses:
        run = run_of.get(one.pid)
        if run is not None:
            memory = on_devices.setdefault(run, {})
            memory[one.device_id] = memory.get(one.device_id, 0) + (one.memory_mib or 0)
        elif one.pid not in ours:
            strangers.append(Stranger(one.device_id, one.pid, one.memory_mib, _user_of(one.pid)))
    close = close_above_mib or {}
    found = tuple(
        Use(
            run,
            on_devices.get(run, {}),
            _cpu_milli(before, cpu, run),
            _memory_mib(family, close.get(run)),
            len(family),
        )
        for run, family in families.items()
    )
    return Seen(Look(found, tuple(strangers), devices), cpu)


def processes_of(holders: Sequence[Holder]) -> dict[RunId, tuple[ProcessIdentity, ...]]:
    """The living processes of each run.

    They are those in the leader's session or process group, everything that these started, and whatever
    carries the run's id in its environment. The numbers of a session and a group mean nothing once the leader
    is gone: they may be given out again.
    """
    leaders = {one.leader.pid: one.run_id for one in holders if one.leader.is_alive()}
    wanted = {one.run_id for one in holders}
    found: dict[RunId, list[ProcessIdentity]] = {one.run_id: [] for one in holders}
    parents: dict[int, int] = {}
    run_of: dict[int, RunId] = {}
    living: dict[int, ProcessIdentity] = {}
    for process in psutil.process_iter():
        try:
            identity = ProcessIdentity.of(process.pid)
            if identity is None or process.status() == psutil.STATUS_ZOMBIE:
                continue
            living[process.pid], parents[process.pid] = identity, process.ppid()
            run = leaders.get(os.getsid(process.pid)) or leaders.get(os.getpgid(process.pid))
            run = run or _marked_run(process, wanted)
        except (ProcessLookupError, psutil.NoSuchProcess, PermissionError):
            continue
        if run is not None:
            run_of[process.pid] = run
    for pid, identity in living.items():
        run = _inherited(pid, run_of, parents)
        if run is not None:
            found[run].append(identity)
    return {run: tuple(family) for run, family in found.items()}


def _marked_run(process: psutil.Process, wanted: set[RunId]) -> RunId | None:
    try:
        marked = RunId(process.environ().get(RUN_ID_VARIABLE, ""))
    except (psutil.AccessDenied, OSError):
        return None
    return marked if marked in wanted else None


def _inherited(pid: int, run_of: Mapping[int, RunId], parents: Mapping[int, int]) -> RunId | None:
    """The run of a process, or of the nearest of those that it comes from."""
    passed = set[int]()
    while pid not in run_of:
        if pid in passed or pid not in parents:  # a number that was given out again while we read
            return None
        passed.add(pid)
        pid = parents[pid]
    return run_of[pid]


def _cpu_times_s(family: Iterable[ProcessIdentity]) -> dict[ProcessIdentity, float]:
    times = {}
    for process in family:
        try:
            told = psutil.Process(process.pid).cpu_times()
        except psutil.Error:
            continue
        times[process] = told.user + told.system + told.children_user + told.children_system
    return times


def _cpu_milli(before: CpuTimes, now: CpuTimes, run: RunId) -> int | None:
    """Thousandths of a core between two looks; None where there was none before.

    The time of a process that has ended is its parent's by now, and was its own in the look before. A process
    that joins the run with a past, as one whose marker was not read yet, brings nothing of that past.
    """
    if before.at_s is None or now.at_s is None or now.at_s <= before.at_s:
        return None
    earlier, passed_s = before.used_s.get(run, {}), now.at_s - before.at_s
    used_s = 0.0
    for process, now_s in now.used_s[run].items():
        fresh = process.age_s() <= passed_s
        used_s += now_s - earlier.get(process, 0.0 if fresh else now_s)
    used_s -= sum(then_s for process, then_s in earlier.items() if process not in now.used_s[run])
    return max(0, round(used_s / passed_s * 1000))


def _memory_mib(family: Iterable[ProcessIdentity], close_above_mib: int | None) -> int:
    resident, shared_out = 0, 0
    processes = []
    for one in family:
        try:
            process = psutil.Process(one.pid)
            resident += process.memory_info().rss
            processes.append(process)
        except psutil.Error:
            continue
    if close_above_mib is None or resident <= close_above_mib * MIB:
        return resident // MIB
    for process in processes:
        try:
            shared_out += process.memory_full_info().pss
        except psutil.AccessDenied:
            return resident // MIB
        except psutil.Error:
            continue
    return shared_out // MIB


def _user_of(pid: int) -> str | None:
    try:
        return psutil.Process(pid).username()
    except psutil.Error:
        return None
