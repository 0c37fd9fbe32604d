"""What is live and what is on its way, in words."""

from resources.deploy_plan import Strategy
from resources.serving.deployments.changes import weights_of
from resources.serving.deployments.model import DeploymentEvent, EndpointState, EventKind, Rollout
from resources.texts import Translate, mark

KINDS = {
    EventKind.PROMOTED: mark("promoted"),
    EventKind.ADVANCED: mark("one step further"),
    EventKind.COMPLETED: mark("live"),
    EventKind.ABORTED: mark("taken back"),
    EventKind.ROLLED_BACK: mark("rolled back"),
    EventKind.STOPPED: mark("stopped"),
}

_EVENTS = {
    EventKind.PROMOTED: mark("{actor} promoted {model}."),
    EventKind.ADVANCED: mark("{actor} gave {model} {percent} % of the requests."),
    EventKind.COMPLETED: mark("{actor} made {model} live alone."),
    EventKind.ABORTED: mark("{actor} took {model} back."),
    EventKind.ROLLED_BACK: mark("{actor} went back to {model}."),
    EventKind.STOPPED: mark("{actor} stopped it: nothing is live."),
}


def kind_in_words(kind: EventKind, _: Translate = str) -> str:
    """What happened, as a table says it."""
    return _(KINDS[kind])


def in_words(state: EndpointState, _: Translate = str) -> str:
    """What an endpoint answers with, as a sentence."""
    if state.live is None:
        return _("Nothing is live as {endpoint}.").format(endpoint=state.endpoint)
    if state.rollout is None:
        return _("Model {model} is live as {endpoint}.").format(model=state.live, endpoint=state.endpoint)
    return _("Model {model} is live as {endpoint}; {rollout}.").format(
        model=state.live, endpoint=state.endpoint, rollout=rollout_in_words(state.rollout, _)
    )


def event_in_words(event: DeploymentEvent, _: Translate = str) -> str:
    """One row of a history, as a sentence."""
    rollout = event.after.rollout
    return _(_EVENTS[event.kind]).format(
        actor=event.actor,
        model="–" if event.subject is None else f"{event.endpoint}:{event.subject}",
        percent=100 if rollout is None else rollout.weight_percent,
    )


def rollout_in_words(rollout: Rollout, _: Translate = str) -> str:
    """What is on its way, and how far it is."""
    if rollout.is_rollback:
        return _("model {model} is coming back").format(model=rollout.new)
    steps = len(weights_of(rollout.strategy, rollout.plan))
    if rollout.step == 0:
        return _("model {model} gets ready to follow by {strategy}").format(
            model=rollout.new, strategy=steps_in_words(rollout.strategy, rollout.plan.steps_percent, _)
        )
    return _(
        "model {model} follows by {strategy}: step {step} of {steps}, {percent} % of the requests"
    ).format(
        model=rollout.new,
        strategy=_(rollout.strategy.words),
        step=rollout.step,
        steps=steps,
        percent=rollout.weight_percent,
    )


def steps_in_words(strategy: Strategy, steps_percent: tuple[int, ...], _: Translate = str) -> str:
    """A strategy; of a canary with its steps."""
    if strategy is not Strategy.CANARY:
        return _(strategy.words)
    steps = " → ".join(f"{step} %" for step in steps_percent)
    return _("{strategy} {steps}").format(strategy=_(strategy.words), steps=steps)
