"""From leases to lines of use: pure sums over intervals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from resources import spreadsheet
from resources.gpu.policy.amounts import CPU_SLOT, Resource
from resources.gpu.policy.price import Cost, Prices, Use
from resources.gpu.usage.model import MILLI_MS_PER_HOUR, By, HeldInterval, UsageLine, UsageReport

_MS = timedelta(milliseconds=1)
_COLUMNS = ("project", "user", "model", "day", "gpu_hours", "slot_hours", "leases", "cost", "currency")

_Key = tuple[str, str, Resource, date | None]


@dataclass
class _Sum:
    milli_ms: dict[Resource, int] = field(default_factory=dict)
    leases: set[int] = field(default_factory=set)


def report(
    intervals: Iterable[HeldInterval],
    by: Sequence[By],
    since: datetime,
    until: datetime,
    prices: Prices | None = None,
) -> UsageReport:
    """The use of ``intervals``, told apart by each of ``by``; without any there is the total only."""
    sums: dict[_Key, _Sum] = {}
    total = _Sum()
    for number, one in enumerate(intervals):
        for day, length_ms in lengths(one) if By.DAY in by else _whole(one):
            for kind, milli in one.held:
                key = (
                    one.owner.project if By.PROJECT in by else "",
                    one.owner.user if By.USER in by else "",
                    kind if By.MODEL in by else Resource(""),
                    day,
                )
                for place in (sums.setdefault(key, _Sum()), total):
                    place.milli_ms[kind] = place.milli_ms.get(kind, 0) + milli * length_ms
                    place.leases.add(number)
    ordered = sorted(sums, key=lambda key: (key[3] or date.min, *key[:3]))
    lines = tuple(_line(key, sums[key], prices) for key in ordered) if by else ()
    return UsageReport(since, until, lines, _line(("", "", Resource(""), None), total, prices))


def as_csv(told: UsageReport) -> str:
    """The lines as a file for a spreadsheet; column names stay English, for programs."""
    rows = [
        [
            line.project,
            line.user,
            line.model,
            None if line.day is None else line.day.isoformat(),
            f"{line.gpu_hours:.4f}",
            f"{line.slot_hours:.4f}",
            line.leases,
            None if line.cost is None else f"{line.cost.amount:.4f}",
            None if line.cost is None else line.cost.currency,
        ]
        for line in told.lines or (told.total,)
    ]
    return spreadsheet.as_csv(_COLUMNS, rows)


def cost_of(milli_ms: Iterable[tuple[Resource, int]], prices: Prices | None) -> Cost | None:
    """What use costs that is counted in thousandths of devices times milliseconds."""
    if prices is None:
        return None
    return prices.cost(Use(kind, amount, Decimal("0.001")) for kind, amount in milli_ms)


def lengths(one: HeldInterval) -> Iterator[tuple[date, int]]:
    """How many milliseconds of an interval lie on which day in UTC; they add up to the whole."""
    began, ended = one.began.astimezone(UTC), one.ended.astimezone(UTC)
    while began < ended:
        midnight = began.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        # Counted from the beginning of the interval, so that nothing is lost by rounding.
        yield began.date(), (min(midnight, ended) - one.began) // _MS - (began - one.began) // _MS
        began = midnight


def _whole(one: HeldInterval) -> Iterator[tuple[None, int]]:
    yield None, (one.ended - one.began) // _MS


def _line(key: _Key, told: _Sum, prices: Prices | None) -> UsageLine:
    project, user, model, day = key
    slots = told.milli_ms.get(CPU_SLOT, 0)
    return UsageLine(
        project or None,
        user or None,
        model or None,
        day,
        (sum(told.milli_ms.values()) - slots) / MILLI_MS_PER_HOUR,
        slots / MILLI_MS_PER_HOUR,
        len(told.leases),
        cost_of(sorted(told.milli_ms.items()), prices),
    )
