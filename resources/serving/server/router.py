"""Which model version answers which request, and what happens when it fails."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from resources.errors import BadInput, TrainplatError, Unavailable
from resources.serving.server.comparing import disagreeing_rows, is_sound
from resources.serving.server.counting import Counts
from resources.serving.server.pool import Overloaded, Pool
from resources.serving.server.target import Target
from resources.serving.tensors import Array, Tensors

COMPARED_EVERY = 5
"""Of the requests that a canary answers, the live version is asked each so-many-th too."""
HEDGE_TIMES, HEDGE_LEAST_S = 10.0, 1.0
"""A canary has so many times the live version's p99; then the live version answers instead."""
MOST_SHADOWED = 256
"""So many requests may wait for a version that answers in the shadow; more are not copied to it."""

Answered = Callable[[Target, Tensors, Tensors], None]
"""Is told of each answer that a client of an endpoint got: by whom, what was asked, what was said."""


@dataclass
class Comparison:
    """How often two versions said something else."""

    compared: int = 0
    disagreed: int = 0


@dataclass
class Route:
    """One endpoint: who answers, and who is about to."""

    live: Target | None = None
    new: Target | None = None
    weight_percent: float = 0.0
    """The share of requests that the new version answers."""
    is_shadow: bool = False
    """Whether the new version gets copies of all requests, and no client its answers."""
    new_counts: Counts = field(default_factory=Counts)
    live_counts: Counts = field(default_factory=Counts)
    comparison: Comparison = field(default_factory=Comparison)
    _owed: float = 0.0

    def is_turn_of_new(self) -> bool:
        """Whether the new version is to answer this request: evenly spread, exact in the long run."""
        if self.new is None or self.is_shadow:
            return False
        self._owed += self.weight_percent
        if self._owed < 100.0:
            return False
        self._owed -= 100.0
        return True

    def begin_step(self) -> None:
        """Count anew: what was seen at another weight says nothing about this one."""
        self.new_counts.taken()
        self.live_counts.taken()
        self.comparison = Comparison()


class Router:
    """Answers requests by the pools there are."""

    def __init__(self, pool_of: Callable[[Target], Pool], answered: Answered | None = None) -> None:
        """``pool_of`` gives the pool of a version, and makes one where there is none."""
        self.routes: dict[str, Route] = {}
        self._pool_of = pool_of
        self.answered = answered
        self._background: set[asyncio.Task[None]] = set()

    async def answer(self, name: str, given: Tensors) -> tuple[dict[str, Array], Target]:
        """What the endpoint says, and who said it. Raises as :meth:`Pool.answer` does."""
        route = self.routes[name]
        if route.live is None:
            raise Unavailable(
                f"endpoint {name} has no live version yet", "Wait until its first version is loaded."
            )
        if route.is_turn_of_new():
            said = await self._by_new(route, given)
            if said is not None:
                return said
        began = time.perf_counter()
        target = route.live
        try:
            answer = await self._pool_of(target).answer(given)
        except (BadInput, Overloaded):
            raise
        except TrainplatError:
            route.live_counts.add(time.perf_counter() - began, failed=True)
            raise
        route.live_counts.add(time.perf_counter() - began)
        if route.new is not None and route.is_shadow:
            self._in_background(self._shadow(route, route.new, given, answer))
        self._tell(target, given, answer)
        return answer, target

    async def answer_by(self, target: Target, given: Tensors) -> dict[str, Array]:
        """What one version says, whoever is live: nobody is told, for it is the loop itself that asks so."""
        return await self._pool_of(target).answer(given)

    async def _by_new(self, route: Route, given: Tensors) -> tuple[dict[str, Array], Target] | None:
        """What the new version says; None where the live one has to answer."""
        new = route.new
        if new is None or not self._pool_of(new).is_ready:
            return None
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._patience_s(route)):
                said = await self._pool_of(new).answer(given)
        except (BadInput, Overloaded):
            return None  # the live version says what is wrong with it, or has room
        except (TrainplatError, TimeoutError):
            route.new_counts.add(time.perf_counter() - began, failed=True)
            return None
        took_s = time.perf_counter() - began
        if not is_sound(said):
            route.new_counts.add(took_s, failed=True)
            return None
        route.new_counts.add(took_s)
        if route.new_counts.requests % COMPARED_EVERY == 0 and route.live is not None:
            self._in_background(self._compare(route, route.live, given, said))
        self._tell(new, given, said)
        return said, new

    def _patience_s(self, route: Route) -> float:
        usual_ms = route.live_counts.percentile_ms(0.99) or 0.0
        return max(HEDGE_LEAST_S, HEDGE_TIMES * usual_ms / 1e3)

    async def _compare(self, route: Route, other: Target, given: Tensors, said: Tensors) -> None:
        """Count whether the other version says the same."""
        try:
            also = await self._pool_of(other).answer(given)
        except TrainplatError:
            return
        rows = len(next(iter(said.values())))
        route.comparison.compared += rows
        route.comparison.disagreed += disagreeing_rows(said, also)

    async def _shadow(self, route: Route, new: Target, given: Tensors, live_said: Tensors) -> None:
        began = time.perf_counter()
        try:
            said = await self._pool_of(new).answer(given)
        except (BadInput, Overloaded):
            return
        except TrainplatError:
            route.new_counts.add(time.perf_counter() - began, failed=True)
            return
        route.new_counts.add(time.perf_counter() - began, failed=not is_sound(said))
        route.comparison.compared += len(next(iter(said.values())))
        route.comparison.disagreed += disagreeing_rows(live_said, said)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._background) >= MOST_SHADOWED:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _tell(self, target: Target, given: Tensors, said: Tensors) -> None:
        if self.answered is not None:
            self.answered(target, given, said)
