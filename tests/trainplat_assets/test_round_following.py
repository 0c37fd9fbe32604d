"""A round's training, followed by its run: on the page Training, in MLflow and in Dagster while it runs."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult
from dagster._core.errors import DagsterExecutionInterruptedError

from resources.errors import Unavailable
from resources.home import Home
from resources.learning.distributed.logs import tail
from resources.learning.distributed.progress import Began, Ended, Hung, read_progress
from resources.learning.rounds.telling import Telling
from resources.learning.trainings.looking import kept_checkpoints, stands_now
from resources.learning.trainings.model import Outcome, Training
from resources.learning.trainings.service import TrainingService
from resources.learning.trainings.standing import Cause, State
from resources.registry.client import Mlflow
from resources.run_plan import RunPlan
from resources.terms import FIRST_VERSION
from resources.train_settings import TrainSettings
from tests.trainplat_assets import rounds
from tests.trainplat_assets.rounds import SPEC, make_first, metadata_of, run_round
from trainplat_assets import round_following
from trainplat_assets.model_round import Round

pytestmark = pytest.mark.usefixtures("mlflow_in_home")

SHORT = replace(SPEC, training=TrainSettings(epochs=12, checkpoint_every_epochs=5))
PROGRAM = (
    "import sys\n"
    "from dataclasses import replace\n"
    "from tests.trainplat_assets import rounds\n"
    "from tests.trainplat_assets.test_round_following import SHORT, amid\n"
    "from resources import making_room\n"
    "rounds.SPEC = replace(SHORT, training=replace(SHORT.training, hang_s=float(sys.argv[1])))\n"
    "if sys.argv[4] == 'own': making_room.prepare()\n"
    "amid(*sys.argv[2:4])\n"
    "rounds.run_round(rounds.FIRST_VERSION)\n"
)
SETTLED = (
    "import os, signal\n"
    "from resources.learning.trainings.service import TrainingService\n"
    "from tests.trainplat_assets import rounds\n"
    "from tests.trainplat_assets.test_round_following import SHORT\n"
    "rounds.SPEC = SHORT\n"
    "TrainingService.became = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
    "rounds.run_round(rounds.FIRST_VERSION)\n"
)


@pytest.fixture
def home(trainplat_home: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A first version to be trained on, in twelve epochs."""
    monkeypatch.setattr(rounds, "SPEC", SHORT)
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "2")
    make_first(trainplat_home)
    return Home(trainplat_home)


def hang(*_: object, **__: object) -> None:
    while True:
        signal.pause()


def amid(what: str, epoch: str = "8") -> None:
    """Let something happen in this process after the epoch of this number."""
    usual = Telling.epoch

    def then(self: Telling, point: object) -> None:
        usual(self, point)  # type: ignore[arg-type]
        if getattr(point, "epoch", 0) == int(epoch):
            if what == "hang":
                signal.pause()
            if what == "hang in Dagster":
                DagsterInstance.handle_new_event = hang  # type: ignore[method-assign]
                return
            os.kill(os.getpid(), getattr(signal, what))

    Telling.epoch = then  # type: ignore[method-assign]


def only(home: Home) -> Training:
    """The one training of the home."""
    (found,) = TrainingService(home, home.database()).all()
    return found


def folder_of(home: Home) -> Path:
    return TrainingService(home, home.database()).folder(only(home).id)


def losses(home: Home) -> list[int]:
    """The steps of the loss in MLflow, of the one run that there is."""
    client = Mlflow(home)._client()
    experiment = client.get_experiment_by_name(SPEC.name)
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert [one.step for one in client.get_metric_history(run.info.run_id, "train_loss")] == list(
        range(1, 13)
    )
    assert run.data.params["epochs"] == "12"
    return [one.step for one in client.get_metric_history(run.info.run_id, "loss")]


