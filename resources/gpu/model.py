"""The values of GPU arbitration: requests, leases, and the decisions about them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.requests.model import GpuRequest
from resources.process import ProcessIdentity

RunId = NewType("RunId", str)
Attempt = NewType("Attempt", int)
"""Which try of a run, from 1: a run whose worker died goes on as the next attempt."""


class Origin(StrEnum):
    """How a run came to us."""

    QUEUE = "queue"
    """Through the run coordinator: it waits as a row."""
    DIRECT = "direct"
    """Past it (``dagster asset materialize``): its own process waits."""


@dataclass(frozen=True)
class Owner:
    """On whose behalf a run asks."""

    project: str
    user: str


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


@dataclass(frozen=True)
class Snapshot:
    """All that a decision depends on."""

    devices: tuple[Device, ...]
    leases: tuple[Lease, ...]
    """Those not released."""
    waiting: tuple[WaitingRequest, ...]


@dataclass(frozen=True)
class Grant:
    """The request gets these devices now."""

    run_id: RunId
    attempt: Attempt
    devices: tuple[DeviceId, ...]
    rule: str
    reason: str


@dataclass(frozen=True)
class Wait:
    """The request goes on waiting."""

    run_id: RunId
    attempt: Attempt
    rule: str
    reason: str


Decision = Grant | Wait
