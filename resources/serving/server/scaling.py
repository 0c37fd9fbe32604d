"""How many replicas each endpoint has: what its pool counts is read, and its autoscaler decides."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import psutil

from resources.clock import Clock
from resources.deploy_plan import DeployPlan
from resources.errors import BadInput
from resources.serving.scaling.model import Metric, ScalingDecision, ScalingSpec
from resources.serving.scaling.observer import WINDOW_S, Reading
from resources.serving.scaling.plan import scaling_of
from resources.serving.scaling.scalers import NOTHING, Scalers, Service
from resources.serving.server.claims import Claim, claim_of
from resources.serving.server.counting import Counts
from resources.serving.server.leasing import Leasing
from resources.serving.server.offers import Offers
from resources.serving.server.pool import Pool
from resources.serving.server.shrinking import Stopping
from resources.serving.server.source import Source
from resources.serving.server.sums import Sums

KEEP_S = 5.0
"""How often what was decided and counted is written."""
LONGEST_IDLE_S = 1e9
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deployed:
    """What answers for an endpoint."""

    plan: DeployPlan
    pool: Pool
    """Of the version that is scaled."""
    beside: Pool | None = None
    """Of the other one that answers a share of the requests."""

    @property
    def pools(self) -> list[Pool]:
        """All of them."""
        return [self.pool] if self.beside is None else [self.pool, self.beside]


@dataclass
class _Watched:
    """What is remembered of one endpoint between two looks."""

    plan: DeployPlan
    spec: ScalingSpec | None
    """None for a plan that cannot be read: the least replicas are kept."""
    sums: Sums = field(default_factory=Sums)
    cpu_s: float = 0.0
    cpu_by_pid: dict[int, float] = field(default_factory=dict)
    before: Counts = field(default_factory=Counts)
    taken_at_s: float = 0.0
    cold_start_s: float | None = None


class Scaling:
    """The number of replicas of each endpoint, decided at each look."""

    def __init__(self, source: Source, leasing: Leasing, clock: Clock) -> None:
        self.decided: dict[str, ScalingDecision] = {}
        self._source, self._clock = source, clock
        self._leasing, self._offers = leasing, Offers(leasing)
        self._scalers, self._unwritten = Scalers(), NOTHING
        self._watched: dict[str, _Watched] = {}
        self._kept_at_s = time.monotonic()

    async def decide(self, live: Mapping[str, Deployed], stopping: Mapping[str, Stopping]) -> None:
        """Decide for endpoints by what is live, of whose replicas some make room."""
        services: list[Service] = []
        claims: dict[str, Claim] = {}
        for endpoint, deployed in live.items():
            plan, pool = deployed.plan, deployed.pool
            watched, claim = await self._watch(endpoint, plan), claim_of(plan)
            watched.sums.add(deployed.pools)
            if watched.spec is None:
                continue
            service = Service(
                endpoint, plan, await self._reading(watched, watched.spec, pool, stopping.get(endpoint))
            )
            if claim is not None:
                claims[endpoint] = claim
                service = replace(
                    service, project=claim.project, device_milli=await self._offers.units_milli(claim)
                )
            services.append(service)
        for gone in self._watched.keys() - live.keys():
            del self._watched[gone]
        now = self._clock()
        offers = await self._offers.offers(self._scalers.wishes(services, now), claims)
        services = [replace(one, offer=offers.get(one.endpoint)) for one in services]
        free_milli = max(
            (one.offer.count * one.device_milli for one in services if one.offer is not None), default=0
        )
        coming_milli = self._leasing.coming_milli
        self.decided = self._scalers.decide(services, free_milli, now, coming_milli=coming_milli)
        if time.monotonic() - self._kept_at_s >= KEEP_S:
            await self.keep()

    def replicas(self, endpoint: str, plan: DeployPlan) -> int:
        """How many replicas of what is live there are to be."""
        decision = self.decided.get(endpoint)
        return plan.least_replicas if decision is None else decision.replicas

    def guaranteed(self, endpoint: str, plan: DeployPlan) -> int:
        """How many replicas of what is deployed are never taken away while they are needed."""
        watched = self._watched.get(endpoint)
        if watched is None or watched.spec is None or watched.plan != plan:
            return plan.least_replicas
        return watched.spec.bounds(self._clock()).least

    async def keep(self) -> None:
        """Write what was decided and counted since the last time."""
        self._kept_at_s = time.monotonic()
        taken, self._unwritten = self._unwritten.then(self._scalers.taken()), NOTHING
        try:
            await asyncio.to_thread(self._source.keep_scaling, taken)
        except Exception:  # noqa: BLE001 - a locked database, a full disk: replicas come and go all the same
            self._unwritten = taken
            _log.exception("what was scaled could not be written; it is tried again")

    async def _reading(
        self, watched: _Watched, spec: ScalingSpec, pool: Pool, stopping: Stopping | None
    ) -> Reading:
        reading = _reading(watched, spec, pool, stopping)
        if not any(target.metric is Metric.GPU for target in spec.targets):
            return reading
        await self._offers.read_use()
        devices = [device for one in pool.replicas for device in self._leasing.devices_of(one)]
        return replace(reading, gpu=self._offers.use(devices))

    async def _watch(self, endpoint: str, plan: DeployPlan) -> _Watched:
        watched = self._watched.get(endpoint)
        if watched is not None and watched.plan == plan:
            return watched
        try:
            spec = scaling_of(plan)
        except BadInput as problem:
            spec = None
            _log.warning("%s keeps %d replicas: %s", endpoint, plan.least_replicas, problem.one_line)
        if watched is None:
            watched = _Watched(plan, spec)
            try:
                self._scalers.know(endpoint, await asyncio.to_thread(self._source.arrivals, endpoint))
            except Exception:  # noqa: BLE001 - the same: it begins without them
                _log.exception("%s: what came before is not known", endpoint)
        watched.plan, watched.spec = plan, spec
        self._watched[endpoint] = watched
        return watched


def _reading(watched: _Watched, spec: ScalingSpec, pool: Pool, stopping: Stopping | None) -> Reading:
    now_s = time.monotonic()
    metrics = {target.metric for target in spec.targets}
    if now_s - watched.taken_at_s >= WINDOW_S:
        watched.before, watched.taken_at_s = pool.counts.taken(), now_s
    recent = pool.counts.plus(watched.before)
    watched.cold_start_s = max((one.ready_after_s for one in pool.replicas), default=watched.cold_start_s)
    leaving = 0 if stopping is None else stopping.count
    return Reading(
        ready=len(pool.replicas),
        starting=max(pool.starting, pool.wanted - len(pool.replicas) - leaving),
        stopping=leaving,
        stopping_for="" if stopping is None else stopping.whom,
        stopping_by="" if stopping is None else stopping.rule,
        waiting=pool.waiting_requests,
        requests=watched.sums.requests,
        answered=watched.sums.answered,
        busy_s=watched.sums.busy_s,
        cpu_s=_cpu_s(watched, pool) if Metric.CPU in metrics else None,
        memory=_memory(spec, pool) if Metric.MEMORY in metrics else None,
        p99_ms=recent.percentile_ms(0.99) if recent.requests else 0.0,
        idle_s=min(LONGEST_IDLE_S, now_s - pool.asked_at_s) if pool.is_idle else 0.0,
        cold_start_s=watched.cold_start_s,
    )


def _cpu_s(watched: _Watched, pool: Pool) -> float:
    """Processor time of all replicas that there ever were; each has one thread."""
    for replica in pool.replicas:
        try:
            times = psutil.Process(replica.pid).cpu_times()
        except psutil.Error:
            continue
        used_s = times.user + times.system
        watched.cpu_s += used_s - watched.cpu_by_pid.get(replica.pid, used_s)
        watched.cpu_by_pid[replica.pid] = used_s
    known = {replica.pid for replica in pool.replicas}
    watched.cpu_by_pid = {pid: used for pid, used in watched.cpu_by_pid.items() if pid in known}
    return watched.cpu_s


def _memory(spec: ScalingSpec, pool: Pool) -> float | None:
    """The mean share of what one replica may hold: an equal part of the machine for the most there may be."""
    held = []
    for replica in pool.replicas:
        try:
            held.append(psutil.Process(replica.pid).memory_info().rss)
        except psutil.Error:
            continue
    if not held:
        return None
    part = psutil.virtual_memory().total / max(1, spec.most)
    return min(1.0, sum(held) / len(held) / part)
