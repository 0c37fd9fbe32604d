"""The server: which versions are loaded, by whom each request is answered, and how that changes."""

import asyncio
import logging
import math
import time
from collections import Counter as Tally
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from resources.clock import Clock, utc_now
from resources.deploy_plan import DeployPlan, Strategy
from resources.errors import BadInput, TrainplatError, Unavailable
from resources.serving.deployments.analysis import (
    Action,
    Counts,
    Observed,
    Verdict,
    copies_needed,
    has_all,
    next_step,
)
from resources.serving.deployments.model import EndpointState, Rollout, Served
from resources.serving.replicas.model import Loading
from resources.serving.server import counting
from resources.serving.server.claims import Claim, claim_of
from resources.serving.server.elsewhere import Elsewhere
from resources.serving.server.leasing import NO_DEVICE, Leasing, NotWanted
from resources.serving.server.nurse import Nurse
from resources.serving.server.pool import Limits, Pool
from resources.serving.server.replica import Replica
from resources.serving.server.resolving import Resolver
from resources.serving.server.router import Answered, Route, Router
from resources.serving.server.sampling import Wish
from resources.serving.server.scaling import Deployed, Scaling
from resources.serving.server.shrinking import Shrinking
from resources.serving.server.source import SERVER, Source, target_of
from resources.serving.server.target import Target
from resources.serving.tensors import Array, Tensors

LOOK_S = 0.5
"""How often it looks what is to be deployed and how its replicas do."""
IDLE_S = 300.0
"""After so long without a request a version that nobody deployed is unloaded."""
DRAIN_S = 30.0
_log = logging.getLogger(__name__)


