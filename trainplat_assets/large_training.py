"""A training that is large or long, as the work of an asset: under the lease of its run, told while it runs.

Any asset may call it; the templates do::

    @asset(op_tags={"trainplat/gpu": "2", "trainplat/preemptible": "true"})
    def stories(context: AssetExecutionContext, gpu: GpuResource) -> MaterializeResult[None]:
        trained = run_training(context, gpu, LargeTraining("stories", read_plan(TEXT)))
        return MaterializeResult(metadata=trained.metadata(), data_version=trained.data_version)
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dagster import AssetExecutionContext, Failure, RetryRequested
from dagster._core.errors import DagsterExecutionInterruptedError

from resources import making_room
from resources.errors import BadInput, Conflict, NotFound, TrainplatError, Unavailable
from resources.gpu.resource import DeviceLease, GpuResource
from resources.home import Home
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.plan import Parallel, Plan
from resources.learning.distributed.watching import Patience, run
from resources.learning.trainings.model import End, Outcome, TakenUp, Training, TrainingId
from resources.learning.trainings.result import Finished, finished_in
from resources.learning.trainings.service import TrainingService
from resources.process import ProcessIdentity
from resources.registry.training_runs import FAILED, FINISHED, KILLED, TrainingRun, TrainingRuns
from resources.registry.trainings import TrainingRegistry
from resources.terms import Actor
from trainplat_assets.processes import CANCEL_GRACE_S, cancelling, pass_on
from trainplat_assets.training_events import TrainingEvents
from trainplat_assets.training_metadata import TrainedLarge
from trainplat_assets.training_mirror import Mirror, MirrorThread, params_of
from trainplat_assets.training_model import register_trained
from trainplat_assets.training_use import watched_use

ONE_PROCESS = (Parallel.SINGLE, Parallel.DATA_PARALLEL)
FAREWELL_S = 0.0
"""How long a training that stops tries to tell MLflow so: once."""
MLFLOW_S = 60.0
"""How long one that is done waits for MLflow to take its model."""
_LATER = "%s. Other steps of the run need its devices: they go first, and this one is registered after them."


@dataclass(frozen=True)
class LargeTraining:
    """What is to be trained, and when it is given up."""

    name: str
    """Of the model: its name in MLflow, and of its folder in the home."""
    plan: Plan
    key: str | None = None
    """What tells it from other trainings of that name; None: the run, and a re-execution of it goes on."""
    restarts: int = 3
    """How often its processes are started again, from the last checkpoint, after one of them died."""
    patience: Patience = field(default_factory=Patience)
    is_registered: bool = True
    """Whether the model becomes a version in MLflow; its curves are there in any case."""


def run_training(context: AssetExecutionContext, gpu: GpuResource, asked: LargeTraining) -> TrainedLarge:
    """Train by a plan on the devices of the run's lease, to the last step; what came of it.

    It takes as many processes as the lease has devices, or one where the plan's way is of one process. While
    it runs, each half minute an observation of the asset tells how it goes; what its processes write is in
    the logs of the step.

    It goes on from its last checkpoint whenever it is started again under the same name and key: after the
    run made room for another one (which ends this process), after it was killed, and in a re-execution. One
    that is done already is not trained again. Its curves go to MLflow while it runs; at its end the model
    is registered there, once. MLflow may be down meanwhile, not at the end; a run that needs its devices no
    longer has given them back before. Where other steps of it need them, MLflow is asked once: the others
    train first, and then this one is registered.

    Raises Failure, with what to do next, for one that cannot be trained or registered.
    """
    home = Home.from_environment()
    service = TrainingService(home, home.database())
    training = TrainingId(asked.name, asked.key or context.run.root_run_id or context.run.run_id)
    with _told(), service.following(training) as folder:
        done = finished_in(folder, asked.plan)
        if done is not None:
            context.log.info("%s is trained already: not again.", training)
            _note_end(service, training, Actor(f"run:{context.run.run_id}"))
            mirror = _mirror(context, service, training, asked.plan)
        else:
            with gpu.lease(context) as lease:
                done, mirror = _train(context, service, training, asked, lease)
        gpu.give_back(context)  # MLflow may take a minute to answer, or to be found down
        is_first_to_train = gpu.holds_devices and context.retry_number < len(context.job_def.nodes)
        try:
            within_s = FAREWELL_S if is_first_to_train else MLFLOW_S
            model = _model_of(context, service, training, asked, done, mirror, within_s)
        except Unavailable as problem:
            if not is_first_to_train:
                raise
            context.log.warning(_LATER, problem.problem)
            raise RetryRequested(max_retries=len(context.job_def.nodes)) from problem
        return TrainedLarge(training, done, model)


def processes_on(plan: Plan, devices: int) -> int:
    """How many processes train by ``plan`` on so many devices."""
    if plan.parallel in ONE_PROCESS:
        return 1
    return max(1, min(devices, plan.most_processes or devices))


def _train(
    context: AssetExecutionContext,
    service: TrainingService,
    training: TrainingId,
    asked: LargeTraining,
    lease: DeviceLease,
) -> tuple[Finished, MirrorThread]:
    """What came of it; and what sends its curves, which is not waited for while devices are held."""
    folder, actor = service.folder(training), Actor(f"run:{context.run.run_id}")
    launch = _launch(asked, folder, lease)
    known = service.take_up(training, asked.plan, _taken(service, launch, lease), actor, _asset_of(context))
    events = TrainingEvents(context, known, folder)
    mirror = _mirror(context, service, training, asked.plan)
    mirror.start()
    with (
        making_room.listening() as is_asked,
        cancelling() as is_cancelled,
        watched_use(folder, known.last),
    ):
        try:
            done = run(
                launch,
                patience=replace(asked.patience, grace_s=min(asked.patience.grace_s, CANCEL_GRACE_S)),
                tell=events.tell,
                log=pass_on,
                is_to_stop=lambda: is_asked() or is_cancelled(),
            )
        except TrainplatError as problem:
            service.end(known, _failed(service, problem), actor)
            mirror.finish(FAILED, FAREWELL_S)
            raise
        except BaseException:  # broken off: what MLflow misses it gets when this is taken up again
            mirror.stop()
            raise
        if not done:
            _stop(context, service, known, actor, mirror, is_cancelled=is_cancelled())
    mirror.stop()
    service.end(known, End(service.clock(), Outcome.DONE), actor)
    found = finished_in(folder, asked.plan)
    if found is None:
        raise TrainplatError(
            f"the training {training} ended without its last checkpoint in {folder}",
            "Start it again: it goes on from the checkpoint before.",
        )
    return found, mirror


def _mirror(
    context: AssetExecutionContext, service: TrainingService, training: TrainingId, plan: Plan
) -> MirrorThread:
    shown = _shown(context, training, plan)
    mirror = Mirror(service.folder(training), TrainingRuns(service.home), shown)
    return MirrorThread(mirror, context.log.warning)


def _shown(context: AssetExecutionContext, training: TrainingId, plan: Plan) -> TrainingRun:
    return TrainingRun(
        name=training.name,
        source_id=str(training),
        title=str(training),
        dagster_run_id=context.run.run_id,
        params=params_of(plan),
    )


def _model_of(
    context: AssetExecutionContext,
    service: TrainingService,
    training: TrainingId,
    asked: LargeTraining,
    done: Finished,
    mirror: MirrorThread,
    within_s: float,
) -> str | None:
    """Let MLflow have the rest of the curves, and the model."""
    actor = Actor(f"run:{context.run.run_id}")
    is_told = mirror.finish(FINISHED, within_s)
    if not asked.is_registered:
        return None
    if not is_told:
        raise Unavailable(
            f"the training {training} is done, and MLflow does not take its model",
            "Start MLflow (`trainplat up`), then re-execute this run: it is registered, not trained again.",
        )
    registry = TrainingRegistry(service.home, service.database, service.clock)
    shown = _shown(context, training, asked.plan)
    version = register_trained(registry, shown, mirror.mirror.sync().run_id, done, actor)
    known = service.find(training)
    if known is not None:
        service.became(known, version.uri, actor)
    context.log.info("It is registered as %s.", version.uri)
    return version.uri


def _note_end(service: TrainingService, training: TrainingId, actor: Actor) -> None:
    """Whoever followed it was killed before it could."""
    known = service.find(training)
    if known is not None and (known.end is None or known.end.outcome is not Outcome.DONE):
        service.end(known, End(service.clock(), Outcome.DONE), actor)


def _stop(
    context: AssetExecutionContext,
    service: TrainingService,
    known: Training,
    actor: Actor,
    mirror: MirrorThread,
    *,
    is_cancelled: bool,
) -> None:
    if is_cancelled:
        service.end(known, End(service.clock(), Outcome.CANCELLED), actor)
        mirror.finish(KILLED, FAREWELL_S)
        raise DagsterExecutionInterruptedError
    service.end(known, End(service.clock(), Outcome.MADE_ROOM), actor)
    context.log.info("Makes room. It goes on from its checkpoint once its run has devices again.")
    sys.stdout.flush()
    making_room.leave()


def _launch(asked: LargeTraining, folder: Path, lease: DeviceLease) -> Launch:
    processes = processes_on(asked.plan, len(lease.devices))
    return Launch(
        asked.plan,
        folder,
        processes=processes,
        device=lease.torch_device,
        restarts=asked.restarts,
        threads=max(1, lease.threads // processes),
    )


def _taken(service: TrainingService, launch: Launch, lease: DeviceLease) -> TakenUp:
    return TakenUp(
        at=service.clock(),
        run_id=lease.run_id,
        attempt=lease.attempt,
        devices=lease.devices,
        torch_device=lease.torch_device,
        processes=launch.processes,
        threads=launch.threads,
        process=ProcessIdentity.current(),
    )


def _failed(service: TrainingService, problem: TrainplatError) -> End:
    return End(service.clock(), Outcome.FAILED, problem.problem, problem.next_step)


def _asset_of(context: AssetExecutionContext) -> str | None:
    return context.asset_key.to_user_string() if context.has_assets_def else None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except TrainplatError as problem:
        # What no second try mends is not tried a second time.
        hopeless = isinstance(problem, BadInput | NotFound | Conflict)
        raise Failure(str(problem), allow_retries=not hopeless) from problem
