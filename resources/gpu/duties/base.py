"""What every part of the service works with: one ledger, an inventory, the settings and a clock."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.gpu.inventory.discover import local_inventory
from resources.gpu.inventory.model import DeviceId, DeviceReading, Inventory
from resources.gpu.inventory.readings import read_devices
from resources.gpu.policy.model import Settings
from resources.gpu.requests.vendor_file import home_vendors
from resources.gpu.requests.vendors import VendorTable
from resources.gpu.settings import policy_settings
from resources.terms import Actor

ReadDevices = Callable[[Inventory], Mapping[DeviceId, DeviceReading]]
"""A look at the devices of this machine, with the processes on them."""


class OnLedger:
    """Works on one ledger."""

    def __init__(
        self,
        database: Database,
        *,
        inventory: Callable[[], Inventory] = local_inventory,
        vendors: Callable[[], VendorTable] = home_vendors,
        settings: Settings | None = None,
        clock: Clock = utc_now,
        readings: ReadDevices = read_devices,
    ) -> None:
        self._database = database
        self._inventory = inventory
        self._vendors = vendors
        self._settings = settings or policy_settings()
        self._clock = clock
        self._readings = readings


def audit(
    connection: Connection, now: datetime, actor: Actor, action: str, subject: str, detail: str
) -> None:
    """Write who changed what in the caller's transaction."""
    record(connection, AuditRow(now, actor, action, subject, detail))
