"""The values of gates: what they are judged by, what came of it, and who went past them."""

from dataclasses import dataclass
from datetime import datetime

from resources.gate_plan import IfFailed
from resources.registry.evaluations.bootstrap import Difference
from resources.registry.evaluations.model import Measurement
from resources.terms import Actor, DatasetName


@dataclass(frozen=True)
class CheckOutcome:
    """What a check of the data version said."""

    name: str
    passed: bool | None
    """None where it was not run."""
    said: str = ""
    """What it found first."""


@dataclass(frozen=True)
class GateEvidence:
    """All that a model is judged by, as it is known at that time."""

    new: Measurement | None
    """None for a model that was not measured."""
    champion_number: int | None = None
    """The champion before it; None for the first model, which is compared with nothing."""
    champion: Measurement | None = None
    """On the same test set; None where there is no champion, or it was not measured."""
    difference: Difference | None = None
    """New minus champion, sample by sample; None where what either said is not kept."""
    data_checks: tuple[CheckOutcome, ...] = ()
    """The blocking checks of its data version."""
    drift: CheckOutcome | None = None
    licence: str = ""
    """On what terms the data may be used, as somebody declared or noted it."""


@dataclass(frozen=True)
class GateResult:
    """What a gate said about one model."""

    gate: str
    passed: bool
    sentence: str
    """With the value and the limit; of one that did not pass, all that it did not reach."""
    value: float | None
    limit: float | None
    if_failed: IfFailed = IfFailed.KEEP
    asked: str = ""
    """What it asked, as it was declared then; empty where that was not kept."""

    @property
    def bars(self) -> bool:
        """Whether the model may not be promoted because of it."""
        return not self.passed and self.if_failed is not IfFailed.WARN


@dataclass(frozen=True)
class Judging:
    """What all gates said about one model."""

    dataset: DatasetName
    number: int
    results: tuple[GateResult, ...]
    judged_at: datetime

    @property
    def failed_sentences(self) -> tuple[str, ...]:
        """Why the model may not be promoted; empty where it may."""
        return tuple(f"{one.gate}: {one.sentence}" for one in self.results if one.bars)


@dataclass(frozen=True)
class Override:
    """A promotion of a model past its gates, by somebody who gave a reason."""

    id: int
    dataset: DatasetName
    number: int
    actor: Actor
    why: str
    failed: tuple[str, ...]
    """What the gates said against it then."""
    at: datetime
