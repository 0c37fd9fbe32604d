"""A decider in a process of its own that is stopped or killed between what it read and what it writes.

Its arguments are the database, the name of the signal, and how long its lease of the role is in seconds.
"""

import os
import signal
import sys
from datetime import datetime

from sqlalchemy import Connection

from resources.database.engine import Database
from resources.gpu.arbiter import Decided
from resources.gpu.duties import desk
from resources.gpu.duties.desk import Desk
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Inventory
from resources.gpu.inventory.slots import cpu_slots
from resources.gpu.service import GpuService
from resources.gpu.snapshot import Known
from resources.terms import Actor


class Interrupted(GpuService):
    """Is hit by a signal once it has decided."""

    signal = signal.SIGKILL

    def _decide(
        self, connection: Connection, desk: Desk, inventory: Inventory, now: datetime
    ) -> tuple[Known, list[Decided]]:
        found = super()._decide(connection, desk, inventory, now)
        assert found[1], "nothing was decided"
        os.kill(os.getpid(), self.signal)
        return found


if __name__ == "__main__":
    Interrupted.signal = signal.Signals[sys.argv[2]]
    desk.LEASE_S = float(sys.argv[3])
    service = Interrupted(Database(sys.argv[1]), inventory=lambda: one_node(cpu_slots()))
    print(len(service.decide_now(Actor("user:sleeper"))))  # noqa: T201
