"""One holder of a role at a time: by law, under wrong clocks, and when processes are killed or stopped."""

import itertools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Connection, select

from resources.database import leadership as module
from resources.database.audit import AUDIT, recent
from resources.database.engine import Database, sqlite_url
from resources.database.leadership import Leader, Leadership, Reading, Superseded
from resources.errors import BadInput
from tests.children import fork, leave
from tests.resources.database.candidate import DEED, ROLE

CHECKOUT = Path(__file__).resolve().parents[3]
LEASE_S = 10.0


class Time:
    """True time, and what the database's clock makes of it."""

    def __init__(self) -> None:
        self.true_s = 1000.0
        self.error_s = 0.0
        self.clock = "server"

    def read(self, _connection: Connection) -> Reading:
        return Reading(self.clock, self.true_s + self.error_s)

    def own_s(self) -> float:
        return self.true_s


def candidate(database: Database, times: Time, lease_s: float = LEASE_S) -> Leadership:
    return Leadership(database, ROLE, lease_s, read_clock=times.read, own_clock_s=times.own_s)


def taken(leader: Leader | None) -> Leader:
    assert leader is not None
    return leader


def passes(database: Database, leader: Leader) -> bool:
    try:
        with database.write() as connection:
            leader.fenced(connection)
    except Superseded:
        return False
    return True


def test_the_first_one_leads_and_the_second_one_stands_by_until_the_lease_is_over(
    any_database: Database,
) -> None:
    times = Time()
    one, two = candidate(any_database, times), candidate(any_database, times)
    first = taken(one.acquire())
    assert two.acquire() is None
    times.true_s += LEASE_S - 0.001
    assert two.acquire() is None
    times.true_s += 0.001
    second = taken(two.acquire())
    assert (first.token, second.token) == (1, 2)
    assert not passes(any_database, first)
    assert passes(any_database, second)
    assert one.acquire() is None
    assert one.leader() == two.leader() == second


def test_who_renews_goes_on_under_the_same_token(any_database: Database) -> None:
    times = Time()
    one, two = candidate(any_database, times), candidate(any_database, times)
    leader = taken(one.acquire())
    for _ in range(5):
        times.true_s += LEASE_S * 0.9
        one.renew(leader)
        assert two.acquire() is None
        assert one.acquire() == leader
    times.true_s += LEASE_S * 3
    assert one.acquire() == leader  # late, but nobody else came


def test_who_was_superseded_cannot_renew(any_database: Database) -> None:
    times = Time()
    one, two = candidate(any_database, times), candidate(any_database, times)
    leader = taken(one.acquire())
    times.true_s += LEASE_S
    two.acquire()
    with pytest.raises(Superseded, match="its token is 1, the newest one is 2"):
        one.renew(leader)


def test_a_role_that_is_given_back_is_free_at_once_and_the_token_still_grows(any_database: Database) -> None:
    times = Time()
    one, two = candidate(any_database, times), candidate(any_database, times)
    first = taken(one.acquire())
    two.release()  # not its own: nothing
    assert passes(any_database, first)
    one.release()
    assert one.leader() is None
    assert not passes(any_database, first)
    assert taken(one.acquire()).token == 2
    assert [row.action for row in recent(any_database)] == [
        "leadership.take",
        "leadership.release",
        "leadership.take",
    ]


def test_what_a_superseded_leader_writes_is_taken_back(any_database: Database) -> None:
    times = Time()
    one, two = candidate(any_database, times), candidate(any_database, times)
    old = taken(one.acquire())
    times.true_s += LEASE_S
    two.acquire()
    before = recent(any_database)

    def write() -> None:
        with any_database.write() as connection:
            connection.execute(AUDIT.delete())
            old.fenced(connection)

    with pytest.raises(Superseded):
        write()
    assert recent(any_database) == before


def test_a_clock_set_back_does_not_keep_a_dead_leader_in_its_role(any_database: Database) -> None:
    times = Time()
    dead, standby = candidate(any_database, times), candidate(any_database, times)
    dead.acquire()
    times.error_s = -3600
    assert standby.acquire() is None
    times.true_s += LEASE_S
    assert taken(standby.acquire()).token == 2


def test_a_clock_set_back_does_not_take_the_role_from_one_that_lives(any_database: Database) -> None:
    times = Time()
    one, standby = candidate(any_database, times), candidate(any_database, times)
    leader = taken(one.acquire())
    times.error_s = -3600
    for _ in range(6):
        assert standby.acquire() is None
        times.true_s += LEASE_S / 2
        one.renew(leader)


def test_a_clock_set_forward_ends_the_lease_and_keeps_the_old_leader_out(any_database: Database) -> None:
    times = Time()
    one, standby = candidate(any_database, times), candidate(any_database, times)
    old = taken(one.acquire())
    times.error_s = 3600
    assert taken(standby.acquire()).token == 2
    assert not passes(any_database, old)


def test_a_lease_from_before_a_restart_of_the_machine_is_over(any_database: Database) -> None:
    times = Time()
    candidate(any_database, times).acquire()
    times.clock, times.true_s = "another start", 5.0
    assert taken(candidate(any_database, times).acquire()).token == 2


