"""The forecast: boosted trees for two quantiles, and the seasonal-naive forecast that they must beat.

Trees over lags and the calendar with quantile loss are scikit-learn's own recipe for hourly demand; one model
learns from all projects, each measured in units of its own. docs/decisions/0015-forecast.md has what else was
measured.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from resources.errors import BadInput
from resources.gpu.forecast.features import LEAST_H as LEAST_PAST_H
from resources.gpu.forecast.features import features, scale
from resources.gpu.forecast.history import DAY_H, LEAST_H, WEEK_H, History

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sklearn.multioutput import MultiOutputRegressor

    Floats = NDArray[np.float64]

MEDIAN, HIGH = 0.5, 0.9
QUANTILES = (MEDIAN, HIGH)
MOST_LEAD_H = WEEK_H
"""The farthest hour that is forecast."""
ORIGIN_STRIDE_H = 17
"""Hours between two moments that are learned from: prime to a day, so that every hour of the day is one."""
LEADS_PER_ORIGIN = 24
"""How many of the 168 hours after each such moment are learned from, drawn at random."""
TREES = 60
DITHER = 0.02
"""How far targets are moved at random, in units of a project's scale.

Where more than half of all hours are 0, trees with quantile loss begin at 0, and each row pulls the same way:
they find no split, and forecast 0 for everybody. Moved a little, equal targets pull both ways.
"""


class Method(StrEnum):
    """How a project is forecast."""

    MODEL = "model"
    SEASONAL_NAIVE = "seasonal_naive"
    """What was a season ago; plus, for the high quantile, what a season has usually added at most."""


@dataclass(frozen=True)
class Quantiles:
    """What a project will ask for in each of the next hours, in milli; never below 0."""

    median: tuple[float, ...]
    high: tuple[float, ...]
    """In nine hours of ten it will be at most this. Never below the median."""


def require_enough(history: History) -> None:
    """Raise BadInput for a history that no forecast can be made from."""
    if not history.is_enough:
        raise BadInput(
            f"the history of demand covers {history.hours} hours; a forecast needs {LEAST_H}",
            "Let projects use devices for two weeks; until then nothing is forecast and nothing held back.",
        )


def season_h(history: History) -> int:
    """What the naive forecast repeats: a week, or a day where history has fewer than three weeks."""
    return WEEK_H if history.hours >= 3 * WEEK_H else DAY_H


def fit(history: History, *, seed: int = 0) -> "MultiOutputRegressor":
    """Learn from all projects of ``history``; the same history and seed give the same model.

    The model is scikit-learn's own, so that MLflow can load it where this package is not: rows of
    :mod:`resources.gpu.forecast.features` in, median and high quantile out, in units of a project's scale.
    Raises BadInput for a history without projects or of less than two days.
    """
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.multioutput import MultiOutputRegressor

    if history.hours < LEAST_PAST_H + DAY_H:
        raise BadInput(
            f"a model cannot learn from {history.hours} hours of {len(history.demand)} projects; "
            f"expected {LEAST_PAST_H + DAY_H} hours or more",
            "Give it a longer history.",
        )
    rows, targets = _training_rows(history, np.random.default_rng(seed))
    # Trees cannot find bins in a column without one number; one that is the same everywhere they never use.
    rows[:, np.isnan(rows).all(0)] = 0.0
    model = MultiOutputRegressor(HistGradientBoostingRegressor(loss="quantile", quantile=MEDIAN))
    with one_thread():
        model.estimators_ = [
            HistGradientBoostingRegressor(
                loss="quantile",
                quantile=quantile,
                max_iter=TREES,
                learning_rate=0.08,
                max_leaf_nodes=8,
                min_samples_leaf=100,
                early_stopping=False,
                random_state=seed,
            ).fit(rows, targets)
            for quantile in QUANTILES
        ]
    model.n_features_in_ = rows.shape[1]
    return model


def predict(model: "MultiOutputRegressor", history: History, hours: int) -> dict[str, Quantiles]:
    """What each project will ask for in the ``hours`` after ``history``, 1 to 168."""
    import numpy as np

    _require_lead(hours)
    leads = np.arange(1, hours + 1)
    pasts = {name: np.asarray(series) for name, series in history.demand.items()}
    if not pasts:
        return {}
    rows = np.concatenate([features(past, history.start_s, leads) for past in pasts.values()])
    with one_thread():
        predicted = np.asarray(model.predict(rows)).reshape(len(pasts), hours, len(QUANTILES))
    return {
        name: _quantiles(predicted[place, :, 0] * scale(past), predicted[place, :, 1] * scale(past))
        for place, (name, past) in enumerate(pasts.items())
    }


def seasonal_naive(history: History, hours: int, season: int) -> dict[str, Quantiles]:
    """What each project asked for one season before, for the ``hours`` after ``history``, 1 to 168.

    The high quantile adds what nine of ten changes over a season stayed within; without a season to compare
    with it adds nothing. Beyond one season the last one is repeated.
    """
    import numpy as np

    _require_lead(hours)
    found = {}
    for name, series in history.demand.items():
        past = np.asarray(series)
        last = past[-season:]
        median = np.resize(last, hours)
        changes = past[season:] - past[:-season]
        added = max(float(np.quantile(changes, HIGH)), 0.0) if changes.size else 0.0
        found[name] = _quantiles(median, median + added)
    return found


def choose(
    methods: Mapping[str, Method], by_model: Mapping[str, Quantiles], naive: Mapping[str, Quantiles]
) -> dict[str, Quantiles]:
    """For each project the forecast of its method; seasonal-naive for one that was not back-tested."""
    return {
        name: by_model[name] if methods.get(name) is Method.MODEL else forecast
        for name, forecast in naive.items()
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep scikit-learn to one thread.

    Its threads wait for each other by spinning: on two cores that were busy with other things a fit took
    0.6 s of the processor with one thread, and 2 to 6 s with two.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def _training_rows(history: History, draw: "np.random.Generator") -> "tuple[Floats, Floats]":
    import numpy as np

    rows, targets = [], []
    for series in history.demand.values():
        past = np.asarray(series)
        for origin in range(past.size - 1, LEAST_PAST_H - 1, -ORIGIN_STRIDE_H):
            farthest = min(MOST_LEAD_H, past.size - origin)
            leads = np.sort(draw.permutation(farthest)[:LEADS_PER_ORIGIN]) + 1
            rows.append(features(past[:origin], history.start_s, leads))
            moved = draw.uniform(-DITHER, DITHER, leads.size)
            targets.append(past[origin - 1 + leads] / scale(past[:origin]) + moved)
    return np.concatenate(rows), np.concatenate(targets)


def _quantiles(median: "Floats", high: "Floats") -> Quantiles:
    import numpy as np

    # Two models know nothing of each other, and trees nothing of what cannot be.
    median = np.maximum(median, 0.0)
    return Quantiles(tuple(median.tolist()), tuple(np.maximum(high, median).tolist()))


def _require_lead(hours: int) -> None:
    if not 1 <= hours <= MOST_LEAD_H:
        raise BadInput(
            f"{hours} hours cannot be forecast; expected 1 to {MOST_LEAD_H}",
            f"Ask for at most {MOST_LEAD_H} hours.",
        )
