"""The forecast of demand for devices: history, back-test, model version, and what the arbiter reads."""

import json
from hashlib import sha256
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    DataVersion,
    DefaultScheduleStatus,
    Definitions,
    MaterializeResult,
    MetadataValue,
    ScheduleDefinition,
    TableColumn,
    TableRecord,
    TableSchema,
    asset,
    define_asset_job,
    in_process_executor,
)

from resources.clock import Clock, utc_now
from resources.gpu.forecast import features, model
from resources.gpu.forecast.backtest import Backtest, ProjectScores, Score, backtest
from resources.gpu.forecast.history import DAY_H, LEAST_H, History
from resources.gpu.forecast.lending import Forecast, devices
from resources.gpu.forecast.model import MOST_LEAD_H, QUANTILES, Method, Quantiles
from resources.gpu.resource import GpuResource
from resources.registry.estimators import Estimator
from resources.registry.resource import MlflowResource
from resources.terms import Actor

KEY = AssetKey(["gpu", "demand_forecast"])
GROUP = "gpu"
OWNERS = ["team:platform"]
CHECK = "not_worse_than_seasonal_naive"
MODEL_NAME = "gpu_demand_forecast"
SEED = 0
CRON = "15 3 * * *"
"""Daily, in UTC: a forecast reaches a week, and each one is a model version."""

Metadata = dict[str, MetadataValue[Any] | float | int | str | bool]


def build_forecast_definitions() -> Definitions:
    """The asset ``gpu/demand_forecast`` with its check, its job, and a schedule that people turn on."""
    job = define_asset_job(
        "gpu_forecast",
        selection=AssetSelection.groups(GROUP),
        executor_def=in_process_executor,
        description="Forecasts what each project will ask for, so that lent devices are back in time.",
    )
    schedule = ScheduleDefinition(
        name="gpu_forecast_daily",
        job=job,
        cron_schedule=CRON,
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.STOPPED,
        description="Makes the forecast of demand anew each night. Turn it on where projects share devices.",
    )
    return Definitions(assets=[build_forecast_asset()], jobs=[job], schedules=[schedule])


def build_forecast_asset(*, clock: Clock = utc_now) -> AssetsDefinition:
    """What each project will probably ask for in the next week."""

    @asset(
        key=KEY,
        group_name=GROUP,
        kinds={"scikitlearn", "mlflow"},
        owners=OWNERS,
        check_specs=[
            AssetCheckSpec(
                CHECK,
                asset=KEY,
                description=(
                    "In the back-test the model is no farther from what came than the same hour of the week "
                    "before. Warns; projects for which it is farther are forecast by that hour instead."
                ),
            )
        ],
        description=(
            "What each project will ask for in the next week, by the hour: a median, and what it stays below "
            "in nine hours of ten. Learned from the ledger, back-tested against seasonal-naive, which is "
            "used wherever it is better, and registered in MLflow. From less than two weeks nothing is "
            "forecast."
        ),
    )
    def demand_forecast(
        context: AssetExecutionContext, gpu: GpuResource, registry: MlflowResource
    ) -> MaterializeResult:  # type: ignore[type-arg]  # with checks Dagster understands no other form
        service, actor = gpu.forecasts(clock), Actor(f"run:{context.run.run_id}")
        history = service.history()
        if not history.is_enough:
            return _too_short(history)
        tested = backtest(history, seed=SEED)
        fitted = model.fit(history, seed=SEED)
        version = registry.service().register_estimator(
            Estimator(
                name=MODEL_NAME,
                description="What projects will ask for, by the hour, in units of each one's scale.",
                source_id=_identity(history),
                model=fitted,
                inputs=features.NAMES,
                outputs=len(QUANTILES),
                metrics=_metrics(tested),
                params={"seed": str(SEED), "history_h": str(history.hours), "season_h": str(tested.season_h)},
                texts={"backtest.md": _projects_as_text(tested)},
                run_id=context.run.run_id,
            ),
            actor,
        )
        said = model.choose(
            tested.methods,
            model.predict(fitted, history, MOST_LEAD_H),
            model.seasonal_naive(history, MOST_LEAD_H, tested.season_h),
        )
        service.keep(Forecast(history.end_s, said), tested.methods, model=version.uri, actor=actor)
        context.log.info("%s is registered; %s", version.uri, _outcome(tested))
        return MaterializeResult(
            metadata=_metadata(history, tested, said)
            | {"registered_as": version.uri, "model_version": version.number},
            data_version=DataVersion(_identity(history)[:16]),
            check_results=[_check(tested)],
        )

    return demand_forecast


