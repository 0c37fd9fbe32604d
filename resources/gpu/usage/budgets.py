"""How budgets stand: what was used of them, what is committed, and what will be. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from resources.gpu.model import Held, Lease, Owner
from resources.gpu.policy.budget import BudgetBook, BudgetState
from resources.gpu.policy.price import Prices
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Party, PeriodKind
from resources.gpu.usage.model import MILLI_MS_PER_HOUR, BudgetStanding, BurnPoint, HeldInterval
from resources.gpu.usage.report import lengths

_HOUR = timedelta(hours=1)


def standings(
    tree: QuotaTree,
    intervals: Sequence[HeldInterval],
    live: Iterable[Lease],
    prices: Prices | None,
    now: datetime,
) -> list[BudgetStanding]:
    """How each budget of the tree stands, by party. ``intervals`` reach back to the earliest period."""
    book = BudgetBook(tree.rows.budgets)
    for one in intervals:
        path = tree.path(one.owner)
        for kind, milli in one.held:
            book.charge(path, one.began, one.ended, milli, _factor(prices, kind))
    running = [lease for lease in live if lease.held]
    return [_standing(state, tree, intervals, running, prices, now) for state in book.states(now)]


def _standing(
    state: BudgetState,
    tree: QuotaTree,
    intervals: Sequence[HeldInterval],
    running: Sequence[Lease],
    prices: Prices | None,
    now: datetime,
) -> BudgetStanding:
    mine = [lease for lease in running if _counts(tree, lease.owner, state.party)]
    is_month = state.row.period.kind is PeriodKind.MONTH
    committed = sum(
        _hours(lease.held, _until(lease, state.ends if is_month else None) - now, prices)
        for lease in mine
        if lease.terms.max_runtime_s is not None
    )
    if is_month:
        projected = state.used_hours + state.pace * ((state.ends - now) / _HOUR)
    else:
        projected = state.pace * state.row.period.days * 24
    return BudgetStanding(
        state,
        committed,
        sum(lease.terms.max_runtime_s is None for lease in mine),
        projected,
        tuple(_burn_down(state, tree, intervals, prices, now)),
    )


def _burn_down(
    state: BudgetState,
    tree: QuotaTree,
    intervals: Iterable[HeldInterval],
    prices: Prices | None,
    now: datetime,
) -> Iterable[BurnPoint]:
    by_day: Counter[date] = Counter()
    for one in intervals:
        if one.ended <= state.begins or not _counts(tree, one.owner, state.party):
            continue
        cut = HeldInterval(one.owner, one.held, max(one.began, state.begins), one.ended)
        weight = sum((milli * _factor(prices, kind) for kind, milli in one.held), Decimal(0))
        for day, length_ms in lengths(cut):
            by_day[day] += round(weight * length_ms)
    used, day = 0, state.begins.astimezone(UTC).date()
    while day <= now.astimezone(UTC).date():
        used += by_day[day]
        yield BurnPoint(day, used / MILLI_MS_PER_HOUR)
        day += timedelta(days=1)


def _counts(tree: QuotaTree, owner: Owner, party: Party) -> bool:
    return party in tree.path(owner)


def _until(lease: Lease, ends: datetime | None) -> datetime:
    declared = lease.granted_at + timedelta(seconds=lease.terms.max_runtime_s or 0)
    return declared if ends is None else min(declared, ends)


def _hours(held: Held, time: timedelta, prices: Prices | None) -> float:
    whole = sum((milli * _factor(prices, kind) for kind, milli in held), Decimal(0)) / 1000
    return float(whole) * max(0.0, time / _HOUR)


def _factor(prices: Prices | None, kind: str) -> Decimal:
    return Decimal(1) if prices is None else prices.factor(kind)
