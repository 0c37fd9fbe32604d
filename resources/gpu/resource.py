"""GPUs for assets: the lease that the run came with, or, past the run queue, one of its own."""

import logging
import os
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from dagster import (
    AssetExecutionContext,
    ConfigurableResource,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    Failure,
    InitResourceContext,
    OpExecutionContext,
)
from dagster._core.errors import DagsterInvariantViolationError
from pydantic import PrivateAttr

from resources.clock import Clock, utc_now
from resources.errors import BadInput
from resources.gpu import tags
from resources.gpu.enforcement.mps import CLIENT_VARIABLES
from resources.gpu.enforcement.start import run_environment, start_mps
from resources.gpu.environment import (
    RUN_ID_VARIABLE,
    THREADS_VARIABLE,
    in_environment,
    lease_mark,
    torch_device,
)
from resources.gpu.forecast.service import ForecastService
from resources.gpu.model import (
    NO_TERMS,
    RUN_ENDED,
    STEP_DONE,
    Attempt,
    Lease,
    LeaseState,
    Origin,
    Owner,
    RunId,
    Terms,
)
from resources.gpu.requests.errors import OverQuota
from resources.gpu.service import GpuService
from resources.gpu.step_tags import over_steps
from resources.gpu.terms import terms_of
from resources.home import Home
from resources.process import ProcessIdentity, carriers_of
from resources.terms import Actor
from resources.users import current_user

DEFAULT_PROJECT = "default"


@dataclass(frozen=True)
class DeviceLease:
    """What an asset works with."""

    run_id: str
    attempt: int
    devices: tuple[str, ...]
    torch_device: str
    """``cuda`` or ``cpu``."""
    threads: int
    """How many CPU threads the lease is worth."""


