"""How requests go: counts, and times in a histogram, so that a percentile costs nothing to keep."""

import math
from dataclasses import dataclass, field

_LEAST_S = 1e-4
_PER_DOUBLING = 8
"""Buckets until the time is twice as long: a percentile is at most 9 % off."""
_BUCKETS = 22 * _PER_DOUBLING
"""Up to seven minutes."""


@dataclass
class Counts:
    """Requests since some moment."""

    requests: int = 0
    errors: int = 0
    """Of them, those that the model failed at, or that came back from no replica."""
    times: list[int] = field(default_factory=lambda: [0] * _BUCKETS)
    """How many took how long, by bucket."""

    def add(self, took_s: float, *, failed: bool = False) -> None:
        """Count one."""
        self.requests += 1
        self.errors += failed
        at = 0 if took_s <= _LEAST_S else int(math.log2(took_s / _LEAST_S) * _PER_DOUBLING) + 1
        self.times[min(at, _BUCKETS - 1)] += 1

    def percentile_ms(self, share: float) -> float | None:
        """The time that this share of the requests stayed below, in ms; None where there was none."""
        if self.requests == 0:
            return None
        wanted, seen = math.ceil(share * self.requests), 0
        for at, count in enumerate(self.times):
            seen += count
            if seen >= wanted:
                return float(1e3 * _LEAST_S * 2.0 ** (at / _PER_DOUBLING))
        return None

    def taken(self) -> "Counts":
        """What was counted until now; counting begins anew."""
        before = Counts(self.requests, self.errors, self.times)
        self.requests, self.errors, self.times = 0, 0, [0] * _BUCKETS
        return before

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        times = [one + more for one, more in zip(self.times, other.times, strict=True)]
        return Counts(self.requests + other.requests, self.errors + other.errors, times)
