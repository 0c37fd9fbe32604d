"""Who waits for devices, in the order in which the arbiter looks at them."""

from dataclasses import dataclass
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.gpu.model import RunId, WaitingRequest
from resources.gpu.policy.quota_model import EVERY_OTHER, Scope
from resources.gpu.service import GpuService
from resources.home import Home


@dataclass(frozen=True)
class Queue:
    """The line, as it was at ``read_at``."""

    waiting: tuple[WaitingRequest, ...]
    """The next to be looked at comes first."""
    is_in_turn: bool
    """Whether this is the order of the arbiter; else they stand as they came."""
    dagster: str | None
    """The address of the Dagster UI, for links to runs."""
    read_at: datetime

    @property
    def projects(self) -> tuple[str, ...]:
        """Who waits, by name."""
        return tuple(sorted({one.owner.project for one in self.waiting}))

    def place(self, run_id: RunId) -> int:
        """Where a run stands, from 1."""
        return 1 + next(number for number, one in enumerate(self.waiting) if one.run_id == run_id)

    def longest_wait_s(self) -> float | None:
        """How long the one waits that has waited longest, in seconds; None where nobody does."""
        waits = ((self.read_at - since(one)).total_seconds() for one in self.waiting)
        return max(waits, default=None)


def read_queue(home: Home, database: Database, clock: Clock = utc_now) -> Queue:
    """Read it. Raises TrainplatError where the devices cannot be listed."""
    line = GpuService(database, clock=clock).line()
    return Queue(line.waiting, line.is_in_turn, home.addresses().dagster, clock())


def known_projects(database: Database) -> tuple[str, ...]:
    """The projects that have a quota, hold devices or wait, by name."""
    service = GpuService(database)
    parties = [one.party for one in service.quotas().memberships]
    named = {one.name for one in parties if one.scope is Scope.PROJECT and one.name != EVERY_OTHER}
    named |= {lease.owner.project for lease in service.live_leases()}
    return tuple(sorted(named | {waiting.owner.project for waiting in service.waiting()}))


def since(one: WaitingRequest) -> datetime:
    """Since when a request waits, after its last stop."""
    return one.queued_at or one.submitted_at
