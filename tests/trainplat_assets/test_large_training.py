"""Large trainings as the work of an asset, in real runs of Dagster."""

from pathlib import Path

import pytest
from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    DagsterInstance,
    ExecuteInProcessResult,
    MaterializeResult,
    asset,
    materialize,
)

from resources.gpu.model import STEP_DONE, RunId
from resources.gpu.resource import GpuResource
from resources.gpu.service import GpuService
from resources.home import Home
from resources.learning.distributed.plan import Parallel, Plan
from resources.learning.trainings.model import Outcome
from resources.learning.trainings.service import TrainingService
from resources.registry.training_runs import TrainingRuns
from resources.registry.trainings import TrainingRegistry
from tests.resources.learning.distributed.plans import tiny
from trainplat_assets import large_training
from trainplat_assets.large_training import LargeTraining, processes_on, run_training


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The home of the runs."""
    monkeypatch.setenv("TRAINPLAT_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


def stories(plan: Plan, devices: str, key: str | None = "one") -> AssetsDefinition:
    """An asset that is such a training."""

    @asset(name="stories", op_tags={"trainplat/gpu": devices})
    def made(context: AssetExecutionContext, gpu: GpuResource) -> MaterializeResult[None]:
        trained = run_training(context, gpu, LargeTraining("stories", plan, key))
        return MaterializeResult(metadata=trained.metadata(), data_version=trained.data_version)

    return made


def of_seed(number: int) -> AssetsDefinition:
    """One of several trainings of a run."""

    @asset(name=f"seed_{number}", op_tags={"trainplat/gpu": "1"})
    def made(context: AssetExecutionContext, gpu: GpuResource) -> None:
        run_training(context, gpu, LargeTraining(f"stories_{number}", tiny(seed=number)))

    return made


def train(plan: Plan, devices: str = "1") -> ExecuteInProcessResult:
    """One run of it."""
    with DagsterInstance.ephemeral() as instance:
        return materialize(
            [stories(plan, devices)],
            instance=instance,
            resources={"gpu": GpuResource()},
            raise_on_error=False,
        )


def test_one_way_takes_one_process_and_others_one_for_each_device() -> None:
    assert processes_on(tiny(), 4) == 1
    assert processes_on(tiny(parallel=Parallel.DATA_PARALLEL), 4) == 1
    assert processes_on(tiny(parallel=Parallel.FSDP2), 4) == 4
    assert processes_on(tiny(parallel=Parallel.DDP), 0) == 1


def test_a_training_tells_its_run_how_it_goes_and_is_not_done_twice(home: Home) -> None:
    result = train(tiny())
    assert result.success
    observed = [one.asset_observation_data for one in result.get_asset_observation_events()]
    last = observed[-1].asset_observation.metadata
    assert last["step"].value == 12
    assert last["share_done"].value == 1.0
    (made,) = result.get_asset_materialization_events()
    metadata = made.materialization.metadata
    assert metadata["held_out_loss"].value != 0
    assert Path(str(metadata["checkpoint"].value)).is_dir()
    service = TrainingService(home, home.database())
    (known,) = service.all()
    assert known.end is not None
    assert known.end.outcome is Outcome.DONE
    assert known.asset == "stories"
    assert known.model == metadata["registered_as"].value == "models:/stories/1"
    again = train(tiny())
    assert again.success
    assert not again.get_asset_observation_events(), "nothing was trained"
    assert len(service.all()[0].taken_up) == 1
    version = TrainingRuns(home)._client().get_model_version("stories", "1")
    assert version.tags["trainplat_checkpoint_sha256"] == metadata["checkpoint_sha256"].value
    assert "held_out_loss" in version.tags["scores"]
    assert len(TrainingRegistry(home, home.database()).runs.trained_versions("stories", "stories/one")) == 1


@pytest.mark.usefixtures("home")
def test_a_plan_that_does_not_fit_the_devices_fails_with_what_to_do() -> None:
    result = train(tiny(parallel=Parallel.DDP, batch_size=5), "2")
    assert not result.success
    (failure,) = result.get_step_failure_events()
    assert failure.step_failure_data.error is not None
    assert "batch_size 5 cannot be divided among 2 processes" in failure.step_failure_data.error.message


@pytest.mark.slow
def test_its_devices_are_back_before_mlflow_is_told_and_a_run_again_registers_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_training, "MLFLOW_S", 0.0)
    with monkeypatch.context() as down:
        down.setenv("TRAINPLAT_MLFLOW_URL", "http://127.0.0.1:9")
        result = train(tiny())
    assert not result.success
    assert "MLflow does not take its model" in str(result.get_step_failure_events()[0].event_specific_data)
    lease = GpuService(home.database()).newest_lease(RunId(result.run_id))
    assert lease is not None
    assert lease.release_reason == STEP_DONE
    again = train(tiny())
    assert again.success
    assert TrainingService(home, home.database()).all()[0].model == "models:/stories/1"


@pytest.mark.slow
def test_several_trainings_of_a_run_wait_for_mlflow_once_all_are_trained_and_no_device_is_held(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_training, "MLFLOW_S", 0.0)
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", "http://127.0.0.1:9")
    with DagsterInstance.ephemeral() as instance:
        result = materialize(
            [of_seed(1), of_seed(2), of_seed(3)],
            instance=instance,
            resources={"gpu": GpuResource()},
            raise_on_error=False,
        )
        again = [str(one.step_key) for one in result.all_events if one.is_step_up_for_retry]
    lease = GpuService(home.database()).newest_lease(RunId(result.run_id))
    assert lease is not None
    assert lease.release_reason == STEP_DONE
    trainings = TrainingService(home, home.database()).all()
    ends = [one.end.at for one in trainings if one.end is not None and one.end.outcome is Outcome.DONE]
    assert len(ends) == 3
    assert lease.released_at is not None
    assert lease.released_at >= max(ends)
    failures = {str(one.step_key): str(one.event_specific_data) for one in result.get_step_failure_events()}
    assert sorted(failures) == ["seed_1", "seed_2", "seed_3"]
    assert all("MLflow does not take its model" in said for said in failures.values())
    assert sorted(again) == ["seed_1", "seed_2"]
