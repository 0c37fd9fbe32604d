"""The values of deployments: what is live, what is on its way, and each event that led there."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from resources.deploy_plan import DeployPlan, Strategy
from resources.terms import Actor


@dataclass(frozen=True)
class Served:
    """A model version as it is served."""

    number: int
    """MLflow's version number."""
    variant: str = ""
    """How it was made faster, such as int8; empty for as it was trained."""

    def __str__(self) -> str:
        """As people write it behind the name: ``7`` or ``7+int8``."""
        return f"{self.number}+{self.variant}" if self.variant else str(self.number)


@dataclass(frozen=True)
class Rollout:
    """The change from one live version to another, while it goes on.

    At step 0 the new version gets ready and no request goes to it. What it gets at each later step,
    ``analysis.next_step`` says; the router only reads ``weight_percent``.
    """

    id: int
    """The id of the event that began it."""
    endpoint: str
    old: Served | None
    """What stays live until it is complete; None where nothing was."""
    new: Served
    strategy: Strategy
    step: int
    weight_percent: int
    """Which share of the requests the new version answers."""
    begun_at: datetime
    step_begun_at: datetime
    plan: DeployPlan = field(default_factory=DeployPlan)
    """As it was declared when this began."""
    is_rollback: bool = False


@dataclass(frozen=True)
class EndpointState:
    """What an endpoint answers with, and what it is changing to."""

    endpoint: str
    live: Served | None = None
    rollout: Rollout | None = None
    plan: DeployPlan = field(default_factory=DeployPlan)
    """How it is served: as it was declared when it was last promoted."""

    @property
    def wanted(self) -> Served | None:
        """What it answers with when all goes well."""
        return self.rollout.new if self.rollout else self.live

    @property
    def serving(self) -> tuple[Served, ...]:
        """Everything that is to run for it now."""
        both = (self.live, self.rollout.new if self.rollout else None)
        return tuple(dict.fromkeys(one for one in both if one is not None))


class EventKind(StrEnum):
    """What happened to an endpoint."""

    PROMOTED = "promoted"
    """A version is to be live: the beginning of a rollout, or, where nothing was live, all of it."""
    ADVANCED = "advanced"
    """The rollout went on to its next step."""
    COMPLETED = "completed"
    """The new version is live."""
    ABORTED = "aborted"
    """The new version was taken back; what was live stays live."""
    ROLLED_BACK = "rolled_back"
    """An earlier state is to be again: as a rollout, or at once where the rollout before is only ended."""
    STOPPED = "stopped"
    """Nothing is live any more."""


@dataclass(frozen=True)
class DeploymentEvent:
    """One row of the history, and the state after it."""

    id: int
    """Of all endpoints, without a gap."""
    endpoint: str
    number: int
    """Of this endpoint, from 1: which state ``rollback --to`` means."""
    at: datetime
    kind: EventKind
    actor: Actor
    why: str
    override: str | None
    """Why it was promoted although a gate failed; None where none did."""
    subject: Served | None
    """The version that it is about."""
    weights_sha256: str
    """Which weights those are, whatever its number comes to mean; empty where there is no version."""
    after: EndpointState
    hash: str = ""
    """SHA-256 of this row and of the hash before it."""
