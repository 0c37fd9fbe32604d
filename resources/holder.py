"""Who holds something that others wait for: a process of a machine, told from all others for ever."""

import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Holder:
    """One process, as it is written into a row."""

    host: str
    pid: int
    started: str
    """The id of its machine's start, and the process's own start in ticks after it."""

    @classmethod
    def current(cls) -> "Holder":
        """The process that asks."""
        return cls(platform.node(), os.getpid(), f"{_boot()}:{_ticks(os.getpid())}")

    @classmethod
    def of(cls, pid: int) -> "Holder | None":
        """The process of this machine that has a number now; None where none runs."""
        ticks = _ticks(pid)
        return cls(platform.node(), pid, f"{_boot()}:{ticks}") if ticks else None

    def is_dead(self) -> bool | None:
        """Whether it surely runs no more; None for one of another machine, which nobody here can see."""
        if self.host != platform.node():
            return None
        boot, _, ticks = self.started.partition(":")
        return boot != _boot() or _ticks(self.pid) != ticks


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _ticks(pid: int) -> str:
    """When a process started; empty for one that is gone, or that ended and waits for its parent."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # proc_pid_stat(5): the command stands in parentheses and may hold anything; the state follows it.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]
