"""Random histories of the real service on the real databases, its clock set forward and back by hours."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest

from resources.database.engine import Database
from resources.gpu.inventory.discover import one_node
from resources.gpu.model import DIED, PREEMPTED, LeaseState, Origin, Owner, RunId, Terms
from resources.gpu.service import GpuService
from tests.checker.tables import broken, only_added_to, tables_of
from tests.resources.gpu.killed import ACTOR, DEAD, DEVICES, NOW

STEPS = 40
JUMPS_S = (1.0, 30.0, 700.0, 4000.0, -4000.0, 20_000.0, -50_000.0)


class Player:
    """Draws what happens next, with whatever the ledger says there is."""

    def __init__(self, database: Database, random: Random) -> None:
        self._now = NOW
        self._random = random
        self._service = GpuService(database, inventory=lambda: one_node(DEVICES), clock=lambda: self._now)
        self._runs = 0

    def step(self) -> str:
        """One thing, and sometimes a jump of the clock. Returns what was done."""
        acts: list[Callable[[], object]] = [
            *(self.submit, self.submit, self.decide, self.decide, self.claim, self.end, self.put_back),
            *(self.withdraw, self.jump, self.again),
        ]
        act = self._random.choice(acts)
        act()
        return act.__name__

    def submit(self) -> None:
        self._runs += 1
        self._service.submit(
            RunId(f"run{self._runs}"),
            self._random.choice(["1", "2", "0.5(vgpu)", "0"]),
            owner=Owner(self._random.choice("ab"), "u"),
            origin=Origin.QUEUE,
            instance="x",
            actor=ACTOR,
            terms=Terms(priority=self._random.choice([0, 1]), preemptible=self._random.random() < 0.7),
        )

    def decide(self) -> None:
        self._service.decide_now(ACTOR)

    def claim(self) -> None:
        for lease in self._service.live_leases():
            if lease.state is LeaseState.GRANTED and self._random.random() < 0.7:
                assert self._service.claim(lease.run_id, DEAD) is not None
                assert self._service.set_holder(lease.run_id, lease.attempt, DEAD)
                assert self._service.claim(lease.run_id, DEAD) is None

    def end(self) -> None:
        leases = self._service.live_leases()
        if leases:
            lease = self._random.choice(leases)
            assert self._service.release(lease.run_id, lease.attempt, reason="the run ended", actor=ACTOR)
            assert not self._service.release(lease.run_id, lease.attempt, reason="twice", actor=ACTOR)

    def put_back(self) -> None:
        for lease in self._service.live_leases():
            if lease.stop_for is not None or self._random.random() < 0.2:
                reason = DIED if lease.stop_for is None else PREEMPTED
                again = self._service.try_again(lease.run_id, lease.attempt, reason=reason, actor=ACTOR)
                assert again == lease.attempt + 1

    def withdraw(self) -> None:
        waiting = self._service.waiting()
        if waiting:
            run = self._random.choice(waiting).run_id
            self._service.withdraw(run, reason="cancelled", actor=ACTOR)

    def again(self) -> None:
        """Whoever asks twice changes nothing."""
        known = self._service.waiting()
        if known:
            one = self._random.choice(known)
            found = self._service.submit(
                one.run_id, "1", owner=one.owner, origin=one.origin, instance="x", actor=ACTOR
            )
            assert found.attempt == one.attempt

    def jump(self) -> None:
        self._now = _at(self._now, self._random.choice(JUMPS_S))


@pytest.mark.parametrize(
    "number", [1, 2, *(pytest.param(one, marks=pytest.mark.slow) for one in range(3, 40))]
)
def test_no_history_breaks_a_law_of_the_ledger_whatever_the_clock_does(
    any_database: Database, number: int
) -> None:
    player, url = Player(any_database, Random(number)), any_database.url
    any_database.migrate()
    before, done = tables_of(url), []
    for _ in range(STEPS):
        done.append(player.step())
        now = tables_of(url)
        assert broken(now, {device.id for device in DEVICES}) == [], done
        assert only_added_to(before, now) == [], done
        before = now
    ended = {(row["run_id"], row["attempt"]) for row in before["gpu_leases"] if row["state"] == "released"}
    assert ended, "a history in which nothing ended shows little"


def _at(now: datetime, jump_s: float) -> datetime:
    return now + timedelta(seconds=jump_s)
