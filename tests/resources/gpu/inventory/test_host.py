import os
from pathlib import Path

import pytest

from resources.gpu.inventory.host import host_cpu_milli, host_memory_mib, threads_for, usable_cpus

UNLIMITED = usable_cpus() * 1000
"""More than the limits below need: a machine has at least one CPU."""


def version_1(quota_us: str) -> dict[str, str]:
    return {"cpu/x/cpu.cfs_quota_us": quota_us, "cpu/x/cpu.cfs_period_us": "100000"}


def groups(tmp_path: Path, own: str, files: dict[str, str]) -> tuple[Path, Path]:
    """A folder of control groups, and the file that says in which ones a process lies."""
    root = tmp_path / "cgroup"
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    own_file = tmp_path / "own"
    own_file.write_text(own)
    return root, own_file


@pytest.mark.parametrize(
    ("own", "files", "expected_milli"),
    [
        ("0::/a/b\n", {"a/cpu.max": "50000 100000", "a/b/cpu.max": "max 100000"}, 500),
        ("0::/a/b\n", {"a/cpu.max": "max 100000"}, UNLIMITED),
        ("0::/a/b\n", {"cpu.max": "25000 100000"}, 250),
        ("4:cpu,cpuacct:/x\n3:memory:/y\n", version_1("20000"), 200),
        ("4:cpu:/x\n", version_1("-1"), UNLIMITED),
        ("", {"cpu.max": "25000 100000"}, UNLIMITED),
    ],
    ids=["parent", "none", "container", "version 1", "version 1 without", "no group"],
)
def test_the_lowest_cpu_limit_of_the_control_groups_holds(
    own: str, files: dict[str, str], expected_milli: int, tmp_path: Path
) -> None:
    assert host_cpu_milli(*groups(tmp_path, own, files)) == expected_milli


def test_the_lowest_memory_limit_of_the_control_groups_holds(tmp_path: Path) -> None:
    installed = host_memory_mib(tmp_path, tmp_path / "nothing")
    second = groups(tmp_path / "2", "0::/a/b\n", {"a/memory.max": str(64 << 20), "a/b/memory.max": "max"})
    assert host_memory_mib(*second) == 64
    first = groups(tmp_path / "1", "5:memory:/a\n", {"memory/a/memory.limit_in_bytes": str(32 << 20)})
    assert host_memory_mib(*first) == 32
    # Version 1 says "no limit" as the largest number there is.
    none = groups(tmp_path / "0", "5:memory:/a\n", {"memory/a/memory.limit_in_bytes": "9223372036854771712"})
    assert host_memory_mib(*none) == installed > 64


def test_threads_are_shared_by_the_devices_held_and_never_fewer_than_one() -> None:
    cpus = len(os.sched_getaffinity(0))
    assert threads_for(2, 2) == cpus
    assert threads_for(1, 1000) == 1
    assert threads_for(0, 0) == cpus
