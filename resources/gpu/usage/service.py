"""The history of use for everyone above: GPU-hours by project, user, model and day, and what they cost."""

from collections.abc import Callable, Sequence
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.errors import BadInput
from resources.gpu.policy.price import Prices
from resources.gpu.usage import store
from resources.gpu.usage.model import By, UsageReport
from resources.gpu.usage.prices import home_prices
from resources.gpu.usage.report import report


class UsageService:
    """What was used in one ledger."""

    def __init__(
        self,
        database: Database,
        *,
        prices: Callable[[], Prices | None] = home_prices,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._prices = prices
        self._clock = clock

    def report(
        self, since: datetime, until: datetime | None = None, *, by: Sequence[By] = (By.PROJECT,)
    ) -> UsageReport:
        """What was used from ``since`` on, until now or ``until``, told apart by each of ``by``.

        Leases that last count up to now. Raises BadInput for a time that ends before it begins, and
        BadPrices for a bad prices.yaml of the home.
        """
        now = self._clock()
        ends = now if until is None else min(until, now)
        if since > ends:
            raise BadInput(
                f"the time from {since.isoformat()} to {ends.isoformat()} ends before it begins",
                "Ask for a time that begins in the past.",
            )
        prices = self._prices()
        with self._database.read() as connection:
            held = store.intervals(connection, since, ends)
        return report(held, by, since, ends, prices)
