"""What each act does to the state of an endpoint: pure functions, and the fold of a history over them.

Each gives the state after it, or None where there is nothing to do: an act that is repeated is one act.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from resources.deploy_plan import DeployPlan, Strategy
from resources.errors import Conflict
from resources.serving.deployments.model import DeploymentEvent, EndpointState, EventKind, Rollout, Served


def weights_of(strategy: Strategy, plan: DeployPlan) -> tuple[int, ...]:
    """Which share of the requests, in percent, the new version gets at each step from 1."""
    if strategy is Strategy.CANARY:
        return plan.steps_percent
    if strategy is Strategy.ROLLING:
        copies = plan.least_replicas
        return tuple(100 * copy // copies for copy in range(1, copies + 1))
    return (0,) if strategy is Strategy.SHADOW else (100,)


def promoted(
    state: EndpointState, new: Served, plan: DeployPlan, event_id: int, now: datetime
) -> EndpointState | None:
    """``new`` is to be live: by a rollout, or at once where nothing is. What is live gets a new plan so."""
    if state.wanted == new and (state.plan == plan or state.rollout is not None):
        return None
    return _begun(replace(state, plan=plan), new, plan.strategy, event_id, now)


def advanced(state: EndpointState, rollout: Rollout, now: datetime) -> EndpointState | None:
    """The rollout is one step further."""
    current = _current(state, rollout)
    if current.step == rollout.step + 1:
        return None
    weights = weights_of(rollout.strategy, rollout.plan)
    if current.step != rollout.step or rollout.step >= len(weights):
        raise Conflict(
            f"the rollout of {state.endpoint} to model {rollout.new} is at step {current.step} of "
            f"{len(weights)} and cannot go on from step {rollout.step}",
            "Read its state again, then decide anew.",
        )
    weight = weights[rollout.step]
    stepped = replace(current, step=rollout.step + 1, weight_percent=weight, step_begun_at=now)
    return replace(state, rollout=stepped)


def completed(state: EndpointState, rollout: Rollout) -> EndpointState | None:
    """The new version is live."""
    if state.rollout is None and state.live == rollout.new:
        return None
    return replace(state, live=_current(state, rollout).new, rollout=None)


def aborted(state: EndpointState, rollout: Rollout) -> EndpointState | None:
    """What was live stays live, alone."""
    if state.rollout is None and state.live == rollout.old:
        return None
    _current(state, rollout)
    return replace(state, rollout=None)


def rolled_back(
    state: EndpointState, target: Served | None, event_id: int, now: datetime
) -> EndpointState | None:
    """``target`` is to be live again: at once where it still is, else when its copies are ready."""
    if target is None:
        return stopped(state)
    if state.live == target:
        return replace(state, rollout=None) if state.rollout else None
    if state.wanted == target:
        return None
    begun = _begun(state, target, Strategy.BLUE_GREEN, event_id, now)
    return replace(begun, rollout=replace(begun.rollout, is_rollback=True)) if begun.rollout else begun


def stopped(state: EndpointState) -> EndpointState | None:
    """Nothing is live."""
    return None if state.wanted is None else EndpointState(state.endpoint, plan=state.plan)


def fold(endpoint: str, events: Iterable[DeploymentEvent]) -> EndpointState:
    """The state that a history leads to, from nothing but what was done when."""
    state = EndpointState(endpoint)
    for event in events:
        state = _after(state, event) or state
    return state


def _after(state: EndpointState, event: DeploymentEvent) -> EndpointState | None:
    if event.kind is EventKind.PROMOTED and event.subject is not None:
        return promoted(state, event.subject, event.after.plan, event.id, event.at)
    if event.kind is EventKind.ROLLED_BACK:
        return rolled_back(state, event.subject, event.id, event.at)
    if event.kind is EventKind.STOPPED or state.rollout is None:
        return stopped(state)
    if event.kind is EventKind.ADVANCED:
        return advanced(state, state.rollout, event.at)
    act = completed if event.kind is EventKind.COMPLETED else aborted
    return act(state, state.rollout)


def _begun(
    state: EndpointState, new: Served, strategy: Strategy, event_id: int, now: datetime
) -> EndpointState:
    if state.live is None:
        return replace(state, live=new, rollout=None)
    if state.live == new:
        return replace(state, rollout=None)
    rollout = Rollout(
        event_id,
        state.endpoint,
        state.live,
        new,
        strategy,
        0,
        0,
        now,
        now,
        replace(state.plan, strategy=strategy),
    )
    return replace(state, rollout=rollout)


def _current(state: EndpointState, rollout: Rollout) -> Rollout:
    current = state.rollout
    if current is None or current.id != rollout.id:
        now = f"model {current.new} is on its way" if current else f"model {state.live or 'none'} is live"
        raise Conflict(
            f"the rollout of {state.endpoint} to model {rollout.new} is over: {now}",
            "Read its state again, then decide anew.",
        )
    return current
