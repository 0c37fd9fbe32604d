"""Making runs and leases agree again after anything has died, at any moment.

One pass looks at every live lease and every waiting request of this Dagster instance and mends what does not
fit. It can be repeated and interrupted anywhere; one runs at a time. Numbered, in the order of a pass:

- **R1** A run in the queue that the ledger does not know is submitted; a run that the ledger knows and whose
  submission was cut short is queued. One that was cut short before the ledger knew it fails, unless a sensor
  asked for it, which submits it again by itself.
- **R2** A request whose run is finished or gone leaves the line.
- **R3** A lease whose run is finished or gone is released once its process group is dead; what still lives
  after the grace is killed. Devices are never given out while a process that had them lives.
- **R4** A run whose process died goes back to the queue as its next attempt, in place: same run, same id.
- **R5** After the last attempt it fails, and says how often it was tried.
- **R6** A cancelled run whose process is gone is reported as cancelled.
- **R7** A direct run whose process died gives its devices back and fails: nobody else would say so. Devices
  of another instance's run come back when its processes are gone.
- **R8** A run that makes room for another one is asked for a checkpoint, and once its process has ended, or
  after the grace, goes back to the queue in place; what was granted and not started yet goes back at once.
  One past the queue is asked to end and killed after the grace, and so is a notebook that its keeper does
  not end.
- **R9** A lease without a run ends at its time; the decision below sees to it.
- **R10** What waits is decided on, and shown.
"""

import os
import signal
from contextlib import suppress
from datetime import datetime, timedelta

from dagster import DagsterEvent, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from filelock import FileLock, Timeout

from resources import making_room
from resources.clock import Clock, utc_now
from resources.errors import BadInput
from resources.gpu import tags
from resources.gpu.environment import marks_of
from resources.gpu.model import (
    DIED,
    EVICTED,
    GONE,
    ILL,
    ILL_DEVICE,
    OVERUSE,
    PREEMPTED,
    RUN_ENDED,
    Decision,
    Lease,
    LeaseState,
    Origin,
    RunId,
    WaitingRequest,
    run_of,
)
from resources.gpu.requests.errors import OverQuota
from resources.gpu.resource import instance_key, requested, root_of
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import kill_remains, remains_of
from resources.runs.admission import admit, reassert
from resources.terms import Actor

END_GRACE = timedelta(seconds=20)
"""How long a process may take to end after its run has ended, or was cancelled."""
START_GRACE = timedelta(seconds=60)
"""How long a worker may take from the claim until it reports."""
STEP_GRACE = timedelta(seconds=15)
"""How long what one process does in one go may take: from submission to queue, from dequeue to claim."""
HALF_SUBMITTED_GRACE = timedelta(minutes=5)
"""How long a run may exist that the ledger does not know: one that runs past the queue may start slowly."""
CHECKPOINT_GRACE = timedelta(seconds=10)
"""How long a run that makes room has to write a checkpoint."""
LOCK_TIMEOUT_S = 10.0
RUN_KEY_TAG = "dagster/run_key"
IN_PROGRESS = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED]


def reconcile(
    instance: DagsterInstance, service: GpuService, actor: Actor, *, clock: Clock = utc_now
) -> list[Decision]:
    """One pass. Returns the decisions about what waits; empty where another pass is under way."""
    lock_file = Home.from_environment().run / "reconcile.lock"
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock_file, timeout=LOCK_TIMEOUT_S):
            return Pass(instance, service, actor, clock()).run()
    except Timeout:
        return []


