"""The state that decisions are made from: the snapshot, with its index brought up to date, not rebuilt."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import Placement
from resources.gpu.policy.amounts import ANY_DEVICE, Amounts, Resource
from resources.gpu.policy.decay import DecayedUsage
from resources.gpu.policy.history import History
from resources.gpu.policy.model import (
    Decision,
    Drain,
    Grant,
    Hold,
    Job,
    JobId,
    Move,
    Preempt,
    Reservation,
    Running,
    Settings,
    Wait,
)
from resources.gpu.policy.order import OrderSettings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Party
from resources.gpu.policy.share import use_rate

MOST_MOVES_LEFT = 8.0
"""Moves that were not needed are not saved up beyond this."""


def stands_on(placement: Placement, devices: Container[tuple[int, int]]) -> bool:
    """Whether any device of a placement is one of these, named by node and index."""
    return any((slot.node, device) in devices for slot in placement for device in slot.devices)


def moves_left_after(left: float, settings: Settings, *, started: int = 0, moved: int = 0) -> float:
    """How many moves are allowed once so many jobs have started and so many were moved."""
    return min(MOST_MOVES_LEFT, left + started * settings.moves_per_job) - moved


@dataclass
class State:
    """Everything that :func:`~resources.gpu.policy.decide.decide` looks at, and what decisions do to it.

    ``decide`` leaves it as it was. Whoever owns it applies the decisions, and says what came and what ended.
    """

    cluster: Cluster
    quotas: QuotaTree
    capacity: Mapping[Resource, int] = field(default_factory=dict)
    """What there is of each resource; shares are parts of it."""
    usage: dict[Party, DecayedUsage] = field(default_factory=dict)
    """What each party has used in the past, of the capacity; the recent past weighs most."""
    names: Sequence[Sequence[str]] = ()
    """The names of the devices of each node, for sentences."""
    labels: Sequence[Mapping[str, str]] = ()
    """The labels of each node, by its index; shorter than the cluster where nodes have none."""
    closed: frozenset[int] = frozenset()
    """Nodes on which nobody starts runs; leases without a run may hold what is there."""
    settings: Settings = field(default_factory=Settings)
    order: OrderSettings = field(default_factory=OrderSettings)
    history: History = field(default_factory=History)
    waiting: dict[JobId, Job] = field(default_factory=dict)
    running: dict[JobId, Running] = field(default_factory=dict)
    holds: dict[JobId, Hold] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    draining: tuple[Drain, ...] = ()
    """Devices that are drained at once. That nothing new is found on them, the cluster knows."""
    holders: dict[str | None, dict[JobId, int]] = field(default_factory=dict)
    """Who holds devices of each model, in the order of :attr:`running`, with its number in it."""
    moves_left: float = 0.0
    """How many moves are allowed by now; grows with each start, up to :data:`MOST_MOVES_LEFT`."""
    _started: int = 0

    @property
    def devices_milli(self) -> int:
        """Thousandths of devices in all."""
        return self.capacity.get(ANY_DEVICE, 0)

    def submit(self, job: Job) -> None:
        """A job comes, or comes back."""
        self.waiting[job.id] = job

    def withdraw(self, job: JobId) -> None:
        """A waiting job is gone. Those that were told to make room for it still do."""
        self.waiting.pop(job, None)
        self.holds.pop(job, None)

    def start(self, running: Running) -> None:
        """A job holds devices, as the ledger says."""
        self._accrue(running.job, running.started_at_s)
        self.restore(running)

    def restore(self, running: Running) -> None:
        """The same of what is in :attr:`usage` already."""
        job = running.job
        if running.placement:  # else it holds nothing
            self.cluster.take(job.shape, running.placement)
        amounts = self.amounts(job, running.placement)
        self.quotas.add(job.owner, amounts)
        self.waiting.pop(job.id, None)
        self.running[job.id] = running
        self._started += 1
        for model in amounts.devices_milli:
            self.holders.setdefault(model, {})[job.id] = self._started

    def end(self, job: JobId, now_s: float, *, again: Job | None = None) -> None:
        """A job's processes are gone; ``again`` is what goes back to the queue in its place."""
        self._accrue(self.running[job].job, now_s)
        self.forget(job)
        if again is None:
            self.holds.pop(job, None)
        else:
            self.submit(again)

    def forget(self, job: JobId) -> None:
        """The same of what is in :attr:`usage` already, and whatever is kept for it."""
        running = self.running.pop(job)
        if running.placement:
            self.cluster.give_back(running.job.shape, running.placement)
        amounts = self.amounts(running.job, running.placement)
        self.quotas.remove(running.job.owner, amounts)
        for model in amounts.devices_milli:
            del self.holders[model][job]

    def apply(self, decision: Decision, now_s: float) -> None:
        """Make what was decided so."""
        if isinstance(decision, Wait):
            return
        if isinstance(decision, Grant):
            job = self.waiting[decision.job]
            self.holds.pop(decision.job, None)
            self.start(Running(job, decision.placement, now_s, reservation=decision.reservation))
            self.moves_left = moves_left_after(self.moves_left, self.settings, started=1)
            return
        if isinstance(decision, Move):
            self.moves_left = moves_left_after(self.moves_left, self.settings, moved=1)
            moved = self.running[decision.job]
            self.running[decision.job] = replace(moved, stopping_for=decision.for_job)
            self.holds[decision.job] = Hold(
                decision.job, moved.job.shape, decision.placement, frozenset(), now_s
            )
            return
        self._preempt(decision, now_s)

    def name_of(self, node: int, device: int) -> str:
        """How people call a device."""
        return self.names[node][device] if node < len(self.names) else f"{node}:{device}"

    def victims_of(self, hold: Hold) -> list[Running]:
        """Those that still make room for a hold; one that runs again since is none of them."""
        found = [self.running[one] for one in sorted(hold.victims) if one in self.running]
        return [one for one in found if one.stopping_for == hold.job]

    def amounts(self, job: Job, placement: Placement) -> Amounts:
        """What a placement counts against quotas."""
        counted: dict[str | None, int] = {}
        for slot in placement:
            for device in slot.devices:
                model = self.cluster.model_of(slot.node, device)
                counted[model] = counted.get(model, 0) + job.shape.milli
        return Amounts(counted, job.shape.cpu_milli, job.shape.host_memory_mib)

    def amounts_of_model(self, job: Job, model: str | None) -> Amounts:
        """What it would count if all its devices were of one model."""
        counted = {model: job.units_milli} if job.units_milli else {}
        return Amounts(counted, job.shape.cpu_milli, job.shape.host_memory_mib)

    def _accrue(self, job: Job, now_s: float) -> None:
        """Count what those above ``job`` have used up to now, before what they use changes."""
        for party in self.quotas.path(job.owner):
            before = self.usage.get(party) or DecayedUsage(as_of_s=now_s)
            self.usage[party] = before.accrue(use_rate(self.quotas, party, self.capacity), now_s)

    def _preempt(self, decision: Preempt, now_s: float) -> None:
        for victim in decision.victims:
            self.running[victim] = replace(self.running[victim], stopping_for=decision.job)
        if decision.job in self.waiting:
            self.holds[decision.job] = Hold(
                decision.job,
                self.waiting[decision.job].shape,
                decision.placement,
                frozenset(decision.victims),
                now_s,
            )
