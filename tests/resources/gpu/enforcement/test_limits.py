"""Limits of real processes: their cores and their niceness, and control groups where the kernel has them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.gpu.enforcement.cgroup import NoGroups
from resources.gpu.enforcement.limits import (
    NICE,
    InForce,
    Means,
    apply_limits,
    lift_limits,
    taken_by,
)
from resources.process import ProcessIdentity
from tests.resources.gpu.enforcement.processes import Program, program

NO_GROUPS = NoGroups("no control groups of version 2 are mounted")


@pytest.fixture
def run() -> Iterator[Program]:
    with program("limited") as one:
        yield one


def leader(run: Program) -> ProcessIdentity:
    return run.holder.leader


def test_without_groups_a_run_has_cores_of_its_own_and_so_has_what_it_starts(run: Program) -> None:
    last = max(os.sched_getaffinity(0))
    taken = {core: 1000 for core in os.sched_getaffinity(0) if core != last}
    found = apply_limits(
        leader(run),
        run.holder.run_id,
        cpu_milli=1000,
        host_memory_mib=100,
        taken_milli=taken,
        groups=NO_GROUPS,
    )
    assert found == InForce(
        Means.AFFINITY, Means.WATCH, (last,), "no control groups of version 2 are mounted."
    )
    code = "import os; print(sorted(os.sched_getaffinity(0)), os.getpriority(os.PRIO_PROCESS, 0))"
    told = run.does(f"say(subprocess.check_output([sys.executable, '-c', {code!r}]).decode())")
    assert told == f"[{last}] {max(NICE, os.getpriority(os.PRIO_PROCESS, 0))}"


def test_what_runs_already_in_the_group_is_limited_too(run: Program) -> None:
    first = min(os.sched_getaffinity(0))
    child = int(run.does("near = child('import time; time.sleep(600)'); say(near.pid)"))
    run.does("import threading; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()")
    threads = [int(one.name) for one in Path(f"/proc/{run.process.pid}/task").iterdir()]
    assert len(threads) == 2
    apply_limits(leader(run), run.holder.run_id, cpu_milli=1, host_memory_mib=None, groups=NO_GROUPS)
    assert {frozenset(os.sched_getaffinity(one)) for one in (*threads, child)} == {frozenset({first})}


def test_a_lease_that_grew_has_more_cores(run: Program) -> None:
    everything = os.sched_getaffinity(0)
    for cpu_milli in (1000, 1000 * len(everything)):
        apply_limits(
            leader(run), run.holder.run_id, cpu_milli=cpu_milli, host_memory_mib=None, groups=NO_GROUPS
        )
    assert os.sched_getaffinity(run.process.pid) == everything


def test_a_lease_without_declared_cpus_may_run_anywhere(run: Program) -> None:
    found = apply_limits(
        leader(run), run.holder.run_id, cpu_milli=None, host_memory_mib=None, groups=NO_GROUPS
    )
    assert (found.cpu, found.host_memory) == (Means.NONE, Means.NONE)
    assert os.sched_getaffinity(run.process.pid) == os.sched_getaffinity(0)


def test_a_folder_in_which_no_group_can_be_made_is_told_and_the_cores_hold(run: Program) -> None:
    found = apply_limits(
        leader(run),
        run.holder.run_id,
        cpu_milli=1000,
        host_memory_mib=100,
        groups=Path("/nowhere/at/all"),
    )
    assert found.cpu is Means.AFFINITY
    assert found.reason == "no control group can be made in /nowhere/at/all (No such file or directory)."


def test_a_run_that_is_gone_already_is_no_error(run: Program) -> None:
    run.process.kill()
    run.process.wait()
    apply_limits(leader(run), run.holder.run_id, cpu_milli=1000, host_memory_mib=1, groups=NO_GROUPS)
    assert lift_limits(run.holder.run_id, groups=NO_GROUPS)


def test_with_groups_the_kernel_holds_the_run(run: Program, groups: Path) -> None:
    found = apply_limits(leader(run), run.holder.run_id, cpu_milli=500, host_memory_mib=1000)
    assert found == InForce(Means.CGROUP, Means.CGROUP)
    group = groups / "trainplat-limited"
    assert str(run.process.pid) in (group / "cgroup.procs").read_text().split()
    assert not lift_limits(run.holder.run_id)
    run.process.kill()
    run.process.wait()
    assert lift_limits(run.holder.run_id)


def test_what_leases_have_of_each_core_is_summed() -> None:
    assert taken_by([((0, 1), 1500), ((1, 2), 2000)]) == {0: 750, 1: 1750, 2: 1000}