def _too_short(history: History) -> MaterializeResult[None]:
    outcome = (
        f"Nothing is forecast: the history covers {history.hours} hours, and {LEAST_H} are needed. "
        "Projects keep what they ask for, and no more."
    )
    return MaterializeResult(
        metadata={"outcome": outcome, "history_hours": history.hours},
        data_version=DataVersion("none"),
        check_results=[AssetCheckResult(check_name=CHECK, passed=True, description=outcome)],
    )


def _check(tested: Backtest) -> AssetCheckResult:
    return AssetCheckResult(
        check_name=CHECK,
        passed=tested.model.pinball_milli <= tested.naive.pinball_milli,
        severity=AssetCheckSeverity.WARN,
        description=_outcome(tested),
        metadata=dict(_metrics(tested)),
    )


def _identity(history: History) -> str:
    """Of what a model is fitted on and how."""
    content = [SEED, model.TREES, features.NAMES, history.start_s, dict(history.demand)]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _outcome(tested: Backtest) -> str:
    by_naive = sorted(name for name, one in tested.methods.items() if one is Method.SEASONAL_NAIVE)
    by_model = len(tested.methods) - len(by_naive)
    said = f"the model forecasts {by_model} of {len(tested.methods)} projects"
    return said + (f"; seasonal-naive is better, and used, for {', '.join(by_naive)}" if by_naive else "")


def _metrics(tested: Backtest) -> dict[str, float]:
    found: dict[str, float] = {
        "projects_by_model": sum(one is Method.MODEL for one in tested.methods.values())
    }
    scores = {"": tested.chosen, "_model": tested.model, "_seasonal_naive": tested.naive}
    for ending, score in scores.items():
        if score.mase is not None:
            found[f"mase{ending}"] = score.mase
        found[f"pinball_milli{ending}"] = score.pinball_milli
        found[f"covered{ending}"] = score.covered
    return found


def _metadata(history: History, tested: Backtest, said: dict[str, Quantiles]) -> Metadata:
    return {
        **_metrics(tested),
        "outcome": _outcome(tested),
        "history_hours": history.hours,
        "backtest_origins": tested.origins,
        "backtest_hours": tested.hours,
        "season_hours": tested.season_h,
        "projects": _projects_table(tested, said),
    }


def _projects_table(tested: Backtest, said: dict[str, Quantiles]) -> MetadataValue[Any]:
    records = [
        TableRecord(
            _row(name, scores)
            | {
                "median, next day": devices(round(max(said[name].median[:DAY_H]))),
                "at most, next day": devices(round(max(said[name].high[:DAY_H]))),
            }
        )
        for name, scores in tested.projects.items()
    ]
    columns = [TableColumn(name, "string") for name in records[0].data]
    return MetadataValue.table(records, TableSchema(columns))


def _projects_as_text(tested: Backtest) -> str:
    rows = [_row(name, scores) for name, scores in tested.projects.items()]
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([str(cell) for cell in row.values()] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(name: str, scores: ProjectScores) -> dict[str, str]:
    def mase(score: Score) -> str:
        return "demand never changed" if score.mase is None else f"{score.mase:.3f}"

    return {
        "project": name,
        "method": scores.method.value,
        "MASE model": mase(scores.model),
        "MASE naive": mase(scores.naive),
        "pinball model": devices(round(scores.model.pinball_milli)),
        "pinball naive": devices(round(scores.naive.pinball_milli)),
        "within the high quantile": f"{scores.chosen.covered:.0%}",
    }
