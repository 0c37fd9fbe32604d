"""Use that is forgotten by and by: what was used a half-life ago counts half.

Slurm decays the sum of what was used so (``PriorityDecayHalfLife`` of its multifactor priorities), and
Kueue's admission fair sharing an average, sampled (KEP 4136: ``A = 1 - 0.5^(interval / half-life)``). Here
time is continuous, so it does not matter how often somebody looks, and both figures are one: ``level`` is the
sum times ln 2 / half-life, an average over the past in which the last half-life weighs half.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

WEEK_S = 7 * 24 * 3600.0


@dataclass(frozen=True)
class DecayedUsage:
    """A decayed sum, as of a time. Two numbers and the half-life are all that has to be stored."""

    half_life_s: float = WEEK_S
    value: float = 0.0
    """Such as device-seconds; what was added at ``as_of_s`` counts in full."""
    as_of_s: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.half_life_s) and self.half_life_s > 0):
            raise ValueError(f"half-life of {self.half_life_s} s; expected a positive number")
        if not (math.isfinite(self.value) and self.value >= 0 and math.isfinite(self.as_of_s)):
            raise ValueError(
                f"use of {self.value} as of {self.as_of_s} s; expected finite numbers, the use not negative"
            )

    def at(self, now_s: float) -> "DecayedUsage":
        """The same as of ``now_s``. A clock that went back changes nothing."""
        if now_s <= self.as_of_s:
            return self
        left = 0.5 ** ((now_s - self.as_of_s) / self.half_life_s)
        return replace(self, value=self.value * left, as_of_s=now_s)

    def add(self, amount: float, now_s: float) -> "DecayedUsage":
        """With ``amount`` used at this moment. Raises :class:`ValueError` for a negative one."""
        if amount < 0:
            raise ValueError(f"use of {amount} cannot be added; expected 0 or more")
        then = self.at(now_s)
        return replace(then, value=then.value + amount)

    def accrue(self, rate: float, now_s: float) -> "DecayedUsage":
        """With ``rate`` a second used ever since ``as_of_s``: exact, in however many steps it is told."""
        if rate < 0:
            raise ValueError(f"use of {rate} a second cannot be added; expected 0 or more")
        then = self.at(now_s)
        return replace(then, value=then.value + rate * self.gained_s(then.as_of_s - self.as_of_s))

    def gained_s(self, passed_s: float) -> float:
        """What using 1 a second has come to after so long, decayed meanwhile; at most half-life / ln 2."""
        if passed_s <= 0:
            return 0.0
        return self.half_life_s / math.log(2) * -math.expm1(-math.log(2) * passed_s / self.half_life_s)

    def level(self, now_s: float, rate: float = 0.0) -> float:
        """The average use a second over the past, the recent past weighing most.

        ``rate`` is what is used a second ever since ``as_of_s``, as for :meth:`accrue`.
        """
        left = math.exp2(-max(0.0, now_s - self.as_of_s) / self.half_life_s)
        return self.value * left * math.log(2) / self.half_life_s + rate * (1 - left)

    def to_json(self) -> dict[str, float]:
        """As it is stored."""
        return {"half_life_s": self.half_life_s, "value": self.value, "as_of_s": self.as_of_s}

    @classmethod
    def from_json(cls, stored: Mapping[str, float]) -> "DecayedUsage":
        """What :meth:`to_json` gave."""
        return cls(float(stored["half_life_s"]), float(stored["value"]), float(stored["as_of_s"]))
