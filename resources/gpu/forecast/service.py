"""Forecasts for everyone above: the history of the ledger, the forecast that counts, and what may be lent."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.gpu.forecast import store
from resources.gpu.forecast.history import HOUR_S, WEEK_H, History, hourly
from resources.gpu.forecast.lending import Forecast, LendingLimit, Owed, lending_limits
from resources.gpu.forecast.model import Method
from resources.gpu.forecast.store import KeptForecast
from resources.terms import Actor

HISTORY_H = 12 * WEEK_H
"""How far back is learned from. What was longer ago says little of a team's next week."""
KEPT_H = 8 * WEEK_H
"""How long forecasts are kept."""


class ForecastService:
    """What is known and said of the demand in one ledger."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def history(self, *, hours: int = HISTORY_H) -> History:
        """The demand of every project in the last ``hours`` whole hours, or since the first request."""
        now = self._clock()
        with self._database.read() as connection:
            intervals = store.demand_intervals(connection, now - timedelta(hours=hours + 1), now)
        return hourly(intervals, now_s=now.timestamp(), at_most_h=hours)

    def keep(self, forecast: Forecast, methods: Mapping[str, Method], *, model: str, actor: Actor) -> None:
        """Let ``forecast`` be the one that counts. ``model`` is the version's name in MLflow."""
        now = self._clock()
        by_model = sum(method is Method.MODEL for method in methods.values())
        detail = f"{model}: {len(forecast.projects)} projects, {by_model} by the model"
        with self._database.write() as connection:
            store.put_forecast(connection, KeptForecast(forecast, methods, model, now))
            store.forget_forecasts(connection, forecast.start_s - KEPT_H * HOUR_S)
            record(connection, AuditRow(now, actor, "gpu.forecast", str(forecast.start_s), detail))

    def newest(self) -> KeptForecast | None:
        """The forecast that counts, or None while there is none."""
        with self._database.read() as connection:
            return store.newest_forecast(connection)

    def lending_limits(self, owed: Iterable[Owed]) -> dict[str, LendingLimit]:
        """What each project can lend now; a forecast that is too old to reach far enough counts as none."""
        kept = self.newest()
        return lending_limits(owed, None if kept is None else kept.forecast, self._clock().timestamp())
