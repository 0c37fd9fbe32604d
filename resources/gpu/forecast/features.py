"""What the model sees of a project: the hour that is asked about, and the demand before the forecast is made.

Letters of shapes: N rows (one for each project, origin and lead), F features, L leads of one origin.
"""

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
    """What the demand of a project is measured in, in milli: its mean over the last weeks while it asks at all.

    So one model serves large and small projects. At least one device.
    """
    recent = past[-WEEKS * WEEK_H :]
    asking = recent[recent > 0]
    return max(float(asking.mean()), 1000.0) if asking.size else 1000.0


def features(past: "Floats", start_s: int, leads: "NDArray[np.int64]") -> "Floats":
    """Rows for the hours ``leads`` after the end of ``past``, 1 to 168, in units of :func:`scale` (L × F).

    ``past`` is hourly demand in milli from ``start_s`` on. What lies before its beginning is not a number.
    """
    import numpy as np

    origin = past.size
    scaled_T = past / scale(past)
    target_L = origin - 1 + leads
    week_hour_L = (start_s // HOUR_S + _EPOCH_HOUR_OF_WEEK + target_L) % WEEK_H
    weekly = [_at(scaled_T, target_L - WEEK_H * week) for week in range(1, WEEKS + 1)]
    same_hour_LW = np.stack(weekly, axis=1)
    daily_LD = np.stack(
        [_at(scaled_T, _last_known(target_L, origin) - DAY_H * day) for day in range(7)], axis=1
    )
    known_LW = ~np.isnan(same_hour_LW)
    columns = [
        week_hour_L % DAY_H,
        week_hour_L // DAY_H,
        leads,
        *weekly[:3],
        _mean(same_hour_LW),
        np.where(known_LW.any(1), np.where(known_LW, same_hour_LW, -np.inf).max(1), np.nan),
        _mean(daily_LD),
        *(np.full(leads.size, _level(scaled_T, hours)) for hours in (1, 6, DAY_H, WEEK_H)),
        np.full(leads.size, _level(scaled_T[: max(0, origin - WEEK_H)], WEEK_H)),
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _last_known(target_L: "NDArray[np.int64]", origin: int) -> "NDArray[np.int64]":
    """The last hour before the origin with the same hour of the day."""
    return origin - DAY_H + (target_L - origin) % DAY_H


def _at(series_T: "Floats", places_L: "NDArray[np.int64]") -> "Floats":
    import numpy as np

    return np.where(places_L >= 0, series_T[np.maximum(places_L, 0)], np.nan)


def _mean(values: "Floats") -> "Floats":
    """The mean of each row's known values; not a number where none is known."""
    import numpy as np

    known = ~np.isnan(values)
    count = known.sum(1)
    return np.where(count > 0, np.where(known, values, 0.0).sum(1) / np.maximum(count, 1), np.nan)


def _level(series_T: "Floats", hours: int) -> float:
    recent = series_T[-hours:]
    return float(recent.mean()) if recent.size else float("nan")
