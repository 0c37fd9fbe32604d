"""A control group (version 2) for each run: the kernel itself keeps the run within its CPU and main memory.

A group for runs can be made where the group that we are in, or the one above it, gives its children the
controllers ``cpu`` and ``memory`` and lets us write: as root, or under systemd with ``Delegate=yes``. What is
written is described in the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CONTROLLERS = frozenset({"cpu", "memory"})
PERIOD_US = 100_000
MIB = 1024 * 1024
_PREFIX = "trainplat-"


@dataclass(frozen=True)
class NoGroups:
    """Why no group can be made here, for a person."""

    reason: str


def parent_of_groups(
    mounts: Path = Path("/proc/self/mountinfo"), ours: Path = Path("/proc/self/cgroup")
) -> Path | NoGroups:
    """The group below which groups for runs can be made."""
    top = _mounted(mounts)
    if top is None:
        return NoGroups("no control groups of version 2 are mounted")
    place = _own_path(ours)
    if place is None:
        return NoGroups("this process is in no control group of version 2")
    own = top / place
    reason = ""
    for folder in (own, own.parent) if own != top else (own,):
        reason = _why_not(folder)
        if not reason:
            return folder
    return NoGroups(reason)


def make_group(parent: Path, name: str, *, cpu_milli: int | None, host_memory_mib: int | None) -> Path:
    """The group of one run with its limits; made again, it has the new ones. Raises OSError.

    A run that needs more main memory than its limit is killed as a whole, and its neighbours are not touched.
    """
    group = parent / f"{_PREFIX}{name}"
    group.mkdir(exist_ok=True)
    quota = "max" if cpu_milli is None else str(max(1000, cpu_milli * PERIOD_US // 1000))
    (group / "cpu.max").write_text(f"{quota} {PERIOD_US}")
    limit = "max" if host_memory_mib is None else str(host_memory_mib * MIB)
    (group / "memory.max").write_text(limit)
    with suppress(FileNotFoundError):  # from Linux 4.19 on
        (group / "memory.oom.group").write_text("1")
    return group


def is_in_group(pid: int, name: str) -> bool:
    """Whether a process is in the group of a run."""
    place = _own_path(Path(f"/proc/{pid}/cgroup"))
    return place is not None and Path(place).name == f"{_PREFIX}{name}"


def names_of_groups(parent: Path) -> tuple[str, ...]:
    """The runs that have a group below ``parent``."""
    return tuple(one.name.removeprefix(_PREFIX) for one in parent.glob(f"{_PREFIX}*") if one.is_dir())


def move_into(group: Path, pids: Iterable[int]) -> None:
    """Put processes into the group; what they start later is born there. One that has ended is no error."""
    for pid in pids:
        with suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(str(pid))


def remove_group(parent: Path, name: str) -> bool:
    """Take the empty group of a run away; returns whether it is gone. One with processes in it stays."""
    group = parent / f"{_PREFIX}{name}"
    for _ in range(20):
        try:
            group.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            time.sleep(0.01)  # the kernel empties it a moment after the last process has ended
        else:
            return True
    return False


def _mounted(mounts: Path) -> Path | None:
    """Where version 2 is mounted. proc_pid_mountinfo(5): the type stands after the dash, the place fifth."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        before, _, after = line.partition(" - ")
        if after.split(" ", 1)[0] == "cgroup2":
            return Path(before.split(" ")[4])
    return None


def _own_path(ours: Path) -> str | None:
    try:
        lines = ours.read_text().splitlines()
    except OSError:
        return None
    return next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)


def _why_not(folder: Path) -> str:
    """Why groups with limits cannot be made below ``folder``; empty where they can."""
    try:
        given = frozenset((folder / "cgroup.subtree_control").read_text().split())
    except OSError as problem:
        return f"{folder} cannot be read ({problem.strerror})"
    if not os.access(folder, os.W_OK):
        return f"{folder} belongs to somebody else; under systemd, Delegate=yes gives it to us"
    if given >= CONTROLLERS:
        return ""
    missing = " ".join(f"+{name}" for name in sorted(CONTROLLERS - given))
    try:
        (folder / "cgroup.subtree_control").write_text(missing)
    except OSError as problem:
        return f"{folder} does not give its groups the controllers cpu and memory ({problem.strerror})"
    return ""
