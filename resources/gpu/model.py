"""The values of GPU arbitration: requests, leases, and the decisions about them."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.placement.model import WHOLE_MILLI, Span
from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.reason import Reason
from resources.gpu.requests.model import GpuRequest
from resources.process import ProcessIdentity
from resources.terms import Actor

RunId = NewType("RunId", str)
Attempt = NewType("Attempt", int)
"""Which try of a run, from 1: a run whose worker died goes on as the next attempt."""

RUN_ENDED = "the run ended"
"""Why a lease was given back whose run came to its own end."""
DIED = "its process died"
"""Why a lease was given back whose run's process was killed or crashed."""
PREEMPTED = "it made room for another run"
GIVEN_BACK = "its owner gave it back"
TIME_OVER = "its time is over"
"""Why a lease without a run ended."""
EVICTED = "it was stopped because it used more than its lease"
ILL_DEVICE = "a device of it was out of order"
OVERUSE = "overuse:"
"""Before a rule of overuse: what stands where the run would that a stopped one makes room for."""
ILL = "device:"
"""Before a device: the same of one that is out of order."""
STEP_DONE = "its step is done with it"
"""Why a second lease was given back whose block was over."""
GONE = "its process is gone"
"""Why a lease was given back of a direct run, which waits and runs in its own process, and died."""


SECOND = "+"
"""Stands in the id of a second lease, after that of its run; no run's own id has it."""


def second_id(within: RunId) -> RunId:
    """A new id under which a step asks for a lease of its own; ``within``: of its run, or of the second lease
    in whose block it asks.
    """
    return RunId(f"{within}{SECOND}{secrets.token_hex(4)}")


def run_of(run_id: RunId) -> RunId:
    """The run that a lease belongs to: itself, but for a second lease."""
    return RunId(run_id.partition(SECOND)[0])


def outer_of(run_id: RunId) -> tuple[RunId, ...]:
    """The leases that a second lease is nested in, that of its run first; none for a run."""
    parts = run_id.split(SECOND)
    return tuple(RunId(SECOND.join(parts[:count])) for count in range(1, len(parts)))


class Origin(StrEnum):
    """How a run came to us."""

    QUEUE = "queue"
    """Through the run coordinator: it waits as a row."""
    DIRECT = "direct"
    """Past it (``dagster asset materialize``): its own process waits."""
    MANUAL = "manual"
    """A lease without a run (``trainplat gpu allocate``): it has a name, and ends at its time."""


@dataclass(frozen=True)
class Owner:
    """On whose behalf a run asks."""

    project: str
    user: str


class Overuse(StrEnum):
    """What a run declares to be done when it goes on using more than its lease."""

    LEAVE = "leave"
    """It is warned and goes on."""
    RESIZE = "resize"
    """Its lease grows, where there is room."""
    EVICT = "evict"
    """It writes a checkpoint and goes back to the queue."""


@dataclass(frozen=True)
class Terms:
    """What a run says besides its devices. Each has a run tag of its name."""

    priority: int = 0
    """The higher goes first in its project."""
    preemptible: bool = False
    """Whether it goes on from a checkpoint when it is stopped for others."""
    max_runtime_s: float | None = None
    """It declares that it runs no longer."""
    cpu_milli: int = 0
    """Thousandths of cores that it needs for itself; 0 takes its share of those that nobody asked for."""
    host_memory_mib: int = 0
    """The same of main memory."""
    span: Span = Span.NODE
    """How far apart its devices may lie."""
    group: str = ""
    """By which others stand near it or apart from it."""
    near: str = ""
    apart: str = ""
    nodes: tuple[tuple[str, str], ...] = ()
    """Labels that its nodes have to have."""
    overuse: Overuse | None = None
    """None: what its project declares."""


NO_TERMS = Terms()


@dataclass(frozen=True)
class WaitingRequest:
    """A request that has no devices yet."""

    run_id: RunId
    attempt: Attempt
    request: GpuRequest
    owner: Owner
    origin: Origin
    instance: str
    """The Dagster instance that the run belongs to."""
    submitted_at: datetime
    rule: str | None = None
    reason: str | None = None
    """Why it waits, as decided last."""
    holder: ProcessIdentity | None = None
    """The waiting process of a direct run."""
    terms: Terms = NO_TERMS
    queued_at: datetime | None = None
    """Since when it waits, after its last stop; None: since it was submitted."""
    attained_gpu_s: float = 0.0
    """Device-seconds that earlier attempts were served."""
    evictions: int = 0
    """How often it was stopped for others."""
    evicted_at: datetime | None = None
    made_room_for: tuple[RunId, ...] = ()
    """For whom it was stopped before; it is not stopped for any of them again."""
    expected_at: datetime | None = None
    """When it will start, as far as declared runtimes tell."""
    why: Reason | None = None
    """The reason as values, which can be said in another language."""
    batch: str = ""
    """Those that were submitted together with it; empty: not known."""


Held = tuple[tuple[Resource, int], ...]
"""What a lease holds: thousandths of devices by flavour, in the order of the flavours' names."""


@dataclass(frozen=True)
class Ask:
    """What a run asks for, in its own words."""

    run_id: RunId
    text: str
    owner: Owner
    origin: Origin
    instance: str
    terms: Terms = NO_TERMS
    holder: ProcessIdentity | None = None
    root: RunId | None = None
    """The first of the runs that this one executes again; None for one that does not."""


