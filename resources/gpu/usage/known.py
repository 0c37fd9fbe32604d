"""What a pass of the arbiter looks at of the past: shares that were used, and budgets that are used up."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from resources.gpu import like_jobs, past_use
from resources.gpu.model import Lease
from resources.gpu.policy.budget import BudgetBook
from resources.gpu.policy.price import BadPrices, Prices
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Party, QuotaRows
from resources.gpu.policy.reason import Reason
from resources.gpu.snapshot import Known
from resources.gpu.usage.prices import home_prices
from resources.gpu.usage.used import Used

LOGGER = logging.getLogger(__name__)


def with_past(
    connection: Connection, known: Known, quotas: QuotaRows, now: datetime, used: Used | None = None
) -> Known:
    """``known`` with the past, in the caller's transaction. What ``used`` knows is not read again."""
    takes_turns = len({one.owner.project for one in known.waiting}) > 1
    return replace(
        known,
        # Of one project nobody asks whose turn it is.
        usage=past_use.read(connection, known.leases, now) if takes_turns else None,
        history=like_jobs.read(connection, known.leases, known.waiting, now),
        over_budget=over_budget(connection, quotas, known.leases, now, used or Used()),
    )


def over_budget(
    connection: Connection, quotas: QuotaRows, live: Sequence[Lease], now: datetime, used: Used
) -> Mapping[Party, Reason]:
    """Who gets nothing new by rule B1, and why."""
    found: dict[Party, Reason] = {}
    if not quotas.budgets:
        return found
    prices, tree = _prices(), QuotaTree(quotas)
    windows = {period: period.window(now)[0] for period in (row.period for row in quotas.budgets)}
    used.bring_up(connection, min(windows.values()))
    for period, since in windows.items():
        book = BudgetBook(row for row in quotas.budgets if row.period == period)
        for owner, kinds in used.totals(since, now, live).items():
            path = tree.path(owner)
            for kind, milli_ms in kinds.items():
                factor = 1 if prices is None else prices.factor(kind)
                book.add(path, now, milli_ms, factor)
        found = {**book.over_budget(now), **found}
    return found


def _prices() -> Prices | None:
    try:
        return home_prices()
    except BadPrices as problem:
        # Nobody's run is to wait for the mending of a list of prices; hours count alike until then.
        LOGGER.warning("%s", problem.one_line)
        return None
