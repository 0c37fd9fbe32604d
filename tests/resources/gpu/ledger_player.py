"""Random histories of the real service on a real database, its clock set forward and back by hours."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from resources.database.engine import Database
from resources.errors import BadInput, Conflict
from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node, NodeId
from resources.gpu.model import DIED, NO_TERMS, PREEMPTED, Lease, LeaseState, Origin, Owner, RunId, Terms
from resources.gpu.policy.model import Settings
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, cohort, project
from resources.gpu.requests.errors import ImpossibleGpuRequest, OverQuota
from resources.gpu.service import GpuService
from resources.process import ProcessIdentity
from tests.checker.steps import broken_step
from tests.checker.tables import broken, tables_of
from tests.resources.gpu.killed import ACTOR, DEAD, NOW

JUMPS_S = (1.0, 30.0, 700.0, 4000.0, -4000.0, 20_000.0, -50_000.0)
MOVES_PER_JOB = 0.2
NODES = tuple(
    Node(
        NodeId(name),
        64_000,
        64_000,
        tuple(Device(DeviceId(f"{name}/cpu:{number}"), None, None, node=NodeId(name)) for number in range(2)),
    )
    for name in ("one", "two")
)
NODE_OF: Mapping[str, str] = {device.id: node.id for node in NODES for device in node.devices}
ME = ProcessIdentity.current()
STEPS = 60


USUAL = {
    "submit": 5,
    "decide": 8,
    "claim": 3,
    "end": 4,
    "put_back": 2,
    "jump": 4,
    "withdraw": 2,
    "again": 1,
    "allocate": 2,
    "renew": 1,
    "give_back": 1,
    "second": 1,
    "free_dead": 1,
    "drain": 1,
    "undrain": 1,
    "reserve": 1,
    "cancel": 1,
}
"""How likely each thing is to happen next."""


@dataclass(frozen=True)
class Kind:
    """What there is much of in a history."""

    acts: Mapping[str, int] = field(default_factory=lambda: USUAL)
    texts: tuple[str, ...] = ("1", "2", "0.5(vgpu)", "0.5(vgpu)", "0")
    priorities: tuple[int, ...] = (0, 1)
    preemptible: float = 0.7
    runtimes_s: tuple[float | None, ...] = (None, 600.0, 9000.0)
    """What they declare."""
    jumps_s: tuple[float, ...] = JUMPS_S


PLAIN = Kind()
QUOTAS = Kind({**USUAL, "set_quotas": 3, "drain": 0, "reserve": 0})
MOVES = Kind(
    {"submit": 8, "decide": 8, "claim": 3, "end": 4, "put_back": 2, "jump": 4},
    texts=("1", "1", "2"),
    priorities=(0,),
    preemptible=0.95,
    runtimes_s=(90_000.0,),
    jumps_s=(2000.0,),
)
"""Full of holes: runs of one device on two nodes, and now and then one that asks for a whole node."""
KINDS = {"plain": PLAIN, "quotas": QUOTAS, "moves": MOVES}


def history_of(database: Database, number: int, kind: Kind = PLAIN, steps: int = STEPS) -> list[str]:
    """Every broken law of a random history, up to the first step that breaks one, and what was done."""
    database.migrate()
    player, before = Player(database, Random(number), kind), tables_of(database.url)
    done: list[str] = []
    for _ in range(steps):
        done.append(player.step())
        now = tables_of(database.url)
        found = broken(now, set(NODE_OF), MOVES_PER_JOB) + broken_step(before, now, NODE_OF)
        if found:
            return [*found, f"after {', '.join(done)}"]
        before = now
    return []


class Player:
    """Draws what happens next, with whatever the ledger says there is."""

    def __init__(self, database: Database, random: Random, kind: Kind = PLAIN) -> None:
        self._now = NOW
        self._database = database
        self._kind = kind
        self._random = random
        self._service = GpuService(
            database,
            inventory=lambda: Inventory(NODES),
            clock=lambda: self._now,
            settings=Settings(moves_per_job=MOVES_PER_JOB),
            readings=lambda _: {},
        )
        self._numbers = 0

    def step(self) -> str:
        """One thing, and sometimes a jump of the clock. Returns what was done.

        Whoever asks for more than the quotas ever give is told so.
        """
        [act] = self._random.choices(list(self._kind.acts), list(self._kind.acts.values()))
        with suppress(OverQuota):
            getattr(self, act)()
        return act

    def submit(self) -> None:
        self._service.submit(
            RunId(f"run{self._number()}"),
            self._random.choice(self._kind.texts),
            owner=self._owner(),
            origin=Origin.QUEUE,
            instance="x",
            actor=ACTOR,
            terms=Terms(
                priority=self._random.choice(self._kind.priorities),
                preemptible=self._random.random() < self._kind.preemptible,
                max_runtime_s=self._random.choice(self._kind.runtimes_s),
            ),
        )

    def set_quotas(self) -> None:
        """Other quotas from now on, in one cohort; what runs goes on."""
        limits = [None, 0, 1000]
        rows = [
            QuotaRow(
                project(name),
                nominal=self._random.choice([1000, 2000, 3000]),
                borrowing_limit=self._random.choice(limits),
                lending_limit=self._random.choice(limits),
            )
            for name in "ab"
        ]
        members = [Membership(project(name), "all") for name in "ab"]
        self._service.set_quotas(QuotaRows((Membership(cohort("all")), *members), tuple(rows)), ACTOR)

    def decide(self) -> None:
        self._service.decide_now(ACTOR)

    def claim(self) -> None:
        """A worker, a step, or a command takes up what it was granted: once."""
        for lease in self._service.live_leases():
            if lease.state is not LeaseState.GRANTED or self._random.random() < 0.3:
                continue
            assert self._service.claim(lease.run_id, DEAD) is not None
            if lease.origin is Origin.QUEUE:
                assert self._service.set_holder(lease.run_id, lease.attempt, DEAD)
            assert self._service.claim(lease.run_id, DEAD) is None

    def end(self) -> None:
        leases = [one for one in self._service.live_leases() if one.origin is not Origin.MANUAL]
        if leases:
            lease = self._random.choice(leases)
            assert self._service.release(lease.run_id, lease.attempt, reason="the run ended", actor=ACTOR)
            assert not self._service.release(lease.run_id, lease.attempt, reason="twice", actor=ACTOR)

    def put_back(self) -> None:
        for lease in self._service.live_leases():
            of_a_run = lease.origin is Origin.QUEUE
            if of_a_run and (lease.stop_for is not None or self._random.random() < 0.2):
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
        self._now += timedelta(seconds=self._random.choice(self._kind.jumps_s))

    def allocate(self) -> None:
        """A lease without a run; some whose command is killed while it waits."""
        try:
            self._service.allocate(
                self._random.choice("xyz"),
                self._random.choice(["1", "2"]),
                for_s=self._random.choice([60, 3600, 30_000]),
                owner=self._owner(),
                actor=ACTOR,
                holder=self._random.choice([ME, ME, DEAD]),
            )
        except Conflict:
            return  # there is one of that name

    def renew(self) -> None:
        for lease in self._of_nobodys_run():
            if lease.state is LeaseState.CLAIMED:
                name, for_s = lease.run_id.removeprefix("lease:"), self._random.choice([60, 9000])
                try:
                    self._service.renew(name, for_s=for_s, owner=lease.owner, actor=ACTOR)
                except (Conflict, BadInput):
                    continue  # somebody waits for it, or has reserved it; or it would be held for too long

    def give_back(self) -> None:
        for lease in self._of_nobodys_run()[:1]:
            self._service.give_back(lease.run_id.removeprefix("lease:"), ACTOR, user=lease.owner.user)

    def second(self) -> None:
        """A step of a run that holds devices asks for more."""
        held = [one for one in self._service.live_leases() if one.origin is Origin.QUEUE]
        if not held:
            return
        lease = self._random.choice(held)
        try:
            second = self._service.submit_second(
                lease.run_id, "1", owner=lease.owner, instance="x", actor=ACTOR, holder=ME, terms=NO_TERMS
            )
        except ImpossibleGpuRequest:
            return
        if self._service.in_circle(second):
            self._service.withdraw(second, reason="it waits for itself", actor=ACTOR)

    def free_dead(self) -> None:
        self._service.free_dead_holders(ACTOR)

    def drain(self) -> None:
        target = self._random.choice([*NODE_OF, *NODE_OF, *{node.id for node in NODES}])
        self._service.drain(target, evict=self._random.random() < 0.5, actor=ACTOR)

    def undrain(self) -> None:
        for drained in self._service.drains():
            if self._random.random() < 0.7:
                self._service.undrain(drained.target, ACTOR)

    def reserve(self) -> None:
        try:
            self._service.reserve(
                f"r{self._number()}",
                self._random.choice(["1", "2"]),
                project=self._random.choice("ab"),
                starts_at=self._now + timedelta(seconds=self._random.choice([0, 700, 9000])),
                for_s=self._random.choice([4000, 30_000]),
                actor=ACTOR,
            )
        except Conflict:
            return  # it would oversell

    def cancel(self) -> None:
        for reserved in self._service.reservations()[:1]:
            self._service.cancel_reservation(reserved.id, ACTOR)

    def _of_nobodys_run(self) -> list[Lease]:
        return [one for one in self._service.live_leases() if one.origin is Origin.MANUAL]

    def _owner(self) -> Owner:
        return Owner(self._random.choice("ab"), "u")

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers
