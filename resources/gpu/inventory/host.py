"""CPUs and main memory of this machine, as far as this process may use them."""

import os
from pathlib import Path

MIB = 1024 * 1024
CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def host_cpu_milli(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int:
    """Thousandths of a core: the CPUs that this process may run on, or its control group's limit if lower."""
    allowed = usable_cpus() * 1000
    limits = [limit for folder in _folders(cgroups, own, "cpu") if (limit := _cpu_limit_milli(folder))]
    return min([allowed, *limits])


def host_memory_mib(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int:
    """Main memory in MiB: all that is built in, or the control group's limit if lower."""
    import psutil

    installed = int(psutil.virtual_memory().total) // MIB
    limits = [limit for folder in _folders(cgroups, own, "memory") if (limit := _memory_limit_mib(folder))]
    return min([installed, *limits])


def usable_cpus() -> int:
    """How many CPUs this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_for(held: int, total: int) -> int:
    """How many CPU threads ``held`` of ``total`` devices are worth on this machine; at least one."""
    return max(1, usable_cpus() * max(held, 1) // max(total, 1))


def _folders(cgroups: Path, own: Path, controller: str) -> list[Path]:
    """The control groups that this process lies in, up to the root: a limit of any of them holds.

    A line of ``/proc/self/cgroup`` is ``ID:CONTROLLERS:PATH``, without controllers in version 2; see
    cgroups(7). Inside a container the path may name a folder that only the host sees: what is not there is
    passed over, and the root of the mount, which is the container's own group, is among them.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    found: list[Path] = []
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = cgroups / controller if controllers else cgroups
        inside = root / path.lstrip("/")
        found += [folder for folder in (inside, *inside.parents) if folder.is_relative_to(root)]
    return found


def _cpu_limit_milli(folder: Path) -> int | None:
    quota, period = [*_read(folder / "cpu.max").split(), "", ""][:2]
    if not quota:
        quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None  # "max", -1, or no such limit
    return max(1, int(quota) * 1000 // int(period))


def _memory_limit_mib(folder: Path) -> int | None:
    limit = _read(folder / "memory.max") or _read(folder / "memory.limit_in_bytes")
    return int(limit) // MIB if limit.isdigit() else None


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
