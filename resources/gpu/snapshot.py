"""From the ledger's rows and the inventory to the state of the policy, and back to names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from resources.gpu.inventory.model import Device, DeviceId, Inventory
from resources.gpu.likeness import groups_of
from resources.gpu.model import Drained, Kept, Lease, Origin, Owner, Reserved, RunId, WaitingRequest
from resources.gpu.placement.model import WHOLE_MILLI, DeviceSpec, NodeSpec, Oversold, Placement, Shape, Slot
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Resource
from resources.gpu.policy.decay import DecayedUsage
from resources.gpu.policy.history import History
from resources.gpu.policy.model import Affinity, Drain, Hold, Job, JobId, Reservation, Running, Settings
from resources.gpu.policy.past import PastUse
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Party
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.state import State
from resources.gpu.shapes import Shapes, kind_of

if TYPE_CHECKING:
    from resources.gpu.placement.cluster import Cluster

ENDLESS_MIB = 1 << 40
"""The memory of a device that has none of its own: nothing is counted on it."""


@dataclass(frozen=True)
class Known:
    """What the ledger knows at one moment."""

    leases: Sequence[Lease]
    """Those not released."""
    waiting: Sequence[WaitingRequest]
    kept: Sequence[Kept] = ()
    reservations: Sequence[Reserved] = ()
    """Those that have not ended."""
    drains: Sequence[Drained] = ()
    """What people took out of use; devices with a fault are known from the inventory."""
    usage: Mapping[Owner, PastUse] | None = None
    """What each user in a project has used in the past; None: only what the live leases tell."""
    history: History | None = None
    """What ended jobs tell of those that have not ended."""
    over_budget: Mapping[Party, Reason] = field(default_factory=dict)
    """Whose budget is used up, and why."""
    moves_left: float = 0.0
    """How many moves (rule D1) are allowed by now."""

    def leaves_nothing_to_decide(self, now: datetime) -> bool:
        """Whether nobody waits, and nobody makes room for a reservation or a drain."""
        begun = any(one.starts_at <= now < one.ends_at for one in self.reservations)
        return not self.waiting and not begun and not any(one.evict for one in self.drains)


class OutOfStep(Exception):
    """A snapshot cannot be brought up to date; make it anew."""


class Snapshot:
    """The state of the policy, with the names of what it counts by index.

    It can be kept and brought up to date with :meth:`update`, which costs what has changed; it is then the
    same as one that was made anew of the same things.
    """

    def __init__(self, inventory: Inventory, known: Known, quotas: QuotaTree, settings: Settings) -> None:
        from resources.gpu.placement.cluster import Cluster  # numpy, which not every caller needs

        self.shapes = Shapes(inventory)
        self._shapes_of_runs = self.shapes if inventory.for_runs is inventory else Shapes(inventory.for_runs)
        """What a run may have is told by what there is where runs are started."""
        self._leases: dict[RunId, Lease] = {}
        self._waiting: dict[RunId, WaitingRequest] = {}
        self._drains: tuple[Drained, ...] = ()
        self._drained: frozenset[DeviceId] = frozenset()
        self._inventory = inventory
        self._ill = frozenset(device.id for device in inventory.devices if device.fault is not None)
        self._names = [[device.id for device in node.devices] for node in inventory.nodes]
        self._places = {
            device: (node, index)
            for node, devices in enumerate(self._names)
            for index, device in enumerate(devices)
        }
        cluster = Cluster(
            [_node(node.id, node.cpu_milli, node.host_memory_mib, node.devices) for node in inventory.nodes]
        )
        for ill in self._ill:
            cluster.set_usable(*self._places[ill], False)
        capacity = {
            ANY_DEVICE: len(inventory.devices) * WHOLE_MILLI,
            CPU_MILLI: sum(node.cpu_milli for node in inventory.nodes),
            HOST_MEMORY_MIB: sum(node.host_memory_mib for node in inventory.nodes),
        }
        closed = frozenset(index for index, node in enumerate(inventory.nodes) if not node.takes_runs)
        where_started = [index for index in range(len(inventory.nodes)) if index not in closed]
        self._only_node = where_started[0] if len(where_started) == 1 else None
        """Where runs are that hold no device; None where they could be on several."""
        self.state = State(
            cluster,
            quotas,
            _resources(capacity),
            names=self._names,
            labels=[node.every_label for node in inventory.nodes],
            closed=closed,
            settings=settings,
        )
        self.update(known)

    def update(self, known: Known) -> None:
        """Bring it up to what is known now; leases and requests that are as they were cost a look each.

        Raises :class:`OutOfStep` where it has to be made anew, as after a clock was set back. Whatever else
        it raises, it is of no use any more then.
        """
        leases = {lease.run_id: lease for lease in known.leases}
        for run_id, before in list(self._leases.items()):
            now = leases.get(run_id)
            if now is not before and not (now is not None and self._goes_on(now)):
                self._end(run_id)
        fresh = [lease for run_id, lease in leases.items() if run_id not in self._leases]
        for lease in fresh:
            self._start(lease)
        if fresh and list(self._leases) != list(leases):
            raise OutOfStep
        self._queue(known.waiting)
        self._close(known.drains)
        self.state.holds.clear()
        for one in known.kept:
            self._hold(one)
        self.state.reservations.clear()
        for reserved in known.reservations:
            self._reserve(reserved)
        self.state.usage = self._past_shares(known.usage or {})
        self.state.history = known.history or History()
        self.state.quotas.hold_back(known.over_budget)
        self.state.moves_left = known.moves_left

    def shape_of(self, one: Lease | WaitingRequest) -> Shape:
        """What the policy counts of a request or a lease."""
        shapes = self._shapes_of_runs if _needs_launcher(one) else self.shapes
        return shapes.shape_of(one.request, one.terms)

    def learn(self, popularity: Mapping[Shape, float]) -> None:
        """Place by how often each shape is asked for from now on."""
        self.state.cluster.learn(popularity)

    def devices_of(self, placement: Placement) -> tuple[DeviceId, ...]:
        """The names of the devices of a placement, in the order of the inventory."""
        return tuple(
            self._names[slot.node][device]
            for slot in sorted(placement, key=lambda slot: slot.node)
            for device in slot.devices
        )

    def _goes_on(self, lease: Lease) -> bool:
        """Whether a lease that changed holds what it held, as when its process took it up."""
        before, now = self.state.running.get(JobId(lease.run_id)), self._running_of(lease)
        if before is None or replace(before, stopping_for=now.stopping_for) != now:
            return False
        self._leases[lease.run_id] = lease
        self.state.running[now.job.id] = now
        return True

    def _start(self, lease: Lease) -> None:
        self._leases[lease.run_id] = lease
        running = self._running_of(lease)
        try:
            self.state.restore(running)
        except Oversold:  # the machine came back with less than it had: what is there of it is held
            job, placement = running.job, running.placement
            shape = _as_far_as_free(self.state.cluster, job.shape, placement)
            there = () if shape is None else placement
            self.state.restore(replace(running, job=replace(job, shape=shape or job.shape), placement=there))

    def _running_of(self, lease: Lease) -> Running:
        # Devices of it that are gone hold nothing that could be given; the others it holds all the same.
        placement = self._placement_of_there(lease.devices)
        job = self._job_of_lease(lease)
        return Running(job, placement, lease.granted_at.timestamp(), _stops_for(lease))

    def _end(self, run_id: RunId) -> None:
        del self._leases[run_id]
        if JobId(run_id) in self.state.running:
            self.state.forget(JobId(run_id))

    def _queue(self, requests: Sequence[WaitingRequest]) -> None:
        """Who waits, in the order given."""
        before, jobs = self._waiting, self.state.waiting
        self._waiting = {one.run_id: one for one in requests}
        self.state.waiting = {
            JobId(run_id): jobs[JobId(run_id)]
            if before.get(run_id) is one and JobId(run_id) in jobs
            else self._job_of_request(one)
            for run_id, one in self._waiting.items()
        }

    def _close(self, drains: Sequence[Drained]) -> None:
        """Give nothing out on what is drained, and give out what is no more."""
        if tuple(drains) == self._drains:
            return
        self._drains = tuple(drains)
        drained = frozenset(
            device.id for device in self._inventory.devices if any(one.covers(device) for one in drains)
        )
        for changed in (drained ^ self._drained) - self._ill:
            self.state.cluster.set_usable(*self._places[changed], changed not in drained)
        self._drained = drained
        self.state.draining = tuple(self._drain(one) for one in drains if one.evict)

    def _drain(self, drained: Drained) -> Drain:
        covered = (device for device in self._inventory.devices if drained.covers(device))
        return Drain(drained.target, frozenset(self._places[device.id] for device in covered))

    def _past_shares(self, usage: Mapping[Owner, PastUse]) -> dict[Party, DecayedUsage]:
        sums: dict[Party, PastUse] = {}
        for owner, used in usage.items():
            for party in self.state.quotas.path(owner):
                sums[party] = used if party not in sums else sums[party].plus(used)
        return {party: used.share(self.state.capacity) for party, used in sums.items()}

    def has_room_for(self, lease: Lease, kept: Iterable[Kept]) -> bool:
        """Whether a lease that is not among the known ones could be what it is, where its devices are.

        Not on a node where something is ``kept`` for somebody: what is free there is theirs. Quotas have to
        allow it without anybody making room.
        """
        placement = self._placement_of_there(lease.devices)
        job = self._job_of_lease(lease)
        nodes = {slot.node for slot in placement}
        promised = [self._placement_of_there(one.devices) for one in kept]
        if any(slot.node in nodes for one in promised for slot in one):
            return False
        if not placement or _as_far_as_free(self.state.cluster, job.shape, placement) != job.shape:
            return False
        return self.state.quotas.fits(job.owner, self.state.amounts(job, placement)).fits

    def _hold(self, kept: Kept) -> None:
        job_id, placement = JobId(kept.run_id), self._placement(kept.devices)
        running = self.state.running.get(job_id)
        job = self.state.waiting.get(job_id) if running is None else running.job
        if job is None or placement is None:
            return
        victims = frozenset(JobId(victim) for victim in kept.victims)
        self.state.holds[job_id] = Hold(job_id, job.shape, placement, victims, kept.since.timestamp())

    def _reserve(self, reserved: Reserved) -> None:
        placement, terms = self._placement(reserved.devices), reserved.terms
        if placement is None:
            return  # a device of it is gone from the inventory; there is nothing to keep free
        shape = Shape(
            len(reserved.devices),
            reserved.milli,
            reserved.memory_mib,
            cpu_milli=terms.cpu_milli,
            host_memory_mib=terms.host_memory_mib,
        )
        self.state.reservations[reserved.id] = Reservation(
            reserved.id,
            reserved.project,
            reserved.user,
            shape,
            terms.span,
            placement,
            reserved.starts_at.timestamp(),
            reserved.ends_at.timestamp(),
        )

    def _placement_of_there(self, devices: Iterable[DeviceId]) -> Placement:
        """Where those of the devices are that are in the inventory."""
        known = tuple(devices)
        return self._placement([one for one in known if one in self._places] if known else known) or ()

    def _placement(self, devices: Iterable[DeviceId]) -> Placement | None:
        by_node: dict[int, list[int]] = {}
        for device in devices:
            place = self._places.get(device)
            if place is None:
                return None
            by_node.setdefault(place[0], []).append(place[1])
        if not by_node and self._only_node is not None:
            return (Slot(self._only_node, ()),)  # CPUs and memory only
        return tuple(Slot(node, tuple(sorted(indexes))) for node, indexes in sorted(by_node.items()))

    def _job_of_lease(self, lease: Lease) -> Job:
        shape = self.shape_of(lease)
        submitted_at = lease.submitted_at or lease.granted_at
        there = sum(device in self._places for device in lease.devices)
        return _job(lease.run_id, lease, shape, submitted_at, submitted_at, there, lease.granted_at)

    def _job_of_request(self, waiting: WaitingRequest) -> Job:
        shape = self.shape_of(waiting)
        queued_at = waiting.queued_at or waiting.submitted_at
        return _job(waiting.run_id, waiting, shape, waiting.submitted_at, queued_at, shape.devices, None)


def _node(name: str, cpu_milli: int, host_memory_mib: int, devices: Sequence[Device]) -> NodeSpec:
    specs = tuple(
        DeviceSpec(
            kind_of(device), ENDLESS_MIB if device.memory_mib is None else device.memory_mib, device.island
        )
        for device in devices
    )
    return NodeSpec(name, cpu_milli, host_memory_mib, specs)


def _as_far_as_free(cluster: "Cluster", shape: Shape, placement: Placement) -> Shape | None:
    """What of ``shape`` is free at ``placement``; None where nothing of a device is."""
    left = shape
    for slot in placement:
        cpu_milli, host_mib = cluster.free_of_node(slot.node)
        here, everywhere = (len(slot.devices), shape.devices) if shape.devices else (1, 1)
        left = replace(
            left,
            cpu_milli=min(left.cpu_milli, cpu_milli * everywhere // here),
            host_memory_mib=min(left.host_memory_mib, host_mib * everywhere // here),
        )
        for device in slot.devices:
            milli, memory_mib = cluster.free_of_device(slot.node, device)
            if milli == 0:
                return None
            left = replace(left, milli=min(left.milli, milli), memory_mib=min(left.memory_mib, memory_mib))
    return left


def _job(
    run_id: RunId,
    of: Lease | WaitingRequest,
    shape: Shape,
    submitted_at: datetime,
    queued_at: datetime,
    devices: int,
    granted_at: datetime | None,
) -> Job:
    terms = of.terms
    if granted_at is not None and devices != shape.devices:
        shape = replace(shape, devices=devices, models=None)
    return Job(
        id=JobId(run_id),
        owner=of.owner,
        shape=shape,
        span=terms.span,
        priority=terms.priority,
        preemptible=terms.preemptible,
        max_runtime_s=terms.max_runtime_s,
        submitted_at_s=submitted_at.timestamp(),
        queued_since_s=queued_at.timestamp(),
        attained_gpu_s=of.attained_gpu_s,
        evictions=of.evictions,
        evicted_at_s=None if of.evicted_at is None else of.evicted_at.timestamp(),
        made_room_for=frozenset(of.made_room_for),
        groups=groups_of(of),
        group=terms.group,
        affinity=Affinity(frozenset(terms.nodes), terms.near or None, terms.apart or None),
        needs_launcher=_needs_launcher(of),
    )


def _needs_launcher(one: Lease | WaitingRequest) -> bool:
    """Whether it has to be where runs are started.

    Which node's CPUs a lease has is known by its devices: one without any has those of this machine too.
    """
    return one.origin is not Origin.MANUAL or not one.request.count


def _stops_for(lease: Lease) -> JobId | None:
    return None if lease.stop_for is None else JobId(lease.stop_for)


def _resources(capacity: dict[Resource, int]) -> dict[Resource, int]:
    return {resource: amount for resource, amount in capacity.items() if amount > 0}
