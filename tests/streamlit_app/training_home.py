"""A home with trainings that nobody trains: one that runs, one that made room, one that is done."""

from dataclasses import replace
from datetime import datetime, timedelta

from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.home import Home
from resources.learning.distributed.checkpoints.folder import Checkpoints
from resources.learning.distributed.plan import Parallel
from resources.learning.distributed.progress import Began, Ended, Event, Hung, Measured, Point, ProgressFile
from resources.learning.trainings.model import End, Outcome, TakenUp, Training, TrainingId
from resources.learning.trainings.result import CHECKPOINTS
from resources.learning.trainings.service import TrainingService
from resources.learning.trainings.use import DeviceUse, Use, append_use
from resources.process import ProcessIdentity
from tests.resources.learning.distributed.plans import tiny
from tests.streamlit_app.homes import TESTER

RUNS, WAITS, IS_DONE = TrainingId("stories", "a1"), TrainingId("sums", "b1"), TrainingId("wine", "c1")


def fill(home: Home, now: datetime) -> None:
    """Write them down; this process follows the one that runs."""
    service = TrainingService(home, home.database(), lambda: now)
    _running(service, now)
    _begin(service, WAITS, now, "run-b")
    _tell(service, WAITS, now, _point(20), Ended(20, done=False))
    _end(service, WAITS, now, Outcome.MADE_ROOM)
    _begin(service, IS_DONE, now, "run-c")
    events = (_point(100), Measured(100, {"accuracy": 0.9722}), Ended(100, done=True))
    _tell(service, IS_DONE, now, *events)
    service.became(_end(service, IS_DONE, now, Outcome.DONE), "models:/wine/1", TESTER)
    GpuService(home.database()).submit(
        RunId("run-b"),
        "2",
        owner=Owner("vision", "mara"),
        origin=Origin.QUEUE,
        instance="here",
        actor=TESTER,
    )


def _running(service: TrainingService, now: datetime) -> None:
    _begin(service, RUNS, now, "run-a")
    began = Began(0, 2, "cpu", 15_040, 15_040)
    before = [_point(step) for step in range(2, 42, 2)]
    again = [_point(step) for step in range(38, 52, 2)]
    hung = Hung(40, 600.0, ("stacks-0.txt",), goes_on=True)
    _tell(service, RUNS, now, began, *before, hung, replace(began, step=36), *again)
    folder = service.folder(RUNS)
    (folder / "stacks-0.txt").write_text("File loop.py, line 12 in _step")
    for second in range(5):
        devices = (DeviceUse("cpu:0", 0.91, 330.0), DeviceUse("cpu:1", 0.88, 331.0))
        append_use(folder, Use(now - timedelta(seconds=60 - second), devices))
    checkpoints = Checkpoints(folder / CHECKPOINTS)
    part = checkpoints.begin(48)
    (part / "weights").write_bytes(b"x" * 2_500_000)
    checkpoints.finish(part)
    log = folder / "logs" / "none_x" / "attempt_0" / "1"
    log.mkdir(parents=True)
    (log / "stderr.log").write_text("a warning of the second process\n")


def _begin(service: TrainingService, training: TrainingId, now: datetime, run_id: str) -> None:
    taken = TakenUp(
        at=now - timedelta(minutes=9),
        run_id=run_id,
        attempt=1,
        devices=("cpu:0", "cpu:1"),
        torch_device="cpu",
        processes=2,
        threads=1,
        process=ProcessIdentity.current(),
    )
    service.take_up(training, tiny(steps=100, parallel=Parallel.DDP), taken, TESTER)


def _tell(service: TrainingService, training: TrainingId, now: datetime, *events: Event) -> None:
    file = ProgressFile(service.folder(training), lambda: now - timedelta(minutes=5))
    for event in events:
        file.tell(event)


def _end(service: TrainingService, training: TrainingId, now: datetime, outcome: Outcome) -> Training:
    known = service.find(training)
    assert known is not None
    return service.end(known, End(now, outcome), TESTER)


def _point(step: int) -> Point:
    return Point(step, 3.0 - step / 50, 0.003, 120.0, 330.0)
