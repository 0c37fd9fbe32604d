"""What was used of the devices, day by day, and how the budgets stand."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.gpu.usage.model import BudgetStanding, By, UsageLine, UsageReport
from resources.gpu.usage.report import as_csv
from resources.gpu.usage.service import UsageService
from resources.home import Home


@dataclass(frozen=True)
class Usage:
    """The use of some days, as it was at ``read_at``."""

    by: By
    by_day: UsageReport
    in_all: UsageReport
    read_at: datetime

    @property
    def has_gpus(self) -> bool:
        """Whether a GPU was used; else the hours are those of CPU slots."""
        return self.in_all.total.gpu_hours > 0 or self.in_all.total.slot_hours == 0

    def hours(self, line: UsageLine) -> float:
        """What a line counts: GPU-hours; on a machine without GPUs, hours of CPU slots."""
        return line.gpu_hours if self.has_gpus else line.slot_hours

    @property
    def days(self) -> tuple[date, ...]:
        """The days that it is of, in UTC."""
        first, last = self.by_day.since.astimezone(UTC).date(), self.by_day.until.astimezone(UTC).date()
        return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))

    def csv(self) -> str:
        """The use by day as a file for a spreadsheet."""
        return as_csv(self.by_day)


def read_usage(_home: Home, database: Database, days: int, by: By, clock: Clock = utc_now) -> Usage:
    """Read it. Raises BadPrices for a bad prices.yaml of the home."""
    service, now = UsageService(database, clock=clock), clock()
    since = now - timedelta(days=days)
    return Usage(
        by,
        service.report(since, by=(by, By.DAY)),
        service.report(since, by=(by,)),
        now,
    )


def read_budgets(
    _home: Home, database: Database, clock: Clock = utc_now
) -> tuple[tuple[BudgetStanding, ...], datetime]:
    """How each budget stands, and when that was. Raises BadPrices for a bad prices.yaml of the home."""
    return tuple(UsageService(database, clock=clock).budgets()), clock()


def name_of(line: UsageLine, by: By) -> str:
    """Whose line it is."""
    return {By.PROJECT: line.project, By.USER: line.user, By.MODEL: line.model}.get(by) or ""
