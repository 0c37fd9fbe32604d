"""GPU-hours that a cohort, project or user may use up in a period.

- **B1** Who has used up its budget gets nothing new; what runs goes on to its end, and counts.
- **B2** At the present pace the budget is used up before the period ends.

A GPU-hour is one hour of a whole device; prices may make an hour of a dearer model count more.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from resources.gpu.policy.amounts import hours_shown
from resources.gpu.policy.quota_model import (
    EVERY_OTHER,
    BadQuota,
    BudgetRow,
    Party,
    PeriodKind,
    Scope,
    project,
    user,
)
from resources.gpu.policy.reason import Reason, Value
from resources.texts import mark

BUCKET_S = 900
"""Use is kept by quarters of an hour: every time zone of today begins its days on one."""

_PACE_S = 24 * 3600
"""The pace is what was used over the last day."""

_PER_HOUR = 1000 * 1000 * 3600
"""Thousandths of a device times milliseconds: whole numbers, so that sums are exact."""

_B1_MONTH = mark(
    "{who} has used {used} of its {budget} GPU-hours since {begins}. What runs goes on; "
    "what is new waits until {again}."
)
_B1_ROLLING = mark(
    "{who} has used {used} of its {budget} GPU-hours in the last {days} days. What runs goes on; "
    "what is new waits."
)
_B2 = mark("At the present pace {who} will have used its {budget} GPU-hours on {runs_out}.")


@dataclass(frozen=True)
class BudgetState:
    """How one budget stands."""

    party: Party
    row: BudgetRow
    begins: datetime
    ends: datetime
    """Of a rolling period: now."""
    used_hours: float
    pace: float
    """GPU-hours used in an hour, at present."""
    runs_out_at: datetime | None
    """When the budget is used up at that pace, where that is before the period ends; past budgets: None."""
    reason: Reason | None
    """B1 or B2, where one applies."""

    @property
    def left_hours(self) -> float:
        """What may still be used; 0 when over."""
        return max(0.0, self.row.gpu_hours - self.used_hours)

    @property
    def first_and_last_day(self) -> tuple[date, date]:
        """The days of the period, both in it, where it begins at midnight."""
        zone = ZoneInfo(self.row.period.zone)
        last = self.ends.astimezone(zone) - timedelta(microseconds=1)
        return self.begins.astimezone(zone).date(), last.date()

    @property
    def is_over(self) -> bool:
        """Whether nothing new is let in."""
        return self.used_hours >= self.row.gpu_hours


def problems_of_budgets(rows: Sequence[BudgetRow]) -> Iterator[str]:
    """What is wrong with budgets."""
    counts = Counter((row.party, row.period.key) for row in rows)
    yield from (
        f"{party} has {count} budgets for one period, {key}"
        for (party, key), count in counts.items()
        if count > 1
    )
    for row in rows:
        if not math.isfinite(row.gpu_hours) or row.gpu_hours < 0:
            yield f"the budget of {row.party} is {row.gpu_hours} GPU-hours; expected 0 or more"
        if row.gpu_hours == 0 and EVERY_OTHER in {row.party.name, row.party.user}:
            yield f"the budget of {row.party} is 0 GPU-hours; expected more for parties of unknown number"


class BudgetBook:
    """Budgets with what was used of them. Use is charged as it happens, a little late is no harm.

    Raises :class:`BadQuota` for rows that do not hold together.
    """

    def __init__(self, rows: Iterable[BudgetRow] = ()) -> None:
        self.rows = tuple(rows)
        _check(self.rows)
        self._rows: dict[Party, list[BudgetRow]] = defaultdict(list)
        for row in self.rows:
            self._rows[row.party].append(row)
        self._meters: dict[tuple[Party, BudgetRow], _Meter] = {}
        for row in self.rows:
            if EVERY_OTHER not in {row.party.name, row.party.user}:
                self._meters[row.party, row] = _Meter()

    def charge(
        self, path: Sequence[Party], began: datetime, ended: datetime, milli: int, factor: Decimal | float = 1
    ) -> None:
        """Count ``milli`` thousandths of a device, held from ``began`` to ``ended``, for all on ``path``.

        ``factor`` is how much an hour of this model counts. Raises :class:`ValueError` where the use ends
        before it began, or is negative.
        """
        if ended < began or milli < 0 or factor < 0:
            raise ValueError(
                f"use of {milli} thousandths from {began} to {ended}, times {factor}, cannot be charged"
            )
        for party in path:
            for row in self._rows_of(party):
                meter = self._meters.setdefault((party, row), _Meter())
                meter.charge(began.timestamp(), ended.timestamp(), milli * Decimal(factor))

    def add(self, path: Sequence[Party], at: datetime, milli_ms: int, factor: Decimal | int = 1) -> None:
        """Count use at one moment that was summed elsewhere: thousandths of devices times milliseconds."""
        for party in path:
            for row in self._rows_of(party):
                meter = self._meters.setdefault((party, row), _Meter())
                meter.add(at.timestamp(), round(milli_ms * factor))

    def over_budget(self, now: datetime) -> dict[Party, Reason]:
        """Who gets nothing new, by rule B1: for ``QuotaTree.hold_back``."""
        found: dict[Party, Reason] = {}
        for (party, row), meter in self._meters.items():
            begins, ends = row.period.window(now)
            used = meter.used(begins.timestamp())
            if used >= row.gpu_hours:
                found.setdefault(party, _over(party, row, used, begins, ends))
        return found

    def states(self, now: datetime) -> list[BudgetState]:
        """How each budget stands, by party; one for each party that used a budget of every other."""
        states = [self._state(party, row, meter, now) for (party, row), meter in self._meters.items()]
        return sorted(states, key=lambda one: (one.party.path, one.row.period.kind))

    def _state(self, party: Party, row: BudgetRow, meter: "_Meter", now: datetime) -> BudgetState:
        begins, ends = row.period.window(now)
        used = meter.used(begins.timestamp())
        since = max(begins.timestamp(), now.timestamp() - _PACE_S)
        pace = meter.between(since, now.timestamp()) / max(1.0, (now.timestamp() - since) / 3600)
        if used >= row.gpu_hours:
            return BudgetState(
                party, row, begins, ends, used, pace, None, _over(party, row, used, begins, ends)
            )
        runs_out = _runs_out(row, meter, now, used, pace)
        if runs_out is None:
            return BudgetState(party, row, begins, ends, used, pace, None, None)
        values: dict[str, Value] = {
            "who": party.path,
            "budget": hours_shown(row.gpu_hours),
            "runs_out": runs_out.astimezone(ZoneInfo(row.period.zone)).date().isoformat(),
        }
        return BudgetState(party, row, begins, ends, used, pace, runs_out, Reason("B2", _B2, values))

    def _rows_of(self, party: Party) -> list[BudgetRow]:
        if party in self._rows:
            return self._rows[party]
        if party.scope is Scope.PROJECT:
            return self._rows.get(project(EVERY_OTHER), [])
        return self._rows.get(user(party.name, EVERY_OTHER), []) if party.scope is Scope.USER else []


class _Meter:
    """What was used, by quarters of an hour; what lies before the period is forgotten as it moves on."""

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._total = 0
        self._first = -(1 << 62)

    def charge(self, began_s: float, ended_s: float, milli: Decimal) -> None:
        if ended_s <= began_s:
            return
        whole = round(Decimal(ended_s - began_s) * 1000 * milli)
        counted = 0
        for bucket in range(math.floor(began_s / BUCKET_S), math.ceil(ended_s / BUCKET_S)):
            # What was used up to the end of this quarter, less what was counted: nothing is lost by rounding.
            part = min(1.0, ((bucket + 1) * BUCKET_S - began_s) / (ended_s - began_s))
            up_to_here = whole if part >= 1 else round(whole * Decimal(part))
            if bucket >= self._first:
                self._buckets[bucket] = self._buckets.get(bucket, 0) + up_to_here - counted
                self._total += up_to_here - counted
            counted = up_to_here

    def add(self, at_s: float, amount: int) -> None:
        bucket = math.floor(at_s / BUCKET_S)
        if bucket >= self._first:
            self._buckets[bucket] = self._buckets.get(bucket, 0) + amount
            self._total += amount

    def used(self, since_s: float) -> float:
        """GPU-hours since then; of the quarter that it lies in, the part after it."""
        first = math.floor(since_s / BUCKET_S)
        if first > self._first:
            for bucket in [one for one in self._buckets if one < first]:
                self._total -= self._buckets.pop(bucket)
            self._first = first
        before = self._buckets.get(first, 0) * (since_s / BUCKET_S - first)
        return (self._total - before) / _PER_HOUR

    def between(self, since_s: float, until_s: float) -> float:
        """GPU-hours in that time."""
        return (
            sum(amount * _part(bucket, since_s, until_s) for bucket, amount in self._buckets.items())
            / _PER_HOUR
        )

    def leaving(self, since_s: float) -> list[tuple[float, float]]:
        """What a rolling period that begins then loses: from when on, and how much in that quarter."""
        return [
            (max(since_s, bucket * BUCKET_S), amount * _part(bucket, since_s, math.inf) / _PER_HOUR)
            for bucket, amount in sorted(self._buckets.items())
            if (bucket + 1) * BUCKET_S > since_s
        ]


def _runs_out(row: BudgetRow, meter: _Meter, now: datetime, used: float, pace: float) -> datetime | None:
    if pace <= 0:
        return None
    _, ends = row.period.window(now)
    if row.period.kind is PeriodKind.MONTH:
        hours = (row.gpu_hours - used) / pace
        left = (ends - now).total_seconds() / 3600
        return now + timedelta(hours=hours) if hours < left else None
    # In a rolling period what is old leaves, as what is new comes in: quarter by quarter of the days ahead.
    span_s, since_s = row.period.days * 86400, now.timestamp() - row.period.days * 86400
    gone = {math.floor((when - since_s) / BUCKET_S): amount for when, amount in meter.leaving(since_s)}
    expected = used
    for step in range(math.ceil(span_s / BUCKET_S)):
        expected += pace * BUCKET_S / 3600 - gone.get(step, 0.0)
        if expected >= row.gpu_hours:
            return now + timedelta(seconds=(step + 1) * BUCKET_S)
    return None


def _over(party: Party, row: BudgetRow, used: float, begins: datetime, ends: datetime) -> Reason:
    zone = ZoneInfo(row.period.zone)
    values: dict[str, Value] = {
        "who": party.path,
        "used": hours_shown(used),
        "budget": hours_shown(row.gpu_hours),
        "begins": begins.astimezone(zone).date().isoformat(),
    }
    if row.period.kind is PeriodKind.ROLLING:
        return Reason("B1", _B1_ROLLING, values | {"days": row.period.days})
    return Reason("B1", _B1_MONTH, values | {"again": ends.astimezone(zone).date().isoformat()})


def _part(bucket: int, since_s: float, until_s: float) -> float:
    """How much of a quarter lies in that time."""
    begins, ends = bucket * BUCKET_S, (bucket + 1) * BUCKET_S
    return max(0.0, min(ends, until_s) - max(begins, since_s)) / BUCKET_S


def _check(rows: Sequence[BudgetRow]) -> None:
    problems = sorted(problems_of_budgets(rows))
    if problems:
        raise BadQuota("; ".join(problems), "Mend these budgets; none was changed.")