class Pass:
    """One pass over one Dagster instance, at one moment."""

    def __init__(self, instance: DagsterInstance, service: GpuService, actor: Actor, now: datetime) -> None:
        self._instance = instance
        self._service = service
        self._actor = actor
        self._now = now
        self._key = instance_key(instance)

    def run(self) -> list[Decision]:
        """All rules, in their order."""
        queued = self._instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.QUEUED]))
        waiting = [one for one in self._service.waiting() if one.instance == self._key]
        known = {one.run_id for one in waiting}
        for run in queued:
            if run.run_id not in known:
                self._submit_unknown(run)
        for request in waiting:
            self._check_request(request)
        self._service.tend_devices(self._actor)
        self._fail_half_submitted()
        for lease in self._service.live_leases():
            if lease.instance == self._key and lease.origin is Origin.QUEUE:
                self._check_lease(lease)
            elif lease.origin is Origin.DIRECT and lease.stop_for is not None:
                self._end_direct(lease)
        self._service.free_dead_holders(self._actor)
        self._service.note_alive()
        for run in self._instance.get_runs(RunsFilter(statuses=IN_PROGRESS)):
            self._check_without_lease(run)
        self._free_foreign()
        decisions = admit(self._instance, self._service, self._actor)
        for run in queued:
            fresh = self._instance.get_run_by_id(run.run_id)
            if fresh is not None and fresh.status is DagsterRunStatus.QUEUED:
                reassert(self._instance, self._service, fresh)
        return decisions

    def _submit_unknown(self, run: DagsterRun) -> None:
        run_id = RunId(run.run_id)
        asked = self._service.newest_request(run_id)
        if asked is not None:
            # In the queue after it had left the line, as a launch that crosses a cancellation leaves it.
            if not self._has_lease(run_id, asked) and self._is_still(run, DagsterRunStatus.QUEUED):
                self._service.try_again(run_id, asked.attempt, reason="it is queued again", actor=self._actor)
            return
        try:
            asks = requested(run, self._instance)
            self._service.submit(
                run_id,
                asks.text,
                terms=asks.terms,
                owner=asks.owner,
                origin=Origin.QUEUE,
                instance=self._key,
                actor=self._actor,
                root=root_of(run),
            )
        except (BadInput, OverQuota) as refusal:
            self._instance.report_run_failed(run, f"Refused: {refusal}")

    def _fail_half_submitted(self) -> None:
        """R1. Who launched such a run was told of an error, or was killed; nobody submits it any more."""
        created = RunsFilter(
            statuses=[DagsterRunStatus.NOT_STARTED], created_before=self._now - HALF_SUBMITTED_GRACE
        )
        for run in self._instance.get_runs(created):
            if RUN_KEY_TAG in run.tags or self._service.newest_request(RunId(run.run_id)) is not None:
                continue
            if self._is_still(run, DagsterRunStatus.NOT_STARTED):
                self._instance.report_run_failed(run, "Its submission was cut short. Launch it again.")

    def _check_request(self, request: WaitingRequest) -> None:
        if request.origin is not Origin.QUEUE:
            return
        run = self._instance.get_run_by_id(request.run_id)
        if run is None or run.is_finished:
            self._service.withdraw(request.run_id, reason="its run is over", actor=self._actor)
        elif run.status is DagsterRunStatus.NOT_STARTED:
            self._finish_submission(run, request.submitted_at)

    def _check_lease(self, lease: Lease) -> None:
        run = self._instance.get_run_by_id(lease.run_id)
        if run is None or run.is_finished:
            self._after_the_end(lease, run)
        elif lease.state is LeaseState.GRANTED and lease.stop_for is not None:
            self._take_grant_back(lease, run)
        elif lease.state is LeaseState.GRANTED:
            self._check_granted(lease, run)
        elif run.status is DagsterRunStatus.QUEUED:
            # Putting it back was cut short after the run was queued.
            why = DIED if lease.stop_for is None else _why_it_stops(lease)
            _give_back(self._service, lease, why, self._actor)
        elif self._worker_lives(lease):
            if lease.stop_for is not None and run.status is DagsterRunStatus.STARTED:
                self._make_room(lease, run)
            self._check_cancelling(lease, run)
        elif run.status is DagsterRunStatus.CANCELING:
            if self._is_still(run, DagsterRunStatus.CANCELING) and self._end_remains(lease):
                self._instance.report_run_canceled(run)
                self._release(lease, "cancelled")
        elif lease.stop_asked_at is not None:
            put_back(self._instance, self._service, run, lease, _why_it_stops(lease), self._actor)
        else:
            self._take_up_again(lease, run)

    def _after_the_end(self, lease: Lease, run: DagsterRun | None) -> None:
        if lease.state is LeaseState.GRANTED:
            self._service.withdraw(lease.run_id, reason="its run is over", actor=self._actor)
        elif lease.holder is None:
            # Nobody reported: a worker that starts now finds its lease gone and ends.
            self._release(lease, "its run is over")
        elif not self._group_lives(lease):
            self._release(lease, RUN_ENDED)
        elif (run is None or self._unchanged_for(run, END_GRACE)) and self._end_remains(lease):
            self._release(lease, "the run ended; what was left of its processes was killed")

    def _check_granted(self, lease: Lease, run: DagsterRun) -> None:
        if run.status is DagsterRunStatus.NOT_STARTED:
            self._finish_submission(run, lease.granted_at)
        elif run.status is DagsterRunStatus.STARTING and self._unchanged_for(run, STEP_GRACE):
            self._enqueue(run, "its launch was cut short")

    def _take_grant_back(self, lease: Lease, run: DagsterRun) -> None:
        """R8. Nothing runs yet: closing the gate is enough."""
        self._instance.add_run_tags(run.run_id, {tags.ADMISSION: tags.PENDING, tags.DEVICES: ""})
        why = _why_it_stops(lease)
        self._service.try_again(lease.run_id, lease.attempt, reason=why, actor=self._actor, seen=lease)

    def _make_room(self, lease: Lease, run: DagsterRun) -> None:
        """R8. Ask once for a checkpoint; who has not ended by the end of the grace is put back."""
        if lease.stop_asked_at is None:
            if lease.holder is None:
                return  # it is being started; its worker reports within seconds
            reason = lease.stop_reason or ""
            self._instance.report_engine_event(
                f"Makes room ({reason}) It has {CHECKPOINT_GRACE.seconds} s for a checkpoint.", run
            )
            with suppress(ProcessLookupError):
                os.kill(lease.holder.pid, making_room.SIGNAL)
            self._service.ask_to_stop(lease.run_id, lease.attempt)
        elif self._is_over(lease.stop_asked_at, CHECKPOINT_GRACE):
            put_back(self._instance, self._service, run, lease, _why_it_stops(lease), self._actor)

    def _end_direct(self, lease: Lease) -> None:
        """R8. A run past the queue cannot be put back: its process is asked to end, and the run fails.

        Of whatever instance: that of a run in memory has no pass of its own. What does not listen is killed.
        """
        if lease.stop_asked_at is not None:
            if self._is_over(lease.stop_asked_at, END_GRACE):
                self._end_remains(lease)
            return
        self._service.ask_to_stop(lease.run_id, lease.attempt)
        run = self._instance.get_run_by_id(run_of(lease.run_id))
        if run is not None and not run.is_finished:
            self._instance.report_engine_event(f"Is asked to end. {lease.stop_reason}", run)
        if lease.holder is not None and lease.holder.is_alive():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(lease.holder.pid, signal.SIGTERM)

    def _finish_submission(self, run: DagsterRun, since: datetime) -> None:
        if self._is_over(since, STEP_GRACE):
            self._enqueue(run, "its submission was cut short")

    def _enqueue(self, run: DagsterRun, reason: str) -> None:
        self._instance.report_engine_event(f"Put in the queue: {reason}.", run)
        self._instance.report_dagster_event(DagsterEvent.job_enqueue(run), run_id=run.run_id)

    def _unchanged_for(self, run: DagsterRun, grace: timedelta) -> bool:
        record = self._instance.get_run_record_by_id(run.run_id)
        return record is None or self._is_over(record.update_timestamp, grace)

    def _is_over(self, since: datetime, grace: timedelta) -> bool:
        """Whether a grace is over; also where it began in what is the future by a clock that was set back."""
        return abs(self._now - since) > grace

    def _check_cancelling(self, lease: Lease, run: DagsterRun) -> None:
        if run.status is not DagsterRunStatus.CANCELING or not self._unchanged_for(run, END_GRACE):
            return
        if self._end_remains(lease) and self._is_still(run, DagsterRunStatus.CANCELING):
            self._instance.report_run_canceled(run, "Cancelled: its processes did not end and were killed.")
            self._release(lease, "cancelled and killed")

    def _take_up_again(self, lease: Lease, run: DagsterRun) -> None:
        """R4 and R5. The gate is closed first and the run queued before anything is killed or released."""
        limit = getattr(self._instance.run_launcher, "max_attempts", 1)
        fresh = self._instance.get_run_by_id(run.run_id)
        if fresh is None or fresh.is_finished:
            return  # it ended well between our two looks; the next pass gives its devices back
        deaths = self._service.deaths(lease.run_id) + 1
        if deaths >= limit:
            if not self._end_remains(lease):
                return
            self._instance.report_run_failed(
                run,
                f"The process of this run died {deaths} times. Look into its log, mend the cause (often "
                "memory), then re-execute it.",
            )
            self._release(lease, f"{DIED}; no attempt is left")
            return
        put_back(self._instance, self._service, run, lease, DIED, self._actor)

    def _check_without_lease(self, run: DagsterRun) -> None:
        """R7, and a run of the queue whose lease somebody else has given back."""
        run_id = RunId(run.run_id)
        asked = self._service.newest_request(run_id)
        if asked is None or self._has_lease(run_id, asked):
            return
        lease = self._service.newest_lease(run_id)
        if lease is not None and lease.attempt != asked.attempt:
            lease = None
        holder = asked.holder if lease is None else lease.holder
        if (holder is not None and holder.is_alive()) or not self._is_still(run, run.status):
            return
        if asked.origin is Origin.DIRECT:
            self._fail_if_gone(run, asked, lease)
        elif (
            lease is not None and lease.state is LeaseState.RELEASED and self._unchanged_for(run, STEP_GRACE)
        ):
            put_back(self._instance, self._service, run, lease, DIED, self._actor)

    def _fail_if_gone(self, run: DagsterRun, asked: WaitingRequest, lease: Lease | None) -> None:
        """R7. Only if a process was found dead: a step that has its own ends well, and the run goes on.

        Not at once either: who runs the step may try it again.
        """
        if (asked.reason if lease is None else lease.release_reason) != GONE:
            return
        since = None if lease is None else lease.released_at
        if self._unchanged_for(run, END_GRACE) if since is None else self._is_over(since, END_GRACE):
            self._instance.report_run_failed(
                run, "The process of this run was killed. Its devices are given back; start it again."
            )

    def _free_foreign(self) -> None:
        """Devices that a run of another Dagster instance held, when that run's processes are gone.

        That instance, should it start again, finds its run without a lease and takes it up.
        """
        for lease in self._service.live_leases():
            if lease.instance == self._key or lease.origin is not Origin.QUEUE:
                continue
            since = lease.claimed_at or lease.granted_at
            if (
                self._is_over(since, START_GRACE)
                and not self._worker_lives(lease)
                and not self._group_lives(lease)
            ):
                self._release(lease, "its process is gone, and so is its Dagster instance")

    def _has_lease(self, run_id: RunId, asked: WaitingRequest) -> bool:
        lease = self._service.newest_lease(run_id)
        live = lease is not None and lease.state is not LeaseState.RELEASED
        return live and lease is not None and lease.attempt == asked.attempt

    def _is_still(self, run: DagsterRun, status: DagsterRunStatus) -> bool:
        fresh = self._instance.get_run_by_id(run.run_id)
        return fresh is not None and fresh.status is status

    def _worker_lives(self, lease: Lease) -> bool:
        if lease.holder is not None:
            return lease.holder.is_alive()
        # Claimed, and not reported yet: give the launch its time, unless the launcher itself is dead.
        claimed_at = lease.claimed_at or lease.granted_at
        launcher_lives = lease.claimer is not None and lease.claimer.is_alive()
        return launcher_lives and not self._is_over(claimed_at, START_GRACE)

    def _group_lives(self, lease: Lease) -> bool:
        return lease.holder is not None and bool(remains_of(lease.holder, *marks_of(lease)))

    def _end_remains(self, lease: Lease) -> bool:
        return lease.holder is None or kill_remains(lease.holder, *marks_of(lease))

    def _release(self, lease: Lease, reason: str) -> None:
        self._service.release(lease.run_id, lease.attempt, reason=reason, actor=self._actor)


