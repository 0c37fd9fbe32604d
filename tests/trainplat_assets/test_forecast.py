"""The asset of the forecast, on a real ledger and MLflow's store in the home."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import (
    AssetCheckSeverity,
    DagsterInstance,
    DefaultScheduleStatus,
    ExecuteInProcessResult,
    materialize,
)
from sqlalchemy import insert

from benchmarks.demand import made_up
from resources.errors import Unavailable
from resources.gpu.forecast.backtest import Backtest, ProjectScores, Score
from resources.gpu.forecast.history import WEEK_H
from resources.gpu.forecast.lending import Owed
from resources.gpu.forecast.model import Method
from resources.gpu.forecast.service import ForecastService
from resources.gpu.resource import GpuResource
from resources.gpu.tables import LEASES, REQUESTS
from resources.home import Home
from resources.registry.resource import MlflowResource
from tests.servers.mlflow import free_port
from tests.trainplat_assets.rounds import metadata_of
from trainplat_assets.definitions import defs
from trainplat_assets.forecast import CHECK, KEY, _check, build_forecast_asset

PROJECTS = ("office", "small")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
"""A Monday, as the beginning of made-up demand is."""


def fill(home: Path, weeks: int) -> None:
    """A ledger in which projects have asked for devices for so many weeks, an hour at a time, until NOW."""
    ForecastService(Home(home).database()).history()  # makes the tables
    history = made_up(3, weeks, PROJECTS)
    begin = NOW - timedelta(hours=weeks * WEEK_H)
    rows = [
        _row(f"{project}-{hour}", project, round(milli / 1000), begin + timedelta(hours=hour))
        for project, series in history.demand.items()
        for hour, milli in enumerate(series)
        if round(milli / 1000)
    ]
    with Home(home).database().write() as connection:
        connection.execute(insert(REQUESTS), [asked for asked, _ in rows])
        connection.execute(insert(LEASES), [lease for _, lease in rows])


def _row(run: str, project: str, count: int, at: datetime) -> tuple[dict[str, object], dict[str, object]]:
    common: dict[str, object] = {
        "run_id": run,
        "attempt": 1,
        "instance": "x",
        "origin": "queue",
        "text": str(count),
        "device_count": count,
        "project": project,
        "user": "ann",
    }
    ended = at + timedelta(hours=1)
    return (
        common | {"submitted_at": at, "state": "ended"},
        common | {"devices": "cpu:0", "state": "released", "granted_at": at, "released_at": ended},
    )


def run_forecast() -> ExecuteInProcessResult:
    with DagsterInstance.ephemeral() as instance:
        return materialize(
            [build_forecast_asset(clock=lambda: NOW)],
            instance=instance,
            resources={"gpu": GpuResource(), "registry": MlflowResource()},
        )


def test_demand_is_forecast_registered_and_kept_for_the_arbiter(trainplat_home: Path) -> None:
    fill(trainplat_home, 5)
    result = run_forecast()
    told = metadata_of(result, "demand_forecast")
    assert told["registered_as"] == "models:/gpu_demand_forecast/1"
    assert told["season_hours"] == WEEK_H
    for name in (
        "mase",
        "mase_model",
        "mase_seasonal_naive",
        "pinball_milli",
        "covered",
        "projects_by_model",
    ):
        assert isinstance(told[name], float | int), name
    table = result.get_asset_materialization_events()[0].materialization.metadata["projects"].value
    assert [record.data["project"] for record in table.records] == list(PROJECTS)  # type: ignore[union-attr]
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == (CHECK, True)

    service = ForecastService(Home(trainplat_home).database(), clock=lambda: NOW)
    kept = service.newest()
    assert kept is not None
    assert kept.model == told["registered_as"]
    assert kept.forecast.start_s == NOW.timestamp()
    assert {len(said.median) for said in kept.forecast.projects.values()} == {WEEK_H}
    limits = service.lending_limits([Owed("office", 20_000)])
    assert limits["office"].reason.rule in ("F2", "F3")
    assert 0 < limits["office"].limit_milli < 20_000

    assert metadata_of(run_forecast(), "demand_forecast")["model_version"] == 1, "the same history"


def test_less_than_two_weeks_are_said_and_nothing_is_registered(trainplat_home: Path) -> None:
    fill(trainplat_home, 1)
    result = run_forecast()
    told = metadata_of(result, "demand_forecast")
    assert "336 are needed" in str(told["outcome"])
    assert "model_version" not in told
    (check,) = result.get_asset_check_evaluations()
    assert check.passed
    assert check.description == told["outcome"]
    assert ForecastService(Home(trainplat_home).database()).newest() is None
    assert not (Home(trainplat_home).mlflow / "mlflow.db").exists()


def test_no_forecast_is_kept_while_mlflow_is_down(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(trainplat_home, 3)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match="does not answer"):
        run_forecast()
    assert ForecastService(Home(trainplat_home).database()).newest() is None


def test_a_model_that_is_worse_than_seasonal_naive_warns_and_says_for_whom() -> None:
    better, worse = Score(0.5, 100.0, 0.9), Score(1.5, 300.0, 0.9)
    tested = Backtest(
        {"a": ProjectScores(model=better, naive=worse), "b": ProjectScores(model=worse, naive=better)},
        WEEK_H,
        7,
        100,
    )
    assert _check(tested).passed
    only = Backtest({"b": tested.projects["b"]}, WEEK_H, 7, 100)
    found = _check(only)
    assert (found.passed, found.severity) == (False, AssetCheckSeverity.WARN)
    assert found.description == (
        "the model forecasts 0 of 1 projects; seasonal-naive is better, and used, for b"
    )
    assert only.methods == {"b": Method.SEASONAL_NAIVE}


def test_the_schedule_is_off_until_somebody_turns_it_on() -> None:
    repository = defs.get_repository_def()
    schedule = repository.get_schedule_def("gpu_forecast_daily")
    assert schedule.default_status is DefaultScheduleStatus.STOPPED
    assert schedule.execution_timezone == "UTC"
    assert list(repository.get_job("gpu_forecast").asset_layer.executable_asset_keys) == [KEY]