class GpuResource(ConfigurableResource["GpuResource"]):
    """Devices under a lease.

    A run that came through the queue holds its lease already. One that did not (``dagster asset
    materialize``, ``dagster job execute``, ``execute_in_process``) takes it here before its first step: same
    parse, same refusal; it waits in its own process, says so on the run and in the queue, and a kill -9 gives
    the devices back at the next pass.
    """

    poll_interval_s: float = 1.0
    """How often a waiting process looks again."""

    _lease: Lease | None = PrivateAttr(default=None)
    _within: "_Within | None" = PrivateAttr(default=None)
    _through: set[str] = PrivateAttr(default_factory=set)
    """The steps that need the devices of the run no longer."""

    def service(self) -> GpuService:
        """The plain service, on the home of the environment."""
        return GpuService(Home.from_environment().database())

    def forecasts(self, clock: Clock = utc_now) -> ForecastService:
        """The service of the forecast of demand, on the home of the environment."""
        return ForecastService(Home.from_environment().database(), clock=clock)

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator["GpuResource", None, None]:
        """Hold the run's devices while its steps run."""
        run, instance = context.run, context.instance
        if run is None or instance is None or _is_over(instance, run):
            yield self
            return
        self._within = _Within(run, instance, time.time())
        service = self.service()
        launched = _lease_from_launcher(service, RunId(run.run_id))
        if launched is not None:
            self._lease = launched
            yield self
            return
        with self._own_lease(service, run, instance, context) as lease:
            self._lease = lease
            yield self

    @contextmanager
    def lease(self, of: AssetExecutionContext | str, *, for_s: float | None = None) -> Iterator[DeviceLease]:
        """The devices of a run, or more of them within a step.

        Given the context of an asset: what its run holds. Given a request string: a second lease, for this
        block, from the same arbiter and on the same quota; it waits, and says why in the log of the step. The
        environment names its devices meanwhile, so that what is started in the block sees these and no
        other ones; what of that outlives the block keeps them until it ends. Blocks may be nested; threads
        of a step may have one each, and then the environment names the devices of the one that began last.
        ``for_s`` says how long it takes, in seconds, which lets it use what is kept for others
        until then; a block that takes longer is warned of in the log, and keeps its devices to its end, since
        nobody else could use them.

        Raises Failure where the run holds none; where the request is refused, among others because the run's
        own lease leaves no room for it; and where runs that hold devices wait for each other in a circle.
        """
        if isinstance(of, str):
            with self._second(of, for_s) as second:
                yield second
            return
        lease = self._lease
        if lease is None or lease.run_id != of.run.run_id:
            raise Failure(
                f"run {of.run.run_id} holds no lease; expected the resource to be set up with it",
                allow_retries=False,
            )
        yield _shown(lease, int(os.environ[THREADS_VARIABLE]))

    def give_back(self, context: AssetExecutionContext) -> bool:
        """Give the devices of the run back before it ends, where its step has nothing more to do on them.

        In a run of several steps the last one does that needs them: all others have ended, or said the same
        before, each in this process. The run goes on, and where it is killed after this, it is taken up again
        as any other one. Returns whether they are given back now; not while processes that were started with
        them live.
        """
        lease, service = self._lease, self.service()
        if lease is None or lease.run_id != context.run.run_id:
            return False
        self._through.add(context.get_step_execution_context().step.key)
        if not self._are_through(context):
            return False
        me = os.getpid()
        if any(one.pid != me for one in carriers_of(lease_mark(lease))):
            return False
        actor = Actor(f"run:{context.run.run_id}")
        self._lease = None
        return service.release(lease.run_id, lease.attempt, reason=STEP_DONE, actor=actor)

    @property
    def holds_devices(self) -> bool:
        """Whether the run holds any now: who waits for something else lets others wait with it."""
        return self._lease is not None and bool(self._lease.devices)

    def _are_through(self, context: AssetExecutionContext) -> bool:
        """Whether no step of the run needs its devices any more."""
        run, within = context.run, self._within
        steps = {*(run.step_keys_to_execute or (node.name for node in context.job_def.nodes))}
        left = steps - self._through
        if not left or within is None:
            return not left
        ended = {
            one.dagster_event.step_key
            for one in within.instance.all_logs(run.run_id, of_type=_ENDS_OF_STEPS)
            if one.dagster_event is not None and one.timestamp >= within.since_s
        }
        return left <= ended

    @contextmanager
    def _second(self, text: str, for_s: float | None) -> Iterator[DeviceLease]:
        within = self._within
        if within is None:
            raise Failure("a second lease belongs into a step of a run; there is none", allow_retries=False)
        run, service, log = within.run, self.service(), _log_of_step()
        me, actor, around = ProcessIdentity.current(), Actor(f"run:{run.run_id}"), _block_of.get()
        try:
            asked = requested(run, within.instance)
            second = service.submit_second(
                RunId(run.run_id),
                text,
                owner=asked.owner,
                instance=instance_key(within.instance),
                actor=actor,
                holder=me,
                terms=replace(NO_TERMS, priority=asked.terms.priority, max_runtime_s=for_s),
                within=around,
            )
        except (BadInput, OverQuota) as refusal:
            raise Failure(str(refusal), allow_retries=False) from refusal
        lease = None
        try:
            lease = self._wait_for_second(service, within, second, log)
            home = Home.from_environment()
            start_mps(home, service.fractions)
            shown = {**run_environment(lease, service.devices(), home), RUN_ID_VARIABLE: run.run_id}
            # Whatever limits the run's own share of a device are not those of these.
            unlimited = dict.fromkeys(CLIENT_VARIABLES)
            _block_of.set(second)
            with in_environment({**unlimited, **shown}), _warning_after(for_s, log, lease):
                yield _shown(lease, int(shown[THREADS_VARIABLE]))
        finally:
            _block_of.set(around)
            if lease is not None:
                left = service.end(lease, reason=STEP_DONE, actor=actor)
                if left:
                    devices = ", ".join(lease.devices) or "no device"
                    log.warning(_OUTLIVES, devices, ", ".join(str(one.pid) for one in left))
            else:
                service.withdraw(second, reason="its step waits no longer", actor=actor)

    def _wait_for_second(
        self, service: GpuService, within: "_Within", second: RunId, log: logging.Logger
    ) -> Lease:
        actor, me = Actor(f"run:{within.run.run_id}"), ProcessIdentity.current()
        said: str | None = None
        while True:
            service.free_dead_holders(actor)
            service.decide_now(actor)
            lease = service.claim(second, me)
            if lease is not None:
                log.info("Second lease: %s", ", ".join(lease.devices) or "no device")
                return lease
            _refuse_if_over(within.instance, RunId(within.run.run_id))
            asked = service.newest_request(second)
            reason = None if asked is None else asked.reason
            if reason is not None and reason != said:
                said = reason
                log.info("Waits for a second lease. %s", reason)
            if service.in_circle(second):
                raise Failure(
                    f"this run and others that hold devices wait for each other: {reason}",
                    allow_retries=True,
                )
            time.sleep(self.poll_interval_s)

    @contextmanager
    def _own_lease(
        self, service: GpuService, run: DagsterRun, instance: DagsterInstance, context: InitResourceContext
    ) -> Iterator[Lease]:
        run_id, actor = RunId(run.run_id), Actor(f"run:{run.run_id}")
        try:
            asked = requested(run, instance)
            service.submit(
                run_id,
                asked.text,
                # Its steps run in this process, which nobody could stop and take up again.
                terms=replace(asked.terms, preemptible=False),
                owner=asked.owner,
                origin=Origin.DIRECT,
                instance=instance_key(instance),
                actor=actor,
                holder=ProcessIdentity.current(),
                root=root_of(run),
            )
        except (BadInput, OverQuota) as refusal:
            raise Failure(str(refusal), allow_retries=False) from refusal
        lease = None
        try:
            lease = self._wait(service, run_id, actor, instance, context)
            home = Home.from_environment()
            start_mps(home, service.fractions)
            with in_environment(run_environment(lease, service.devices(), home)):
                yield lease
        finally:
            if lease is not None:
                service.end(lease, reason=RUN_ENDED, actor=actor)
            else:
                service.withdraw(run_id, reason="stopped waiting", actor=actor)

    def _wait(
        self,
        service: GpuService,
        run_id: RunId,
        actor: Actor,
        instance: DagsterInstance,
        context: InitResourceContext,
    ) -> Lease:
        said: str | None = None
        me = ProcessIdentity.current()
        while True:
            service.free_dead_holders(actor)
            service.decide_now(actor)
            lease = service.claim(run_id, me)
            if lease is not None:
                devices = ",".join(lease.devices)
                _show(instance, run_id, lease.attempt, tags.GRANTED, devices, said and "Granted.")
                return lease
            _refuse_if_over(instance, run_id)
            asked = service.newest_request(run_id)
            attempt = Attempt(1) if asked is None else asked.attempt
            if service.has_ended(run_id):
                # Of several step processes of one run another one had the lease and is done with it, or
                # waited for all of them and is dead.
                service.try_again(run_id, attempt, reason="its next step asks", actor=actor, holder=me)
                continue
            reason = (asked.reason if asked else None) or "Waits for the lease of its own earlier step."
            if reason != said:
                said = reason
                _show(instance, run_id, attempt, tags.PENDING, "", reason)
                if context.log is not None:
                    context.log.info(reason)
            time.sleep(self.poll_interval_s)


