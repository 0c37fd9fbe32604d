"""Processes by pid and start time, so that a reused pid is never mistaken for the process it once was."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

SUPERVISED_VARIABLE = "TRAINPLAT_SUPERVISED"
"""Marks the processes of the stack. Runs have no such mark: they outlive the supervisor."""


@dataclass(frozen=True)
class ProcessIdentity:
    """One process, for ever: no other one has this pid and this start time."""

    pid: int
    started_at: float
    """Start time, in seconds after the machine's own start.

    The kernel keeps it in ticks of its own and never changes it. A time of day is made from it with the
    machine's clock, which somebody may set: then a training that lives would look like another process.
    """

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        """The process that has ``pid`` now, or None where there is none."""
        started_at = _started_at(pid)
        return None if started_at is None else cls(pid, started_at)

    @classmethod
    def current(cls) -> "ProcessIdentity":
        """The process that asks."""
        me = cls.of(os.getpid())
        if me is None:
            raise RuntimeError(f"/proc does not know process {os.getpid()}, which is the one that asks")
        return me

    def is_alive(self) -> bool:
        """Whether it still runs. A zombie does not."""
        process = self._process()
        if process is None:
            return False
        try:
            return bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    def age_s(self) -> float:
        """How long ago it started, in seconds, the time that the machine slept included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.started_at

    def memory_bytes(self) -> int:
        """Resident memory of it and everything it started; 0 when it is gone."""
        process = self._process()
        if process is None:
            return 0
        total = 0
        try:
            family = [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        for member in family:
            try:
                total += int(member.memory_info().rss)
            except psutil.NoSuchProcess:
                continue
        return total

    def _process(self) -> psutil.Process | None:
        if _started_at(self.pid) != self.started_at:
            return None
        try:
            return psutil.Process(self.pid)
        except psutil.NoSuchProcess:
            return None


def group_members(group: int) -> list[ProcessIdentity]:
    """The living processes of a process group, whoever their parents are."""
    members = []
    for process in psutil.process_iter():
        try:
            found = ProcessIdentity.of(process.pid)
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE and found:
                members.append(found)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return members


def end_group(group: int, *, grace_s: float) -> bool:
    """Ask a process group to end (SIGTERM), after ``grace_s`` kill it. Returns whether all of it is gone."""
    for sent, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 5.0)):
        if sent is signal.SIGTERM and grace_s <= 0:
            continue
        try:
            os.killpg(group, sent)
        except (ProcessLookupError, PermissionError):
            return not group_members(group)
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            if not group_members(group):
                return True
            time.sleep(0.05)
    return not group_members(group)


@dataclass(frozen=True)
class Mark:
    """A variable in the environment of processes, and its value, by which they are known."""

    variable: str
    value: str


def carriers_of(mark: Mark) -> list[ProcessIdentity]:
    """The living processes of this machine that were started with ``mark``, in whatever session and group.

    Those of other users cannot be looked at, and are not among them. Neither is the helper of Python's
    ``multiprocessing`` that counts names of shared memory: it computes nothing, and lives for as long as the
    process that has once shared something.
    """
    found = []
    for process in psutil.process_iter():
        identity = ProcessIdentity.of(process.pid)
        carries = identity is not None and _carries(identity, mark)
        if identity is not None and carries and identity.is_alive() and not _only_counts(process):
            found.append(identity)
    return found


def remains_of(
    leader: ProcessIdentity, in_group: Mark, anywhere: Mark | None = None
) -> list[ProcessIdentity]:
    """What still lives of the process group that ``leader`` led, and of what carries the mark ``anywhere``.

    The number of a group can be another group's by now, after a restart of the machine for instance. So once
    the leader is gone only those of the group count that carry ``in_group``; and none at all where another
    process has the leader's number, which is given out only when the old group is empty. A process that has
    left the group, as the kernel of a notebook does, is known by the mark ``anywhere``.
    """
    found = dict.fromkeys(_left_of_group(leader, in_group))
    if anywhere is not None:
        found |= dict.fromkeys(carriers_of(anywhere))
    return list(found)


def kill_remains(
    leader: ProcessIdentity, in_group: Mark, anywhere: Mark | None = None, *, wait_s: float = 5.0
) -> bool:
    """``kill -9`` of :func:`remains_of`. Returns whether all of it is gone."""
    return _kill_all(lambda: remains_of(leader, in_group, anywhere), wait_s)


def kill_carriers(mark: Mark, *, wait_s: float = 5.0) -> bool:
    """``kill -9`` of :func:`carriers_of`. Returns whether all of them are gone."""
    return _kill_all(lambda: carriers_of(mark), wait_s)


def _left_of_group(leader: ProcessIdentity, mark: Mark) -> list[ProcessIdentity]:
    there = ProcessIdentity.of(leader.pid)
    if there is not None and there != leader:
        return []
    members = group_members(leader.pid)
    return members if leader.is_alive() else [one for one in members if _carries(one, mark)]


def _kill_all(look: Callable[[], list[ProcessIdentity]], wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while left := look():
        for one in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(one.pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _started_at(pid: int) -> float | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc_pid_stat(5): the command stands in parentheses and may hold anything; field 22 is the start time.
    return int(stat.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")


def _carries(process: ProcessIdentity, mark: Mark) -> bool:
    try:
        return bool(psutil.Process(process.pid).environ().get(mark.variable) == mark.value)
    except (psutil.Error, OSError):
        return False


def _only_counts(process: psutil.Process) -> bool:
    try:
        return any("multiprocessing.resource_tracker import main" in word for word in process.cmdline())
    except psutil.Error:
        return False
