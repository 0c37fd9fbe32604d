"""Processes by pid and start time, so that a reused pid is never mistaken for the process it once was."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class ProcessIdentity:
    """One process, for ever: no other one has this pid and this start time."""

    pid: int
    started_at: float
    """Start time, in seconds since the epoch, as psutil reports it."""

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        """The process that has ``pid`` now, or None where there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    @classmethod
    def current(cls) -> "ProcessIdentity":
        """The process that asks."""
        return cls(os.getpid(), psutil.Process().create_time())

    def is_alive(self) -> bool:
        """Whether it still runs. A zombie does not."""
        process = self._process()
        if process is None:
            return False
        try:
            return bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

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
        try:
            process = psutil.Process(self.pid)
            return process if _same_start(process.create_time(), self.started_at) else None
        except psutil.NoSuchProcess:
            return None


def group_members(group: int) -> list[ProcessIdentity]:
    """The living processes of a process group, whoever their parents are."""
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                members.append(ProcessIdentity(process.pid, process.create_time()))
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
    if there is not None and not _same_start(there.started_at, leader.started_at):
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


def _same_start(one: float, other: float) -> bool:
    # Boot time drifts by a few hundredths of a second between readings in a virtual machine.
    return abs(one - other) < 1.0


def _carries(process: ProcessIdentity, marker: tuple[str, str]) -> bool:
    try:
        return bool(psutil.Process(process.pid).environ().get(marker[0]) == marker[1])
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