@dataclass(frozen=True)
class _Within:
    """The run whose steps this resource serves."""

    run: DagsterRun
    instance: DagsterInstance
    since_s: float
    """When this process began with it, in seconds since 1970: what ended before may be done again."""


_block_of: ContextVar[RunId | None] = ContextVar("block_of", default=None)
"""The second lease in whose block this thread is. A thread that is started in the block is in none."""
_ENDS_OF_STEPS = {
    DagsterEventType.STEP_SUCCESS,
    DagsterEventType.STEP_FAILURE,
    DagsterEventType.STEP_SKIPPED,
}
_OUTLIVES = "The second lease on %s was given back, but its devices stay taken until these processes end: %s."


def _shown(lease: Lease, threads: int) -> DeviceLease:
    return DeviceLease(
        run_id=lease.run_id,
        attempt=lease.attempt,
        devices=lease.devices,
        torch_device=torch_device(lease.devices),
        threads=threads,
    )


def _log_of_step() -> logging.Logger:
    try:
        return OpExecutionContext.get().log
    except DagsterInvariantViolationError:  # a thread of the step's own, or none at all
        return logging.getLogger(__name__)


@contextmanager
def _warning_after(for_s: float | None, log: logging.Logger, lease: Lease) -> Iterator[None]:
    if for_s is None:
        yield
        return
    devices = ", ".join(lease.devices) or "no device"
    text = "The second lease on %s was asked for %g s, which are over; it is given back at the block's end."
    timer = threading.Timer(for_s, log.warning, (text, devices, for_s))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@dataclass(frozen=True)
