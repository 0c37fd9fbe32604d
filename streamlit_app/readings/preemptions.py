"""Which runs made room, for whom, and when they went on."""

from dataclasses import dataclass
from datetime import datetime

from resources import spreadsheet
from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.gpu.decision_log import PastStop
from resources.gpu.service import GpuService
from resources.home import Home

MOST_SHOWN = 500


@dataclass(frozen=True)
class Preemptions:
    """The newest of them, as they were at ``read_at``."""

    stops: tuple[PastStop, ...]
    """The newest first."""
    dagster: str | None
    """The address of the Dagster UI, for links to runs."""
    read_at: datetime

    @property
    def projects(self) -> tuple[str, ...]:
        """Who made room or got it, by name."""
        for_whom = {one.for_owner.project for one in self.stops if one.for_owner is not None}
        return tuple(sorted({one.owner.project for one in self.stops} | for_whom))

    def of(self, project: str | None) -> tuple[PastStop, ...]:
        """Those that a project made room in or got room by; None for all."""
        return tuple(
            one
            for one in self.stops
            if project is None
            or project in {one.owner.project, None if one.for_owner is None else one.for_owner.project}
        )

    def as_csv(self) -> str:
        """All as a file for a spreadsheet; column names stay English, for programs."""
        heads = ["at", "run", "attempt", "project", "user", "devices", "for_run", "for_project", "rule"]
        rows = []
        for one in self.stops:
            made = one.decision
            for_project = "" if one.for_owner is None else one.for_owner.project
            moments = [
                "" if at is None else at.isoformat()
                for at in (one.held_since, one.stopped_at, one.resumed_at)
            ]
            row = [made.at.isoformat(), made.run_id, made.attempt, one.owner.project, one.owner.user]
            row += [" ".join(one.devices), made.for_run or "", for_project, made.why.rule, made.why.text]
            rows.append([*row, *moments])
        return spreadsheet.as_csv([*heads, "reason", "held_since", "stopped_at", "resumed_at"], rows)


def waited_s(one: PastStop, now: datetime) -> float | None:
    """How long a run was without devices after it made room, in seconds; None while it has them still."""
    return None if one.stopped_at is None else ((one.resumed_at or now) - one.stopped_at).total_seconds()


def read_preemptions(home: Home, database: Database, clock: Clock = utc_now) -> Preemptions:
    """Read them."""
    stops = GpuService(database, clock=clock).newest_stops(MOST_SHOWN)
    return Preemptions(tuple(stops), home.addresses().dagster, clock())
