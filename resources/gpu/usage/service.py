"""The history of use for everyone above: GPU-hours by project, user, model and day, and what they cost."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.errors import BadInput
from resources.gpu import ledger, quota_store
from resources.gpu.model import Lease, RunId
from resources.gpu.policy.amounts import Resource, is_device, widest
from resources.gpu.policy.price import Cost, Prices
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Party, QuotaRows, Scope
from resources.gpu.usage import store
from resources.gpu.usage.budgets import standings
from resources.gpu.usage.model import (
    MILLI_MS_PER_HOUR,
    BudgetStanding,
    By,
    QuotaCost,
    UsageReport,
)
from resources.gpu.usage.prices import home_prices
from resources.gpu.usage.report import cost_of, report

HOURS_OF_A_MONTH = 730
"""A twelfth of a year."""


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

    def cost_of(self, leases: Iterable[Lease]) -> Cost | None:
        """What these leases have cost up to now; None where no price is known for any of it.

        Raises BadPrices for a bad prices.yaml of the home.
        """
        prices, now, used = self._prices(), self._clock(), Counter[Resource]()
        for lease in leases if prices is not None else ():
            held_ms = ledger.held_for_ms(lease.granted_at, lease.released_at or now)
            for kind, milli in lease.held:
                used[kind] += milli * held_ms
        return cost_of(sorted(used.items()), prices)

    def cost_of_run(self, run_id: RunId) -> Cost | None:
        """What a run has cost up to now, over all its attempts."""
        with self._database.read() as connection:
            leases = ledger.leases_of_run(connection, run_id)
        return self.cost_of(leases)

    def device_hours(self, runs: Iterable[RunId], since: datetime) -> float:
        """For how many hours of whole devices these runs held any since then, over all their attempts, up to
        now. Slots of machines without accelerators count like devices.
        """
        return self._milli_ms(runs, since).total() / MILLI_MS_PER_HOUR

    def device_hours_of_each(self, runs: Iterable[RunId], since: datetime) -> dict[RunId, float]:
        """The same for each of these runs, without those that held none; asked at once."""
        held = self._milli_ms(runs, since)
        return {run: milli_ms / MILLI_MS_PER_HOUR for run, milli_ms in held.items() if milli_ms > 0}

    def _milli_ms(self, runs: Iterable[RunId], since: datetime) -> Counter[RunId]:
        """Thousandths of devices, times the milliseconds for which each run held them."""
        found, now = Counter[RunId](), self._clock()
        with self._database.read() as connection:
            leases = ledger.leases_of_runs(connection, list(dict.fromkeys(runs)))
        for lease in leases:
            held_ms = ledger.held_for_ms(max(lease.granted_at, since), lease.released_at or now)
            found[lease.run_id] += held_ms * sum(milli for _kind, milli in lease.held)
        return found

    def monthly_cost(self, rows: QuotaRows, models: Collection[str | None] = ()) -> list[QuotaCost]:
        """What it would cost to use all that each cohort and project is owed, for a month of 730 hours.

        By party; without those for which no price is known. ``models`` are those of the devices that there
        are, as :meth:`Prices.cost_of_quota` takes them. Raises BadPrices for a bad prices.yaml of the home.
        """
        prices = self._prices()
        if prices is None:
            return []
        owed: dict[Party, dict[Resource, int]] = {}
        for row in rows.quotas:
            if row.party.scope is not Scope.USER and is_device(row.resource) and row.nominal:
                owed.setdefault(row.party, {})[row.resource] = row.nominal
        found = []
        for party, amounts in owed.items():
            counted = {one: amounts[one] for one in widest(amounts)}
            month = prices.cost_of_quota(counted, HOURS_OF_A_MONTH, models)
            hour = prices.cost_of_quota(counted, 1, models)
            if month is not None and hour is not None:
                found.append(QuotaCost(party, month, hour))
        return sorted(found, key=lambda one: (one.party.scope, one.party.path))

    def budgets(self) -> list[BudgetStanding]:
        """How each budget stands now, by party; one for each party that used a budget of every other.

        Raises BadPrices for a bad prices.yaml of the home.
        """
        now, prices = self._clock(), self._prices()
        with self._database.read() as connection:
            rows = quota_store.read(connection)
            if not rows.budgets:
                return []
            since = min(row.period.window(now)[0] for row in rows.budgets)
            held = store.intervals(connection, since, now)
            live = ledger.live_leases(connection)
        return standings(QuotaTree(rows), held, live, prices, now)
