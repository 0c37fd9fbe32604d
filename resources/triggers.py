"""When a data set trains again, as its owner declares it; ``resources/learning/triggering`` judges by it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from resources.errors import BadInput

DEEPEST = 8
"""How deep conditions may be nested: nobody reads more."""


class Against(StrEnum):
    """What the estimated quality is compared with."""

    CHAMPION = "champion"
    """The accuracy that the champion had on the test set when it was measured last."""
    EARLIER = "earlier"
    """What the random picks before the newest ones said."""


class DriftOf(StrEnum):
    """What may have drifted since the champion's data version was made."""

    POOL = "pool"
    """The samples that came to the pool since, against all that its version knew: brightness, contrast, size.
    """
    PREDICTIONS = "predictions"
    """The classes that the champion guesses for those samples, against its guesses for the others."""


@dataclass(frozen=True)
class LabelCount:
    """So many confirmed labels that no version has taken up."""

    at_least: int | None = None
    """None: as many as people are asked about at a time, ``labels_per_round``."""

    def __post_init__(self) -> None:
        """Refuse what is no count."""
        if self.at_least is not None and self.at_least < 1:
            raise _bad("LabelCount.at_least", self.at_least, "1 or more labels")


@dataclass(frozen=True)
class AllAnswered:
    """All questions were sent, none waits for a person, and there is a new label."""


@dataclass(frozen=True)
class QualityDrop:
    """The model guesses the random picks less often than it should.

    Only random picks say how good a model is on the pool: what a strategy picks is where it is weak.
    """

    by_points: float = 5.0
    """So many percentage points less."""
    against: Against = Against.CHAMPION
    least_picks: int = 20
    """With fewer answered random picks nothing is said."""
    newest_picks: int = 100
    """Only so many of the newest are counted, so that a drop is not diluted by long ago."""
    beyond_chance: bool = True
    """Whether the upper end of the 95 % interval must lie so far below, not only the share that was seen."""

    def __post_init__(self) -> None:
        """Refuse what cannot be measured."""
        if not 0 < self.by_points < 100:
            raise _bad("QualityDrop.by_points", self.by_points, "more than 0 and less than 100 points")
        if self.against not in list(Against):
            raise _bad("QualityDrop.against", self.against, " or ".join(Against))
        if self.least_picks < 1:
            raise _bad("QualityDrop.least_picks", self.least_picks, "1 or more picks")
        if self.newest_picks < self.least_picks:
            raise _bad(
                "QualityDrop.newest_picks", self.newest_picks, f"least_picks, {self.least_picks}, or more"
            )


@dataclass(frozen=True)
class Drift:
    """What came to the pool is not like what was there, beyond the limits that the data set declares."""

    of: DriftOf = DriftOf.POOL

    def __post_init__(self) -> None:
        """Refuse what has no measure."""
        if self.of not in list(DriftOf):
            raise _bad("Drift.of", self.of, " or ".join(DriftOf))


@dataclass(frozen=True)
class Elapsed:
    """So much time passed since the last training ended; before the first one it is not met."""

    at_least_s: float

    def __post_init__(self) -> None:
        """Refuse what is no time."""
        if not 0 < self.at_least_s < math.inf:
            raise _bad("Elapsed.at_least_s", self.at_least_s, "more than 0 seconds")


@dataclass(frozen=True)
class ByHand:
    """A person asked for it: ``trainplat trigger``."""


@dataclass(frozen=True)
class AnyOf:
    """One of these is enough."""

    conditions: tuple["Condition", ...]

    def __post_init__(self) -> None:
        """Refuse one of nothing, and what is nested too deep."""
        _refuse_group(self)


@dataclass(frozen=True)
class AllOf:
    """Each of these must be met."""

    conditions: tuple["Condition", ...]

    def __post_init__(self) -> None:
        """Refuse all of nothing, which would always hold, and what is nested too deep."""
        _refuse_group(self)


Condition = LabelCount | AllAnswered | QualityDrop | Drift | Elapsed | ByHand | AnyOf | AllOf

_LEAVES = (LabelCount, AllAnswered, QualityDrop, Drift, Elapsed, ByHand)


@dataclass(frozen=True)
class TriggerPolicy:
    """When to train again, and what holds it back. Raises :class:`BadInput` for values that cannot work."""

    when: Condition = field(default_factory=lambda: AnyOf((LabelCount(), AllAnswered(), ByHand())))
    quiet_for_s: float = 0.0
    """Debounce: no answer came for so long. Who asks by hand does not wait for it."""
    quiet_at_most_s: float = 900.0
    """But nobody's first new answer waits longer for the others to end."""
    cool_down_s: float = 0.0
    """So long after a training ended no other one starts."""
    budget_gpu_hours: float | None = None
    """Trainings of this data set hold devices for so many hours in a window at most, by their leases; None
    for no limit. On a machine without accelerators the hours of CPU slots count."""
    budget_window_h: float = 24.0
    """The window ends now."""

    def __post_init__(self) -> None:
        """Refuse times and hours that cannot be kept."""
        if not isinstance(self.when, (*_LEAVES, AnyOf, AllOf)):
            raise _bad("TriggerPolicy.when", self.when, "a condition such as LabelCount() or AnyOf((…))")
        for name in ("quiet_for_s", "quiet_at_most_s", "cool_down_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise _bad(f"TriggerPolicy.{name}", getattr(self, name), "0 or more seconds")
        if self.quiet_at_most_s < self.quiet_for_s:
            raise _bad(
                "TriggerPolicy.quiet_at_most_s",
                self.quiet_at_most_s,
                f"quiet_for_s, {self.quiet_for_s:g}, or more",
            )
        if self.budget_gpu_hours is not None and not 0 < self.budget_gpu_hours < math.inf:
            raise _bad("TriggerPolicy.budget_gpu_hours", self.budget_gpu_hours, "more than 0 GPU-hours")
        if not 0 < self.budget_window_h < math.inf:
            raise _bad("TriggerPolicy.budget_window_h", self.budget_window_h, "more than 0 hours")

    def leaves(self) -> Iterator[Condition]:
        """The conditions that are no groups, in their order."""
        return _leaves(self.when)

    def asks_for(self, kind: type[Condition]) -> bool:
        """Whether a condition of this kind is among them."""
        return any(isinstance(one, kind) for one in self.leaves())


def _leaves(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, AnyOf | AllOf):
        for one in condition.conditions:
            yield from _leaves(one)
    else:
        yield condition


def _refuse_group(group: AnyOf | AllOf) -> None:
    name = type(group).__name__
    if not isinstance(group.conditions, tuple) or not group.conditions:
        raise _bad(f"{name}.conditions", group.conditions, "a tuple of one or more conditions")
    for one in group.conditions:
        if not isinstance(one, (*_LEAVES, AnyOf, AllOf)):
            raise _bad(f"{name}.conditions", one, "conditions such as LabelCount() or Elapsed(3600)")
    if _depth(group) > DEEPEST:
        raise _bad(f"{name}.conditions", f"{_depth(group)} groups within each other", f"{DEEPEST} at most")


def _depth(condition: Condition) -> int:
    if not isinstance(condition, AnyOf | AllOf):
        return 0
    return 1 + max(_depth(one) for one in condition.conditions)


def _bad(name: str, value: object, expected: str) -> BadInput:
    return BadInput(
        f"{name} of a trigger policy is {value!r}; expected {expected}",
        "Mend it where the data set is declared; docs/active-learning.md has examples.",
    )
