"""From the ledger's rows and the inventory to the state of the policy, and back to names."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from resources.gpu.inventory.model import Device, DeviceId, Inventory
from resources.gpu.model import Drained, Held, Kept, Lease, Owner, Reserved, RunId, Terms, WaitingRequest
from resources.gpu.placement.model import WHOLE_MILLI, DeviceSpec, NodeSpec, Placement, Shape, Slot
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Amounts, Resource, flavour
from resources.gpu.policy.decay import DecayedUsage
from resources.gpu.policy.history import History
from resources.gpu.policy.model import Affinity, Drain, Hold, Job, JobId, Reservation, Running, Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Party
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.state import State
from resources.gpu.requests.model import GpuRequest, Mode

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
    usage: Mapping[Party, DecayedUsage] | None = None
    """What each party has used in the past; None: only what the live leases tell."""
    history: History | None = None
    """What ended jobs tell of those that have not ended."""
    over_budget: Mapping[Party, Reason] = field(default_factory=dict)
    """Whose budget is used up, and why."""

    def leaves_nothing_to_decide(self, now: datetime) -> bool:
        """Whether nobody waits, and nobody makes room for a reservation or a drain."""
        begun = any(one.starts_at <= now for one in self.reservations)
        return not self.waiting and not begun and not any(one.evict for one in self.drains)


class Snapshot:
    """The state of the policy, with the names of what it counts by index."""

    def __init__(self, inventory: Inventory, known: Known, quotas: QuotaTree, settings: Settings) -> None:
        from resources.gpu.placement.cluster import Cluster  # numpy, which not every caller needs

        self._devices = {device.id: device for device in inventory.devices}
        self._names = [[device.id for device in node.devices] for node in inventory.nodes]
        self._places = {
            device: (node, index)
            for node, devices in enumerate(self._names)
            for index, device in enumerate(devices)
        }
        cluster = Cluster(
            [_node(node.id, node.cpu_milli, node.host_memory_mib, node.devices) for node in inventory.nodes]
        )
        for device in inventory.devices:
            if device.fault is not None or any(one.covers(device) for one in known.drains):
                cluster.set_usable(*self._places[device.id], False)
        capacity = {
            ANY_DEVICE: len(self._devices) * WHOLE_MILLI,
            CPU_MILLI: sum(node.cpu_milli for node in inventory.nodes),
            HOST_MEMORY_MIB: sum(node.host_memory_mib for node in inventory.nodes),
        }
        labels = [dict(node.labels) for node in inventory.nodes]
        self.state = State(
            cluster, quotas, _resources(capacity), names=self._names, labels=labels, settings=settings
        )
        self._fill(known)

    def devices_of(self, placement: Placement) -> tuple[DeviceId, ...]:
        """The names of the devices of a placement, in the order of the inventory."""
        return tuple(
            self._names[slot.node][device]
            for slot in sorted(placement, key=lambda slot: slot.node)
            for device in slot.devices
        )

    def held(self, devices: Iterable[DeviceId], milli: int) -> Held:
        """What so many thousandths of each of these devices are, by flavour."""
        counts = Counter(flavour(kind_of(self._devices[device])) for device in devices)
        return tuple(sorted((kind, count * milli) for kind, count in counts.items()))

    def models_of(self, devices: Iterable[DeviceId]) -> tuple[str | None, ...]:
        """The model of each device, as quotas and prices count it; None for a CPU slot."""
        return tuple(kind_of(self._devices[device]) for device in devices)

    def only_model_for(self, request: GpuRequest, terms: Terms) -> tuple[str | None, ...]:
        """The model of each device that a request asks for, where one alone will do; else nothing."""
        models = self.state.cluster.models_for(self.shape_of(request, terms))
        return tuple(models) * request.count if len(models) == 1 else ()

    def never_in_quota(self, request: GpuRequest, terms: Terms, owner: Owner) -> Reason | None:
        """Why the quotas would not allow it even if nothing were in use; None where they would."""
        shape = self.shape_of(request, terms)
        kinds = self.state.cluster.models_for(shape) if shape.devices else frozenset((None,))
        refusal = None
        for kind in sorted(kinds, key=str):
            counted = {kind: shape.units_milli} if shape.devices else {}
            fit = self.state.quotas.ever_fits(owner, Amounts(counted, shape.cpu_milli, shape.host_memory_mib))
            if fit is None:
                return None
            refusal = refusal or fit.reason
        return refusal

    def shape_of(self, request: GpuRequest, terms: Terms) -> Shape:
        """What the policy counts of a request."""
        devices = list(self._devices.values())
        matching = [device for device in devices if request.matches(device)]
        models = None if len(matching) == len(devices) else frozenset(filter(None, map(kind_of, matching)))
        return Shape(
            devices=request.count,
            milli=request.milli,
            memory_mib=(request.memory_mib or 0) if request.mode is Mode.FRACTION else 0,
            models=models,
            cpu_milli=terms.cpu_milli,
            host_memory_mib=terms.host_memory_mib,
        )

    def _fill(self, known: Known) -> None:
        for lease in known.leases:
            placement = self._placement(lease.devices)
            if placement is None:
                continue  # a device of it is gone from the inventory; it holds nothing that could be given
            job = self._job_of_lease(lease)
            self.state.start(Running(job, placement, lease.granted_at.timestamp(), _stops_for(lease)))
        for waiting in known.waiting:
            self.state.submit(self._job_of_request(waiting))
        for one in known.kept:
            self._hold(one)
        for reserved in known.reservations:
            self._reserve(reserved)
        self.state.draining = tuple(self._drain(one) for one in known.drains if one.evict)
        if known.usage is not None:
            self.state.usage = dict(known.usage)
        if known.history is not None:
            self.state.history = known.history
        self.state.quotas.hold_back(known.over_budget)

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

    def _drain(self, drained: Drained) -> Drain:
        covered = [device for device in self._devices.values() if drained.covers(device)]
        return Drain(drained.target, frozenset(self._places[device.id] for device in covered))

    def _placement(self, devices: Iterable[DeviceId]) -> Placement | None:
        by_node: dict[int, list[int]] = {}
        for device in devices:
            place = self._places.get(device)
            if place is None:
                return None
            by_node.setdefault(place[0], []).append(place[1])
        if not by_node and len(self._names) == 1:
            return (Slot(0, ()),)  # CPUs and memory only: of the one node there is
        return tuple(Slot(node, tuple(sorted(indexes))) for node, indexes in sorted(by_node.items()))

    def _job_of_lease(self, lease: Lease) -> Job:
        shape = self.shape_of(lease.request, lease.terms)
        submitted_at = lease.submitted_at or lease.granted_at
        return _job(
            lease.run_id, lease, shape, submitted_at, submitted_at, len(lease.devices), lease.granted_at
        )

    def _job_of_request(self, waiting: WaitingRequest) -> Job:
        shape = self.shape_of(waiting.request, waiting.terms)
        queued_at = waiting.queued_at or waiting.submitted_at
        return _job(waiting.run_id, waiting, shape, waiting.submitted_at, queued_at, shape.devices, None)


def kind_of(device: Device) -> str | None:
    """The name under which quotas and placement count a device: its model, and the slice where it is one."""
    if device.model is None or device.mig_profile is None:
        return device.model
    return f"{device.model} MIG {device.mig_profile}"


def _node(name: str, cpu_milli: int, host_memory_mib: int, devices: Sequence[Device]) -> NodeSpec:
    specs = tuple(
        DeviceSpec(
            kind_of(device), ENDLESS_MIB if device.memory_mib is None else device.memory_mib, device.island
        )
        for device in devices
    )
    return NodeSpec(name, cpu_milli, host_memory_mib, specs)


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
        shape = Shape(devices, shape.milli, cpu_milli=shape.cpu_milli, host_memory_mib=shape.host_memory_mib)
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
        group=terms.group,
        affinity=Affinity(frozenset(terms.nodes), terms.near or None, terms.apart or None),
    )


def _stops_for(lease: Lease) -> JobId | None:
    return None if lease.stop_for is None else JobId(lease.stop_for)


def _resources(capacity: dict[Resource, int]) -> dict[Resource, int]:
    return {resource: amount for resource, amount in capacity.items() if amount > 0}
