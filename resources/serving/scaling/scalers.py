"""What a server asks: for each of its services a plan and a reading, and how many replicas it is to have.

It does no I/O. What is to be kept, each step that changed something and the counts of whole minutes, lies
ready for :meth:`Scalers.taken`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from resources.deploy_plan import DeployPlan
from resources.gpu.model import Offer
from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.fleet import Fleet, Scaled
from resources.serving.scaling.model import Arrivals, ScalingDecision
from resources.serving.scaling.observer import Observer, Reading, minute_of
from resources.serving.scaling.plan import scaling_of


@dataclass(frozen=True)
class Service:
    """One service of a server at a moment."""

    endpoint: str
    plan: DeployPlan
    reading: Reading
    device_milli: int = 0
    """What one replica takes up of the devices, in thousandths of one."""
    project: str = ""
    """On whose quota that is."""
    offer: Offer | None = None
    """How many more the arbiter would give; None where it was not asked."""


MOST_STEPS = 1000
"""So many are remembered while they cannot be written."""


@dataclass(frozen=True)
class Step:
    """A decision that is worth keeping, and when it was made."""

    at: datetime
    decision: ScalingDecision


@dataclass(frozen=True)
class Taken:
    """What is to be kept."""

    steps: tuple[Step, ...]
    counts: Mapping[tuple[str, int], int]
    """Requests of an endpoint in a minute since 1970."""

    def then(self, later: "Taken") -> "Taken":
        """Both together; of very many steps the newest."""
        return Taken((*self.steps, *later.steps)[-MOST_STEPS:], {**self.counts, **later.counts})


NOTHING = Taken((), {})


@dataclass
class _Known:
    plan: DeployPlan
    scaler: Autoscaler
    observer: Observer
    counted: int
    """The minute up to which counts were taken."""
    wanted: int | None = None
    steps: list[Step] = field(default_factory=list)


class Scalers:
    """The autoscalers of all services of a server."""

    def __init__(self) -> None:
        self._arrivals: dict[str, Arrivals] = {}
        self._known: dict[str, _Known] = {}
        self._fleet = Fleet()

    def know(self, endpoint: str, arrivals: Arrivals | None) -> None:
        """What came to an endpoint before this server began; said before its first decision."""
        if arrivals is not None:
            self._arrivals[endpoint] = arrivals

    def wishes(self, services: Iterable[Service], now: datetime) -> dict[str, int]:
        """How many more replicas each that needs devices would start, if there were enough of them."""
        return {
            one.endpoint: self._fleet.wish(self._scaled(one, now), now)
            for one in services
            if one.device_milli
        }

    def decide(
        self, services: Iterable[Service], free_milli: int, now: datetime, *, coming_milli: int = 0
    ) -> dict[str, ScalingDecision]:
        """How many replicas each is to have. Raises :class:`BadScaling` for a plan that cannot be read."""
        asked = tuple(services)
        for gone in self._known.keys() - {one.endpoint for one in asked}:
            del self._known[gone]
        scaled = [self._scaled(one, now) for one in asked]
        found = self._fleet.decide(scaled, free_milli, now, coming_milli=coming_milli)
        for decision in found:
            self._note(decision, now)
        return {decision.endpoint: decision for decision in found}

    def taken(self) -> Taken:
        """What has come about since it was last asked, once."""
        steps: list[Step] = []
        counts: dict[tuple[str, int], int] = {}
        for endpoint, known in self._known.items():
            steps += known.steps
            known.steps = []
            counts |= _new_counts(endpoint, known)
        return Taken(tuple(sorted(steps, key=lambda one: (one.at, one.decision.endpoint))), counts)

    def _scaled(self, one: Service, now: datetime) -> Scaled:
        known = self._known.get(one.endpoint)
        if known is None:
            before = self._arrivals.pop(one.endpoint, None)
            observer = Observer(one.endpoint, before)
            known = _Known(one.plan, Autoscaler(scaling_of(one.plan)), observer, minute_of(now))
            self._known[one.endpoint] = known
        elif known.plan != one.plan:
            known.plan = one.plan
            known.scaler = Autoscaler(scaling_of(one.plan), known.scaler.memory)
        offered, why = (None, None) if one.offer is None else (one.offer.count, one.offer.why)
        seen = known.observer.see(one.reading, now)
        return Scaled(known.scaler, seen, one.device_milli, one.project, offered, why)

    def _note(self, decision: ScalingDecision, now: datetime) -> None:
        """Keep what changes something, or would in a dry run; once, not at each look until it is so."""
        known = self._known[decision.endpoint]
        if decision.wanted not in (decision.current, known.wanted):
            known.steps.append(Step(now, decision))
        known.wanted = decision.wanted


def _new_counts(endpoint: str, known: _Known) -> dict[tuple[str, int], int]:
    arrivals = known.observer.arrivals()
    if arrivals is None:
        return {}
    ended = minute_of(arrivals.ended_at)
    new = min(ended - known.counted, len(arrivals.counts))
    known.counted = max(known.counted, ended)
    if new <= 0:
        return {}
    return {(endpoint, ended - new + place): count for place, count in enumerate(arrivals.counts[-new:])}
