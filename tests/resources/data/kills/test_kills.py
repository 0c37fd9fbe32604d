"""``kill -9`` at any moment: nothing told as done is wrong, and to run it again ends as if it never was."""

import random
import shutil
import time
from pathlib import Path

import pytest

from resources.errors import TrainplatError
from tests.mutants import Mutant, alive
from tests.resources.data.kills.killing import acts_of, points, run_for, run_until_killed
from tests.resources.data.kills.kind import Kind
from tests.resources.data.kills.kinds import KINDS
from tests.resources.data.kills.mutants import NOTICED

FEW, MANY, ANY = 2, 60, 1_000
FEW_BY_CLOCK, MANY_BY_CLOCK = 1, 20
"""Of each kind."""
FEWEST = 15
"""Of each kind where many are killed; of work with fewer acts, as many."""

pytestmark = pytest.mark.uncounted
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
without_servers = [kind for kind in KINDS if not kind.servers]


class Homes:
    """Copies of one prepared home: work that was killed has a fresh one each time."""

    def __init__(self, kind: Kind, place: Path, database: Path) -> None:
        self.kind, self.place, self.database = kind, place, database
        self._count = 0

    def new(self) -> Path:
        """A home to be killed in."""
        self._count += 1
        home = self.place / str(self._count) / "home"
        home.mkdir(parents=True)
        shutil.copyfile(self.database, home / "trainplat.db")
        self.kind.prepare(home)
        return home

    def drop(self, home: Path) -> None:
        """Take a home away that is no longer needed."""
        shutil.rmtree(home.parent)


@pytest.fixture
def homes(kind: Kind, tmp_path: Path, sqlite_at_head: Path, request: pytest.FixtureRequest) -> Homes:
    for server in kind.servers:
        request.getfixturevalue(server)
    return Homes(kind, tmp_path / "homes", sqlite_at_head)


def kill_each(kind: Kind, homes: Homes, draw: random.Random, count: int) -> tuple[int, int]:
    """Kill ``kind`` at so many different acts, and look at what is left.

    Returns how many it was to be killed at, and how many killed it.
    """
    home = homes.new()
    done, sites = acts_of(lambda: kind.work(home))
    kind.check(home, done)
    chosen, kills = points(draw, sites, count, kind.at), 0
    for point in chosen:
        home = homes.new()
        killed = run_until_killed(lambda: kind.work(home), point)  # noqa: B023 - it is run at once
        kind.check(home, killed)
        kills += killed is None
        # It is killed once more as it is run again, and then let be.
        again = run_until_killed(lambda: kind.work(home), draw.randint(1, len(sites)))  # noqa: B023
        kind.check(home, again)
        kind.check(home, kind.work(home))
        homes.drop(home)
    return len(chosen), kills


@pytest.mark.parametrize("kind", without_servers, ids=lambda kind: kind.name)
def test_a_few_kills_leave_nothing_wrong(kind: Kind, homes: Homes, seed: int) -> None:
    kill_each(kind, homes, random.Random(seed), FEW)


@pytest.mark.slow
@pytest.mark.timeout(900)
@every_kind
def test_many_kills_leave_nothing_wrong(kind: Kind, homes: Homes, seed: int) -> None:
    chosen, kills = kill_each(kind, homes, random.Random(seed), MANY)
    assert kills >= min(chosen, FEWEST)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("kind", "mutant"), NOTICED, ids=lambda one: one.name)
def test_kills_notice(kind: Kind, mutant: Mutant, homes: Homes, seed: int) -> None:
    with alive(mutant), pytest.raises((AssertionError, TrainplatError)):
        kill_each(kind, homes, random.Random(seed), ANY)  # till it is noticed


def kill_by_clock(kind: Kind, homes: Homes, draw: random.Random, count: int) -> None:
    """Kill the command at so many moments of its life, those after its start above all."""
    home = homes.new()
    began = time.monotonic()
    assert run_for(kind.command(home), home, None)
    lasted_s = time.monotonic() - began
    for _ in range(count):
        home = homes.new()
        ended = run_for(kind.command(home), home, draw.uniform(0.3, 1.0) * lasted_s)
        kind.check(home, None)
        if not ended:
            kind.check(home, kind.work(home))
        homes.drop(home)


@pytest.mark.parametrize("kind", KINDS[:1], ids=lambda kind: kind.name)
def test_a_command_killed_by_the_clock_leaves_nothing_wrong(kind: Kind, homes: Homes, seed: int) -> None:
    kill_by_clock(kind, homes, random.Random(seed), FEW_BY_CLOCK)


@pytest.mark.slow
@pytest.mark.timeout(900)
@every_kind
def test_commands_killed_by_the_clock_leave_nothing_wrong(kind: Kind, homes: Homes, seed: int) -> None:
    kill_by_clock(kind, homes, random.Random(seed + 1), MANY_BY_CLOCK)
