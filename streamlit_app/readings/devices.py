"""Who has which device, and who waits."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.gpu.duties.reading import GpuStatus
from resources.gpu.inventory.model import Device
from resources.gpu.model import Lease
from resources.gpu.service import GpuService
from resources.home import Home

PAST_LEASES = 50


@dataclass(frozen=True)
class Devices:
    """Devices, leases and the queue, as they were at ``read_at``."""

    status: GpuStatus
    dagster: str | None
    """The address of the Dagster UI, for links to runs."""
    read_at: datetime

    def lease_on(self, device: Device) -> Lease | None:
        """The lease that holds ``device`` now."""
        return next((lease for lease in self.status.leases if device.id in lease.devices), None)

    def run_link(self, run_id: str) -> str | None:
        """The page of a run in the Dagster UI; None while its address is not known."""
        return None if self.dagster is None else f"{self.dagster.rstrip('/')}/runs/{run_id}"

    def past_as_csv(self) -> str:
        """The past leases as a file for a spreadsheet; column names stay English, for programs."""
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(
            [
                "run",
                "attempt",
                "project",
                "user",
                "devices",
                "request",
                "granted_at",
                "released_at",
                "held_s",
                "reason",
            ]
        )
        for one in self.status.past:
            ended = "" if one.released_at is None else one.released_at.isoformat()
            writer.writerow(
                [
                    one.run_id,
                    one.attempt,
                    one.owner.project,
                    one.owner.user,
                    " ".join(one.devices),
                    one.request.text,
                    one.granted_at.isoformat(),
                    ended,
                    f"{lease_seconds(one, self.read_at):.3f}",
                    one.release_reason or "",
                ]
            )
        return written.getvalue()


def read_devices(home: Home, database: Database, clock: Clock = utc_now) -> Devices:
    """Read them. Raises TrainplatError where the devices cannot be listed."""
    status = GpuService(database, clock=clock).status(past=PAST_LEASES)
    return Devices(status, home.addresses().dagster, clock())


def lease_seconds(lease: Lease, now: datetime) -> float:
    """How long a lease has held its devices, in seconds."""
    return ((lease.released_at or now) - lease.granted_at).total_seconds()
