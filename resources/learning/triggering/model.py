"""The values of triggers: what a judgement rests on, and what it says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.learning.triggering.words import Said
from resources.terms import Actor, DatasetName, VersionKey


class Paused(StrEnum):
    """What people can pause for a data set."""

    TRAINING = "training"
    """No training starts by itself; who asks for one by hand gets it."""
    ASKING = "asking"
    """No question is sent by itself."""


@dataclass(frozen=True)
class Pause:
    """Somebody paused what a data set does by itself."""

    dataset: DatasetName
    what: Paused
    since: datetime
    actor: Actor
    reason: str


@dataclass(frozen=True)
class Wish:
    """Somebody asked for a training by hand."""

    id: int
    dataset: DatasetName
    asked_at: datetime
    actor: Actor
    reason: str
    after: VersionKey | None
    """The newest version then: the next one after it takes the wish. None where there was none to go on from.
    """
    taken_at: datetime | None = None
    version: VersionKey | None = None
    """The version that took it; None while none did, or after it was taken back."""
    withdrawn: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it waits for a training."""
        return self.taken_at is None


@dataclass(frozen=True)
class Wished:
    """What asking for a training by hand led to."""

    wish: Wish
    is_new: bool
    """False where the same person's wish was open already: there is one of them."""


@dataclass(frozen=True)
class PickQuality:
    """What random picks say: how many of them were guessed right, and what that is compared with."""

    right: int
    picks: int
    high: float
    """The upper end of the interval, in 0..1."""
    reference: float | None
    """What it should be, in 0..1; None while nothing is known to compare with."""


@dataclass(frozen=True)
class DriftReading:
    """The measure that is farthest beyond its limit, or nearest to it."""

    what: str
    value: float
    limit: float
    drifted: bool
    """Whether it is beyond the limit, and chance alone does not explain it."""


@dataclass(frozen=True)
class TriggerSnapshot:
    """What a judgement rests on. Counts and moments of one data set, as they are now."""

    labels_per_round: int
    new_labels: int
    """Confirmed labels that no version has taken up."""
    questions_sent: bool = True
    """Whether all questions of the newest version are in Label Studio."""
    questions_open: int = 0
    first_answer_at: datetime | None = None
    """When the oldest of the new labels was given."""
    last_answer_at: datetime | None = None
    """When the newest of them was."""
    last_training_at: datetime | None = None
    """When the last training ended; None before there was one."""
    under_way: VersionKey | None = None
    """The version whose round is not done."""
    stopped_by: str = ""
    """Which checks stopped that round, for a person; nothing where none did."""
    quality: tuple[PickQuality | None, ...] = ()
    """For each QualityDrop of the policy, in its order; None while too few picks are answered."""
    drift: tuple[DriftReading | None, ...] = ()
    """For each Drift of the policy, in its order; None while too little came to say anything."""
    wishes: tuple[Wish, ...] = ()
    """Those that are open, oldest first."""
    pause: Pause | None = None
    used_gpu_hours: float = 0.0
    """What trainings of this data set held in the window of the budget."""
    next_gpu_hours: float = 0.0
    """What the next training is expected to hold: what the last one did."""


@dataclass(frozen=True)
class ConditionRow:
    """One condition as it was found."""

    place: str
    """Where it stands in the policy, such as ``0.1``: the second one within the first."""
    kind: str
    """Such as ``LabelCount`` or ``AllOf``."""
    met: bool
    value: float | None
    """None where nothing can be said yet."""
    threshold: float
    unit: str
    missing: float | None
    """How much the value lacks; 0 when met, None where nothing can be said yet."""
    said: Said

    @property
    def depth(self) -> int:
        """How many groups it stands in."""
        return self.place.count(".") + 1 if self.place else 0


@dataclass(frozen=True)
class GuardRow:
    """Something that may hold a training back, whatever the conditions say."""

    kind: str
    """``busy``, ``nothing_new``, ``paused``, ``quiet``, ``cool_down`` or ``budget``."""
    holds: bool
    """Whether it holds it back now."""
    value: float | None
    threshold: float | None
    unit: str
    said: Said


@dataclass(frozen=True)
class Verdict:
    """Whether to train now, and why."""

    fires: bool
    by_hand: bool
    """Whether a person's wish is among the reasons."""
    conditions: tuple[ConditionRow, ...]
    """The whole policy, each group before what is in it."""
    guards: tuple[GuardRow, ...]

    @property
    def holding(self) -> tuple[GuardRow, ...]:
        """What holds it back."""
        return tuple(one for one in self.guards if one.holds)


@dataclass(frozen=True)
class Evaluation:
    """A verdict as it was kept: from when to when the same was found."""

    dataset: DatasetName
    began_at: datetime
    seen_at: datetime
    verdict: Verdict
    version: VersionKey | None
    """The version that was planned for it."""
