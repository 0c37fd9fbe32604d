"""Demand by the hour: what each project ran and waited for, from the intervals in which it asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, floor

HOUR_S = 3600
DAY_H = 24
WEEK_H = 168
LEAST_H = 2 * WEEK_H
"""Without two whole weeks nothing can be said about a week: the second is what the first is compared with."""


@dataclass(frozen=True)
class Interval:
    """A project asked for devices from one moment to another: it waited for them or had them.

    Raises :class:`ValueError` for an interval that ends before it begins, and for less than no device.
    """

    project: str
    units_milli: int
    """Thousandths of a device."""
    from_s: float
    """Seconds since 1970 in UTC, as all moments here."""
    to_s: float

    def __post_init__(self) -> None:
        if self.to_s < self.from_s:
            raise ValueError(f"interval of {self.project} ends at {self.to_s}, before {self.from_s}")
        if self.units_milli < 0:
            raise ValueError(
                f"interval of {self.project} asks for {self.units_milli} milli; expected 0 or more"
            )


@dataclass(frozen=True)
class History:
    """Mean demand in each whole hour, in thousandths of a device; all projects over the same hours.

    Raises :class:`ValueError` for a beginning that is no full hour, and for projects of different length.
    """

    start_s: int
    demand: Mapping[str, tuple[float, ...]]
    """By project, in the order of their names."""

    def __post_init__(self) -> None:
        if self.start_s % HOUR_S:
            raise ValueError(f"history starts at {self.start_s} s; expected a full hour")
        lengths = {len(series) for series in self.demand.values()}
        if len(lengths) > 1:
            raise ValueError(f"projects have {sorted(lengths)} hours of history; expected the same for all")
        object.__setattr__(self, "demand", dict(sorted(self.demand.items())))

    @property
    def hours(self) -> int:
        """How many hours it covers; 0 without projects."""
        return len(next(iter(self.demand.values()), ()))

    @property
    def end_s(self) -> int:
        """The moment after its last hour."""
        return self.start_s + self.hours * HOUR_S

    @property
    def is_enough(self) -> bool:
        """Whether a forecast can be made from it."""
        return self.hours >= LEAST_H

    def until(self, hours: int) -> "History":
        """Its first ``hours`` hours: what was known then."""
        return History(self.start_s, {name: series[:hours] for name, series in self.demand.items()})


def hourly(intervals: Iterable[Interval], *, now_s: float, at_most_h: int) -> History:
    """The demand of each project in the whole hours before ``now_s``, the oldest first.

    History begins with the first hour in which anybody asked for anything, and at most ``at_most_h`` hours
    ago; an hour in which a project asked for nothing is 0. What fills a part of an hour counts by that part,
    so that device-hours are kept; the hour that ``now_s`` lies in is not over and left out.
    """
    asked = [one for one in intervals if one.units_milli and one.to_s > one.from_s]
    end = floor(now_s / HOUR_S)
    first = min((floor(one.from_s / HOUR_S) for one in asked), default=end)
    start = min(max(first, end - at_most_h), end)
    demand: dict[str, list[float]] = {}
    for one in asked:
        series = demand.setdefault(one.project, [0.0] * (end - start))
        for hour in range(max(floor(one.from_s / HOUR_S), start), min(ceil(one.to_s / HOUR_S), end)):
            seconds = min(one.to_s, (hour + 1) * HOUR_S) - max(one.from_s, hour * HOUR_S)
            series[hour - start] += one.units_milli * seconds / HOUR_S
    return History(start * HOUR_S, {name: tuple(series) for name, series in demand.items()})
