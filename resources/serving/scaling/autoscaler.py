"""How many replicas a service is to have: a function of what is declared, seen and remembered.

Rules, in the order in which they are applied; the last one that changed the number is told:

- **S1** Each metric asks for ``ceil(ready * value / target)``; the highest counts.
- **S2** Within a tenth of the target nothing changes.
- **S3** What was not measured takes nothing away.
- **S4** The forecast of the time that a start takes asks for more.
- **S5** A request waits and there is no replica: one wakes.
- **S6** No request for ``idle_s``, and no replica need be there: the service sleeps.
- **S7** One replica stays until then.
- **S8** Guaranteed: never fewer than the least, by the schedule or by what is declared.
- **S9** Never more than the most.
- **S10** Stabilisation: the highest number that metrics or the forecast wanted within ``down_s`` is kept.
- **S11** Within 15 s at most twice as many, or four more.
- **S12** A service of higher priority takes what is above the guaranteed number.
- **S13** No more than there are devices for. What is guaranteed, and the first one, wait in the arbiter's
  line all the same.
- **S14** What the arbiter takes back goes, as far as it is above the guaranteed number.
"""

from dataclasses import dataclass, field
from datetime import datetime

from resources.gpu.policy.reason import Reason
from resources.serving.scaling.forecast import Ahead, look_ahead
from resources.serving.scaling.measured import by_metrics
from resources.serving.scaling.memory import Memory
from resources.serving.scaling.model import Bounds, Metric, ScalingDecision, ScalingSnapshot, ScalingSpec
from resources.texts import mark

GROWTH_S = 15.0
GROWTH_FACTOR = 2
GROWTH_COUNT = 4
"""As the default of Kubernetes: whichever of the two is more."""

_S2 = mark("No metric is declared: the guaranteed {wanted} replicas are kept.")
_S4 = mark(
    "{rate} requests per second are expected within {seconds} s; for up to {high} it takes {wanted} replicas."
)
_S5 = mark("{queue} requests wait and no replica is there: {wanted} start.")
_S6 = mark("No request for {seconds} s, and none is needed: the last of {current} replicas goes.")
_S6_ASLEEP = mark("No request for {seconds} s, and none waits: the service sleeps on.")
_S7 = mark("The last request was {seconds} s ago, less than {idle} s: one replica stays.")
_S8 = mark("{wanted} replicas are guaranteed.")
_S8_WINDOW = mark("{wanted} replicas are guaranteed from {hours}.")
_S9 = mark("At most {wanted} replicas are allowed; {asked} would be needed.")
_S9_WINDOW = mark("At most {wanted} replicas are allowed from {hours}; {asked} would be needed.")
_S10 = mark("{asked} would do; {wanted} stay until fewer were enough for {seconds} s.")
_S11 = mark("{asked} are needed; within {seconds} s at most {wanted}.")
_S12 = mark("{owed} replicas go to {other}, which has a higher priority: {wanted} are left.")
_S14 = mark("{stopping} replicas make room for {other} by the arbiter's rule {by}: {wanted} are left.")
_S13 = mark("{asked} are needed; there are devices for {wanted}.")


class Autoscaler:
    """Decides for one service, again and again. It remembers what it wanted, and changes nothing itself."""

    def __init__(self, spec: ScalingSpec, memory: Memory | None = None) -> None:
        self.spec = spec
        self.memory = memory or Memory()

    def decide(self, snapshot: ScalingSnapshot, now: datetime) -> ScalingDecision:
        """How many replicas the service is to have. Asked twice at one moment, it says the same."""
        decision, self.memory = decide(self.spec, self.memory, snapshot, now)
        return decision


def decide(
    spec: ScalingSpec, memory: Memory, seen: ScalingSnapshot, now: datetime
) -> tuple[ScalingDecision, Memory]:
    """The decision by rules S1 to S14, and what is to be remembered of it."""
    bounds = spec.bounds(now)
    course = _needed(spec, bounds, seen)
    _within(course, bounds)
    asleep = course.replicas == 0
    if not memory.wanted:
        memory = memory.with_wanted(now, seen.replicas, spec.down_s)
    memory = memory.with_wanted(now, course.replicas, spec.down_s)
    if (spec.targets or spec.forecast) and not asleep:
        _stabilise(course, spec, memory, seen, now)
        _within(course, bounds)
    if not asleep:
        _grow(course, bounds, memory, seen, now)
    _divide(course, bounds, seen)
    replicas = max(seen.replicas, spec.least) if spec.dry_run else course.replicas
    memory = memory.with_added(now, replicas - seen.replicas, GROWTH_S)
    reasons = tuple(course.reasons)
    return (
        ScalingDecision(seen.endpoint, replicas, seen.replicas, course.replicas, reasons, spec.dry_run),
        memory,
    )


