"""History out of the ledger, and forecasts as rows. Every function works inside the caller's transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, or_, select

from resources.gpu.forecast.history import Interval
from resources.gpu.forecast.lending import Forecast
from resources.gpu.forecast.model import Method, Quantiles
from resources.gpu.forecast.tables import FORECASTS
from resources.gpu.ledger import GRANTED, WAITING
from resources.gpu.tables import LEASES, REQUESTS

MILLI = 1000


@dataclass(frozen=True)
class KeptForecast:
    """A forecast with where it comes from."""

    forecast: Forecast
    methods: Mapping[str, Method]
    model: str
    """The model version as MLflow calls it."""
    made_at: datetime


def demand_intervals(connection: Connection, since: datetime, now: datetime) -> list[Interval]:
    """When each run asked for devices: from its submission until its last lease ended, or until now.

    Only runs that asked for some and were not over before ``since``. The attempts of a run are one interval,
    for between two of them it waits. A run that was withdrawn before it ever had a lease is left out: the
    ledger does not say when it stopped waiting.
    """
    attempt = and_(LEASES.c.run_id == REQUESTS.c.run_id, LEASES.c.attempt == REQUESTS.c.attempt)
    query = (
        select(
            REQUESTS.c.run_id,
            REQUESTS.c.project,
            REQUESTS.c.device_count,
            REQUESTS.c.submitted_at,
            REQUESTS.c.state,
            LEASES.c.released_at,
        )
        .select_from(REQUESTS.outerjoin(LEASES, attempt))
        .where(
            REQUESTS.c.device_count > 0,
            or_(REQUESTS.c.state.in_([WAITING, GRANTED]), LEASES.c.released_at >= since),
        )
        .order_by(REQUESTS.c.run_id, REQUESTS.c.attempt)
    )
    found: dict[str, Interval] = {}
    for row in connection.execute(query).all():
        end = now if row.state in (WAITING, GRANTED) else row.released_at
        begin = min(row.submitted_at, end)  # a clock that was set back
        before = found.get(row.run_id)
        found[row.run_id] = Interval(
            row.project,
            max(row.device_count * MILLI, before.units_milli if before else 0),
            min(begin.timestamp(), before.from_s if before else begin.timestamp()),
            max(end.timestamp(), before.to_s if before else end.timestamp()),
        )
    return list(found.values())


def put_forecast(connection: Connection, kept: KeptForecast) -> None:
    """Keep a forecast; takes the place of one that begins with the same hour."""
    connection.execute(delete(FORECASTS).where(FORECASTS.c.start_s == kept.forecast.start_s))
    content = {
        name: {
            "method": kept.methods.get(name, Method.SEASONAL_NAIVE),
            "median": [round(value, 1) for value in quantiles.median],
            "high": [round(value, 1) for value in quantiles.high],
        }
        for name, quantiles in kept.forecast.projects.items()
    }
    connection.execute(
        insert(FORECASTS).values(
            start_s=kept.forecast.start_s,
            made_at=kept.made_at,
            model=kept.model,
            content=json.dumps(content, sort_keys=True, ensure_ascii=False),
        )
    )


def newest_forecast(connection: Connection) -> KeptForecast | None:
    """The forecast with the latest beginning, or None."""
    row = connection.execute(select(FORECASTS).order_by(FORECASTS.c.start_s.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    content = json.loads(row.content)
    projects = {name: Quantiles(tuple(one["median"]), tuple(one["high"])) for name, one in content.items()}
    methods = {name: Method(one["method"]) for name, one in content.items()}
    return KeptForecast(Forecast(row.start_s, projects), methods, row.model, row.made_at)


def forget_forecasts(connection: Connection, before_s: int) -> None:
    """Take away the forecasts that begin before ``before_s``."""
    connection.execute(delete(FORECASTS).where(FORECASTS.c.start_s < before_s))
