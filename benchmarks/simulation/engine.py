"""Discrete events: arrivals, ends, and the moments at which the policy wants to look again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from benchmarks.simulation.model import Decision, Job, JobRecord, Outcome, Policy
from benchmarks.simulation.nodes import Nodes, Places
from resources.gpu.policy.order import JobView

DONE_S = 1e-6
"""Work of less than this is rounding."""


@dataclass
class _Run:
    record: JobRecord
    places: Places
    started_s: float
    restart_left_s: float
    work_left_s: float


def simulate(jobs: Iterable[Job], policy: Policy, *, gpus: int, restart_s: float = 0.0) -> Outcome:
    """Run all jobs to their ends. ``restart_s`` is lost each time that an evicted job gets devices again."""
    return _Simulation(sorted(jobs, key=lambda job: (job.submitted_s, job.id)), policy, gpus, restart_s).run()


class _Simulation:
    def __init__(self, jobs: list[Job], policy: Policy, gpus: int, restart_s: float) -> None:
        self._jobs = jobs
        self._policy = policy
        self._restart_s = restart_s
        self._nodes = Nodes(gpus)
        self._waiting: dict[str, JobView] = {}
        self._running: dict[str, _Run] = {}
        self._records = {job.id: JobRecord(job) for job in jobs}
        self._outcome = Outcome(list(self._records.values()), gpus)
        self._now_s = 0.0

    def run(self) -> Outcome:
        arrived = 0
        look_again_s = float("inf")
        while arrived < len(self._jobs) or self._waiting or self._running:
            times = [self._now_s + run.restart_left_s + run.work_left_s for run in self._running.values()]
            times.append(look_again_s)
            if arrived < len(self._jobs):
                times.append(self._jobs[arrived].submitted_s)
            upcoming_s = min(times)
            if upcoming_s == float("inf"):
                raise RuntimeError(
                    f"{len(self._waiting)} jobs wait and nothing will happen; expected a start"
                )
            self._advance(max(upcoming_s, self._now_s))
            while arrived < len(self._jobs) and self._jobs[arrived].submitted_s <= self._now_s:
                self._arrive(self._jobs[arrived])
                arrived += 1
            running = {name: self._view(run) for name, run in self._running.items()}
            decision = self._policy.decide(self._waiting, running, self._nodes.free, self._now_s)
            self._apply(decision, running)
            look_again_s = max(decision.look_again_s, self._now_s + DONE_S)
        return self._outcome

    def _advance(self, to_s: float) -> None:
        passed_s = to_s - self._now_s
        self._now_s = to_s
        for name, run in list(self._running.items()):
            restarting_s = min(run.restart_left_s, passed_s)
            run.restart_left_s -= restarting_s
            run.work_left_s -= passed_s - restarting_s
            gpus = run.record.job.gpus
            run.record.held_gpu_s += passed_s * gpus
            if run.restart_left_s <= 0.0 and run.work_left_s <= DONE_S:
                run.record.served_gpu_s = run.record.job.service_gpu_s
                run.record.end_s = to_s
                self._nodes.give_back(run.places)
                del self._running[name]
                self._policy.ended(self._view(run), to_s)

    def _arrive(self, job: Job) -> None:
        view = JobView(
            job.id,
            job.gpus * 1000,
            job.submitted_s,
            groups=job.groups,
            priority=job.priority,
            max_runtime_s=job.max_runtime_s,
        )
        self._waiting[job.id] = view
        self._policy.arrived(view)

    def _apply(self, decision: Decision, running: dict[str, JobView]) -> None:
        for name in decision.stop:
            run = self._running.pop(name)
            run.record.evictions += 1
            self._nodes.give_back(run.places)
            self._waiting[name] = replace(running[name], started_at_s=None, evictions=run.record.evictions)
        for name in decision.start:
            view = self._waiting.pop(name)
            record = self._records[name]
            again = record.first_start_s is not None
            record.first_start_s = record.first_start_s if again else self._now_s
            places = self._nodes.take(record.job.gpus)
            if len(places) > 1 and record.job.gpus <= 8:
                self._outcome.spread_starts += 1
            work_s = record.job.duration_s - view.attained_gpu_s / record.job.gpus
            restart_s = self._restart_s if again else 0.0
            self._running[name] = _Run(record, places, self._now_s, restart_s, work_s)
        in_use = self._outcome.gpus - self._nodes.free
        self._outcome.most_in_use = max(self._outcome.most_in_use, in_use)

    def _view(self, run: _Run) -> JobView:
        job = run.record.job
        attained_gpu_s = (job.duration_s - max(run.work_left_s, 0.0)) * job.gpus
        return JobView(
            job.id,
            job.gpus * 1000,
            job.submitted_s,
            attained_gpu_s,
            job.groups,
            job.priority,
            job.max_runtime_s,
            run.started_s,
            run.record.evictions,
        )
