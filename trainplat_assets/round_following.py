"""A run that trains a data set follows that training as those of templates are followed.

Its folder, its curves in MLflow while it runs, observations of its asset, the use of its devices, and whether
it hangs. What one device trains is trained in the run's own process, what several train in a process for
each: see docs/decisions/0036-where-rounds-train.md.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from dagster import AssetExecutionContext
from dagster._core.errors import DagsterExecutionInterruptedError

from resources import making_room
from resources.data.service import DataService
from resources.errors import TrainplatError
from resources.gpu.resource import DeviceLease
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.plan import Parallel
from resources.learning.distributed.progress import Event, Hung, read_told
from resources.learning.distributed.watching import Patience, run
from resources.learning.model import TrainedWeights
from resources.learning.rounds.hanging import watched
from resources.learning.rounds.plan import WORKER
from resources.learning.rounds.telling import Stopped, Telling
from resources.learning.trainings.model import End, Outcome, TakenUp
from resources.learning.trainings.result import ROUND
from resources.learning.trainings.service import TrainingService
from resources.process import ProcessIdentity
from resources.registry.client import SNAPSHOT_TAG, VERSION_TAG
from resources.registry.training_runs import FAILED, FINISHED, KILLED, TRAINING_TAG, TrainingRun, TrainingRuns
from resources.terms import Actor
from trainplat_assets.following import AskedTraining, Learn
from trainplat_assets.processes import CANCEL_GRACE_S, cancelling, pass_on
from trainplat_assets.training_events import TrainingEvents
from trainplat_assets.training_mirror import Mirror, MirrorThread
from trainplat_assets.training_use import watched_use

FAREWELL_S = 0.0
"""How long MLflow is asked at the end of a training: once. Who registers its model asks again."""
GAVE_UP = 1
TELL_S = 15.0
"""So long others are told of a hang: they may be what hangs, and its process is to end all the same."""


class RunFollower:
    """Follows what one run trains under a lease."""

    def __init__(
        self,
        context: AssetExecutionContext,
        data: DataService,
        lease: DeviceLease,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """``alive`` is called whenever other processes that train for the run tell something."""
        self.context, self.lease, self.alive = context, lease, alive
        self.actor = Actor(f"run:{context.run.run_id}")
        self.service = TrainingService(data.home, data.database, data.clock)

    @contextmanager
    def following(self, asked: AskedTraining) -> Iterator["FollowedRound"]:
        """Be the one process that follows it. Raises Conflict where another one does."""
        with self.service.following(asked.id) as folder:
            yield FollowedRound(self, asked, folder)


class FollowedRound:
    """One training, from its first epoch to its model."""

    def __init__(self, by: RunFollower, asked: AskedTraining, folder: Path) -> None:
        self._by, self._folder = by, folder
        self._patience = Patience(hang_s=asked.hang_s)
        self._asked, self._processes = asked, _processes(asked, by.lease)
        taken = _taken(by, self._processes)
        self._known = by.service.take_up(asked.id, asked.plan, taken, by.actor, _asset_of(by.context))
        mirror = Mirror(folder, TrainingRuns(by.service.home), _shown(by, asked))
        self._mirror = MirrorThread(mirror, by.context.log.warning)

    @property
    def checkpoint(self) -> Path:
        """In the folder of the training."""
        return self._folder / ROUND

    def train(self, learn: Learn) -> TrainedWeights:
        """Train, and tell of it. A run that is asked to make room ends here, once its state is kept."""
        by = self._by
        events = TrainingEvents(by.context, self._known, self._folder)
        self._mirror.start()
        try:
            weights = self._here(learn, events) if self._processes == 1 else self._elsewhere(events)
        except Stopped:
            self._leave()
        except (DagsterExecutionInterruptedError, KeyboardInterrupt):
            self._end(End(by.service.clock(), Outcome.CANCELLED))
            self._mirror.finish(KILLED, FAREWELL_S)
            raise
        except Exception as problem:
            self._end(_failed(by.service, problem))
            self._mirror.finish(FAILED, FAREWELL_S)
            raise
        self._end(End(by.service.clock(), Outcome.DONE))
        return weights

    def curves(self) -> str | None:
        """Let MLflow have the rest of the curves."""
        is_told = self._mirror.finish(FINISHED, FAREWELL_S)
        return self._mirror.mirror.sync().run_id if is_told else None

    def became(self, model: str) -> None:
        """Note it beside the others."""
        self._known = self._by.service.became(self._known, model, self._by.actor)

    def _here(self, learn: Learn, events: TrainingEvents) -> TrainedWeights:
        """In this process."""
        with making_room.listening() as is_asked, watched_use(self._folder, self._known.last, is_own=True):
            telling = Telling(self._folder, events.tell, is_asked)
            with watched(telling, self._patience, self._hangs(), lambda hung: self._give_up(events, hung)):
                return learn(telling)

    def _elsewhere(self, events: TrainingEvents) -> TrainedWeights:
        """In a process for each device. Raises Stopped where these made room."""
        from resources.learning.rounds.work import forget, take_trained

        def tell(event: Event) -> None:
            self._by.alive()
            events.tell(event)

        taken = self._known.last
        launch = Launch(
            self._asked.plan,
            self._folder,
            processes=self._processes,
            device=taken.torch_device,
            threads=taken.threads,
            worker=WORKER,
        )
        try:
            self._asked.write(self._folder)
            with (
                making_room.listening() as is_asked,
                cancelling() as is_cancelled,
                watched_use(self._folder, taken),
            ):
                done = run(
                    launch,
                    patience=replace(self._patience, grace_s=CANCEL_GRACE_S),
                    tell=tell,
                    log=pass_on,
                    is_to_stop=lambda: is_asked() or is_cancelled(),
                )
                # One that was ended amid its very end had told that it is done, and put down nothing.
                weights = take_trained(self._folder) if done else None
                if weights is None and is_cancelled():
                    raise DagsterExecutionInterruptedError
        finally:
            forget(self._folder)
        if weights is None:
            raise Stopped
        return weights

    def _leave(self) -> NoReturn:
        self._end(End(self._by.service.clock(), Outcome.MADE_ROOM))
        self._mirror.stop()
        said = "Makes room. It goes on from its checkpoint once its run has devices again."
        self._by.context.log.info(said)
        sys.stdout.flush()
        making_room.leave()

    def _end(self, end: End) -> None:
        self._known = self._by.service.end(self._known, end, self._by.actor)

    def _hangs(self) -> int:
        """How often it hung in this run."""
        run_id = self._by.context.run.run_id
        begun = min((one.at for one in self._known.taken_up if one.run_id == run_id), default=None)
        told = [one for one in read_told(self._folder)[0] if isinstance(one.event, Hung)]
        return sum(begun is not None and one.at is not None and one.at >= begun for one in told)

    def _give_up(self, events: TrainingEvents, hung: Hung) -> None:
        """End this process, whatever it stands in: the platform takes its run up again, or it has failed."""
        _in_time(lambda: events.tell(hung))
        self._mirror.stop()
        if hung.goes_on and making_room.is_own_process():
            os.kill(os.getpid(), signal.SIGKILL)
        problem = TrainplatError(
            f"the training {self._known.id} hung for {hung.silent_s:.0f} s after step {hung.step}",
            f"Look where it stood: {', '.join(str(self._folder / one) for one in hung.stacks)}. Executed "
            "again, its run goes on from the checkpoint.",
        )

        def fail() -> None:
            self._end(_failed(self._by.service, problem))
            self._by.context.instance.report_run_failed(self._by.context.run, str(problem))
            self._mirror.finish(FAILED, FAREWELL_S)

        _in_time(fail)
        os._exit(GAVE_UP)


def _in_time(act: Callable[[], None]) -> None:
    """On a thread beside, that is waited for no longer than this: it may wait for what hangs, or fail."""
    thread = threading.Thread(target=act, name="tells of a hang", daemon=True)
    thread.start()
    thread.join(TELL_S)


def _processes(asked: AskedTraining, lease: DeviceLease) -> int:
    """How many train: one for each device, where it is to be spread."""
    return max(1, len(lease.devices)) if asked.plan.parallel is Parallel.DDP else 1


def _taken(by: RunFollower, processes: int) -> TakenUp:
    return TakenUp(
        at=by.service.clock(),
        run_id=by.lease.run_id,
        attempt=by.lease.attempt,
        devices=by.lease.devices,
        torch_device=by.lease.torch_device,
        processes=processes,
        threads=max(1, by.lease.threads // processes),
        process=ProcessIdentity.current(),
    )


def _shown(by: RunFollower, asked: AskedTraining) -> TrainingRun:
    return TrainingRun(
        name=asked.id.name,
        source_id=str(asked.id),
        title=f"{asked.id.name} {asked.version}",
        dagster_run_id=by.context.run.run_id,
        params=asked.params,
        found_by=TRAINING_TAG,
        tags={SNAPSHOT_TAG: asked.snapshot_id, VERSION_TAG: asked.version},
    )


def _failed(service: TrainingService, problem: Exception) -> End:
    if isinstance(problem, TrainplatError):
        return End(service.clock(), Outcome.FAILED, problem.problem, problem.next_step)
    said = f"{type(problem).__name__}: {problem}"[:500]
    return End(service.clock(), Outcome.FAILED, said, "See the log of its run.")


def _asset_of(context: AssetExecutionContext) -> str | None:
    return context.asset_key.to_user_string() if context.has_assets_def else None
