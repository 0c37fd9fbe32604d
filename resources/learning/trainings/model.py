"""The values of a training as the platform follows it: who took it up, on what, and how it ended."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from resources.errors import BadInput
from resources.learning.distributed.plan import Plan
from resources.process import ProcessIdentity

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_FREE = (
    "parallel",
    "log_every_steps",
    "checkpoint_every_steps",
    "checkpoint_every_s",
    "keep_checkpoints",
    "least_processes",
    "most_processes",
)
"""Fields of a plan that may change while it is trained: they do not say what is learnt."""


@dataclass(frozen=True, order=True)
class TrainingId:
    """Which training: the same name and key mean the same one, whatever was killed in between."""

    name: str
    """Of the model that is trained, as it is registered."""
    key: str
    """What tells it from others of that name: by default the run that it began in."""

    def __post_init__(self) -> None:
        """Refuse what can be no name of a folder."""
        for what, value in (("name", self.name), ("key", self.key)):
            if not _NAME.fullmatch(value):
                raise BadInput(
                    f"the {what} of a training is {value!r}; expected small letters, digits and any of -_.",
                    f"Choose another {what}, such as {_nearest(value)!r}.",
                )

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.name}/{self.key}"


@dataclass(frozen=True)
class TakenUp:
    """A process that began to follow a training, with what its lease gave it."""

    at: datetime
    run_id: str
    attempt: int
    devices: tuple[str, ...]
    torch_device: str
    processes: int
    threads: int
    """CPU threads of each process."""
    process: ProcessIdentity


class Outcome(StrEnum):
    """How a process stopped following a training."""

    DONE = "done"
    MADE_ROOM = "made room"
    """It goes on in the same run when that is given devices again."""
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class End:
    """The end of the last taking up."""

    at: datetime
    outcome: Outcome
    problem: str | None = None
    next_step: str | None = None


@dataclass(frozen=True)
class Training:
    """One training of the home."""

    id: TrainingId
    plan: Plan
    taken_up: tuple[TakenUp, ...]
    """The last one last."""
    end: End | None = None
    """None while it is followed, and after its follower was killed."""
    earlier: tuple[End, ...] = ()
    """How it had ended before it was taken up again."""
    model: str | None = None
    """How MLflow calls what it became, once that is registered."""
    asset: str | None = None
    """The asset that it is the work of."""

    @property
    def last(self) -> TakenUp:
        """Who took it up last."""
        return self.taken_up[-1]


def other_fields(before: Plan, now: Plan) -> tuple[str, ...]:
    """The fields in which two plans learn something else."""
    kept = replace(now, **{name: getattr(before, name) for name in _FREE})
    return tuple(name for name in vars(before) if getattr(before, name) != getattr(kept, name))


def _nearest(value: str) -> str:
    return re.sub(r"[^a-z0-9_.-]+", "-", value.lower()).strip("-._")[:100] or "stories"