def test_a_role_needs_a_lease(any_database: Database) -> None:
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(BadInput, match="expected more than 0"):
            Leadership(any_database, ROLE, wrong)


def test_a_forked_child_is_another_candidate(any_database: Database) -> None:
    one = Leadership(any_database, ROLE, 600)
    one.acquire()
    child = fork()
    if child == 0:
        leave(7 if one.acquire() is None else 0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    assert one.acquire() is not None


class Candidates(RuleBasedStateMachine):
    """Any history of candidates, pauses and clocks that are set: the newest token alone may write."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(sqlite_url(Path(self.folder.name) / "x.db"))
        self.times = Time()
        self.candidates = [candidate(self.database, self.times) for _ in range(3)]
        self.proofs: list[Leader] = []

    @rule(who=st.integers(0, 2))
    def acquire(self, who: int) -> None:
        leader = self.candidates[who].acquire()
        if leader is not None and leader not in self.proofs:
            assert leader.token == len(self.proofs) + 1
            self.proofs.append(leader)

    @precondition(lambda self: self.proofs)
    @rule(who=st.integers(0, 2), data=st.data())
    def renew(self, who: int, data: st.DataObject) -> None:
        proof = data.draw(st.sampled_from(self.proofs))
        try:
            self.candidates[who].renew(proof)
        except Superseded:
            assert proof != self.candidates[who].leader()

    @rule(who=st.integers(0, 2))
    def release(self, who: int) -> None:
        self.candidates[who].release()

    @rule(seconds=st.sampled_from([0.1, 4.0, LEASE_S, 60.0]))
    def wait(self, seconds: float) -> None:
        self.times.true_s += seconds

    @rule(error_s=st.sampled_from([-86400.0, -5.0, 0.0, 5.0, 86400.0]))
    def set_the_clock(self, error_s: float) -> None:
        self.times.error_s = error_s

    @rule()
    def a_dead_leader_is_replaced_within_its_lease(self) -> None:
        standbys = [
            one for one in self.candidates if (now := one.leader()) is None or now.holder != one.holder
        ]
        for _ in range(2):
            led = [leader for one in standbys if (leader := one.acquire()) is not None]
            if led:
                break
            self.times.true_s += LEASE_S + 1e-6  # a sum that is rounded must not fall short of it
        assert led
        if led[0] not in self.proofs:
            self.proofs.append(led[0])

    @invariant()
    def the_newest_token_alone_may_write(self) -> None:
        allowed = [proof for proof in self.proofs if passes(self.database, proof)]
        assert allowed in ([], self.proofs[-1:])

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


Candidates.TestCase.settings = settings(
    max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
test_in_any_history_the_newest_token_alone_may_write = Candidates.TestCase


@pytest.fixture
def start(any_database: Database) -> Iterator[list["subprocess.Popen[str]"]]:
    """Two candidates in processes of their own; the first one leads."""
    any_database.migrate()
    started: list[subprocess.Popen[str]] = []
    try:
        for _ in range(2):
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.resources.database.candidate", any_database.url, "1.0"],
                cwd=CHECKOUT,
                stdout=subprocess.PIPE,
                text=True,
            )
            started.append(process)
            assert told(process) == "standby"
            if len(started) == 1:
                assert told(process) == "leads 1"
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def told(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def deeds(database: Database) -> list[tuple[str, str]]:
    """Token and holder of all that leaders did, in the order of its being written."""
    with database.read() as connection:
        rows = connection.execute(select(AUDIT).where(AUDIT.c.action == DEED).order_by(AUDIT.c.id)).all()
    return [(row.actor, row.detail) for row in rows]


def test_a_standby_takes_over_from_a_leader_that_was_killed(
    start: list["subprocess.Popen[str]"], any_database: Database
) -> None:
    leader, standby = start
    leader.kill()
    assert told(standby) == "leads 2"
    standby.kill()
    tokens = [token for token, _ in itertools.groupby(deeds(any_database), key=lambda deed: deed[0])]
    assert tokens == ["token:1", "token:2"][: len(tokens)]


def test_a_leader_that_slept_through_its_lease_writes_nothing_more(
    start: list["subprocess.Popen[str]"], any_database: Database
) -> None:
    sleeper, standby = start
    sleeper.send_signal(signal.SIGUSR1)
    assert told(standby) == "leads 2"
    sleeper.send_signal(signal.SIGCONT)
    assert told(sleeper) == "superseded"
    sleeper.kill()
    standby.kill()
    by_turns = [token for token, _ in itertools.groupby(deeds(any_database), key=lambda deed: deed[0])]
    assert by_turns == ["token:1", "token:2"][: len(by_turns)]


def test_the_clock_of_a_real_database_goes_forward(any_database: Database) -> None:
    with any_database.write() as connection:
        first, second = module._read_clock(connection), module._read_clock(connection)
    assert first.clock == second.clock
    assert first.now_s <= second.now_s
