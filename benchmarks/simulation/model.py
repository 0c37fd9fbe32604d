"""The values of a simulation: jobs, what a policy sees and answers, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from resources.gpu.placement.model import Shape
from resources.gpu.policy.history import Groups
from resources.gpu.policy.order import JobView


@dataclass(frozen=True)
class Job:
    """One job as a trace tells it."""

    id: str
    submitted_s: float
    duration_s: float
    """How long it runs on its devices. A policy does not see it."""
    gpus: int
    groups: Groups = ()
    project: str = ""
    priority: int = 0
    max_runtime_s: float | None = None
    """What it declares."""
    shape: Shape | None = None
    """What it asks for on one node, where that is more than a number of devices."""

    @property
    def wants(self) -> Shape:
        """What it asks for."""
        return self.shape or Shape(self.gpus)

    @property
    def service_gpu_s(self) -> float:
        """Device time in all."""
        return self.duration_s * self.gpus


@dataclass(frozen=True)
class Decision:
    """What a policy wants now."""

    start: Sequence[str] = ()
    stop: Sequence[str] = ()
    """These are stopped first."""
    look_again_s: float = float("inf")
    """When to ask again at the latest, though nothing arrived and nothing ended."""


class Policy(Protocol):
    """Who gets devices."""

    def arrived(self, job: JobView) -> None:
        """Told of each job before the decision at its arrival."""

    def ended(self, job: JobView, now_s: float) -> None:
        """Told of each job that ended."""

    def decide(
        self, waiting: Mapping[str, JobView], running: Mapping[str, JobView], free: int, now_s: float
    ) -> Decision:
        """Asked after each arrival, each end, and when it wanted to look again."""


@dataclass
class JobRecord:
    """What became of a job."""

    job: Job
    first_start_s: float | None = None
    end_s: float = 0.0
    evictions: int = 0
    served_gpu_s: float = 0.0
    """Device time in which it made progress."""
    held_gpu_s: float = 0.0
    """Device time that it held, restarts included."""

    @property
    def jct_s(self) -> float:
        """From submission to end."""
        return self.end_s - self.job.submitted_s

    @property
    def slowdown(self) -> float:
        """From submission to end, over what it takes on devices of its own."""
        return self.jct_s / self.job.duration_s


@dataclass
class Outcome:
    """What came of all jobs."""

    records: list[JobRecord] = field(default_factory=list)
    gpus: int = 0
    most_in_use: int = 0
    spread_starts: int = 0
    """Starts of gangs that one node could hold and that went over several."""

    @property
    def first_s(self) -> float:
        """The first submission."""
        return min(record.job.submitted_s for record in self.records)

    @property
    def makespan_s(self) -> float:
        """From the first submission to the last end."""
        return max(record.end_s for record in self.records) - self.first_s

    @property
    def preemptions(self) -> int:
        """Evictions of all jobs."""
        return sum(record.evictions for record in self.records)
