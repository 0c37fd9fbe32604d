"""Curves of trainings in MLflow's store in a home."""

import threading
from pathlib import Path

import pytest

from resources.errors import Unavailable
from resources.home import Home
from resources.learning.distributed.progress import Began, Measured, Point, Saved
from resources.learning.trainings.use import DeviceUse, Use, append_use
from resources.registry.training_runs import Sample, TrainingRun, TrainingRuns
from tests.resources.learning.distributed.plans import tiny
from tests.resources.learning.trainings.examples import NOW, tell
from trainplat_assets import training_mirror
from trainplat_assets.training_mirror import SENT, Mirror, MirrorThread, params_of

RUN = TrainingRun("stories", "stories/run-1", "stories/run-1", "run-1", params_of(tiny()))


class Recorded(TrainingRuns):
    """Keeps what it is sent, as long as it is up."""

    def __init__(self) -> None:
        self.sent: list[Sample] = []
        self.is_up = True
        self.status = ""

    def open(self, run: TrainingRun) -> str:
        self._look()
        return f"run of {run.source_id}"

    def send(self, run_id: str, samples: object) -> None:
        assert run_id == "run of stories/run-1"
        self._look()
        assert isinstance(samples, list)
        self.sent += samples

    def close(self, run_id: str, status: str) -> None:
        assert run_id
        self._look()
        self.status = status

    def _look(self) -> None:
        if not self.is_up:
            raise Unavailable("MLflow at http://x does not answer", "Start it.")


def point(step: int) -> Point:
    """How it went until then."""
    return Point(step, 1 / step, 0.1, 100.0, 50.0)


def losses(runs: Recorded) -> list[int]:
    """The steps whose loss was sent."""
    return [one.step for one in runs.sent if one.name == "loss"]


def test_what_is_new_is_sent_and_what_was_done_again_after_a_kill_is_not(tmp_path: Path) -> None:
    runs = Recorded()
    tell(tmp_path, Began(0, 1, "cpu", 10, 10), point(2), point(4), Saved(4, 0.01, 0.1, 1000))
    append_use(tmp_path, Use(NOW, (DeviceUse("cpu:0", 0.5, 20.0), DeviceUse("cuda:1", None, None, 300.0))))
    mirror = Mirror(tmp_path, runs, RUN)
    mirror.sync()
    mirror.sync()
    assert losses(runs) == [2, 4]
    named = {one.name: one.value for one in runs.sent}
    assert named["checkpoint_stalled_s"] == 0.01
    assert named["system/cpu_0_utilization_percentage"] == 50.0
    assert named["system/gpu_1_power_usage_watts"] == 300.0
    tell(tmp_path, Began(2, 1, "cpu", 10, 10), point(4), point(6), Measured(6, {"accuracy": 0.9}))
    Mirror(tmp_path, runs, RUN).sync()
    assert losses(runs) == [2, 4, 6]
    assert runs.sent[-1].name == "accuracy"


def test_what_is_missed_while_it_is_down_is_sent_later(tmp_path: Path) -> None:
    runs = Recorded()
    mirror = Mirror(tmp_path, runs, RUN)
    tell(tmp_path, point(2))
    mirror.sync()
    runs.is_up = False
    tell(tmp_path, point(4))
    with pytest.raises(Unavailable):
        mirror.sync()
    said: list[str] = []
    assert not MirrorThread(mirror, said.append).finish("FINISHED", within_s=0)
    assert said == [
        "MLflow at http://x does not answer. The training goes on; what MLflow misses is sent later."
    ]
    runs.is_up = True
    assert MirrorThread(mirror, said.append).finish("FINISHED", within_s=0)
    assert losses(runs) == [2, 4]
    assert runs.status == "FINISHED"


def test_the_thread_tells_of_an_outage_once_and_of_its_end(tmp_path: Path) -> None:
    runs, said = Recorded(), list[str]()
    runs.is_up = False
    thread = MirrorThread(Mirror(tmp_path, runs, RUN), said.append, each_s=0.01)
    tell(tmp_path, point(2))
    thread.start()
    while not said:
        pass
    runs.is_up = True
    while len(said) < 2:
        pass
    thread.stop()
    assert said[1] == "MLflow answers again, and has what it missed."
    assert losses(runs) == [2]


class Hanging(Recorded):
    """Answers only once it is let to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.may_answer = threading.Event(), threading.Event()

    def send(self, run_id: str, samples: object) -> None:
        self.is_asked.set()
        self.may_answer.wait(60)
        super().send(run_id, samples)


def test_who_stops_waits_for_nothing_that_is_on_its_way_and_who_finishes_for_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_mirror, "ON_ITS_WAY_S", 0.05)
    runs, said = Hanging(), list[str]()
    thread = MirrorThread(Mirror(tmp_path, runs, RUN), said.append, each_s=0.01)
    tell(tmp_path, point(2))
    thread.start()
    runs.is_asked.wait()
    thread.stop()
    assert runs.sent == []
    assert not thread.finish("FINISHED", within_s=0)
    assert said == ["MLflow takes long to answer. The training goes on; what MLflow misses is sent later."]
    runs.may_answer.set()
    assert thread.finish("FINISHED", within_s=60)
    assert (losses(runs), runs.status) == ([2], "FINISHED")


@pytest.mark.slow
def test_a_training_has_one_run_in_mlflow_even_where_what_was_sent_is_forgotten(tmp_path: Path) -> None:
    home, folder = Home(tmp_path / "home"), tmp_path / "training"
    tell(folder, point(2), point(4))
    first = Mirror(folder, TrainingRuns(home), RUN).sync()
    (folder / SENT).unlink()
    tell(folder, point(6))
    mirror = Mirror(folder, TrainingRuns(home), RUN)
    again = mirror.sync()
    mirror.close("FINISHED")
    assert again.run_id == first.run_id
    client = TrainingRuns(home)._client()
    assert [one.step for one in client.get_metric_history(first.run_id, "loss")] == [2, 4, 6]
    run = client.get_run(first.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["task.layers"] == "2"
    assert run.data.params["parallel"] == "single"
