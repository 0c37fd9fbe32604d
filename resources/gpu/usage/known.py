"""What a pass of the arbiter looks at of the past: shares that were used, and budgets that are used up."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from resources.gpu import like_jobs, past_use
from resources.gpu.policy.budget import BudgetBook
from resources.gpu.policy.price import BadPrices, Prices
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Party, QuotaRows
from resources.gpu.policy.reason import Reason
from resources.gpu.snapshot import Known
from resources.gpu.usage import store
from resources.gpu.usage.prices import home_prices

LOGGER = logging.getLogger(__name__)


def with_past(connection: Connection, known: Known, quotas: QuotaRows, now: datetime) -> Known:
    """``known`` with the past, in the caller's transaction."""
    takes_turns = len({one.owner.project for one in known.waiting}) > 1
    return replace(
        known,
        # Of one project nobody asks whose turn it is.
        usage=past_use.read(connection, known.leases, now) if takes_turns else None,
        history=like_jobs.read(connection, known.leases, known.waiting, now),
        over_budget=over_budget(connection, quotas, now),
    )


def over_budget(connection: Connection, quotas: QuotaRows, now: datetime) -> Mapping[Party, Reason]:
    """Who gets nothing new by rule B1, and why. Costs one sum over the leases of each period."""
    found: dict[Party, Reason] = {}
    if not quotas.budgets:
        return found
    prices, tree = _prices(), QuotaTree(quotas)
    for period in dict.fromkeys(row.period for row in quotas.budgets):
        book = BudgetBook(row for row in quotas.budgets if row.period == period)
        since, _ = period.window(now)
        for owner, kinds in store.totals(connection, since, now).items():
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
