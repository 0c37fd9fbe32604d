"""Keeps a run within its CPU and main memory: by a control group where one can be made, else by its cores."""

import math
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from resources.gpu.enforcement.cgroup import (
    NoGroups,
    make_group,
    move_into,
    parent_of_groups,
    remove_group,
)
from resources.gpu.enforcement.cores import CORE_MILLI, choose_cores, read_topology
from resources.gpu.model import RunId
from resources.process import ProcessIdentity, group_members

NICE = 5
"""Runs give way to the platform's own parts, which answer people."""


class Means(StrEnum):
    """By what something is limited."""

    CGROUP = "cgroup"
    """The kernel allows no more."""
    AFFINITY = "affinity"
    """It runs on its own cores only; a part of a core is not enforced."""
    WATCH = "watch"
    """Nothing stops it; it is seen (rules U3 and U4)."""
    NONE = "none"
    """Nothing is declared."""


@dataclass(frozen=True)
class InForce:
    """What holds a run."""

    cpu: Means
    host_memory: Means
    cores: tuple[int, ...] = ()
    """Those of its own, under AFFINITY."""
    reason: str = ""
    """Why there is no control group."""


def apply_limits(
    leader: ProcessIdentity,
    run_id: RunId,
    *,
    cpu_milli: int | None,
    host_memory_mib: int | None,
    taken_milli: Mapping[int, int] | None = None,
    groups: Path | NoGroups | None = None,
) -> InForce:
    """Limit a run that has just been started, and everything that it starts from now on.

    ``leader`` leads a process group of its own. ``taken_milli``: what other leases have of each core, see
    :func:`taken_by`. ``groups`` is where control groups are made; looked for unless given. Called again, with
    other values, it changes the limits.
    """
    pids = [one.pid for one in group_members(leader.pid)] or [leader.pid]
    _be_nice(pids)
    parent = parent_of_groups() if groups is None else groups
    reason = parent.reason if isinstance(parent, NoGroups) else ""
    if isinstance(parent, Path):
        try:
            group = make_group(parent, run_id, cpu_milli=cpu_milli, host_memory_mib=host_memory_mib)
            move_into(group, pids)
        except OSError as problem:
            reason = f"no control group can be made in {parent} ({problem.strerror})"
        else:
            return InForce(_declared(cpu_milli, Means.CGROUP), _declared(host_memory_mib, Means.CGROUP))
    cores = _keep_on_cores(pids, cpu_milli, taken_milli or {})
    cpu = Means.AFFINITY if cores else Means.WATCH
    return InForce(
        _declared(cpu_milli, cpu),
        _declared(host_memory_mib, Means.WATCH),
        cores,
        f"{reason}." if reason else "",
    )


def lift_limits(run_id: RunId, *, groups: Path | NoGroups | None = None) -> bool:
    """Take away what :func:`apply_limits` left of a run that has ended. Returns whether nothing is left."""
    parent = parent_of_groups() if groups is None else groups
    return True if isinstance(parent, NoGroups) else remove_group(parent, run_id)


def taken_by(leases: Iterable[tuple[tuple[int, ...], int]]) -> dict[int, int]:
    """What leases have of each core: each one's cores and its thousandths of a core, spread evenly."""
    taken: dict[int, int] = {}
    for cores, cpu_milli in leases:
        for core in cores:
            taken[core] = taken.get(core, 0) + math.ceil(cpu_milli / len(cores))
    return taken


def _declared(value: int | None, means: Means) -> Means:
    return Means.NONE if value is None else means


def _keep_on_cores(
    pids: Iterable[int], cpu_milli: int | None, taken_milli: Mapping[int, int]
) -> tuple[int, ...]:
    if cpu_milli is None or not hasattr(os, "sched_setaffinity"):
        return ()
    topology = read_topology(frozenset(os.sched_getaffinity(0)))
    cores = choose_cores(taken_milli, max(cpu_milli, CORE_MILLI), topology)
    for pid in pids:
        for thread in _threads(pid):
            with suppress(ProcessLookupError, PermissionError):
                os.sched_setaffinity(thread, cores)
    return cores


def _threads(pid: int) -> list[int]:
    """Each thread has cores of its own; a new one has those of the thread that starts it."""
    try:
        return [int(one.name) for one in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []


def _be_nice(pids: Iterable[int]) -> None:
    for pid in pids:
        for thread in _threads(pid):
            with suppress(ProcessLookupError, PermissionError):
                if os.getpriority(os.PRIO_PROCESS, thread) < NICE:
                    os.setpriority(os.PRIO_PROCESS, thread, NICE)
