"""What the model sees of a project: the hour asked about, and the demand before the forecast is made."""

from typing import TYPE_CHECKING

from resources.gpu.forecast.history import DAY_H, HOUR_S, WEEK_H

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NAMES = (
    "hour_of_day",
    "day_of_week",
    "lead_h",
    "a_week_before",
    "two_weeks_before",
    "three_weeks_before",
    "mean_of_this_hour_of_the_week",
    "highest_of_this_hour_of_the_week",
    "mean_of_this_hour_of_the_day",
    "last_hour",
    "mean_of_last_6_h",
    "mean_of_last_day",
    "mean_of_last_week",
    "mean_of_week_before_last",
)
WEEKS = 4
"""How many weeks back the same hour is looked at."""
LEAST_H = DAY_H
"""How many hours must lie before an origin."""
_EPOCH_HOUR_OF_WEEK = 3 * DAY_H
"""1 January 1970 was a Thursday; weeks begin on Monday."""


def scale(past: "Floats") -> float:
    """What a project's demand is measured in, in milli: its mean over the last weeks while it asks at all.

    So one model serves large and small projects. At least one device.
    """
    recent = past[-WEEKS * WEEK_H :]
    asking = recent[recent > 0]
    return max(float(asking.mean()), 1000.0) if asking.size else 1000.0


def features(past: "Floats", start_s: int, leads: "NDArray[np.int64]") -> "Floats":
    """One row for each of the hours ``leads``, 1 to 168, after ``past``, in units of :func:`scale`.

    ``past`` is hourly demand in milli from ``start_s`` on. What lies before its beginning is not a number.
    """
    import numpy as np

    origin = past.size
    scaled = past / scale(past)
    target = origin - 1 + leads
    week_hour = (start_s // HOUR_S + _EPOCH_HOUR_OF_WEEK + target) % WEEK_H
    weekly = [_at(scaled, target - WEEK_H * week) for week in range(1, WEEKS + 1)]
    same_hour = np.stack(weekly, axis=1)
    daily = np.stack([_at(scaled, _last_known(target, origin) - DAY_H * day) for day in range(7)], axis=1)
    known = ~np.isnan(same_hour)
    columns = [
        week_hour % DAY_H,
        week_hour // DAY_H,
        leads,
        *weekly[:3],
        _mean(same_hour),
        np.where(known.any(1), np.where(known, same_hour, -np.inf).max(1), np.nan),
        _mean(daily),
        *(np.full(leads.size, _level(scaled, hours)) for hours in (1, 6, DAY_H, WEEK_H)),
        np.full(leads.size, _level(scaled[: max(0, origin - WEEK_H)], WEEK_H)),
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _last_known(target: "NDArray[np.int64]", origin: int) -> "NDArray[np.int64]":
    """The last hour before the origin with the same hour of the day."""
    return origin - DAY_H + (target - origin) % DAY_H


def _at(series: "Floats", places: "NDArray[np.int64]") -> "Floats":
    import numpy as np

    return np.where(places >= 0, series[np.maximum(places, 0)], np.nan)


def _mean(values: "Floats") -> "Floats":
    """The mean of each row's known values; not a number where none is known."""
    import numpy as np

    known = ~np.isnan(values)
    count = known.sum(1)
    return np.where(count > 0, np.where(known, values, 0.0).sum(1) / np.maximum(count, 1), np.nan)


def _level(series: "Floats", hours: int) -> float:
    recent = series[-hours:]
    return float(recent.mean()) if recent.size else float("nan")
