"""The arbiter itself on a trace: its own ``decide`` over its own ``State``, in simulated time.

What the policy decides is done as the ledger does it: a job that is told to stop keeps its devices for
``stop_s``, as for a checkpoint, and then waits again; one that goes on from a checkpoint makes no progress
for ``restart_s``. Passes are made when something came, ended or is gone, and every ``look_s`` while jobs
wait.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.simulation.claims import Claims
from benchmarks.simulation.model import Job, JobRecord, Outcome
from benchmarks.stack import say
from resources.gpu.model import Owner
from resources.gpu.placement.model import Span
from resources.gpu.policy.decide import decide
from resources.gpu.policy.model import Grant, JobId, Move, Preempt, Wait
from resources.gpu.policy.model import Job as PolicyJob
from resources.gpu.policy.order import next_change_s
from resources.gpu.policy.state import State
from resources.gpu.policy.views import view_of_running

AFTER_S = 1e-3
"""A moment after a bound: service that has reached it counts as beyond it in spite of rounding."""
WHOLE_MILLI = 1000


@dataclass(frozen=True)
class World:
    """What a stop and a start cost, and how often the arbiter looks."""

    stop_s: float = 30.0
    """From the word to stop until the devices are free."""
    restart_s: float = 60.0
    """Without progress after each start but the first."""
    look_s: float = 3600.0
    """Between two passes at most, while jobs wait."""
    least_look_s: float = 60.0
    """Between two passes at least, unless something came, ended or is gone."""


@dataclass
class Played(Outcome):
    """What came of all jobs, and of all claims."""

    moves: int = 0
    starts: int = 0
    passes: int = 0
    claims_s: list[float] = field(default_factory=list)
    """How long each claim of a project on its nominal quota lasted; 0 where devices were free."""


def play(jobs: Iterable[Job], state: State, world: World | None = None, *, told: str = "") -> Played:
    """Run all jobs to their ends. ``state`` is the cluster with its quotas, and nothing on it yet.

    ``told``: what people read beside how many jobs have ended, every tenth of them; empty: nothing.
    """
    ordered = sorted(jobs, key=lambda job: (job.submitted_s, job.id))
    return _Play(ordered, state, world or World(), told).run()


@dataclass
class _Run:
    record: JobRecord
    started_s: float
    restart_s: float
    ends_s: float


class _Play:
    def __init__(self, jobs: Sequence[Job], state: State, world: World, told: str) -> None:
        self._jobs = jobs
        self._told = told
        self._ended = 0
        self._state = state
        self._world = world
        self._records = {JobId(job.id): JobRecord(job) for job in jobs}
        self._left_s = {JobId(job.id): job.duration_s for job in jobs}
        self._running: dict[JobId, _Run] = {}
        self._events: list[tuple[float, str, JobId]] = []
        """Ends, and the moments at which those that were told to stop are gone."""
        self._played = Played(list(self._records.values()), state.devices_milli // WHOLE_MILLI)
        self._claims = Claims(state)
        self._now_s = 0.0

    def run(self) -> Played:
        arrived = 0
        look_s = float("inf")
        while arrived < len(self._jobs) or self._state.waiting or self._running:
            upcoming = [look_s]
            if arrived < len(self._jobs):
                upcoming.append(self._jobs[arrived].submitted_s)
            if self._events:
                upcoming.append(self._events[0][0])
            self._now_s = min(upcoming)
            while self._events and self._events[0][0] <= self._now_s:
                _, what, name = heapq.heappop(self._events)
                self._end(name) if what == "end" else self._gone(name)
            while arrived < len(self._jobs) and self._jobs[arrived].submitted_s <= self._now_s:
                self._arrive(self._jobs[arrived])
                arrived += 1
            if self._state.waiting:
                self._pass()
            look_s = self._look_again_s()
        self._played.claims_s = self._claims.ended_s
        return self._played

    def _look_again_s(self) -> float:
        """When what runs may be stopped or ranks otherwise, though nothing comes and nothing ends."""
        state, now_s = self._state, self._now_s
        if not state.waiting:
            return float("inf")
        times = [now_s + self._world.look_s]
        for one in state.running.values():
            view = view_of_running(one, now_s)
            times.append(next_change_s(view, now_s, state.history, state.order) + AFTER_S)
            times.append(one.started_at_s + state.settings.min_runtime_s)
            times.append((one.job.evicted_at_s or 0.0) + state.settings.cool_down_s)
        return max(min(time for time in times if time > now_s), now_s + self._world.least_look_s)

    def _arrive(self, job: Job) -> None:
        span = Span.NODES if job.gpus > 1 and job.shape is None else Span.NODE
        self._state.submit(
            PolicyJob(
                JobId(job.id),
                Owner(job.project, "user"),
                job.wants,
                span,
                priority=job.priority,
                preemptible=True,
                max_runtime_s=job.max_runtime_s,
                submitted_at_s=self._now_s,
                queued_since_s=self._now_s,
                groups=job.groups,
            )
        )

    def _pass(self) -> None:
        self._played.passes += 1
        self._claims.open(self._now_s)
        now_s = self._now_s
        for one in self._state.running.values():
            self._state.history.note(one.job.id, one.job.groups, one.attained_gpu_s(now_s))
        for made in decide(self._state, now_s):
            if isinstance(made, Wait):
                continue
            self._state.apply(made, now_s)
            if isinstance(made, Grant):
                self._start(made.job)
            elif isinstance(made, Preempt):
                for victim in made.victims:
                    heapq.heappush(self._events, (now_s + self._world.stop_s, "gone", victim))
            elif isinstance(made, Move):
                self._played.moves += 1
        in_use = self._played.gpus - sum(map(sum, self._state.cluster.free_milli)) // WHOLE_MILLI
        self._played.most_in_use = max(self._played.most_in_use, in_use)
        self._claims.close(now_s)

    def _start(self, name: JobId) -> None:
        record = self._records[name]
        restart_s = self._world.restart_s if record.first_start_s is not None else 0.0
        if record.first_start_s is None:
            record.first_start_s = self._now_s
            self._played.starts += 1
        ends_s = self._now_s + restart_s + self._left_s[name]
        self._running[name] = _Run(record, self._now_s, restart_s, ends_s)
        heapq.heappush(self._events, (ends_s, "end", name))

    def _end(self, name: JobId) -> None:
        run = self._running.get(name)
        if run is None or run.ends_s > self._now_s:
            return  # it was stopped before
        self._take_off(run)
        run.record.end_s = self._now_s
        run.record.served_gpu_s = run.record.job.service_gpu_s
        one = self._state.running[name]
        self._state.history.end(name, one.job.groups, one.attained_gpu_s(self._now_s))
        self._state.end(name, self._now_s)
        del self._running[name]
        self._ended += 1
        if self._told and self._ended % max(1, len(self._jobs) // 10) == 0:
            say(f"{self._told}: {self._ended} of {len(self._jobs)} jobs have ended")

    def _gone(self, name: JobId) -> None:
        """It was told to stop, and its processes are gone, unless it ended by itself before."""
        run = self._running.get(name)
        one = self._state.running.get(name)
        if run is None or one is None or one.stopping_for is None:
            return
        self._take_off(run)
        ran_s = self._now_s - run.started_s - run.restart_s
        self._left_s[name] -= max(ran_s, 0.0)
        run.record.evictions += 1
        again = one.back_in_line(self._now_s)
        self._state.end(name, self._now_s, again=again)
        del self._running[name]

    def _take_off(self, run: _Run) -> None:
        run.record.held_gpu_s += (self._now_s - run.started_s) * run.record.job.gpus
