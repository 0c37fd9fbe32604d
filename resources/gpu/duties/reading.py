"""Reading: what the pages, the command line and the runs themselves ask."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from resources.database.leadership import holder_of
from resources.errors import Conflict, NotFound
from resources.gpu import decision_log, drain_store, ledger, reexecutions
from resources.gpu.decision_log import PastDecision, PastStop
from resources.gpu.duties.base import OnLedger
from resources.gpu.duties.desk import DECIDER
from resources.gpu.inventory.model import Device, DeviceId, DevicesOfNode, Inventory
from resources.gpu.model import DIED, SECOND, Drained, Lease, RunId, WaitingRequest
from resources.gpu.policy.model import LEASE

SHOWN_RUNS = 5
"""How many runs are named when the beginning of an id fits several."""


@dataclass(frozen=True)
class GpuStatus:
    """What the pages and the command line show."""

    inventory: Inventory
    leases: tuple[Lease, ...]
    """Those not released, oldest first."""
    waiting: tuple[WaitingRequest, ...]
    """In the order in which they came, each with the reason why it waits."""
    past: tuple[Lease, ...]
    """Those released last, newest first."""
    drains: tuple[Drained, ...] = ()
    """Devices and nodes on which nothing new begins."""

    decider: str | None = None
    """Who decides, or decided last: machine, process, and a random part."""

    def drain_of(self, device: Device) -> Drained | None:
        """The drain that holds for a device, if any."""
        return next((one for one in self.drains if one.covers(device)), None)

    @cached_property
    def declared(self) -> frozenset[DeviceId]:
        """The devices of nodes that a file declares: nobody looks at them, and no run is started there."""
        nodes = (node for node in self.inventory.nodes if not node.takes_runs)
        return frozenset(device.id for node in nodes for device in node.devices)

    @property
    def devices(self) -> tuple[Device, ...]:
        """The devices of all nodes, ill ones too."""
        return self.inventory.devices


class Reading(OnLedger):
    """Questions that change nothing."""

    def live_leases(self) -> list[Lease]:
        """The leases that are not released, oldest first."""
        with self._database.read() as connection:
            return ledger.live_leases(connection)

    def waiting(self) -> list[WaitingRequest]:
        """The requests that wait, oldest first."""
        with self._database.read() as connection:
            return ledger.waiting_requests(connection)

    def runs_at_work(self) -> dict[str, str]:
        """The runs that hold devices or wait for them, each with the first of those that it executes again.

        That is the run itself for one that is no re-execution.
        """
        with self._database.read() as connection:
            holding, waiting = ledger.live_leases(connection), ledger.waiting_requests(connection)
            runs = sorted({one.run_id for one in holding} | {one.run_id for one in waiting})
            return {str(run): str(root) for run, root in reexecutions.roots(connection, runs).items()}

    def utilisation(self) -> dict[DeviceId, float]:
        """How busy each accelerator of this machine is now, 0 to 1, as far as it tells."""
        readings = self._readings(self._inventory())
        return {
            device: one.utilisation_pct / 100
            for device, one in readings.items()
            if one.utilisation_pct is not None
        }

    def waiting_count(self) -> int:
        """How many requests wait."""
        with self._database.read() as connection:
            return ledger.count_waiting(connection)

    def newest_request(self, run_id: RunId) -> WaitingRequest | None:
        """The request of a run's newest attempt, whatever its state; None for a run that never asked."""
        with self._database.read() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            return None if attempt is None else ledger.request_of(connection, run_id, attempt)

    def find_run(self, text: str) -> RunId:
        """The run whose id is ``text``, or begins with it; or the lease without a run of this name.

        Raises NotFound where no run does, Conflict where several do.
        """
        with self._database.read() as connection:
            for name in (RunId(text), RunId(f"{LEASE}{text}")):
                if ledger.newest_attempt(connection, name) is not None:
                    return name
            found = ledger.runs_beginning(connection, text, SHOWN_RUNS) if text else []
        if SECOND not in text:
            found = [one for one in found if SECOND not in one] or found
        if not found:
            raise NotFound(
                f"no run that asked for devices has an id that begins with {text!r}",
                "See `trainplat gpu history` and `trainplat gpu queue` for the runs that are known.",
            )
        if len(found) > 1:
            raise Conflict(
                f"several runs have an id that begins with {text!r}: {', '.join(found)}",
                "Give more of the id.",
            )
        return found[0]

    def leases_of(self, run_id: RunId) -> list[Lease]:
        """All leases that a run has had, by attempt."""
        with self._database.read() as connection:
            return ledger.leases_of_run(connection, run_id)

    def has_ended(self, run_id: RunId) -> bool:
        """Whether a run's newest attempt neither waits nor holds anything any more."""
        with self._database.read() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            return attempt is not None and ledger.has_ended(connection, run_id, attempt)

    def newest_lease(self, run_id: RunId) -> Lease | None:
        """The newest lease of a run, live or released."""
        with self._database.read() as connection:
            leases = ledger.leases_of_run(connection, run_id)
        return leases[-1] if leases else None

    def deaths(self, run_id: RunId) -> int:
        """How often a run's process has died under a lease. Clean stops do not count."""
        with self._database.read() as connection:
            leases = ledger.leases_of_run(connection, run_id)
        return sum(lease.release_reason == DIED for lease in leases)

    def lease_seconds(self, run_id: RunId) -> float:
        """How long a run has held devices so far, in seconds, over all its attempts."""
        with self._database.read() as connection:
            leases = ledger.leases_of_run(connection, run_id)
        now = self._clock()
        return sum((_end(lease, now) - lease.granted_at).total_seconds() for lease in leases if lease.devices)

    def status(self, *, past: int = 20) -> GpuStatus:
        """Devices, leases and the line, as they are now."""
        inventory = self._everything()
        with self._database.read() as connection:
            return GpuStatus(
                inventory,
                tuple(ledger.live_leases(connection)),
                tuple(ledger.waiting_requests(connection)),
                tuple(ledger.past_leases(connection, past)),
                drain_store.read(connection),
                holder_of(connection, DECIDER),
            )

    def devices(self) -> tuple[Device, ...]:
        """The devices of this machine that are in order."""
        return self._inventory().for_runs.well

    def places_of(self, devices: tuple[DeviceId, ...]) -> tuple[DevicesOfNode, ...]:
        """Where devices are, node by node."""
        return self._inventory().places_of(devices)

    def decisions_of(self, run_id: RunId) -> list[PastDecision]:
        """What was decided about a run, the oldest first."""
        with self._database.read() as connection:
            return decision_log.of_run(connection, run_id)

    def newest_decisions(self, limit: int = 100) -> list[PastDecision]:
        """What was decided last, the newest first."""
        with self._database.read() as connection:
            return decision_log.newest(connection, limit)

    def newest_stops(self, limit: int = 100) -> list[PastStop]:
        """Which runs made room last, for whom, and when they went on; the newest first."""
        with self._database.read() as connection:
            return decision_log.newest_stops(connection, limit)


def _end(lease: Lease, now: datetime) -> datetime:
    return lease.released_at or now