class ModelServer:
    """Holds the pools of all versions that are asked for; what the application asks of it."""

    def __init__(
        self,
        source: Source,
        nurse: Nurse,
        *,
        limits: Limits | None = None,
        idle_s: float = IDLE_S,
        answered: Answered | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.limits = limits or Limits()
        self.router = Router(self._pool_of, answered)
        self.pools: dict[Target, Pool] = {}
        self.states: dict[str, EndpointState] = {}
        self.problem: TrainplatError | None = None
        """Why the state of the endpoints could not be read; they go on as they were."""
        self.last_asked_at_s = time.monotonic()
        self._source, self._nurse, self._clock = source, nurse, clock
        self._idle_s = idle_s
        self._on_demand: set[Target] = set()
        self._steps: dict[str, tuple[int, int]] = {}
        self._elsewhere = Elsewhere()
        self._resolver = Resolver(source.resolve, here=source.resolve_here, elsewhere=self._elsewhere)
        self.leasing = Leasing(source.home, SERVER)
        self.shrinking = Shrinking(self.leasing)
        self._in_line: Tally[Target] = Tally()
        self._draining: set[asyncio.Task[None]] = set()
        self._looked = False
        self.scaling = Scaling(source, self.leasing, clock)

    async def control(self) -> None:
        """Look again and again, until cancelled. What goes wrong is told and tried again."""
        while True:
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - a locked database, a full disk: requests go on
                _log.exception("the state of the endpoints could not be looked at; it is tried again")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Bring pools and routes to what is deployed now, and let rollouts go on."""
        try:
            states = await asyncio.to_thread(self._source.states)
            self.problem, self._looked = None, True
        except Exception as problem:  # noqa: BLE001 - a damaged database too: who is served goes on being served
            if self.problem is None:
                _log.exception("what is deployed could not be read; it is tried again")
            self.problem, states = _told(problem), list(self.states.values())
        self.states = {state.endpoint: state for state in states}
        await self._of_arbiter(self.shrinking.look(self.pools))
        await self.scaling.decide(
            {state.endpoint: self._deployed(state, state.live) for state in states if state.live is not None},
            {target.name: one for target, one in self.shrinking.stopping.items() if self._is_scaled(target)},
        )
        wanted: dict[Target, int] = {}
        for state in states:
            self._settle(state, wanted)
        for endpoint in [name for name in self.router.routes if self.states.get(name) is None]:
            del self.router.routes[endpoint]
        self._settle_on_demand(wanted)
        for target, pool in list(self.pools.items()):
            if target in wanted:
                pool.keep(wanted[target])
            else:
                del self.pools[target]
                self._drain(pool)
        await self._of_arbiter(
            self.shrinking.secure(self._guaranteed, lambda target: self._plan_of(target).preemptible)
        )
        for state in states:
            if state.rollout is not None:
                await self._go_on(state.rollout)

    async def close(self) -> None:
        """Answer what was asked, then end all replicas."""
        await self.scaling.keep()
        pools, self.pools = list(self.pools.values()), {}
        await asyncio.gather(*(pool.drain(DRAIN_S) for pool in pools), *self._draining)
        await self.leasing.close()
        self._elsewhere.close()
        self._nurse.close()

    async def answer(self, name: str, tag: str | None, given: Tensors) -> tuple[dict[str, Array], Target]:
        """See :class:`resources.serving.server.app.Models`."""
        self.last_asked_at_s = time.monotonic()
        if tag is None and name in self.router.routes:
            return await self.router.answer(name, given)
        target = await self._resolver.target(name, tag)
        self._demand(target)
        return await self.router.answer_by(target, given), target

    async def loaded(self, name: str, tag: str | None) -> tuple[Target, Pool]:
        """See :class:`resources.serving.server.app.Models`."""
        self.last_asked_at_s = time.monotonic()
        route = self.router.routes.get(name) if tag is None else None
        if route is not None and route.live is not None:
            target = route.live
        else:
            target = await self._resolver.target(name, tag)
            self._demand(target)
        pool = self._pool_of(target)
        pool.asked_at_s = time.monotonic()
        pool.keep(max(1, pool.wanted))
        await pool.until_ready(self.limits.wait_s)
        return target, pool

    async def unload(self, name: str, tag: str | None) -> list[str]:
        """See :class:`resources.serving.server.app.Models`."""
        meant = [one for one in self.pools if one.name == name]
        if tag is not None:
            target = await self._resolver.target(name, tag)
            meant = [one for one in meant if one == target]
        self._on_demand -= set(meant)
        for target in meant:
            # A deployed one is only let idle: the next request loads it again.
            self.pools[target].asked_at_s = -float("inf")
        await self.look()
        return [str(target) for target in meant]

    def is_ready(self) -> bool:
        """See :class:`resources.serving.server.app.Models`."""
        return self._looked and all(self._would_answer(route.live) for route in self.router.routes.values())

    async def is_model_ready(self, name: str, tag: str | None) -> bool:
        """See :class:`resources.serving.server.app.Models`."""
        if tag is None and name in self.router.routes:
            return self._would_answer(self.router.routes[name].live)
        try:
            return self._would_answer(await self._resolver.target(name, tag))
        except TrainplatError:
            return False

    def names(self) -> list[str]:
        """See :class:`resources.serving.server.app.Models`."""
        return sorted(self.router.routes)

    def status(self) -> dict[str, Any]:
        """See :class:`resources.serving.server.app.Models`."""
        from resources.serving.server.status import status_of

        return status_of(self)

    def wish(self, target: Target) -> Wish | None:
        """How what is asked of a version's endpoint is to be sampled; None of one that nobody deployed."""
        state, pool = self.states.get(target.name), self.pools.get(target)
        return None if state is None or pool is None else Wish(state.plan, pool.inputs)

    def idle_limit_s(self, target: Target) -> float | None:
        """After how long without a request a version is unloaded; None for one that stays."""
        for state in self.states.values():
            rollout = state.rollout
            if rollout is not None and target == target_of(state.endpoint, rollout.new):
                return None
            if state.live is not None and target == target_of(state.endpoint, state.live):
                return None if rollout is not None else state.plan.idle_s or None
        return self._idle_s

    def _settle(self, state: EndpointState, wanted: dict[Target, int]) -> None:
        """Bring the route of one endpoint to its state, as far as the replicas are ready."""
        if state.live is None:
            self.router.routes.pop(state.endpoint, None)
            return
        route = self.router.routes.setdefault(state.endpoint, Route())
        live = target_of(state.endpoint, state.live)
        if route.live != live:
            if route.live is None or self._pool_of(live).is_ready:
                route.live = live
                route.begin_step()
            else:
                # It answers until the other one can.
                wanted[route.live] = max(1, self.scaling.replicas(state.endpoint, state.plan))
        is_changing = route.live != live or state.rollout is not None
        scaled = self.scaling.replicas(state.endpoint, state.plan)
        wanted[live] = max(scaled, state.plan.least_replicas) if is_changing else scaled
        self._settle_rollout(route, state, wanted)

    def _settle_rollout(self, route: Route, state: EndpointState, wanted: dict[Target, int]) -> None:
        rollout = state.rollout
        step = (rollout.id, rollout.step) if rollout else (0, 0)
        if self._steps.get(state.endpoint) != step:
            self._steps[state.endpoint] = step
            route.begin_step()
        if rollout is None:
            route.new, route.weight_percent, route.is_shadow = None, 0.0, False
            return
        new = target_of(state.endpoint, rollout.new)
        route.new, route.weight_percent = new, rollout.weight_percent
        route.is_shadow = rollout.strategy is Strategy.SHADOW
        scaled = self.scaling.replicas(state.endpoint, rollout.plan)
        if rollout.strategy in (Strategy.CANARY, Strategy.ROLLING):  # the others get all requests at once
            scaled = math.ceil(scaled * rollout.weight_percent / 100)
        wanted[new] = max(1, rollout.plan.least_replicas, scaled)
        pool = self._pool_of(new)
        pool.asked_at_s = time.monotonic()

    def _settle_on_demand(self, wanted: dict[Target, int]) -> None:
        now_s = time.monotonic()
        for target in list(self._on_demand):
            pool = self._pool_of(target)
            is_hopeless = pool.problem is not None and not pool.is_ready and not pool.starting
            if is_hopeless or (now_s - pool.asked_at_s > self._idle_s and pool.is_idle):
                self._on_demand.discard(target)
            else:
                wanted[target] = max(1, wanted.get(target, 0))

    async def _go_on(self, rollout: Rollout) -> None:
        route = self.router.routes.get(rollout.endpoint)
        if route is None or route.new is None:
            return
        verdict = self._verdict(rollout, route, self._pool_of(route.new), self._clock())
        if verdict.action is Action.HOLD:
            return
        _log.info("%s: %s: %s", rollout.endpoint, verdict.action, verdict.sentence)
        try:
            await asyncio.to_thread(self._source.act, rollout, verdict)
        except TrainplatError as problem:  # somebody else decided meanwhile: the next look sees what
            _log.warning("%s: %s", rollout.endpoint, problem.one_line)

    def _verdict(self, rollout: Rollout, route: Route, pool: Pool, now: datetime) -> Verdict:
        if pool.problem is not None and not pool.is_ready:
            return Verdict(Action.ABORT, f"model {rollout.new} is taken back: {pool.problem.problem}")
        needed = copies_needed(rollout, self._live_copies(route))
        observed = Observed(
            new=_counts(route.new_counts),
            live=_counts(route.live_counts),
            disagreed=route.comparison.disagreed,
            compared=route.comparison.compared,
            ready=len(pool.replicas) >= max(1, min(needed, pool.wanted)),
            quiet_s=0.0 if route.live is None else time.monotonic() - self._pool_of(route.live).asked_at_s,
        )
        return next_step(rollout, rollout.plan, observed, now)

    def _live_copies(self, route: Route) -> int:
        return 0 if route.live is None else len(self._pool_of(route.live).replicas)

    def _would_answer(self, target: Target | None) -> bool:
        """Whether it is loaded, or can be as far as is known."""
        pool = None if target is None else self.pools.get(target)
        return target is not None and (pool is None or pool.is_ready or pool.problem is None)

    def _demand(self, target: Target) -> None:
        """Have a version that is asked for, whoever is live, until it is idle for long."""
        pool = self._pool_of(target)
        if not pool.wanted:
            self._on_demand.add(target)
            pool.keep(1)

    def _pool_of(self, target: Target) -> Pool:
        pool = self.pools.get(target)
        if pool is None:
            pool = self.pools[target] = Pool(self._starting(target), self.limits)
        return pool

    def _starting(self, target: Target) -> Callable[[Callable[[Replica], None]], Any]:
        async def start(lost: Callable[[Replica], None]) -> Replica:
            began = time.monotonic()
            try:
                replica = await self._of_sound_files(target, lost)
            except TrainplatError as problem:
                _log.warning("%s: %s", target, problem.one_line)
                raise
            _log.info("%s is ready after %.2f s, process %d", target, time.monotonic() - began, replica.pid)
            return replica

        return start

    async def _of_sound_files(self, target: Target, lost: Callable[[Replica], None]) -> Replica:
        """A replica; where our copy of the weights was damaged, of another copy."""
        loading = await self._loading(target)
        try:
            return await self._under_lease(target, loading, lost)
        except BadInput:
            if not await asyncio.to_thread(self._source.drop_damaged, loading):
                raise
            _log.warning("%s: the copy at %s was damaged; it is fetched anew", target, loading.location)
        return await self._under_lease(target, await self._loading(target), lost)

    async def _loading(self, target: Target) -> Loading:
        return await self._elsewhere.found(
            partial(self._source.loading_here, target), partial(self._source.loading, target)
        )

    async def _under_lease(
        self, target: Target, loading: Loading, lost: Callable[[Replica], None]
    ) -> Replica:
        """A replica with the devices that its plan asks for, which it waits for."""
        load_s = self.limits.load_s
        claim = self._claim(target)
        if claim is None:
            return await Replica.start(self._nurse, loading, NO_DEVICE, ready_s=load_s, lost=lost)
        in_use = sum(one.target == target for one in self.leasing.in_use.values())
        is_guaranteed = in_use + self._in_line[target] < self._guaranteed(target)
        self._in_line[target] += 1
        try:
            held = await self.leasing.take(claim, partial(self._waits, target), is_guaranteed=is_guaranteed)
        finally:
            self._in_line[target] -= 1
        run_id = held.lease.run_id
        loading = replace(loading, device=held.device, threads=held.threads)

        def ended(replica: Replica) -> None:
            self.leasing.give_back(held, self.shrinking.why(run_id) or "the replica has ended")
            lost(replica)

        born = partial(self.leasing.hand_over, target, held)
        try:
            return await Replica.start(
                self._nurse, loading, held.environment, ready_s=load_s, lost=ended, born=born
            )
        except BaseException:
            why = self.shrinking.why(run_id)
            self.leasing.give_back(held, why or "the model did not load")
            if why is not None:
                raise NotWanted from None
            raise

    async def _of_arbiter(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what needs the arbiter; where it fails, models are served and rollouts go on all the same."""
        try:
            await work
        except Exception:  # noqa: BLE001 - a locked database: the next look tries again
            _log.exception("what the arbiter says of replicas could not be followed")

    def _claim(self, target: Target) -> Claim | None:
        """What the plan of a version asks for; nothing for one that is no endpoint's."""
        return claim_of(self._plan_of(target)) if target.name in self.states else None

    def _plan_of(self, target: Target) -> DeployPlan:
        state = self.states.get(target.name)
        if state is None:
            return DeployPlan()
        rollout = state.rollout
        is_new = rollout is not None and target == target_of(state.endpoint, rollout.new)
        return rollout.plan if rollout is not None and is_new else state.plan

    def _guaranteed(self, target: Target) -> int:
        """How many replicas of a version are stopped for nobody: the least of what is deployed."""
        state = self.states.get(target.name)
        if state is None or target not in {target_of(state.endpoint, one) for one in state.serving}:
            return 0
        return self.scaling.guaranteed(state.endpoint, self._plan_of(target))

    def _deployed(self, state: EndpointState, live: Served) -> Deployed:
        """What answers for an endpoint: a new version that has all the requests is the one to scale by."""
        pool, rollout = self._pool_of(target_of(state.endpoint, live)), state.rollout
        if rollout is None or rollout.weight_percent == 0:
            return Deployed(state.plan, pool)
        new = self._pool_of(target_of(state.endpoint, rollout.new))
        return Deployed(state.plan, new, pool) if has_all(rollout) else Deployed(state.plan, pool, new)

    def _is_scaled(self, target: Target) -> bool:
        state = self.states.get(target.name)
        if state is None or state.live is None:
            return False
        served = state.rollout.new if state.rollout is not None and has_all(state.rollout) else state.live
        return target_of(target.name, served) == target

    def _waits(self, target: Target, reason: str) -> None:
        pool = self.pools.get(target)
        if pool is None:
            return
        if reason and len(pool.replicas) + pool.starting > pool.wanted:
            raise NotWanted
        pool.waits_for = reason

    def _drain(self, pool: Pool) -> None:
        task = asyncio.get_running_loop().create_task(pool.drain(DRAIN_S))
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)


def _told(problem: Exception) -> TrainplatError:
    if isinstance(problem, TrainplatError):
        return problem
    line = str(problem).strip().partition("\n")[0]
    return Unavailable(
        f"what is deployed cannot be read: {type(problem).__name__}: {line}",
        "Endpoints go on as they were, and it is tried again; see the log of the server.",
    )


def _counts(counted: counting.Counts) -> Counts:
    return Counts(counted.requests, counted.errors, counted.percentile_ms(0.5), counted.percentile_ms(0.99))
