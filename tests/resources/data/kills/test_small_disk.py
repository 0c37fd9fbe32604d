"""A disk that is full before any single write: told, nothing lost, and done once there is room."""

import faulthandler
import io
import json
import os
import random
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from resources.errors import Unavailable
from tests.children import fork, leave
from tests.resources.data.disks import disk
from tests.resources.data.kills.commits import COMMIT, COMMIT_BY_LINK
from tests.resources.data.kills.gifts import RESTORE
from tests.resources.data.kills.killing import Acts, acts_of, points
from tests.resources.data.kills.kind import Kind
from tests.resources.data.kills.merges import MERGE
from tests.resources.data.kills.pushes import PUSH
from tests.resources.data.kills.test_kills import Homes

KINDS = (COMMIT, COMMIT_BY_LINK, RESTORE, MERGE, PUSH)
FEW, ALL = 2, 1000

pytestmark = [pytest.mark.needs("loop mounts", "ext4"), pytest.mark.uncounted]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB."""
    with disk("ext4", tmp_path) as point:
        yield point


@pytest.fixture
def homes(kind: Kind, root: Path, sqlite_at_head: Path) -> Homes:
    return Homes(kind, root / "homes", sqlite_at_head)


@pytest.mark.parametrize("kind", [COMMIT], ids=lambda kind: kind.name)
def test_a_disk_that_is_full_at_some_writes_is_told(kind: Kind, homes: Homes, root: Path, seed: int) -> None:
    assert fill_at_each(kind, homes, root, random.Random(seed), FEW) > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@every_kind
def test_a_disk_that_is_full_at_any_write_is_told(kind: Kind, homes: Homes, root: Path, seed: int) -> None:
    assert fill_at_each(kind, homes, root, random.Random(seed), ALL) > 0


def fill_at_each(kind: Kind, homes: Homes, root: Path, draw: random.Random, count: int) -> int:
    """Fill the disk before so many different acts; how often it was told."""
    home = homes.new()
    _, sites = acts_of(lambda: kind.work(home))
    homes.drop(home)
    ballast, told = root / "ballast", 0
    for point in points(draw, sites, count):
        home = homes.new()
        problem = run_until_full(lambda: kind.work(home), point, ballast)  # noqa: B023 - it is run at once
        ballast.unlink(missing_ok=True)
        kind.check(home, None)
        told += problem is not None
        if problem is not None:
            said, next_step = problem
            assert "is full" in said, f"{sites[point - 1]}: {said}"
            assert "Free some space" in next_step
        kind.check(home, kind.work(home))
        homes.drop(home)
    return told


def run_until_full(work: Callable[[], str], at: int, ballast: Path) -> tuple[str, str] | None:
    """Run ``work`` in a process that fills its disk before its act number ``at``: what it was told."""
    hears, tells = os.pipe()
    child = fork()
    if child == 0:
        told: object = None
        faulthandler.disable()
        try:
            Acts(at, lambda: fill(ballast)).watch()
            work()
        except Unavailable as problem:
            told = [problem.problem, problem.next_step]
        except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
            told = [traceback.format_exc(), ""]
        with io.FileIO(tells, "w") as pipe:
            pipe.write(json.dumps(told).encode())
        leave(0)
    os.close(tells)
    with os.fdopen(hears) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    assert text, f"it ended without a word: {os.waitstatus_to_exitcode(status)}"
    heard = json.loads(text)
    return None if heard is None else (heard[0], heard[1])


def fill(ballast: Path) -> None:
    """Take every free block."""
    with io.FileIO(ballast, "w") as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
