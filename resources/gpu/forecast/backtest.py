"""Back-test: what the model and the seasonal-naive forecast would have said, against what came.

The origin rolls: each day of the last weeks of a history is forecast from what was known before it, by a
model that was fitted before the week it lies in. MASE is that of Hyndman and Koehler, "Another look at
measures of forecast accuracy" (International Journal of Forecasting 22, 2006); the pinball loss is the one
that quantile regression minimises.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from resources.gpu.forecast.history import DAY_H, WEEK_H, History
from resources.gpu.forecast.model import (
    HIGH,
    MEDIAN,
    MOST_LEAD_H,
    Method,
    Quantiles,
    fit,
    predict,
    require_enough,
    season_h,
    seasonal_naive,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LONG_H = 5 * WEEK_H
"""From here on the last two weeks are forecast; before, only the last one."""


@dataclass(frozen=True)
class Score:
    """How far one method was from what one project asked for."""

    mase: float | None
    """Error of the median, in errors of the naive forecast over the hours before; None where those are 0."""
    pinball_milli: float
    """Mean pinball loss of both quantiles, in thousandths of a device."""
    covered: float
    """The share of hours that stayed within the high quantile; 0.9 is meant."""


@dataclass(frozen=True)
class ProjectScores:
    """Both methods for one project."""

    model: Score
    naive: Score

    @property
    def method(self) -> Method:
        """The model where its pinball loss was lower, else seasonal-naive."""
        return Method.MODEL if self.model.pinball_milli < self.naive.pinball_milli else Method.SEASONAL_NAIVE

    @property
    def chosen(self) -> Score:
        """The scores of :attr:`method`."""
        return self.model if self.method is Method.MODEL else self.naive


@dataclass(frozen=True)
class Backtest:
    """What a back-test found."""

    projects: Mapping[str, ProjectScores]
    season_h: int
    """What seasonal-naive repeated: a week, or a day where history was short."""
    origins: int
    """How many moments were forecast from."""
    hours: int
    """How many hours were forecast and compared, for each project."""

    @property
    def methods(self) -> dict[str, Method]:
        """How each project is to be forecast."""
        return {name: scores.method for name, scores in self.projects.items()}

    @property
    def model(self) -> Score:
        """The model over all projects: MASE and coverage as means, pinball loss as a sum."""
        return _over_all([scores.model for scores in self.projects.values()])

    @property
    def naive(self) -> Score:
        """Seasonal-naive over all projects."""
        return _over_all([scores.naive for scores in self.projects.values()])

    @property
    def chosen(self) -> Score:
        """The method of each project over all projects."""
        return _over_all([scores.chosen for scores in self.projects.values()])


def backtest(history: History, *, seed: int = 0) -> Backtest:
    """Forecast the last week of ``history``, the last two of five or more, each day from what was known then.

    Raises BadInput for a history of less than two weeks.
    """
    require_enough(history)
    season = season_h(history)
    errors: dict[str, tuple[_Errors, _Errors]] = {name: (_Errors([]), _Errors([])) for name in history.demand}
    origins = 0
    for week in range(2 if history.hours >= LONG_H else 1, 0, -1):
        first = history.hours - week * WEEK_H
        model = fit(history.until(first), seed=seed)
        for origin in range(first, first + WEEK_H, DAY_H):
            origins += 1
            known, lead = history.until(origin), min(MOST_LEAD_H, history.hours - origin)
            by_model, naive = predict(model, known, lead), seasonal_naive(known, lead, season)
            for name, (of_model, of_naive) in errors.items():
                came = history.demand[name][origin : origin + lead]
                of_model.pairs.append((came, by_model[name]))
                of_naive.pairs.append((came, naive[name]))
    usual = {name: _naive_error(series, season) for name, series in history.demand.items()}
    return Backtest(
        {
            name: ProjectScores(of_model.score(usual[name]), of_naive.score(usual[name]))
            for name, (of_model, of_naive) in errors.items()
        },
        season,
        origins,
        sum(len(came) for came, _ in next(iter(errors.values()))[0].pairs),
    )


def pinball(came: "Floats", said: "Floats", quantile: float) -> float:
    """The mean pinball loss of a forecast of one quantile: 0 is perfect."""
    import numpy as np

    missed = came - said
    return float(np.maximum(quantile * missed, (quantile - 1) * missed).mean())


@dataclass(frozen=True)
class _Errors:
    """What came and what was said, from each origin."""

    pairs: list[tuple[tuple[float, ...], Quantiles]]

    def score(self, usual: float) -> Score:
        import numpy as np

        came = np.concatenate([came for came, _ in self.pairs])
        median = np.concatenate([said.median for _, said in self.pairs])
        high = np.concatenate([said.high for _, said in self.pairs])
        return Score(
            mase=float(np.abs(came - median).mean()) / usual if usual > 0 else None,
            pinball_milli=(pinball(came, median, MEDIAN) + pinball(came, high, HIGH)) / 2,
            covered=float((came <= high).mean()),
        )


def _naive_error(series: tuple[float, ...], season: int) -> float:
    """What MASE divides by: the mean error of the naive forecast before the tested hours, in milli."""
    import numpy as np

    past = np.asarray(series)
    tested = (2 if past.size >= LONG_H else 1) * WEEK_H
    known = past[:-tested]
    return float(np.abs(known[season:] - known[:-season]).mean())


def _over_all(scores: list[Score]) -> Score:
    known = [score.mase for score in scores if score.mase is not None]
    return Score(
        mase=fmean(known) if known else None,
        pinball_milli=sum(score.pinball_milli for score in scores),
        covered=fmean(score.covered for score in scores),
    )
