"""Locks of versions: readers never wait, a second writer gets a branch, the dead hold nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.data.collecting.dependents import Kind
from resources.data.collecting.service import CollectingService
from resources.data.locks.errors import Locked
from resources.data.locks.model import MAIN_LINE
from resources.data.locks.service import Asked, Granted, LockService
from resources.data.merges.service import MergeService
from resources.data.versions.committing import Wanted
from resources.data.versions.errors import UnusableVersion
from resources.data.versions.model import Committed
from resources.data.versions.service import VersionService
from resources.database.audit import recent
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import BadInput, Conflict, NotFound
from resources.home import Home
from resources.terms import Actor, DatasetName

DEMO = DatasetName("demo")
ANN, BOB, RUN = Actor("user:ann"), Actor("user:bob"), Actor("run:1234")
BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def asked(owner: Actor, *, can_branch: bool = True, with_process: bool = True, priority: int = 0) -> Asked:
    user = owner.rpartition(":")[2]
    return Asked(owner, user, "relabelling", priority, can_branch, timedelta(hours=1), with_process)


class Desk:
    """A data set with one version, and people who commit to it; each look at the clock takes a moment."""

    def __init__(self, home: Home, database: Database, root: Path) -> None:
        self._now = BEGAN
        self.home, self.database, self.root = home, database, root
        self.locks = LockService(database, lambda: self.now)
        self.versions = VersionService(home, database, lambda: self.now)
        self.commit("start", "v0", new=True)

    @property
    def now(self) -> datetime:
        """A moment later than the last one."""
        self._now += timedelta(microseconds=1)
        return self._now

    def passes(self, **time: int) -> None:
        """Let time pass."""
        self._now += timedelta(**time)

    def commit(self, user: str, text: str, *, base: str = "latest", new: bool = False) -> Committed:
        folder = self.root / f"{user}-{len(list(self.root.iterdir()))}"
        if new:
            folder.mkdir()
        else:
            self.versions.restore(DEMO, base, folder)
        (folder / f"{user}.txt").write_text(text)
        return self.versions.commit(Wanted(DEMO, folder, "", Actor(f"user:{user}"), user))


@pytest.fixture
def desk(any_database: Database, tmp_path: Path) -> Desk:
    (tmp_path / "work").mkdir()
    return Desk(Home(tmp_path / "home"), any_database, tmp_path / "work")


@contextmanager
def holding(desk: Desk, code: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process that runs ``code`` with ``locks`` and ``asked``, says so, and lives on."""
    program = (
        "import sys\n"
        "from resources.database.engine import Database\n"
        "from tests.resources.data.locks.test_service import *\n"
        "locks = LockService(Database(sys.argv[1]), lambda: BEGAN)\n"
        f"{code}\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, desk.database.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


def test_any_number_reads_a_version_at_once_and_it_stays(desk: Desk) -> None:
    first, second = desk.locks.read(DEMO, "v1.0", asked(RUN)), desk.locks.read(DEMO, "latest", asked(BOB))
    assert [one.owner for one in desk.locks.locks(DEMO)] == [RUN, BOB]
    with pytest.raises(
        Locked, match=r"demo v1\.0 is not retired: it is locked by run:1234 \(relabelling\) u"
    ):
        desk.versions.retire(DEMO, "v1.0", ANN)
    collecting = CollectingService(desk.home, desk.database, lambda: desk.now)
    with pytest.raises(
        Locked, match=rf"until process {os.getpid()} on .* ends, at the latest 2026-03-01 10:30"
    ):
        collecting.erase(DEMO, "v1.0", ANN)
    told = [(one.kind, one.name) for one in collecting.dependents(DEMO)]
    assert told == [(Kind.RUN, "1234"), (Kind.LOCK, "user:bob")]
    assert desk.locks.release(first, RUN)
    assert not desk.locks.release(first, RUN)
    desk.locks.release(second, BOB)
    desk.versions.retire(DEMO, "v1.0", ANN)
    desk.versions.retire(DEMO, "v1.0", ANN, undo=True)
    assert [row.action for row in recent(desk.database)][2:4] == ["data.unlock", "data.unlock"]


def test_a_reader_does_not_wait_for_a_writer_nor_a_commit_for_a_reader(desk: Desk) -> None:
    desk.locks.write(DEMO, "latest", asked(ANN))
    desk.locks.read(DEMO, "latest", asked(RUN))
    assert desk.commit("ann", "1").version.key == "v1.1"
    assert [one.key for one in desk.locks.locks()] == ["v1.0", "v1.0"]


def test_who_locked_a_branch_commits_to_the_main_line_where_that_is_meant(desk: Desk) -> None:
    branch = desk.versions.branch(DEMO, "v1.0", "ann", ANN)
    granted = desk.locks.write(DEMO, branch.name, asked(ANN))
    assert (granted.lock.key, granted.lock.line, granted.branch) == ("v1.0", branch.name, None)
    made = desk.commit("ann", "1", base="v1.0")
    assert (made.version.key, made.version.branch) == ("v1.1", None)
    assert desk.commit("ann", "2", base=branch.name).version.key == f"{branch.name}@1"


def test_who_commits_beside_a_writer_gets_a_branch_from_the_same_version(desk: Desk) -> None:
    granted = desk.locks.write(DEMO, "latest", asked(ANN))
    assert (granted.branch, granted.lock.line) == (None, MAIN_LINE)
    made = desk.commit("bob", "1")
    assert made.version.branch is not None
    assert made.version.parents == ("v1.0",)
    assert made.overtaken_by is None
    assert (made.held_by or "").startswith("user:ann (relabelling) until process")
    with pytest.raises(Locked, match=r"cannot be merged into demo: it is locked by user:ann"):
        MergeService(desk.home, desk.database, lambda: desk.now).merge(DEMO, made.version.branch, BOB)
    assert desk.commit("ann", "1").version.key == "v1.1"
    desk.locks.release(granted.lock, ANN)
    assert desk.commit("bob", "2").version.key == "v1.2"
    merged = MergeService(desk.home, desk.database).merge(DEMO, made.version.branch, BOB)
    assert merged.conflicts, "both wrote bob.txt"


def test_a_second_writer_gets_a_branch_and_who_cannot_branch_is_refused_by_name_and_time(desk: Desk) -> None:
    desk.locks.write(DEMO, "latest", asked(ANN, with_process=False))
    second = desk.locks.write(DEMO, "v1.0", asked(BOB))
    assert second.branch is not None
    assert (second.branch.base, second.branch.user) == ("v1.0", "bob")
    assert second.because_of is not None
    assert second.because_of.owner == ANN
    with pytest.raises(Locked) as refused:
        desk.locks.write(DEMO, "v1.0", asked(RUN, can_branch=False))
    assert "locked by user:ann (relabelling) until 2026-03-01 10:30 UTC" in refused.value.problem
    assert "trainplat data locks demo" in refused.value.next_step
    assert len(desk.locks.locks()) == 2
    again = desk.locks.write(DEMO, "v1.0", asked(ANN))
    assert again.branch is None
    assert [one.owner for one in desk.locks.locks()] == [BOB, ANN]


def test_a_second_writer_commits_to_the_branch_that_he_was_given_and_not_to_one_more(desk: Desk) -> None:
    first = desk.locks.write(DEMO, "latest", asked(ANN))
    granted = desk.locks.write(DEMO, "latest", asked(BOB))
    desk.locks.release(first.lock, ANN)
    assert granted.branch is not None
    assert desk.commit("bob", "1", base="v1.0").version.key == f"{granted.branch.name}@1"
    assert desk.commit("ann", "1", base="v1.0").version.key == "v1.1"
    again = desk.commit("bob", "2", base="v1.0")
    next_second = granted.branch.name.replace("T093000Z", "T093001Z")
    assert again.version.key == f"{next_second}@1", "his own went on from v1.0 already"
    on_branch = desk.locks.write(DEMO, granted.branch.name, asked(ANN))
    assert on_branch.branch is not None
    assert desk.commit("ann", "2", base=granted.branch.name).version.branch == on_branch.branch.name


def test_a_version_that_the_line_left_behind_is_written_after_on_a_branch(desk: Desk) -> None:
    desk.commit("ann", "1")
    granted = desk.locks.write(DEMO, "v1.0", asked(BOB))
    assert granted.branch is not None
    assert granted.because_of is None
    with pytest.raises(Conflict, match="its line went on from it"):
        desk.locks.write(DEMO, "v1.0", asked(RUN, can_branch=False))
    on_branch = desk.locks.write(DEMO, granted.branch.name, asked(RUN))
    assert on_branch.branch is not None, "bob has that one"
    desk.versions.close_branch(DEMO, granted.branch.name, BOB)
    with pytest.raises(Conflict, match="is not open"):
        desk.locks.write(DEMO, granted.branch.name, asked(RUN))


class Slow(Database):
    """The database of somebody who is slow: between his wish and its decision something happens."""

    def __init__(self, url: str, meanwhile: Callable[[], None]) -> None:
        super().__init__(url)
        self._count, self._meanwhile = 0, meanwhile

    @contextmanager
    def write_plainly(self) -> Iterator[Plain]:
        """Before the second transaction something happens."""
        self._count += 1
        if self._count == 2:
            self._meanwhile()
        with super().write_plainly() as rows:
            yield rows


@pytest.mark.parametrize(("later_ms", "wins"), [(300, "bob"), (1300, "ann")])
def test_of_two_who_ask_at_once_the_one_of_higher_priority_has_the_line(
    desk: Desk, later_ms: int, wins: str
) -> None:
    bobs: list[Granted] = []

    def bob_asks() -> None:
        desk.passes(milliseconds=later_ms)
        bobs.append(desk.locks.write(DEMO, "latest", asked(BOB, priority=1)))

    ann = LockService(Slow(desk.database.url, bob_asks), lambda: desk.now).write(DEMO, "latest", asked(ANN))
    granted = {"ann": ann, "bob": bobs[0]}
    winner, loser = granted.pop(wins), next(iter(granted.values()))
    assert winner.branch is None
    assert loser.branch is not None
    assert loser.branch.base == "v1.0"
    assert loser.because_of is not None
    assert loser.because_of.id == winner.lock.id


def test_the_lock_of_a_process_that_was_killed_is_free_at_the_next_look(desk: Desk) -> None:
    with holding(
        desk, "locks.write(DEMO, 'latest', asked(ANN)); locks.read(DEMO, 'latest', asked(RUN))"
    ) as it:
        assert {one.owner for one in desk.locks.locks()} == {ANN, RUN}
        assert desk.locks.write(DEMO, "latest", asked(BOB)).branch is not None
        it.send_signal(signal.SIGKILL)
        it.wait()
        assert [one.owner for one in desk.locks.locks()] == [BOB]
        assert desk.locks.write(DEMO, "latest", asked(BOB)).branch is None
    assert "data.lock_expired" in [row.action for row in recent(desk.database)]


def test_a_training_that_goes_on_in_a_new_process_has_its_lock_again(desk: Desk) -> None:
    with holding(desk, "locks.read(DEMO, 'v1.0', asked(RUN))") as it:
        it.kill()
        it.wait()
    assert desk.locks.locks() == []
    taken = desk.locks.read(DEMO, "v1.0", asked(RUN))
    assert desk.locks.read(DEMO, "v1.0", asked(RUN)).id == taken.id
    assert len(desk.locks.locks()) == 1


def test_a_lock_ends_with_its_time_unless_it_is_renewed(desk: Desk) -> None:
    held = desk.locks.read(DEMO, "v1.0", asked(ANN, with_process=False))
    desk.passes(minutes=50)
    held = desk.locks.renew(held, timedelta(hours=1))
    desk.passes(minutes=50)
    assert desk.locks.locks() == [held]
    desk.passes(minutes=10)
    assert desk.locks.locks() == []
    with pytest.raises(Conflict, match="has expired"):
        desk.locks.renew(held)
    with pytest.raises(NotFound, match=r"user:ann holds no lock on demo v1\.0"):
        desk.locks.release_of(DEMO, "v1.0", ANN, ANN)
    with pytest.raises(BadInput, match="a lock for 0 s is none"):
        desk.locks.read(DEMO, "v1.0", replace(asked(ANN), for_time=timedelta()))


def test_a_block_holds_a_version_and_gives_it_back_when_it_fails(desk: Desk) -> None:
    def fail() -> None:
        with desk.locks.reading(DEMO, "v1.0", asked(RUN)) as held:
            held.touch()
            first = held.lock
            assert desk.locks.locks() == [first]
            desk.passes(minutes=31)
            held.touch()
            assert desk.locks.locks() == [held.lock]
            assert (held.lock.id, held.lock.until > first.until) == (first.id, True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert desk.locks.locks() == []


def test_a_block_within_a_block_gives_back_only_what_is_its_own(desk: Desk) -> None:
    with desk.locks.reading(DEMO, "v1.0", asked(RUN)) as outer:
        with desk.locks.reading(DEMO, "v1.0", asked(RUN)):
            assert len(desk.locks.locks()) == 2
        assert desk.locks.locks() == [outer.lock]
        with pytest.raises(Locked):
            desk.versions.retire(DEMO, "v1.0", ANN)
    assert desk.locks.locks() == []


def test_a_block_that_was_silent_for_too_long_holds_its_version_anew(desk: Desk) -> None:
    with desk.locks.reading(DEMO, "v1.0", asked(RUN)) as held:
        first = held.lock
        desk.passes(hours=2)
        assert desk.locks.locks() == []
        held.touch()
        assert desk.locks.locks() == [held.lock]
        assert held.lock.id != first.id


def test_what_was_erased_cannot_be_locked(desk: Desk) -> None:
    desk.commit("ann", "1")
    with desk.database.write_plainly() as rows:
        rows.run("UPDATE data_versions SET state = 'erased' WHERE key = 'v1.0'")
    with pytest.raises(UnusableVersion):
        desk.locks.read(DEMO, "v1.0", asked(RUN))
    with pytest.raises(UnusableVersion):
        desk.locks.write(DEMO, "v1.0", asked(RUN))
