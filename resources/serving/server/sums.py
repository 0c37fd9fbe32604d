"""What an endpoint counted in all, whichever versions answered for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol


class Counted(Protocol):
    """What a pool counts; each grows as long as the pool lives."""

    requests: int
    answered: int

    @property
    def busy_s(self) -> float:
        """How long its replicas were at work."""


@dataclass
class Sums:
    """Sums that never fall, also when one version gives way to another that has counted less.

    What a pool counted before it answered for the endpoint is not the endpoint's.
    """

    requests: int = 0
    answered: int = 0
    busy_s: float = 0.0
    _before: dict[int, tuple[Counted, int, int, float]] = field(default_factory=dict)

    def add(self, pools: Iterable[Counted]) -> None:
        """Count what came to pools since the last time."""
        now: dict[int, tuple[Counted, int, int, float]] = {}
        for pool in pools:
            known = self._before.get(id(pool))
            told = (pool, pool.requests, pool.answered, pool.busy_s)
            now[id(pool)] = told
            _, requests, answered, busy_s = told if known is None else known
            self.requests += told[1] - requests
            self.answered += told[2] - answered
            self.busy_s += max(0.0, told[3] - busy_s)
        self._before = now
