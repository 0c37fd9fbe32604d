"""Whether a rollout goes on, waits or is taken back: pure rules over what was counted, with their reasons.

1. A version that is not ready gets no request; one that is, goes to its first step. Under blue/green it has
   as many copies by then as the live version.
2. A rollback is complete when its copies are ready: what it goes back from is no measure for it.
3. A version whose requests fail, or whose answers differ, surely more often than the plan allows is taken
   back: the lower end of the 95 % interval of its share lies above it, of ``SOONEST`` requests or more.
   One failure alone is chance.
4. At the end of a step it is taken back too where its share itself, or its p99, is above what is allowed;
   of fewer than ``LEAST_FOR_P99`` requests its median.
5. Where nobody has asked the endpoint for ``idle_s``, after which it is unloaded, the new version takes over
   at once: there is nobody whom a small step would spare, and nothing to learn.
6. A step ends after ``step_s``, and, of a canary and a shadow, ``least_requests``. Where nobody asked at all
   for ``QUIET_STEPS`` times as long, it ends without them.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.deploy_plan import DeployPlan, Strategy
from resources.serving.deployments.changes import weights_of
from resources.serving.deployments.model import Rollout

SOONEST = 10
"""Of fewer requests nothing is concluded before the end of a step."""
QUIET_STEPS = 10
LEAST_FOR_P99 = 100
"""Of fewer requests the p99 is the slowest one: their medians are compared instead."""
LEAST_SLOWER_MS = 5.0
"""What is slower by less is no matter, however many times the live version's it is."""
_Z = 1.96


@dataclass(frozen=True)
class Counts:
    """What was counted of one version since the step began."""

    requests: int = 0
    errors: int = 0
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None


@dataclass(frozen=True)
class Observed:
    """Both versions since the step began, and how often they were asked the same."""

    new: Counts
    live: Counts
    disagreed: int = 0
    compared: int = 0
    ready: bool = True
    """Whether the copies of the new version can answer."""
    quiet_s: float = 0.0
    """For how long nobody has asked the live version, also before the step began."""


class Action(StrEnum):
    """What is to be done with a rollout."""

    HOLD = "hold"
    ADVANCE = "advance"
    COMPLETE = "complete"
    ABORT = "abort"


@dataclass(frozen=True)
class Verdict:
    """What is to be done, and why, for people."""

    action: Action
    sentence: str


def next_step(rollout: Rollout, plan: DeployPlan, observed: Observed, now: datetime) -> Verdict:
    """What comes next for a rollout."""
    name = f"model {rollout.new}"
    if not observed.ready:
        return Verdict(Action.HOLD, f"{name} is not ready yet")
    if rollout.is_rollback:
        return Verdict(Action.COMPLETE, f"{name} is ready, and all requests go back to it")
    is_asleep = 0 < plan.idle_s <= observed.quiet_s
    if is_asleep and observed.new.requests + observed.live.requests == 0:
        return Verdict(Action.COMPLETE, f"{name} is ready, and nobody has asked for {plan.idle_s:.0f} s")
    if rollout.step == 0:
        return Verdict(Action.ADVANCE, f"{name} is ready")
    problem = _sure_problem(plan, observed)
    if problem is not None:
        return Verdict(Action.ABORT, f"{name} is taken back: {problem}")
    waits = _waits_for(rollout, plan, observed, now)
    if waits is not None:
        return Verdict(Action.HOLD, f"{name} gets {rollout.weight_percent} %: {waits}")
    problem = _problem_of_step(plan, observed)
    if problem is not None:
        return Verdict(Action.ABORT, f"{name} is taken back: {problem}")
    is_last = rollout.step >= len(weights_of(rollout.strategy, plan))
    return Verdict(Action.COMPLETE if is_last else Action.ADVANCE, _passed(observed, rollout))


def copies_needed(rollout: Rollout, live_copies: int) -> int:
    """How many copies of the new version are to be ready before it gets a request.

    Under blue/green it gets all of them at once, so it has as many copies as the live version. A rollback
    waits for the least only: what it goes back from may be broken.
    """
    least = max(1, rollout.plan.least_replicas)
    is_at_once = rollout.strategy is Strategy.BLUE_GREEN and rollout.step == 0 and not rollout.is_rollback
    return max(least, live_copies) if is_at_once else least