def test_a_rounds_training_stands_beside_those_of_templates(home: Home) -> None:
    result = run_round(FIRST_VERSION)

    training, folder = only(home), folder_of(home)
    stands = stands_now(training, folder)
    assert training.id.name == SPEC.name
    assert training.id.key.startswith("v1.0-")
    assert (stands.state, stands.step, training.plan.steps) == (State.DONE, 12, 12)
    assert training.model == metadata_of(result, "model")["registered_as"] == "models:/shapes/1"
    assert training.asset == "shapes/model"
    assert kept_checkpoints(folder) == [], "its model is registered"
    assert losses(home) == list(range(1, 13))
    assert _observed(result)["share_done"] == 1.0


def _observed(result: ExecuteInProcessResult) -> dict[str, object]:
    """What the last observation told."""
    events = [one.asset_observation_data for one in result.get_asset_observation_events()]
    return {name: value.value for name, value in events[-1].asset_observation.metadata.items()}


def test_one_that_failed_goes_on_and_its_curve_is_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Telling, point: object) -> None:
        usual(self, point)  # type: ignore[arg-type]
        if getattr(point, "epoch", 0) == 8:
            raise OSError("the disk is gone")

    usual = Telling.epoch
    with monkeypatch.context() as patched:
        patched.setattr(Telling, "epoch", fail)
        assert not run_round(FIRST_VERSION, raise_on_error=False).success
    end = only(home).end
    assert end is not None
    assert (end.outcome, end.problem) == (Outcome.FAILED, "OSError: the disk is gone")
    assert [one.step for one in kept_checkpoints(folder_of(home))] == [5]

    run_round(FIRST_VERSION)

    stands = stands_now(only(home), folder_of(home))
    assert stands.state is State.DONE
    assert [(one.step, one.cause) for one in stands.resumptions] == [(5, Cause.FAILED)]
    assert losses(home) == list(range(1, 13)), "what was done again is there once"


@pytest.mark.slow
def test_one_that_was_killed_once_it_was_registered_is_settled_by_the_next_run(home: Home) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", SETTLED], env={**os.environ, "TRAINPLAT_HOME": str(home.path)}, timeout=300
    )
    assert killed.returncode == -signal.SIGKILL
    assert only(home).model is None
    assert [one.step for one in kept_checkpoints(folder_of(home))] == [12]

    run_round(FIRST_VERSION)

    assert only(home).model == "models:/shapes/1"
    assert kept_checkpoints(folder_of(home)) == []


def test_other_settings_are_another_training(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    service = TrainingService(home, home.database())
    run_round(FIRST_VERSION)
    monkeypatch.setattr(rounds, "SPEC", replace(SHORT, training=TrainSettings(epochs=2)))
    monkeypatch.setattr(Round, "registered", lambda _: None)
    run_round(FIRST_VERSION)
    assert len({one.id for one in service.all()}) == 2


def program(home: Home, what: str, epoch: int = 8, hang_s: float = 600, whose: str = "own") -> int:
    """Train in a process of its own; what it ended with."""
    environment = {**os.environ, "TRAINPLAT_HOME": str(home.path)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(hang_s), what, str(epoch), whose], env=environment, timeout=300
    ).returncode


@pytest.mark.slow
def test_one_that_is_killed_or_makes_room_goes_on_in_the_same_folder_and_run(home: Home) -> None:
    assert program(home, "SIGKILL") == -signal.SIGKILL
    assert stands_now(only(home), folder_of(home)).state is State.KILLED
    assert program(home, "SIGUSR1", 10) == 75
    stands = stands_now(only(home), folder_of(home))
    assert (stands.state, stands.step) == (State.WAITING, 10)

    run_round(FIRST_VERSION)

    stands = stands_now(only(home), folder_of(home))
    began = [one.step for one in read_progress(folder_of(home))[0] if isinstance(one, Began)]
    assert (stands.state, began) == (State.DONE, [0, 5, 10])
    assert [one.cause for one in stands.resumptions] == [Cause.RUN_KILLED, Cause.MADE_ROOM]
    assert losses(home) == list(range(1, 13))