class LeaseState(StrEnum):
    """The life of a lease."""

    GRANTED = "granted"
    """The devices are held for the run; nothing runs yet."""
    CLAIMED = "claimed"
    """A launcher, or the run's own process, has taken it up. Happens once."""
    RELEASED = "released"


@dataclass(frozen=True)
class Lease:
    """The right of one attempt of a run to use its devices."""

    run_id: RunId
    attempt: Attempt
    devices: tuple[DeviceId, ...]
    request: GpuRequest
    owner: Owner
    origin: Origin
    instance: str
    state: LeaseState
    granted_at: datetime
    claimed_at: datetime | None = None
    claimer: ProcessIdentity | None = None
    """Who claimed it: the daemon that launches the run."""
    holder: ProcessIdentity | None = None
    """The run's own process, once it has said that it lives."""
    released_at: datetime | None = None
    release_reason: str | None = None
    terms: Terms = NO_TERMS
    submitted_at: datetime | None = None
    attained_gpu_s: float = 0.0
    evictions: int = 0
    evicted_at: datetime | None = None
    made_room_for: tuple[RunId, ...] = ()
    """For whom it was stopped before; it is not stopped for any of them again."""
    stop_for: RunId | None = None
    """For whom it makes room; None while it may stay."""
    stop_reason: str | None = None
    stop_asked_at: datetime | None = None
    """When its process was asked for a checkpoint."""
    expires_at: datetime | None = None
    """When a lease without a run ends; None for that of a run, which ends with its processes."""
    heartbeat_at: datetime | None = None
    """When a process of it was last seen alive."""
    held: Held = ()
    """What counts as used while it lasts."""
    batch: str = ""

    @property
    def milli(self) -> int:
        """Thousandths of each of its devices."""
        return self.request.milli


@dataclass(frozen=True)
class Kept:
    """Devices that are kept for a run until those that make room for it are gone."""

    run_id: RunId
    devices: tuple[DeviceId, ...]
    victims: tuple[RunId, ...]
    since: datetime


@dataclass(frozen=True)
class Drained:
    """A device, or a node with all of its devices, on which nothing new begins."""

    target: str
    """The id of the device or the node."""
    reason: str
    """In the words of who drained it; may be empty."""
    evict: bool
    """Whether what can stop on it makes room now."""
    since: datetime
    actor: Actor

    def covers(self, device: Device) -> bool:
        """Whether it holds for ``device``."""
        return self.target in (device.id, device.node)


@dataclass(frozen=True)
class Reserved:
    """Devices that are set aside in advance."""

    id: str
    project: str
    user: str | None
    """None: for everybody in the project."""
    devices: tuple[DeviceId, ...]
    starts_at: datetime
    ends_at: datetime
    milli: int = WHOLE_MILLI
    """Thousandths of each device."""
    terms: Terms = NO_TERMS
    """CPUs, memory and span that go with them."""
    memory_mib: int = 0
    """Device memory of each, of a share."""
    text: str = ""
    """The request, as it was written."""
    actor: Actor | None = None
    """Who reserved."""

    def overlaps(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether it holds at some moment of that time."""
        return self.starts_at < ends_at and starts_at < self.ends_at


@dataclass(frozen=True)
class Grant:
    """The request gets these devices now."""

    run_id: RunId
    attempt: Attempt
    devices: tuple[DeviceId, ...]
    rule: str
    reason: str
    """In English; its values are in the record of decisions."""
    held: Held = ()


@dataclass(frozen=True)
class Wait:
    """The request goes on waiting."""

    run_id: RunId
    attempt: Attempt
    rule: str
    reason: str
    expected_at: datetime | None = None
    """When it will start, where declared runtimes tell."""
    place: int = 0
    """Its place among those that go on waiting, from 1."""


@dataclass(frozen=True)
class Stop:
    """A run that holds devices makes room: it stops at a checkpoint and goes back to the queue."""

    run_id: RunId
    attempt: Attempt
    for_run: RunId
    rule: str
    reason: str

    @property
    def told(self) -> str:
        """What a lease keeps of it."""
        return f"{self.rule}: {self.reason}"


Decision = Grant | Wait | Stop


@dataclass(frozen=True)
class Offer:
    """How many requests would be granted now, by what is free or by others who make room."""

    count: int
    why: Reason | None = None
    """Why no more would be; None where all would."""


def granted_lease(waiting: WaitingRequest, grant: Grant, now: datetime) -> Lease:
    """The lease that a request becomes when it is granted."""
    return Lease(
        run_id=waiting.run_id,
        attempt=waiting.attempt,
        devices=grant.devices,
        request=waiting.request,
        owner=waiting.owner,
        origin=waiting.origin,
        instance=waiting.instance,
        state=LeaseState.GRANTED,
        granted_at=now,
        # A direct run has its process already; that of a queued run says so itself once it lives.
        holder=waiting.holder,
        submitted_at=waiting.submitted_at,
        expires_at=_expires_at(waiting, now),
        held=grant.held,
        terms=waiting.terms,
        attained_gpu_s=waiting.attained_gpu_s,
        evictions=waiting.evictions,
        evicted_at=waiting.evicted_at,
        made_room_for=waiting.made_room_for,
        batch=waiting.batch,
    )


def _expires_at(waiting: WaitingRequest, now: datetime) -> datetime | None:
    if waiting.origin is not Origin.MANUAL or waiting.terms.max_runtime_s is None:
        return None
    return now + timedelta(seconds=waiting.terms.max_runtime_s)
