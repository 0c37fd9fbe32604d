"""The values of the history of use."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from resources.gpu.model import Held, Owner
from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.budget import BudgetState
from resources.gpu.policy.price import Cost
from resources.gpu.policy.quota_model import Party

MILLI_MS_PER_HOUR = 1000 * 1000 * 3600
"""Use is summed in thousandths of a device times milliseconds: whole numbers, so that sums are exact."""


class By(StrEnum):
    """By what use is told apart."""

    PROJECT = "project"
    USER = "user"
    MODEL = "model"
    DAY = "day"
    """In UTC."""


@dataclass(frozen=True)
class HeldInterval:
    """Somebody held devices from one moment to another. The ends are cut to the time that is asked about."""

    owner: Owner
    held: Held
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class UsageLine:
    """What was used by one project, user or model on one day; None where use is not told apart by that."""

    project: str | None
    user: str | None
    model: Resource | None
    """Such as ``TESLA-V100-SXM2-32GB``; ``CPU-SLOT`` for the slots of machines without accelerators."""
    day: date | None
    gpu_hours: float
    """Hours of whole devices: half a device for two hours is one."""
    slot_hours: float
    """Hours of CPU slots, which are no GPUs."""
    leases: int
    """How many leases it is made of; one that lasts over midnight counts on both days."""
    cost: Cost | None
    """None where no price is known for any of it."""


@dataclass(frozen=True)
class UsageReport:
    """What was used in some time."""

    since: datetime
    until: datetime
    lines: tuple[UsageLine, ...]
    """In the order of what they are told apart by."""
    total: UsageLine
    """All of it; of its leases each counts once."""


@dataclass(frozen=True)
class QuotaCost:
    """What it costs to use all that somebody is owed."""

    party: Party
    cost: Cost
    """For a month."""
    per_hour: Cost


@dataclass(frozen=True)
class BurnPoint:
    """What was used of a budget up to the end of a day, or up to now."""

    day: date
    """In UTC."""
    used_hours: float


@dataclass(frozen=True)
class BudgetStanding:
    """How one budget stands, and how it came there."""

    state: BudgetState
    committed_hours: float
    """What running leases will use of it by the ends that they declare; of a month, before its end."""
    open_ended: int
    """How many running leases declare no end, so that nobody knows what they will use."""
    projected_hours: float
    """What will have been used when the period ends, at the present pace; of a rolling one, once the pace
    has lasted for all of it."""
    burn_down: tuple[BurnPoint, ...]
    """By day, from the beginning of the period."""

    @property
    def free_hours(self) -> float:
        """What is neither used nor committed; 0 when over."""
        return max(0.0, self.state.left_hours - self.committed_hours)
