"""What every part of the service works with: one ledger, an inventory, the settings and a clock."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.gpu import device_store
from resources.gpu.inventory.discover import known_inventory, refuse_all_ill
from resources.gpu.inventory.memory import Remembered, seen_again
from resources.gpu.inventory.model import DeviceId, DeviceReading, Inventory
from resources.gpu.inventory.readings import read_devices
from resources.gpu.inventory.slots import leaves_accelerators
from resources.gpu.policy.model import Settings
from resources.gpu.requests.vendor_file import home_vendors
from resources.gpu.requests.vendors import VendorTable
from resources.gpu.settings import policy_settings
from resources.terms import Actor

ReadDevices = Callable[[Inventory], Mapping[DeviceId, DeviceReading]]
"""A look at the devices of this machine, with the processes on them."""
READ_AGAIN_S = 1.0


class OnLedger:
    """Works on one ledger."""

    def __init__(
        self,
        database: Database,
        *,
        inventory: Callable[[], Inventory] = known_inventory,
        vendors: Callable[[], VendorTable] = home_vendors,
        settings: Settings | None = None,
        clock: Clock = utc_now,
        readings: ReadDevices = read_devices,
    ) -> None:
        self._database = database
        self._look = inventory
        self._seen: tuple[float, tuple[Remembered, ...]] | None = None
        self._vendors = vendors
        self._settings = settings or policy_settings()
        self._clock = clock
        self._readings = readings

    def _inventory(self) -> Inventory:
        """What there is to give out: :meth:`_everything`. Raises Unavailable where all of it is ill."""
        found = self._everything()
        refuse_all_ill(found)
        return found

    def _everything(self) -> Inventory:
        """What there is now, with accelerators that are gone, and as ill what was so until lately."""
        seen = self._look()
        known = () if leaves_accelerators() else self._remembered()
        return seen_again(seen, known) if known else seen

    def _remembered(self) -> tuple[Remembered, ...]:
        """What is remembered of devices, read anew each second: a look of its own tells what is ill now."""
        now_s = time.monotonic()
        if self._seen is None or now_s - self._seen[0] > READ_AGAIN_S:
            with self._database.read() as connection:
                self._seen = now_s, device_store.read(connection)
        return self._seen[1]


def audit(
    connection: Connection, now: datetime, actor: Actor, action: str, subject: str, detail: str
) -> None:
    """Write who changed what in the caller's transaction."""
    record(connection, AuditRow(now, actor, action, subject, detail))
