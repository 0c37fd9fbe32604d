"""A snapshot that is brought up to date is the same as one that is made anew."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from resources.database.engine import Database
from resources.gpu.arbiter import decide_by_name
from resources.gpu.duties.desk import Desk
from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node, NodeId, Vendor
from resources.gpu.model import (
    Attempt,
    Drained,
    Grant,
    Kept,
    Lease,
    LeaseState,
    Origin,
    Owner,
    RunId,
    Stop,
    Terms,
    WaitingRequest,
)
from resources.gpu.policy.model import Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, cohort, project
from resources.gpu.requests.grammar import parse_request
from resources.gpu.snapshot import Known, Snapshot
from resources.terms import Actor
from tests.examples import drawing

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = ("V100", "T4", "V100")
INVENTORY = Inventory(
    tuple(
        Node(
            NodeId(f"n{node}"),
            16_000,
            64_000,
            tuple(
                Device(
                    DeviceId(f"n{node}/cuda:{at}"),
                    model,
                    16_384,
                    vendor=Vendor.NVIDIA,
                    node=NodeId(f"n{node}"),
                )
                for at in range(3)
            ),
        )
        for node, model in enumerate(MODELS)
    )
)
QUOTAS = QuotaRows(
    (Membership(cohort("all")), Membership(project("a"), "all"), Membership(project("b"), "all")),
    (QuotaRow(project("a"), nominal=3000), QuotaRow(project("b"), nominal=5000)),
)
SETTINGS = Settings(min_runtime_s=60.0, cool_down_s=60.0, keep_after_s=120.0)
TEXTS = ("1", "2", "0.5", "0.25", "1(V100)", "3", "1(T4)", "8G,0.5")


class Ledger:
    """Rows without a database: what a pass decides is written, runs end, and new ones come."""

    def __init__(self, random: Random) -> None:
        self.random, self.now, self.number = random, BEGIN, 0
        self.leases: dict[RunId, Lease] = {}
        self.waiting: dict[RunId, WaitingRequest] = {}
        self.kept: dict[RunId, Kept] = {}
        self.drains: tuple[Drained, ...] = ()

    def known(self) -> Known:
        leases = sorted(self.leases.values(), key=lambda one: (one.granted_at, one.run_id))
        waiting = sorted(self.waiting.values(), key=lambda one: (one.submitted_at, one.run_id))
        return Known(leases, waiting, list(self.kept.values()), drains=self.drains)

    def live_on(self) -> None:
        draw = self.random
        # The clock of a machine may be set back.
        self.now += timedelta(seconds=draw.choice([0, 1, 30, 200, 1000, -50]))
        for _ in range(draw.randint(0, 3)):
            self._come()
        for run in list(self.leases):
            if draw.random() < 0.2:
                self._end(run, again=draw.random() < 0.5)
        for run in list(self.waiting):
            if draw.random() < 0.1:
                del self.waiting[run]
                self.kept.pop(run, None)
        if draw.random() < 0.1:
            targets = ["n0", *(one.id for one in INVENTORY.devices)]
            self.drains = tuple(
                Drained(target, "", draw.random() < 0.5, BEGIN, Actor("ann"))
                for target in draw.sample(targets, draw.randint(0, 2))
            )

    def write(self, snapshot: Snapshot, known: Known) -> list[object]:
        decided = decide_by_name(snapshot, known, self.now)
        for made in decided:
            one = made.decision
            if isinstance(one, Grant):
                asked = self.waiting.pop(one.run_id)
                self.kept.pop(one.run_id, None)
                self.leases[one.run_id] = Lease(
                    one.run_id, one.attempt, one.devices, asked.request, asked.owner, asked.origin, "x",
                    LeaseState.CLAIMED, self.now, terms=asked.terms, submitted_at=asked.submitted_at,
                )  # fmt: skip
            elif isinstance(one, Stop) and self.leases[one.run_id].stop_for is None:
                self.leases[one.run_id] = replace(self.leases[one.run_id], stop_for=one.for_run)
            if made.kept is not None:
                self.kept[made.kept.run_id] = made.kept
        return [made.decision for made in decided]

    def _come(self) -> None:
        draw, run = self.random, RunId(f"r{draw_id(self.random)}{self.number}")
        self.number += 1
        terms = Terms(priority=draw.choice([0, 0, 1]), preemptible=draw.random() < 0.6)
        self.waiting[run] = WaitingRequest(
            run, Attempt(1), parse_request(draw.choice(TEXTS)), Owner(draw.choice("ab"), draw.choice("xy")),
            Origin.QUEUE, "x", self.now, terms=terms,
        )  # fmt: skip

    def _end(self, run: RunId, *, again: bool) -> None:
        lease = self.leases.pop(run)
        if again:
            submitted_at = lease.submitted_at or lease.granted_at
            self.waiting[run] = WaitingRequest(
                run, Attempt(lease.attempt + 1), lease.request, lease.owner, lease.origin, "x", submitted_at,
                terms=lease.terms, queued_at=self.now, evicted_at=self.now,
            )  # fmt: skip


def draw_id(random: Random) -> str:
    return random.choice("abcxyz")


@drawing(0.6, derandomize=True)
@given(st.integers(0, 2**32))
def test_a_snapshot_that_is_kept_is_the_one_that_would_be_made_anew(seed: int) -> None:
    ledger = Ledger(Random(seed))
    desk = Desk(Database("sqlite://"))
    quotas = QUOTAS if seed % 2 else QuotaRows()
    for _ in range(25):
        ledger.live_on()
        known = ledger.known()
        kept = desk.snapshot(known, INVENTORY, quotas, SETTINGS)
        fresh = Snapshot(INVENTORY, known, QuotaTree(quotas), SETTINGS)
        assert what_is_in(kept) == what_is_in(fresh)
        expected = decide_by_name(fresh, known, ledger.now)
        assert decide_by_name(kept, known, ledger.now) == expected
        assert what_is_in(kept) == what_is_in(fresh)  # a decision leaves it as it was
        ledger.write(kept, known)


def what_is_in(snapshot: Snapshot) -> tuple[object, ...]:
    state = snapshot.state
    tree = state.quotas
    usable = [
        [state.cluster.is_usable(node, device) for device in range(len(spec.devices))]
        for node, spec in enumerate(state.cluster.nodes)
    ]
    used = {(party, one): tree.used(party, one) for party in map(project, "ab") for one in tree.resources}
    held = {model: list(holders) for model, holders in state.holders.items() if holders}
    nodes = range(len(state.cluster.nodes))
    return (
        *(state.cluster.free_milli, [state.cluster.free_of_node(node) for node in nodes], usable, used, held),
        *(list(state.running.items()), list(state.waiting.items()), list(state.holds.items())),
    )


def test_what_changes_in_the_inventory_or_the_quotas_is_seen() -> None:
    desk = Desk(Database("sqlite://"))
    before = desk.snapshot(Known([], []), INVENTORY, QuotaRows(), SETTINGS)
    assert desk.snapshot(Known([], []), INVENTORY, QuotaRows(), SETTINGS) is before
    smaller = Inventory(INVENTORY.nodes[:1])
    assert desk.snapshot(Known([], []), smaller, QuotaRows(), SETTINGS) is not before
    other = desk.snapshot(Known([], []), smaller, QUOTAS, SETTINGS)
    assert other.state.quotas.rows == QUOTAS