def has_all(rollout: Rollout) -> bool:
    """Whether the new version answers every request already."""
    return rollout.weight_percent == 100


def lower_bound(count: int, total: int) -> float:
    """The lower end of Wilson's 95 % interval of a share; 0 of nothing."""
    if total == 0:
        return 0.0
    share, z2 = count / total, _Z * _Z
    middle = share + z2 / (2 * total)
    spread = _Z * math.sqrt((share * (1 - share) + z2 / (4 * total)) / total)
    return max(0.0, (middle - spread) / (1 + z2 / total))


def _sure_problem(plan: DeployPlan, observed: Observed) -> str | None:
    new, rules = observed.new, plan.abort
    allowed = _share(observed.live.errors, observed.live.requests) + rules.error_rate
    is_enough = new.requests >= SOONEST and new.errors > 1
    if is_enough and lower_bound(new.errors, new.requests) > allowed:
        return _errors_said(plan, observed)
    disagrees = lower_bound(observed.disagreed, observed.compared) > rules.disagreement
    if observed.compared >= SOONEST and disagrees:
        return _disagreement_said(plan, observed)
    return None


def _problem_of_step(plan: DeployPlan, observed: Observed) -> str | None:
    new, live, rules = observed.new, observed.live, plan.abort
    if _share(new.errors, new.requests) > _share(live.errors, live.requests) + rules.error_rate:
        return _errors_said(plan, observed)
    if observed.compared and observed.disagreed / observed.compared > rules.disagreement:
        return _disagreement_said(plan, observed)
    is_known = min(new.requests, live.requests) >= LEAST_FOR_P99
    what, took_ms, usual_ms = (
        ("p99", new.latency_p99_ms, live.latency_p99_ms)
        if is_known
        else ("median", new.latency_p50_ms, live.latency_p50_ms)
    )
    if took_ms is None or not usual_ms or took_ms - usual_ms < LEAST_SLOWER_MS:
        return None
    ratio = took_ms / usual_ms
    if ratio <= rules.latency_ratio:
        return None
    return (
        f"its {what} is {took_ms:.1f} ms, {ratio:.1f} times the live version's {usual_ms:.1f} ms; "
        f"at most {rules.latency_ratio:g} times is allowed"
    )


def _waits_for(rollout: Rollout, plan: DeployPlan, observed: Observed, now: datetime) -> str | None:
    if rollout.strategy is Strategy.ROLLING:
        return None
    for_s = (now - rollout.step_begun_at).total_seconds()
    if for_s < plan.step_s:
        return f"{plan.step_s - for_s:.0f} s of this step are left"
    lacking = plan.least_requests - observed.new.requests
    if rollout.strategy is Strategy.BLUE_GREEN or lacking <= 0:
        return None
    is_quiet = observed.new.requests + observed.live.requests == 0 and for_s >= QUIET_STEPS * plan.step_s
    return None if is_quiet else f"{lacking} requests of {plan.least_requests} are to come"


def _passed(observed: Observed, rollout: Rollout) -> str:
    new = observed.new
    if new.requests == 0:
        return f"model {rollout.new} was asked nothing, and nothing speaks against it"
    said = f"model {rollout.new} answered {new.requests} requests, {new.errors} failed"
    if observed.compared:
        said += f"; {observed.disagreed} of {observed.compared} answers differ from the live version's"
    if new.latency_p99_ms is not None:
        said += f"; p99 {new.latency_p99_ms:.1f} ms"
    return said


def _errors_said(plan: DeployPlan, observed: Observed) -> str:
    new, live = observed.new, observed.live
    return (
        f"{new.errors} of {new.requests} requests failed, of the live version's {live.errors} of "
        f"{live.requests}; {plan.abort.error_rate:.1%} more is allowed"
    )


def _disagreement_said(plan: DeployPlan, observed: Observed) -> str:
    return (
        f"{observed.disagreed} of {observed.compared} answers differ from the live version's; "
        f"{plan.abort.disagreement:.0%} is allowed"
    )


def _share(count: int, total: int) -> float:
    return count / total if total else 0.0
