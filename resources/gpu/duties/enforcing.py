"""Enforcing: what leases allow, and what is done about runs that use more."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from resources.errors import Unavailable
from resources.gpu import decision_log, ledger, lending_store
from resources.gpu.arbiter import Decided
from resources.gpu.duties.base import OnLedger, audit
from resources.gpu.duties.known import read_known
from resources.gpu.enforcement.allowance import Machine, joined, limits_of
from resources.gpu.enforcement.model import Finding, Holder
from resources.gpu.enforcement.sharing import can_be_limited
from resources.gpu.enforcement.watch import Watched
from resources.gpu.inventory.host import host_cpu_milli, host_memory_mib
from resources.gpu.inventory.model import DeviceId, Inventory
from resources.gpu.model import OVERUSE, Lease, LeaseState, RunId, Stop
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.requests.canonical import canonical
from resources.gpu.requests.model import Mode
from resources.gpu.settings import overuse_of_projects
from resources.gpu.snapshot import Snapshot
from resources.terms import Actor

STEP_MILLI = 100
STEP_MIB = 256
"""A lease grows by whole steps, so that not each look finds it a little short again."""


class Enforcing(OnLedger):
    """What keeps runs within their leases."""

    def watched(self) -> tuple[Watched, ...]:
        """The leases whose runs have a process now, with what each allows.

        Raises BadInput for a bad ``TRAINPLAT_OVERUSE``.
        """
        known = self._inventory_or_none()
        elsewhere = set() if known is None else _ids(known) - _ids(known.for_runs)
        with self._database.read() as connection:
            leases = [one for one in ledger.live_leases(connection) if one.state is LeaseState.CLAIMED]
        leases = [one for one in leases if not elsewhere.intersection(one.devices)]
        limits = limits_of(leases, _machine(known), overuse_of_projects())
        holders = {lease.run_id: lease.holder for lease in leases if lease.holder is not None}
        return tuple(
            Watched(allowed, Holder(allowed.run_id, holders[allowed.run_id]))
            for allowed in joined(limits)
            if allowed.run_id in holders
        )

    def fractions(self) -> int:
        """How many live leases are fractions of NVIDIA GPUs, but for those that MPS is known not to limit."""
        well = [device for device in _machine(self._inventory_or_none()).devices if device.fault is None]
        unlimited = {device.id for device in well if not can_be_limited(device)}
        with self._database.read() as connection:
            leases = [one for one in ledger.live_leases(connection) if one.request.mode is Mode.FRACTION]
        held = [{device for device in one.devices if device.startswith("cuda:")} for one in leases]
        return sum(bool(devices - unlimited) for devices in held)

    def has_room(self, finding: Finding) -> bool:
        """Whether the lease could grow to what the finding says is used."""
        with self._database.read() as connection:
            lease = _live(connection, finding.run_id)
            return lease is not None and self._grown(connection, lease, finding) is not None

    def resize(self, finding: Finding, actor: Actor) -> bool:
        """Let the lease grow to what its run uses, where there is room and quota. Returns whether it did."""
        now = self._clock()
        with self._database.write() as connection:
            lease = _live(connection, finding.run_id)
            grown = None if lease is None else self._grown(connection, lease, finding)
            if lease is None or grown is None:
                return False
            ledger.resize(connection, grown)
            self._record(connection, lease, "resize", finding, now)
            detail = f"{finding.rule}: {finding.reason.text}"
            audit(connection, now, actor, "gpu.resize", lease.run_id, detail)
        return True

    def evict(self, finding: Finding, actor: Actor) -> bool:
        """Have the run stop at a checkpoint and go back to the queue. Returns whether it holds a lease."""
        now = self._clock()
        with self._database.write() as connection:
            lease = _live(connection, finding.run_id)
            if lease is None:
                return False
            why = finding.reason
            stop = Stop(lease.run_id, lease.attempt, RunId(f"{OVERUSE}{why.rule}"), why.rule, why.text)
            ledger.stop(connection, stop)
            decision_log.add(connection, [Decided(stop, why)], now)
            audit(connection, now, actor, "gpu.evict", lease.run_id, f"{why.rule}: {why.text}")
        return True

    def note_overuse(self, finding: Finding) -> None:
        """Record that a run was warned."""
        now = self._clock()
        with self._database.write() as connection:
            lease = _live(connection, finding.run_id)
            if lease is not None:
                self._record(connection, lease, "warn", finding, now)

    def _record(
        self, connection: Connection, lease: Lease, kind: str, finding: Finding, now: datetime
    ) -> None:
        decision_log.note(connection, kind, lease.run_id, lease.attempt, finding.reason, now)

    def _grown(self, connection: Connection, lease: Lease, finding: Finding) -> Lease | None:
        """The lease with what is used; None where there is no room for it, or no quota."""
        wanted = _with_use(lease, finding)
        if wanted is None:
            return None
        known = read_known(connection)
        others = tuple(one for one in known.leases if one.run_id != lease.run_id)
        quotas = QuotaTree(lending_store.rows_now(connection))
        snapshot = Snapshot(self._inventory(), replace(known, leases=others), quotas, self._settings)
        return wanted if snapshot.has_room_for(wanted, known.kept) else None

    def _inventory_or_none(self) -> Inventory | None:
        """None while the driver is silent, or the declared cluster cannot be read."""
        try:
            return self._inventory()
        except Unavailable:
            return None


def _machine(known: Inventory | None) -> Machine:
    """What is here; without devices where none are known: CPUs are watched all the same."""
    if known is None:
        return Machine((), host_cpu_milli(), host_memory_mib())
    nodes = known.for_runs.nodes
    cpu_milli, memory_mib = (
        sum(node.cpu_milli for node in nodes),
        sum(node.host_memory_mib for node in nodes),
    )
    return Machine(known.for_runs.devices, cpu_milli, memory_mib)


def _ids(inventory: Inventory) -> set[DeviceId]:
    return {device.id for device in inventory.devices}


def _live(connection: Connection, run_id: RunId | None) -> Lease | None:
    """The lease of a run that is not told to stop yet."""
    attempt = None if run_id is None else ledger.newest_attempt(connection, run_id)
    if run_id is None or attempt is None:
        return None
    lease = ledger.lease_of(connection, run_id, attempt)
    return None if lease is None or lease.state is LeaseState.RELEASED or lease.stop_for else lease


def _with_use(lease: Lease, finding: Finding) -> Lease | None:
    """What the lease would be; None for a finding that no larger lease answers."""
    values = finding.reason.values
    if finding.rule == "U3":
        cpu_milli = _rounded_up(int(values["used_milli"]), STEP_MILLI)
        return replace(lease, terms=replace(lease.terms, cpu_milli=cpu_milli))
    if finding.rule == "U4":
        memory_mib = _rounded_up(int(values["used_mib"]), STEP_MIB)
        return replace(lease, terms=replace(lease.terms, host_memory_mib=memory_mib))
    if finding.rule == "U2" and lease.request.mode is Mode.FRACTION:
        memory_mib = _rounded_up(int(values["used_mib"]), STEP_MIB)
        asked = replace(lease.request, memory_mib=memory_mib)
        return replace(lease, request=replace(asked, text=canonical(asked)))
    return None


def _rounded_up(amount: int, step: int) -> int:
    return -(-amount // step) * step