@dataclass
class _Course:
    """A number on its way through the rules."""

    replicas: int
    reasons: list[Reason] = field(default_factory=list)
    is_asleep: bool = False

    def to(self, replicas: int, rule: str, template: str, **values: str | int | float) -> None:
        """Let it be another number, if it is one."""
        if replicas != self.replicas:
            self.set(replicas, rule, template, **values)

    def set(self, replicas: int, rule: str, template: str, **values: str | int | float) -> None:
        """Let it be this number by this rule."""
        asked, self.replicas = self.replicas, replicas
        self.reasons.append(Reason(rule, template, {"wanted": replicas, "asked": asked, **values}))


def _needed(spec: ScalingSpec, bounds: Bounds, seen: ScalingSnapshot) -> _Course:
    """Rules S1 to S7."""
    ahead = look_ahead(spec, seen)
    is_expected = ahead is not None and ahead.replicas > 0
    may_sleep = bounds.may_sleep and seen.idle_s >= spec.idle_s and seen.queue == 0 and not is_expected
    if may_sleep and not (seen.replicas or seen.rate_per_s):
        return _Course(0, [Reason("S6", _S6_ASLEEP, {"seconds": seen.idle_s, "wanted": 0})], is_asleep=True)
    targets = spec.targets
    if ahead is not None:  # a wait is in no proportion to the number of replicas: the forecast counts it
        targets = tuple(target for target in targets if target.metric is not Metric.LATENCY)
    if targets:
        asked = by_metrics(targets, seen)
        course = _Course(asked.replicas, [asked.reason])
    elif ahead is not None:
        course = _Course(ahead.replicas, [_expected(ahead, ahead.replicas)])
    else:
        course = _Course(bounds.least, [Reason("S2", _S2, {"wanted": bounds.least})])
    if ahead is not None and ahead.replicas > course.replicas:
        course = _Course(ahead.replicas, [*course.reasons, _expected(ahead, course.replicas)])
    if seen.replicas == 0 and seen.queue > 0:
        course.to(max(course.replicas, 1), "S5", _S5, queue=seen.queue)
    if bounds.may_sleep and seen.replicas > 0:
        _sleep(course, spec, seen, may_sleep=may_sleep)
    return course


def _expected(ahead: Ahead, asked: int) -> Reason:
    values = {
        "rate": ahead.rate_per_s,
        "high": ahead.high_per_s,
        "seconds": ahead.within_s,
        "wanted": ahead.replicas,
        "asked": asked,
    }
    return Reason("S4", _S4, values)


def _sleep(course: _Course, spec: ScalingSpec, seen: ScalingSnapshot, *, may_sleep: bool) -> None:
    if may_sleep:
        course.is_asleep = True
        course.set(0, "S6", _S6, seconds=seen.idle_s, current=seen.replicas)
    elif course.replicas == 0:
        course.to(1, "S7", _S7, seconds=seen.idle_s, idle=spec.idle_s)


def _within(course: _Course, bounds: Bounds) -> None:
    """Rules S8 and S9."""
    hours = "" if bounds.window is None else bounds.window.hours
    if course.replicas < bounds.least and not course.is_asleep:
        course.to(bounds.least, "S8", _S8_WINDOW if hours else _S8, hours=hours)
    elif course.replicas > bounds.most:
        course.to(bounds.most, "S9", _S9_WINDOW if hours else _S9, hours=hours)


def _stabilise(
    course: _Course, spec: ScalingSpec, memory: Memory, seen: ScalingSnapshot, now: datetime
) -> None:
    highest = min(memory.highest(now, spec.down_s), seen.replicas)
    if course.replicas < highest:
        course.to(highest, "S10", _S10, seconds=spec.down_s)


def _grow(course: _Course, bounds: Bounds, memory: Memory, seen: ScalingSnapshot, now: datetime) -> None:
    before = max(0, seen.replicas - memory.added_before(now, GROWTH_S))
    allowed = max(GROWTH_FACTOR * before, before + GROWTH_COUNT, seen.replicas, bounds.least)
    if course.replicas > allowed:
        course.to(allowed, "S11", _S11, seconds=GROWTH_S)


def _divide(course: _Course, bounds: Bounds, seen: ScalingSnapshot) -> None:
    """Rules S12, S13 and S14."""
    asked = max(bounds.least, min(1, course.replicas))
    if seen.owed_replicas:
        left = max(bounds.least, min(course.replicas, seen.replicas - seen.owed_replicas))
        if left < course.replicas:
            course.to(left, "S12", _S12, owed=seen.replicas - left, other=seen.owed_to or "—")
    if seen.free_replicas is not None and course.replicas > seen.replicas + seen.free_replicas:
        left = max(asked, seen.replicas + seen.free_replicas)
        if seen.free_why is not None and left < course.replicas:
            course.reasons.append(seen.free_why)
        course.to(left, "S13", _S13)
    left = max(asked, seen.replicas - seen.stopping)
    if seen.stopping and course.replicas > left:
        course.to(
            left, "S14", _S14, stopping=seen.stopping, other=seen.stopping_for or "—", by=seen.stopping_by
        )
