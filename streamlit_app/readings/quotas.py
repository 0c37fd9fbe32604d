"""The quotas with what is used of them, resource by resource."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.gpu.lending_store import LendsNow
from resources.gpu.policy.amounts import ANY_DEVICE, Resource, is_device
from resources.gpu.policy.quota_lines import Line, lines_of
from resources.gpu.policy.quota_model import Party, QuotaRows
from resources.gpu.service import GpuService
from resources.home import Home


@dataclass(frozen=True)
class Branch:
    """A line at its place in the tree."""

    line: Line
    depth: int
    """How many cohorts, or a project, lie above it."""


@dataclass(frozen=True)
class Quotas:
    """All quotas, as they were at ``read_at``."""

    rows: QuotaRows
    by_resource: dict[Resource, tuple[Branch, ...]]
    """Devices first; of each, parents before children."""
    borrowed_milli: int
    """Devices that projects use above what they are owed, in thousandths."""
    lending: Mapping[tuple[Party, Resource], LendsNow]
    """The lending limits of now that differ from those of the rows."""
    read_at: datetime


def read_quotas(_home: Home, database: Database, clock: Clock = utc_now) -> Quotas:
    """Read them. Raises TrainplatError where the devices cannot be listed."""
    service = GpuService(database, clock=clock)
    rows, tree = service.quotas(), service.quotas_in_use()
    lines = list(lines_of(tree, rows))
    parents: dict[Party, Party | None] = {
        line.account.party: tree.parent(line.account.party) for line in lines
    }

    def depth(party: Party) -> int:
        above = parents[party] if party in parents else tree.parent(party)
        return 0 if above is None else 1 + depth(above)

    found: dict[Resource, list[Branch]] = defaultdict(list)
    for line in lines:
        found[line.account.resource].append(Branch(line, depth(line.account.party)))
    ordered = sorted(found, key=lambda one: (not is_device(one), one != ANY_DEVICE, one))
    borrowed = [one.borrowed for one in tree.all_borrowers() if one.resource == ANY_DEVICE]
    by_resource = {one: tuple(found[one]) for one in ordered}
    return Quotas(rows, by_resource, sum(borrowed), service.lending(), clock())