def put_back(
    instance: DagsterInstance,
    service: GpuService,
    run: DagsterRun,
    lease: Lease,
    reason: str,
    actor: Actor,
) -> None:
    """Put a run that holds a lease back in the queue, in place, and end what is left of its processes.

    The order matters: the gate is closed first, else the daemon relaunches at once; the run is QUEUED before
    its processes are killed, else monitoring could fail it; the devices go last, when the processes are dead.
    A worker that is killed must not see SIGTERM: it would report the run as failed.
    """
    instance.add_run_tags(run.run_id, {tags.ADMISSION: tags.PENDING, tags.DEVICES: ""})
    instance.report_engine_event(
        f"Back to the queue after attempt {lease.attempt}: {reason}. It goes on from its last checkpoint.",
        run,
    )
    instance.report_dagster_event(DagsterEvent.job_enqueue(run), run_id=run.run_id)
    _give_back(service, lease, reason, actor)


def _give_back(service: GpuService, lease: Lease, reason: str, actor: Actor) -> None:
    if lease.holder is not None and not kill_remains(lease.holder, *marks_of(lease)):
        return  # it hangs in the kernel and still has the devices; the next pass tries again
    service.try_again(lease.run_id, lease.attempt, reason=reason, actor=actor, seen=lease)


def _why_it_stops(lease: Lease) -> str:
    whom = lease.stop_for or ""
    if whom.startswith(ILL):
        return ILL_DEVICE
    return EVICTED if whom.startswith(OVERUSE) else PREEMPTED
