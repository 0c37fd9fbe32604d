"""Processes by pid and start time, so that a reused pid is never mistaken for the process it once was."""

import os
import signal
import time
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


def remains_of(leader: ProcessIdentity, marker: tuple[str, str]) -> list[ProcessIdentity]:
    """What still lives of the process group that ``leader`` led.

    The number of a group can be another group's by now, after a restart of the machine for instance. So once
    the leader is gone only those count that carry ``marker``, a variable of their environment and its value;
    and none at all where another process has the leader's number, which is given out only when the old group
    is empty.
    """
    there = ProcessIdentity.of(leader.pid)
    if there is not None and there != leader:
        return []
    members = group_members(leader.pid)
    return members if leader.is_alive() else [one for one in members if _carries(one, marker)]


def kill_remains(leader: ProcessIdentity, marker: tuple[str, str], *, wait_s: float = 5.0) -> bool:
    """``kill -9`` of :func:`remains_of`. Returns whether all of it is gone."""
    deadline = time.monotonic() + wait_s
    while remains := remains_of(leader, marker):
        for one in remains:
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


def _carries(process: ProcessIdentity, marker: tuple[str, str]) -> bool:
    try:
        return bool(psutil.Process(process.pid).environ().get(marker[0]) == marker[1])
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
