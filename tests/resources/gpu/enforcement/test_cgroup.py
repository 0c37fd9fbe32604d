"""Control groups: what is written, in a folder that stands in for the kernel's; and the kernel's own."""

import subprocess
import sys
from pathlib import Path

import pytest

from resources.gpu.enforcement.cgroup import (
    NoGroups,
    make_group,
    move_into,
    parent_of_groups,
    remove_group,
)

EATS = "kept = b'x' * (200 << 20)"


def kernel(tmp_path: Path, own: str, **given: str) -> tuple[Path, Path]:
    """A mount of version 2, the group that we are in, and what each group gives its children."""
    top = tmp_path / "top"
    (top / own).mkdir(parents=True)
    for folder in (top, *(path for path in top.rglob("*") if path.is_dir())):
        (folder / "cgroup.subtree_control").write_text(given.get(folder.name, ""))
    mounts, ours = tmp_path / "mountinfo", tmp_path / "cgroup"
    mounts.write_text(
        f"30 1 0:26 / /sys rw - sysfs sysfs rw\n31 1 0:27 / {top} rw,nosuid shared:4 - cgroup2 cgroup rw\n"
    )
    ours.write_text(f"4:memory:/elsewhere\n0::/{own}\n")
    return mounts, ours


def test_the_group_above_ours_is_taken_where_ours_cannot_give(tmp_path: Path) -> None:
    mounts, ours = kernel(tmp_path, "slice/unit", slice="cpu memory pids")
    own = tmp_path / "top/slice/unit/cgroup.subtree_control"
    own.unlink()
    assert parent_of_groups(mounts, ours) == tmp_path / "top/slice"


def test_controllers_that_are_not_given_yet_are_asked_for(tmp_path: Path) -> None:
    mounts, ours = kernel(tmp_path, "unit", unit="cpu")
    assert parent_of_groups(mounts, ours) == tmp_path / "top/unit"
    assert (tmp_path / "top/unit/cgroup.subtree_control").read_text() == "+memory"


def test_why_there_are_no_groups_is_told(tmp_path: Path) -> None:
    mounts, ours = kernel(tmp_path, "unit")
    ours.write_text("4:memory:/elsewhere\n")
    assert parent_of_groups(mounts, ours) == NoGroups("this process is in no control group of version 2")
    mounts.write_text("30 1 0:26 / /sys rw - sysfs sysfs rw\n")
    assert parent_of_groups(mounts, ours) == NoGroups("no control groups of version 2 are mounted")
    assert isinstance(parent_of_groups(tmp_path / "none", ours), NoGroups)


@pytest.mark.parametrize(
    ("cpu_milli", "host_mib", "cpu", "memory"),
    [
        (2500, 64, "250000 100000", "67108864"),
        (None, None, "max 100000", "max"),
        (1, 1, "1000 100000", "1048576"),
    ],
)
def test_limits_are_written_in_the_kernel_s_units(
    tmp_path: Path, cpu_milli: int | None, host_mib: int | None, cpu: str, memory: str
) -> None:
    group = make_group(tmp_path, "run", cpu_milli=cpu_milli, host_memory_mib=host_mib)
    assert (group / "cpu.max").read_text() == cpu
    assert (group / "memory.max").read_text() == memory


def test_a_group_that_is_gone_is_removed(tmp_path: Path) -> None:
    assert remove_group(tmp_path, "run")


def test_the_kernel_ends_a_run_that_takes_more_than_its_group_has(groups: Path) -> None:
    group = make_group(groups, "test-of-memory", cpu_milli=500, host_memory_mib=64)
    waits = f"input(); {EATS}; print('all of it')"
    run = subprocess.Popen(
        [sys.executable, "-c", waits], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    move_into(group, [run.pid])
    told, _ = run.communicate("\n")
    assert (run.returncode, told) == (-9, "")
    assert remove_group(groups, "test-of-memory")
