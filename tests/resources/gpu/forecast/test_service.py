"""The store through its service: history out of a real ledger, and the forecast that counts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.database.audit import recent
from resources.database.engine import Database, sqlite_url
from resources.gpu.forecast.history import HOUR_S
from resources.gpu.forecast.lending import Forecast, Owed
from resources.gpu.forecast.model import Method, Quantiles
from resources.gpu.forecast.service import KEPT_H, ForecastService
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.slots import cpu_slots
from resources.gpu.model import Attempt, Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.process import ProcessIdentity
from resources.terms import Actor

ANN = Actor("user:ann")
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)


class Clock:
    """A clock that a test sets, in hours after the beginning."""

    def __init__(self) -> None:
        self.hours = 0.0

    def __call__(self) -> datetime:
        return BEGIN + timedelta(hours=self.hours)


class Ledger:
    """Runs of a ledger, by the hour."""

    def __init__(self, database: Database) -> None:
        self.clock = Clock()
        self.gpu = GpuService(database, inventory=lambda: one_node(cpu_slots()), clock=self.clock)
        self.forecasts = ForecastService(database, clock=self.clock)

    def submit(self, hour: float, run: str, devices: str, project: str = "vision") -> None:
        self.clock.hours = hour
        owner = Owner(project, "ann")
        self.gpu.submit(RunId(run), devices, owner=owner, origin=Origin.QUEUE, instance="x", actor=ANN)
        self.gpu.decide_now(ANN)

    def end(self, hour: float, run: str, attempt: int = 1) -> None:
        self.clock.hours = hour
        self.gpu.claim(RunId(run), ProcessIdentity.current())
        self.gpu.release(RunId(run), Attempt(attempt), reason="done", actor=ANN)
        self.gpu.decide_now(ANN)

    def demand(self, hour: float) -> dict[str, tuple[float, ...]]:
        self.clock.hours = hour
        return dict(self.forecasts.history().demand)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Database(sqlite_url(tmp_path / "db" / "t.db")))


def test_what_waits_counts_as_what_runs(ledger: Ledger) -> None:
    ledger.submit(0, "a", "2")
    ledger.submit(1, "b", "1", "speech")
    ledger.end(3, "a")  # only now b gets its device
    ledger.end(4, "b")
    assert ledger.demand(5.5) == {"vision": (2000, 2000, 2000, 0, 0), "speech": (0, 1000, 1000, 1000, 0)}


def test_what_is_not_over_asks_until_now(ledger: Ledger) -> None:
    ledger.submit(0, "a", "2")
    ledger.submit(0, "b", "1")
    assert ledger.demand(2) == {"vision": (3000, 3000)}


def test_a_run_that_starts_again_is_one_demand_and_not_two(ledger: Ledger) -> None:
    ledger.submit(0, "a", "1")
    ledger.clock.hours = 2
    ledger.gpu.try_again(RunId("a"), Attempt(1), reason="its process died", actor=ANN)
    ledger.gpu.decide_now(ANN)
    ledger.end(3, "a", attempt=2)
    assert ledger.demand(4) == {"vision": (1000, 1000, 1000, 0)}


def test_runs_without_devices_and_runs_that_never_had_any_are_left_out(ledger: Ledger) -> None:
    ledger.submit(0, "none", "0")
    ledger.submit(0, "a", "2")
    ledger.submit(0, "gone", "1")
    ledger.clock.hours = 1
    ledger.gpu.withdraw(RunId("gone"), reason="cancelled", actor=ANN)
    ledger.end(2, "a")
    assert ledger.demand(2) == {"vision": (2000, 2000)}


def test_what_ended_before_the_hours_asked_for_is_not_read(ledger: Ledger) -> None:
    ledger.submit(0, "old", "1")
    ledger.end(1, "old")
    ledger.submit(10, "a", "1", "speech")
    ledger.clock.hours = 12
    history = ledger.forecasts.history(hours=4)
    assert dict(history.demand) == {"speech": (1000, 1000)}
    assert history.end_s == int((BEGIN + timedelta(hours=12)).timestamp())


def said(value: float, hours: int = 24) -> Quantiles:
    return Quantiles((value,) * hours, (value + 500,) * hours)


def test_the_newest_forecast_counts_and_is_read_as_it_was_kept(ledger: Ledger) -> None:
    assert ledger.forecasts.newest() is None
    start = int(BEGIN.timestamp())
    methods = {"vision": Method.MODEL, "speech": Method.SEASONAL_NAIVE}
    for hour in (0, 24):
        forecast = Forecast(start + hour * HOUR_S, {"vision": said(1000.0 + hour), "speech": said(0.0)})
        ledger.forecasts.keep(forecast, methods, model=f"models:/m/{hour + 1}", actor=ANN)
    newest = ledger.forecasts.newest()
    assert newest is not None
    assert (newest.forecast, newest.methods, newest.model) == (forecast, methods, "models:/m/25")
    assert newest.made_at == BEGIN


def test_a_forecast_of_the_same_hour_takes_the_place_of_the_one_before(ledger: Ledger) -> None:
    for value in (1000.0, 2000.0):
        forecast = Forecast(int(BEGIN.timestamp()), {"vision": said(value)})
        ledger.forecasts.keep(forecast, {}, model="models:/m/1", actor=ANN)
    newest = ledger.forecasts.newest()
    assert newest is not None
    assert newest.forecast == forecast


def test_who_made_a_forecast_stands_in_the_audit(ledger: Ledger, tmp_path: Path) -> None:
    forecast = Forecast(int(BEGIN.timestamp()), {"vision": said(1.0), "speech": said(1.0)})
    ledger.forecasts.keep(forecast, {"vision": Method.MODEL}, model="models:/m/3", actor=ANN)
    (row,) = recent(Database(sqlite_url(tmp_path / "db" / "t.db")))
    assert (row.actor, row.action) == (ANN, "gpu.forecast")
    assert row.detail == "models:/m/3: 2 projects, 1 by the model"


def test_old_forecasts_are_forgotten(ledger: Ledger, tmp_path: Path) -> None:
    start = int(BEGIN.timestamp())
    for hour in (0, 1, KEPT_H + 1):
        ledger.forecasts.keep(Forecast(start + hour * HOUR_S, {}), {}, model="m", actor=ANN)
    with Database(sqlite_url(tmp_path / "db" / "t.db")).read() as connection:
        kept = (
            connection.exec_driver_sql("select start_s from gpu_forecasts order by start_s").scalars().all()
        )
    assert kept == [start + HOUR_S, start + (KEPT_H + 1) * HOUR_S]


def test_limits_follow_the_forecast_while_it_reaches_far_enough(ledger: Ledger) -> None:
    owed = [Owed("vision", 4000)]
    assert ledger.forecasts.lending_limits(owed)["vision"].reason.rule == "F1"
    forecast = Forecast(int(BEGIN.timestamp()), {"vision": said(1000.0)})
    ledger.forecasts.keep(forecast, {}, model="m", actor=ANN)
    assert ledger.forecasts.lending_limits(owed)["vision"].limit_milli == 2500
    ledger.clock.hours = 20
    assert ledger.forecasts.lending_limits(owed)["vision"].reason.rule == "F1", "it is too old"