class Asked:
    """What a run asks for."""

    text: str
    terms: Terms
    owner: Owner


def requested(run: DagsterRun, instance: DagsterInstance) -> Asked:
    """What a run asks for: by its own tags, else by those of the selected steps (``op_tags``), else ``0``.

    Asset jobs carry no run tags of their own; how the tags of several steps become one is said in
    :func:`~resources.gpu.step_tags.over_steps`. Each tag of the run wins. Raises BadGpuRequest and BadTerm
    for tags that do not parse.
    """
    stated = {**over_steps(_tags_of_steps(run, instance)), **run.tags}
    return Asked(stated.get(tags.GPU, "0"), terms_of(stated), owner_of(stated))


def _tags_of_steps(run: DagsterRun, instance: DagsterInstance) -> list[Mapping[str, str]]:
    snapshot_id = run.execution_plan_snapshot_id
    if snapshot_id is None:
        return []
    plan = instance.get_execution_plan_snapshot(snapshot_id)
    chosen = set(run.step_keys_to_execute or plan.step_keys_to_execute)
    # Of a tag that the run has itself nobody asks the steps, not even whether theirs can be read.
    return [
        {key: value for key, value in step.tags.items() if key not in run.tags}
        for step in plan.steps
        if step.key in chosen and step.tags
    ]


def owner_of(run_tags: Mapping[str, str]) -> Owner:
    """Whose run it is: the project of its tag, and the operating system's user."""
    return Owner(run_tags.get(tags.PROJECT, DEFAULT_PROJECT), current_user())


def root_of(run: DagsterRun) -> RunId | None:
    """The first of the runs that this one executes again; None for one that does not."""
    return None if run.root_run_id is None else RunId(run.root_run_id)


def instance_key(instance: DagsterInstance) -> str:
    """What tells one Dagster instance from another on the same ledger: its folder."""
    return str(instance.root_directory)


def _is_over(instance: DagsterInstance, run: DagsterRun) -> bool:
    # `dagster job execute` sets the resources up once more when the run is over, to look at its result.
    fresh = instance.get_run_by_id(run.run_id)
    return fresh is not None and fresh.is_finished


def _refuse_if_over(instance: DagsterInstance, run_id: RunId) -> None:
    run = instance.get_run_by_id(run_id)
    if run is not None and (run.is_finished or run.status is DagsterRunStatus.CANCELING):
        raise Failure(
            f"run {run_id} is {run.status.value} and waits for devices no longer", allow_retries=False
        )


def _lease_from_launcher(service: GpuService, run_id: RunId) -> Lease | None:
    if os.environ.get(RUN_ID_VARIABLE) != run_id:
        return None
    lease = service.newest_lease(run_id)
    return lease if lease is not None and lease.state is LeaseState.CLAIMED else None


def _show(
    instance: DagsterInstance,
    run_id: RunId,
    attempt: Attempt,
    admission: str,
    devices: str,
    reason: str | None,
) -> None:
    shown = {
        tags.ADMISSION: admission,
        tags.DEVICES: devices,
        tags.ATTEMPT: str(attempt),
        tags.USER: current_user(),
    }
    if reason:
        shown[tags.REASON] = reason
    if instance.has_run(run_id):
        instance.add_run_tags(run_id, shown)
