"""What runs use, read from real processes."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil
import pytest

from resources.gpu.enforcement.model import DeviceMemory, DeviceUse, Holder, Use
from resources.gpu.enforcement.usage import (
    CpuTimes,
    Seen,
    device_memory,
    device_uses,
    look_at,
    processes_of,
)
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import RunId
from resources.process import ProcessIdentity
from tests.resources.gpu.enforcement.processes import Program, program

GPU, OTHER = DeviceId("cuda:0"), DeviceId("cuda:1")
SLEEP = '"import time; time.sleep(600)"'


@pytest.fixture
def run() -> Iterator[Program]:
    with program("run-of-usage") as one:
        yield one


def pids(*holders: Holder) -> dict[str, set[int]]:
    found = processes_of(holders)
    return {run: {process.pid for process in family} for run, family in found.items()}


def looked(holder: Holder, before: CpuTimes | None = None, now_s: float = 0.0, **more: object) -> Seen:
    return look_at([holder], (), (), before or CpuTimes(), now_s, **more)  # type: ignore[arg-type]


def use_of(seen: Seen) -> Use:
    assert len(seen.look.uses) == 1
    return seen.look.uses[0]


def test_children_and_what_left_the_session_belong_to_the_run(run: Program) -> None:
    near = int(run.does(f"near = child({SLEEP}); say(near.pid)"))
    away = int(run.does(f"away = child({SLEEP}, start_new_session=True, env={{}}); say(away.pid)"))
    try:
        assert pids(run.holder) == {"run-of-usage": {run.process.pid, near, away}}
    finally:
        os.kill(away, signal.SIGKILL)


def test_an_orphan_that_left_the_session_is_known_by_its_marker(run: Program) -> None:
    started = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP}], "
    started += "start_new_session=True, stdout=subprocess.DEVNULL).pid)"
    orphan = int(run.does(f"say(subprocess.check_output([sys.executable, '-c', {started!r}]).decode())"))
    try:
        run.does("pass")
        assert psutil.Process(orphan).ppid() != run.process.pid
        assert orphan in pids(run.holder)["run-of-usage"]
        run.process.kill()
        run.process.wait()
        assert pids(run.holder) == {"run-of-usage": {orphan}}
    finally:
        with suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGKILL)


def test_a_number_that_was_given_out_again_is_not_the_run(run: Program) -> None:
    with program("somebody-else", marked=False) as other:
        once = ProcessIdentity(other.process.pid, other.holder.leader.started_at - 1000)
        assert pids(Holder(RunId("old"), once)) == {"old": set()}


def test_two_runs_are_kept_apart(run: Program) -> None:
    with program("second", marked=False) as second:
        assert pids(run.holder, second.holder) == {
            "run-of-usage": {run.process.pid},
            "second": {second.process.pid},
        }


def test_main_memory_is_that_of_the_whole_tree(run: Program) -> None:
    before = use_of(looked(run.holder)).host_memory_mib
    run.does("kept = bytearray(os.urandom(1 << 20) * 30)")
    code = "kept = b'x' * (20 << 20); print(1, flush=True); input()"
    run.does(f"other = child({code!r}, stdout=-1); other.stdout.readline()")
    assert use_of(looked(run.holder)).host_memory_mib - before >= 49


def test_memory_that_processes_share_counts_once_where_it_matters(run: Program) -> None:
    run.does("kept = bytearray(os.urandom(1 << 20) * 64)")
    run.does("pids = [os.fork() for _ in range(1)]; pids[0] == 0 and time.sleep(600)")
    summed = use_of(looked(run.holder)).host_memory_mib
    close = use_of(looked(run.holder, close_above_mib={run.holder.run_id: 100})).host_memory_mib
    assert summed > 128
    assert 64 <= close < 128


def test_cpu_is_what_was_used_since_the_look_before(run: Program) -> None:
    first = looked(run.holder, now_s=100.0)
    assert use_of(first).cpu_milli is None
    used_s = float(run.does("[0 for _ in range(3 * 10**6)]; say(sum(os.times()[:2]))"))
    second = looked(run.holder, first.cpu, now_s=102.0)
    began_s = next(iter(first.cpu.used_s[run.holder.run_id].values()))
    assert use_of(second).cpu_milli == pytest.approx((used_s - began_s) / 2 * 1000, abs=20)
    assert use_of(looked(run.holder, second.cpu, now_s=104.0)).cpu_milli == pytest.approx(0, abs=20)


def test_the_cpu_of_a_run_that_began_since_the_look_before_counts(run: Program) -> None:
    nobody = look_at([], (), (), CpuTimes(), 0.0)
    used_s = float(run.does("[0 for _ in range(3 * 10**6)]; say(sum(os.times()[:2]))"))
    began = looked(run.holder, nobody.cpu, now_s=1000.0)
    assert use_of(began).cpu_milli == pytest.approx(used_s, abs=1)


def test_the_cpu_of_a_child_that_no_look_saw_counts(run: Program) -> None:
    first = looked(run.holder, now_s=100.0)
    run.does("child('x = [0 for _ in range(5 * 10**6)]').wait()")
    used_s = float(run.does("say(sum(os.times()[2:4]))"))
    assert (use_of(looked(run.holder, first.cpu, now_s=101.0)).cpu_milli or 0) >= round(used_s * 1000)


def test_the_cpu_of_a_child_that_lived_between_two_looks_counts_once(run: Program) -> None:
    code = "x = [0 for _ in range(5 * 10**6)]; print(1, flush=True); input()"
    first = looked(run.holder, now_s=100.0)
    run.does(f"one = child({code!r}, stdout=-1); one.stdout.readline()")
    alive = looked(run.holder, first.cpu, now_s=200.0)
    run.does("one.stdin.write(b'end\\n'); one.stdin.flush(); one.wait(); one.stdout.close()")
    after = looked(run.holder, alive.cpu, now_s=300.0)
    both = looked(run.holder, first.cpu, now_s=200.0)
    assert (use_of(alive).cpu_milli or 0) > 0
    assert (use_of(after).cpu_milli or 0) < (use_of(alive).cpu_milli or 0)
    assert use_of(both).cpu_milli == pytest.approx(use_of(alive).cpu_milli, abs=3)


def test_device_memory_is_that_of_the_run_s_processes_and_the_rest_are_strangers(run: Program) -> None:
    child = int(run.does(f"near = child({SLEEP}); say(near.pid)"))
    uses = (
        DeviceUse(GPU, run.process.pid, 300),
        DeviceUse(GPU, child, 500),
        DeviceUse(OTHER, child, None),
        DeviceUse(GPU, os.getpid(), 70),
        DeviceUse(GPU, 2**30, 5),
        DeviceUse(GPU, 1, 26),
    )
    seen = look_at([run.holder], uses, (), CpuTimes(), 0.0, ours=frozenset({1})).look
    assert seen.uses[0].device_memory_mib == {GPU: 800, OTHER: 0}
    assert [(one.pid, one.memory_mib, one.user) for one in seen.strangers] == [
        (os.getpid(), 70, psutil.Process().username()),
        (2**30, 5, None),
    ]


@dataclass(frozen=True)
class OnDevice:
    pid: int
    memory_mib: int | None


@dataclass(frozen=True)
class Card:
    device: DeviceId
    memory_used_mib: int | None = None
    memory_total_mib: int | None = None
    processes: tuple[OnDevice, ...] | None = None


def test_readings_of_the_inventory_tell_who_is_where() -> None:
    cards = [
        Card(GPU, 900, 1000, (OnDevice(7, None), OnDevice(8, 5), OnDevice(8, 6))),
        Card(OTHER, None, 1000, None),
    ]
    assert device_uses(cards) == (DeviceUse(GPU, 7, None), DeviceUse(GPU, 8, 6))
    assert device_memory(cards) == (DeviceMemory(GPU, 100),)