@pytest.mark.slow
def test_one_that_hangs_is_told_with_its_stacks_and_its_process_ends(home: Home) -> None:
    assert program(home, "hang", hang_s=2) == -signal.SIGKILL, "the platform takes its run up again"

    events, _ = read_progress(folder_of(home))
    (hung,) = [one for one in events if isinstance(one, Hung)]
    assert (hung.step, hung.goes_on) == (8, True)
    assert "in then" in (folder_of(home) / hung.stacks[0]).read_text()

    run_round(FIRST_VERSION)

    stands = stands_now(only(home), folder_of(home))
    assert [(one.step, one.cause) for one in stands.resumptions] == [(5, Cause.HUNG)]
    assert isinstance(read_progress(folder_of(home))[0][-1], Ended)
    assert losses(home) == list(range(1, 13))


@pytest.mark.slow
def test_one_that_hangs_where_nobody_would_start_it_again_has_failed(home: Home) -> None:
    assert program(home, "hang", hang_s=2, whose="nobody's") == 1
    end = only(home).end
    assert end is not None
    assert end.outcome is Outcome.FAILED
    assert (end.problem or "").startswith(f"the training {only(home).id} hung for ")
    assert "stacks-0.txt" in (end.next_step or "")
    (run,) = Mlflow(home)._client().search_runs(["1"])
    assert run.info.status == "FAILED"


@pytest.mark.slow
def test_one_that_hangs_in_telling_dagster_ends_all_the_same(home: Home) -> None:
    assert program(home, "hang in Dagster", hang_s=2) == -signal.SIGKILL
    (hung,) = [one for one in read_progress(folder_of(home))[0] if isinstance(one, Hung)]
    assert "in hang" in (folder_of(home) / hung.stacks[0]).read_text()


@pytest.fixture
def spread(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A first version to be trained on by two devices."""
    declared = replace(SHORT, training=replace(SHORT.training, parallel="ddp"), runs=RunPlan(gpu="2"))
    monkeypatch.setattr(rounds, "SPEC", declared)
    return home


def test_processes_that_are_ended_once_all_is_learnt_and_nothing_is_put_down_were_cancelled(
    spread: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object, **__: object) -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        return True

    monkeypatch.setattr(round_following, "run", ended)
    with pytest.raises(DagsterExecutionInterruptedError):
        run_round(FIRST_VERSION)
    end = only(spread).end
    assert end is not None
    assert end.outcome is Outcome.CANCELLED


def test_the_data_that_processes_were_given_go_when_they_fail(
    spread: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bool:
        assert list(folder_of(spread).glob("*.npz"))
        raise Unavailable("a device is gone", "Look at it.")

    monkeypatch.setattr(round_following, "run", fail)
    assert not run_round(FIRST_VERSION, raise_on_error=False).success
    end = only(spread).end
    assert end is not None
    assert (end.outcome, end.problem) == (Outcome.FAILED, "a device is gone")
    assert not list(folder_of(spread).glob("*.npz"))


@pytest.mark.slow
def test_a_round_on_two_devices_trains_in_two_processes(spread: Home) -> None:
    result = run_round(FIRST_VERSION)

    training, folder = only(spread), folder_of(spread)
    assert (training.last.processes, training.last.devices) == (2, ("cpu:0", "cpu:1"))
    (began,) = [one for one in read_progress(folder)[0] if isinstance(one, Began)]
    assert began.processes == 2
    assert training.model == metadata_of(result, "model")["registered_as"] == "models:/shapes/1"
    assert losses(spread) == list(range(1, 13))
    assert _observed(result)["share_done"] == 1.0
    assert [line.text for line in tail(folder, 1) if line.process == 0] == ["all epochs are done"]
    assert not list(folder.glob("*.npz")), "what is registered is not kept twice"
