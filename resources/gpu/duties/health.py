"""Health: accelerators that are ill or gone are drained, and the leases on them dealt with by rule.

| rule | says |
|---|---|
| H1 | A device of the run is out of order, and the run can stop: it goes on elsewhere from its checkpoint. |
| H2 | A device of the run does not answer any more: the run goes back to the queue, whatever it is. |
| H3 | A device of the run is out of order, and the run cannot stop: it goes on while the device answers. |
| H4 | A device of a lease without a run does not answer any more: the lease ends, and its user is told. |

The devices of a run are those of its second leases too: it stops as one. A notebook is ended by the process
that keeps it. What was granted and not taken up yet goes back to the line.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from resources.errors import Unavailable
from resources.gpu import decision_log, device_store, ledger
from resources.gpu.arbiter import Decided
from resources.gpu.duties.base import audit
from resources.gpu.duties.line import Line
from resources.gpu.inventory.discover import BadCluster, machine
from resources.gpu.inventory.memory import Remembered, remember, seen_again, with_xids
from resources.gpu.inventory.model import Device, DeviceId, Inventory
from resources.gpu.inventory.slots import leaves_accelerators
from resources.gpu.inventory.xid import XidError
from resources.gpu.model import ILL, ILL_DEVICE, Lease, LeaseState, Origin, RunId, Stop, run_of
from resources.gpu.policy.reason import Reason
from resources.terms import Actor
from resources.texts import mark


class Health(Line):
    """Which devices are well."""

    def tend_devices(self, actor: Actor) -> list[Stop]:
        """Remember what is there, and stop what stands on what is ill. Returns what was told to stop.

        Does nothing while the driver is silent about all devices: who knows what is wrong then? Declared
        devices are elsewhere, and nobody looks at them.
        """
        try:
            seen = self._look_here()
        except Unavailable:
            return []
        if leaves_accelerators():
            return []
        now = self._clock()
        with self._database.read() as connection:
            known = device_store.read(connection)
        if not known and all(device.is_cpu_slot for device in seen.devices):
            return []
        ill = {one.id: one for one in seen_again(seen, known).devices if one.fault and not one.is_recovering}
        if not ill and remember(seen, known, (), now) == known:
            return []
        with self._database.write() as connection:
            known = device_store.read(connection)  # somebody may have taken one into use meanwhile
            leases = ledger.live_leases(connection)
            held = {device for lease in leases for device in lease.devices}
            fresh = remember(seen, known, held, now)
            if fresh != known:
                device_store.replace_all(connection, fresh)
                self._tell(connection, known, fresh, actor, now)
            unused = [one for one in leases if _is_unused(one) and ill.keys() & set(one.devices)]
            stops = [
                stop
                for lease, devices in _held([one for one in leases if one not in unused])
                if (stop := _stop(connection, lease, devices, ill, known, now)) is not None
            ]
            for stop in stops:
                audit(connection, now, actor, "gpu.stop", stop.run_id, f"{stop.rule}: {stop.reason}")
        for lease in unused:
            self.try_again(
                lease.run_id, lease.attempt, reason=ILL_DEVICE, actor=actor, holder=lease.holder, seen=lease
            )
        return stops

    def note_xids(self, errors: Sequence[XidError], actor: Actor) -> None:
        """Remember critical errors that the driver told of cards: from the next look on these are ill.

        They stay so until somebody takes them into use again; a look shows no sign of what is past.
        """
        if not errors:
            return
        try:
            seen = self._look_here()
        except Unavailable:
            seen = Inventory(())  # of the cards that are remembered it is noted all the same
        now = self._clock()
        with self._database.write() as connection:
            known = device_store.read(connection)
            devices = {one.device.id: one.device for one in known}
            devices |= {one.id: one for one in seen_again(seen, known).devices}
            fresh = with_xids(devices.values(), known, errors)
            device_store.replace_all(connection, fresh)
            for error in errors:
                of_card = [one.device.id for one in fresh if one.device.uuid == error.uuid]
                subject = of_card[0] if of_card else error.uuid
                audit(connection, now, actor, "gpu.xid", subject, f"Xid {error.number}")
        self._seen = None

    def _look_here(self) -> Inventory:
        """Tell this machine, whether or not the file can be read that declares others."""
        try:
            return self._look().for_runs
        except BadCluster:
            return machine()

    def _tell(
        self,
        connection: Connection,
        known: tuple[Remembered, ...],
        fresh: tuple[Remembered, ...],
        actor: Actor,
        now: datetime,
    ) -> None:
        before = {one.device.id: one.fault for one in known}
        for one in fresh:
            was = before.get(one.device.id)
            if one.fault is not None and one.fault != was:
                audit(connection, now, actor, "gpu.device_ill", one.device.id, str(one.fault))
            elif one.fault is None and was is not None:
                audit(connection, now, actor, "gpu.device_well", one.device.id, was)


def _is_unused(lease: Lease) -> bool:
    """Whether a process waits for it that has not taken it up; with a run of the queue the launcher deals."""
    return lease.origin is not Origin.QUEUE and lease.state is LeaseState.GRANTED


def _held(leases: list[Lease]) -> list[tuple[Lease, list[DeviceId]]]:
    """Each lease with its devices; those of a second lease are its run's."""
    by_id = {lease.run_id: lease for lease in leases}
    held: dict[RunId, list[DeviceId]] = {}
    for lease in leases:
        run = run_of(lease.run_id)
        held.setdefault(run if run in by_id else lease.run_id, []).extend(lease.devices)
    return [(by_id[run], devices) for run, devices in held.items()]


def _stop(
    connection: Connection,
    lease: Lease,
    devices: list[DeviceId],
    ill: dict[DeviceId, Device],
    known: tuple[Remembered, ...],
    now: datetime,
) -> Stop | None:
    """What becomes of one lease."""
    held = [ill[device] for device in devices if device in ill]
    if not held or lease.stop_for is not None:
        return None
    worst = min(held, key=lambda device: device.answers)
    values = {"device": worst.id, "fault": str(worst.fault or "")}
    if worst.answers and not lease.terms.preemptible:
        if all(one.fault is None for one in known if one.device.id == worst.id):  # said once
            why = Reason("H3", _GOES_ON, values)
            decision_log.note(connection, "warn", lease.run_id, lease.attempt, why, now)
        return None
    why = Reason("H1", _STOPS, values) if worst.answers else Reason("H2", _IS_PUT_BACK, values)
    if lease.origin is Origin.MANUAL:
        why = Reason("H4", _ENDS, values)
        ledger.set_over(connection, lease, now)
    stop = Stop(lease.run_id, lease.attempt, RunId(f"{ILL}{worst.id}"[:64]), why.rule, why.text)
    ledger.stop(connection, stop)
    decision_log.add(connection, [Decided(stop, why)], now)
    return stop


_STOPS = mark("{device} is out of order: {fault} The run stops at a checkpoint and goes on elsewhere.")
_IS_PUT_BACK = mark("{device} does not answer any more: {fault} The run goes back to the queue.")
_ENDS = mark("{device} does not answer any more: {fault} The lease ends.")
_GOES_ON = mark("{device} is out of order: {fault} The run cannot stop, and goes on while it answers.")
