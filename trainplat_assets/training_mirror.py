"""A training's curves in MLflow while it runs, from its folder: what was missed is sent later."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from resources.errors import TrainplatError, Unavailable
from resources.files import write_atomically
from resources.learning.distributed.plan import Plan
from resources.learning.distributed.progress import Measured, Point, Saved, Told, read_told
from resources.learning.trainings.use import Use, read_use
from resources.registry.training_runs import Sample, TrainingRun, TrainingRuns

EACH_S = 10.0
ON_ITS_WAY_S = 5.0
"""So long what is on its way is waited for, however little time there is to send the rest."""
SENT = "mlflow.json"
"""What is in MLflow already. Lost, everything is sent once more, which changes nothing there."""


@dataclass(frozen=True)
class Sent:
    """How far MLflow knows a training."""

    run_id: str
    told_to: int = 0
    """Byte of the progress."""
    used_to: int = 0
    """Byte of the use of devices."""
    step: int = 0
    """The last step that it has a loss of: steps that are done again after a kill are not sent again."""


_LOG = logging.getLogger(__name__)
_SENT = TypeAdapter(Sent)


class Mirror:
    """Sends what is new; asked from one thread at a time."""

    def __init__(self, folder: Path, runs: TrainingRuns, run: TrainingRun) -> None:
        self._folder, self._runs, self._run = folder, runs, run
        self._is_open = False

    def sync(self) -> Sent:
        """Send what MLflow does not have yet. Raises Unavailable when it is down."""
        sent = self._open()
        told, told_to = read_told(self._folder, sent.told_to)
        uses, used_to = read_use(self._folder, sent.used_to)
        samples = [*_of_progress(told, sent.step), *_of_use(uses, _last_step(told, sent.step))]
        if samples:
            self._runs.send(sent.run_id, samples)
        now = Sent(sent.run_id, told_to, used_to, _last_step(told, sent.step))
        if now != sent:
            self._keep(now)
        return now

    def close(self, status: str) -> None:
        """Say how it ended."""
        self._runs.close(self._open().run_id, status)

    def _open(self) -> Sent:
        known = self._known()
        if self._is_open and known is not None:
            return known
        run_id = self._runs.open(self._run)
        self._is_open = True
        if known is not None and known.run_id == run_id:
            return known
        sent = Sent(run_id)
        self._keep(sent)
        return sent

    def _known(self) -> Sent | None:
        try:
            return _SENT.validate_json((self._folder / SENT).read_bytes())
        except (OSError, ValidationError):
            return None

    def _keep(self, sent: Sent) -> None:
        write_atomically(self._folder / SENT, _SENT.dump_json(sent))


class MirrorThread:
    """Sends each so many seconds. A server that is down holds up nothing, and is told of once."""

    def __init__(self, mirror: Mirror, say: Callable[[str], None], each_s: float = EACH_S) -> None:
        self.mirror = mirror
        self._say, self._each_s = say, each_s
        self._is_down = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mlflow", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more. What is on its way is not waited for: who says so may hold devices."""
        self._over.set()

    def finish(self, status: str, within_s: float) -> bool:
        """Send the rest and say how it ended, trying for so long; whether MLflow has it all."""
        self.stop()
        until_s = time.monotonic() + within_s
        if self._thread.is_alive():
            self._thread.join(max(within_s, ON_ITS_WAY_S))
        if self._thread.is_alive():
            self._tell_down(Unavailable("MLflow takes long to answer", "See `trainplat status`."))
            return False
        while True:
            try:
                self.mirror.sync()
                self.mirror.close(status)
            except Exception as problem:  # noqa: BLE001 - whatever is wrong there, the training is done
                _LOG.debug("not sent to MLflow", exc_info=True)
                if time.monotonic() >= until_s:
                    self._tell_down(problem)
                    return False
                time.sleep(min(1.0, self._each_s))
            else:
                return True

    def _run(self) -> None:
        while not self._over.wait(self._each_s):
            try:
                self.mirror.sync()
            except Exception as problem:  # noqa: BLE001 - of its database too: no training ends for that
                _LOG.debug("not sent to MLflow", exc_info=True)
                self._tell_down(problem)
            else:
                if self._is_down:
                    self._say("MLflow answers again, and has what it missed.")
                self._is_down = False

    def _tell_down(self, problem: Exception) -> None:
        if not self._is_down:
            failed = f"MLflow failed: {type(problem).__name__}"
            what = problem.problem if isinstance(problem, TrainplatError) else failed
            self._say(f"{what}. The training goes on; what MLflow misses is sent later.")
        self._is_down = True


def params_of(plan: Plan) -> dict[str, str]:
    """A plan as the parameters of a run in MLflow."""
    told: dict[str, object] = dict(asdict(plan))
    told.pop("task")
    settings = {f"task.{name}": value for name, value in plan.task.settings.items()}
    return {name: str(value)[:500] for name, value in {"task": plan.task.name, **settings, **told}.items()}


def _last_step(told: list[Told], before: int) -> int:
    return max([before, *(one.event.step for one in told if isinstance(one.event, Point))])


def _of_progress(told: list[Told], sent_step: int) -> Iterator[Sample]:
    newest = sent_step
    for one in told:
        if one.at is None:
            continue
        event, at = one.event, one.at
        if isinstance(event, Point) and event.step > newest:
            newest = event.step
            for name in ("loss", "learning_rate", "samples_per_s", "memory_mib"):
                yield Sample(name, float(getattr(event, name)), event.step, at)
        elif isinstance(event, Saved):
            yield Sample("checkpoint_stalled_s", event.stalled_s, event.step, at)
        elif isinstance(event, Measured):
            for name, value in event.scores.items():
                yield Sample(name, value, event.step, at)


def _of_use(uses: list[Use], step: int) -> Iterator[Sample]:
    """MLflow shows what begins with ``system/`` on a page of its own."""
    for use in uses:
        for number, one in enumerate(use.devices):
            kind = "cpu" if one.device.startswith("cpu") else "gpu"
            if one.share is not None:
                percent = one.share * 100
                yield Sample(f"system/{kind}_{number}_utilization_percentage", percent, step, use.at)
            if one.memory_mib is not None:
                yield Sample(f"system/{kind}_{number}_memory_megabytes", one.memory_mib, step, use.at)
            if one.power_w is not None:
                yield Sample(f"system/{kind}_{number}_power_usage_watts", one.power_w, step, use.at)
