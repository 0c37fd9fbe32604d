"""What a decision is about: jobs that wait, jobs that run, what is kept for whom; and the decisions.

Pure values. A *job* is one attempt of a run, or a lease without one, as the policy sees it. Times are seconds
on one clock (``now_s``), shares are thousandths of a device, nodes and devices are indexes of the cluster.
"""

from dataclasses import dataclass, replace
from typing import NewType

from resources.gpu.model import Owner
from resources.gpu.placement.model import Placement, Shape, Span
from resources.gpu.policy.history import Groups
from resources.gpu.policy.reason import Reason

JobId = NewType("JobId", str)
"""A run, or a lease without one. Only one attempt of a run waits or runs at a time."""
LEASE, RESERVATION, DRAIN = "lease:", "reservation:", "drain:"
"""Before the name of what is no run and stands where the id of a run does."""
LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Affinity:
    """Where a job may stand."""

    labels: frozenset[tuple[str, str]] = frozenset()
    """Labels, as name and value, that each of its nodes has to have."""
    near: str | None = None
    """Only on nodes on which a job of this group runs, once there is one."""
    apart: str | None = None
    """Never on a node on which another job of this group runs."""

    @property
    def is_free(self) -> bool:
        """Whether any node will do."""
        return not self.labels and self.near is None and self.apart is None


ANYWHERE = Affinity()


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt that asks for devices."""

    id: JobId
    owner: Owner
    shape: Shape
    span: Span = Span.NODE
    priority: int = 0
    """Higher goes first within its project."""
    preemptible: bool = False
    """Whether it goes on from a checkpoint after it was stopped."""
    max_runtime_s: float | None = None
    """How long it will run at most, as declared; None: not declared."""
    submitted_at_s: float = 0.0
    queued_since_s: float = 0.0
    """Since when it waits, after its last stop."""
    attained_gpu_s: float = 0.0
    """Device-seconds it was served before, over all attempts."""
    evictions: int = 0
    """How often it was stopped for others."""
    evicted_at_s: float | None = None
    made_room_for: frozenset[str] = frozenset()
    """For whom it was stopped before; it is not stopped for any of them again."""
    groups: Groups = ()
    """Of like jobs, the widest first, as :mod:`resources.gpu.policy.history` counts them."""
    group: str = ""
    affinity: Affinity = ANYWHERE
    reservation: str | None = None
    """The advance reservation that it may use."""
    needs_launcher: bool = True
    """Whether something is to be started where its devices are; not for a lease without a run."""

    @property
    def project(self) -> str:
        """Whose turn it is."""
        return self.owner.project

    @property
    def units_milli(self) -> int:
        """What is charged: devices times share."""
        return self.shape.devices * self.shape.milli


@dataclass(frozen=True, slots=True)
class Running:
    """A job that holds devices."""

    job: Job
    placement: Placement
    started_at_s: float
    stopping_for: JobId | None = None
    """Set once it was told to make room, until its processes are gone."""
    reservation: str | None = None

    def attained_gpu_s(self, now_s: float) -> float:
        """Device-seconds it has been served so far."""
        return self.job.attained_gpu_s + (now_s - self.started_at_s) * self.job.units_milli / 1000

    def back_in_line(self, now_s: float) -> Job:
        """The job as it waits again, once it has made room for another."""
        for_whom = () if self.stopping_for is None else (self.stopping_for,)
        return replace(
            self.job,
            queued_since_s=now_s,
            attained_gpu_s=self.attained_gpu_s(now_s),
            evictions=self.job.evictions + 1,
            evicted_at_s=now_s,
            made_room_for=self.job.made_room_for.union(for_whom),
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """Devices kept for a job until those that make room for it are gone."""

    job: JobId
    shape: Shape
    placement: Placement
    victims: frozenset[JobId]
    since_s: float


@dataclass(frozen=True, slots=True)
class Reservation:
    """Devices set aside in advance for a project, or one user in it."""

    id: str
    project: str
    user: str | None
    shape: Shape
    span: Span
    placement: Placement
    starts_at_s: float
    ends_at_s: float

    @property
    def holder(self) -> JobId:
        """Under which it stands among jobs: no run and no lease has such a name."""
        return JobId(f"{RESERVATION}{self.id}")

    def is_for(self, job: Job) -> bool:
        """Whether ``job`` may use it."""
        return job.project == self.project and self.user in (None, job.owner.user)


@dataclass(frozen=True, slots=True)
class Drain:
    """Devices from which jobs that can stop go at once, so that they can be looked after."""

    target: str
    """The device or the node, as people name it."""
    places: frozenset[tuple[int, int]]
    """Node and device."""

    @property
    def holder(self) -> JobId:
        """For whom jobs make room, in the words of the ledger."""
        return JobId(f"{DRAIN}{self.target}"[:LONGEST_ID])


@dataclass(frozen=True, slots=True)
class Grant:
    """The job gets these devices now."""

    job: JobId
    placement: Placement
    reason: Reason
    reservation: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """The job goes on waiting."""

    job: JobId
    reason: Reason
    kept: Placement = ()
    """Where what is free is kept for it."""
    starts_at_s: float | None = None
    """When it is expected to start, where declared times tell."""


@dataclass(frozen=True, slots=True)
class Preempt:
    """The victims stop at a checkpoint and go back to the queue; their devices are kept for the job."""

    job: JobId
    victims: tuple[JobId, ...]
    placement: Placement
    reason: Reason


@dataclass(frozen=True, slots=True)
class Move:
    """A job stops at a checkpoint and goes on elsewhere, so that a larger one has a place."""

    job: JobId
    placement: Placement
    for_job: JobId
    reason: Reason


Decision = Grant | Wait | Preempt | Move


@dataclass(frozen=True, slots=True)
class Settings:
    """How the policy weighs. The values hold for all, whatever the cluster."""

    min_runtime_s: float = 600.0
    """A job that was started is left alone for so long."""
    cool_down_s: float = 1800.0
    """A job that was stopped for others is not stopped again for so long after it came back."""
    most_evictions: int = 20
    """A job that was stopped so often is left alone from then on."""
    keep_after_s: float = 300.0
    """Once the first in line has waited for so long, what is free is kept for it."""
    reserve_ahead_s: float = 86_400.0
    """So long before an advance reservation nothing begins on its devices that has not declared an end."""
    moves_per_job: float = 0.05
    """How many moves each started job allows in the long run, to make places in one piece; 0: none."""
