"""Power cuts at any moment: whatever was reported done before is whole after, with reflinks and without."""

import os
import random
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.children import leave
from tests.mutants import Mutant, alive
from tests.needs import needs
from tests.resources.data.power.bench import MAKERS, Running, mounted, running
from tests.resources.data.power.mutants import NOTICED
from tests.resources.data.power.work import Work

FEW, MANY = 2, 34
"""Cuts for each of the three file systems: a hundred in all."""
SPREAD = 60
"""Up to so many writes lie between two cuts."""
LONGEST_S = 300.0

pytestmark = [pytest.mark.needs("loop mounts", "fuse"), pytest.mark.uncounted]
every_file_system = pytest.mark.parametrize("file_system", MAKERS)


def test_a_few_power_cuts_leave_nothing_wrong(tmp_path: Path, seed: int) -> None:
    cut_the_power("ext4", tmp_path, random.Random(seed), FEW)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@every_file_system
def test_a_hundred_power_cuts_leave_nothing_wrong(file_system: str, tmp_path: Path, seed: int) -> None:
    cut_the_power(file_system, tmp_path, random.Random(seed), MANY)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", NOTICED, ids=lambda one: one.name)
def test_power_cuts_notice(mutant: Mutant, tmp_path: Path, seed: int) -> None:
    with alive(mutant), pytest.raises(AssertionError):
        cut_the_power("ext4", tmp_path, random.Random(seed), 2 * MANY)


def cut_the_power(file_system: str, place: Path, draw: random.Random, count: int) -> None:
    """Cut it so often while work goes on, then mount each image and look at it."""
    needs(file_system)
    root = place / "root"
    with running(file_system, place, draw) as disk:
        in_a_process(lambda: prepare(disk))
        worker = start(lambda: Work(root, disk.tell).go_on(draw))
        try:
            disk.cut(count, SPREAD)
            wait_for(disk, count, worker)
        finally:
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
    for number in range(count):
        done = (place / f"images/{number}.done").read_text().splitlines()
        with mounted(place / f"images/{number}.img", root):
            in_a_process(lambda: look(root, done))  # noqa: B023 - it is run at once
        (place / f"images/{number}.img").unlink()


def prepare(disk: Running) -> None:
    """What was there before, all of it on the disk."""
    Work(disk.root).prepare()
    os.sync()


def look(root: Path, done: list[str]) -> None:
    """What a power cut left."""
    work = Work(root)
    work.check(done)
    work.check_that_it_goes_on(done)


def wait_for(disk: Running, count: int, worker: int) -> None:
    """Return when there were so many cuts."""
    until = time.monotonic() + LONGEST_S
    while disk.cuts() < count:
        ended = os.waitid(os.P_PID, worker, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        assert ended is None, "the work ended by itself"
        assert time.monotonic() < until, "there were too few writes"
        time.sleep(0.02)


def in_a_process(work: Callable[[], None]) -> None:
    """Run ``work`` where nothing that it opened stays open; its assertions count."""
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, the parent tells it
            os.write(tells, traceback.format_exc().encode()[-60_000:])
            leave(1)
        leave(0)
    os.close(tells)
    with os.fdopen(told) as pipe:
        problem = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, problem


def start(work: Callable[[], None]) -> int:
    """The same beside this process; its number."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whoever waits sees that it ended
            traceback.print_exc()
        leave(1)
    return child
