from dataclasses import replace

import pytest

from resources.deploy_plan import DeployPlan, Strategy
from resources.serving.deployments.model import (
    DeploymentEvent,
    EndpointState,
    EventKind,
    Rollout,
    Served,
)
from resources.serving.deployments.words import event_in_words, in_words, kind_in_words
from tests.resources.serving.examples import ACTOR, BEGAN

ROLLOUT = Rollout(
    1, "digits", Served(1), Served(2, "int8"), Strategy.CANARY, 0, 0, BEGAN, BEGAN, DeployPlan()
)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (EndpointState("digits"), "Nothing is live as digits."),
        (EndpointState("digits", Served(1)), "Model 1 is live as digits."),
        (
            EndpointState("digits", Served(1), ROLLOUT),
            "Model 1 is live as digits; model 2+int8 gets ready to follow by canary 10 % → 50 % → 100 %.",
        ),
        (
            EndpointState("digits", Served(1), replace(ROLLOUT, step=2, weight_percent=50)),
            "Model 1 is live as digits; model 2+int8 follows by canary: step 2 of 3, 50 % of the requests.",
        ),
        (
            EndpointState("digits", Served(1), replace(ROLLOUT, is_rollback=True)),
            "Model 1 is live as digits; model 2+int8 is coming back.",
        ),
    ],
)
def test_what_is_live_and_on_its_way_is_a_sentence(state: EndpointState, sentence: str) -> None:
    assert in_words(state) == sentence


def test_each_kind_of_event_has_its_word() -> None:
    assert len({kind_in_words(kind) for kind in EventKind}) == len(EventKind)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (EventKind.PROMOTED, "user:tester promoted digits:2."),
        (EventKind.ADVANCED, "user:tester gave digits:2 50 % of the requests."),
        (EventKind.COMPLETED, "user:tester made digits:2 live alone."),
        (EventKind.ABORTED, "user:tester took digits:2 back."),
        (EventKind.ROLLED_BACK, "user:tester went back to digits:2."),
        (EventKind.STOPPED, "user:tester stopped it: nothing is live."),
    ],
)
def test_each_row_of_a_history_is_a_sentence(kind: EventKind, sentence: str) -> None:
    after = EndpointState("digits", Served(1), replace(ROLLOUT, step=2, weight_percent=50))
    event = DeploymentEvent(1, "digits", 1, BEGAN, kind, ACTOR, "", None, Served(2), "", after)
    assert event_in_words(event) == sentence
