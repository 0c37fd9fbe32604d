"""What is decided in each situation, and what is said to whoever waits."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from resources.data.model import VersionState
from resources.labeling.label_studio.values import TaskId
from resources.labeling.model import Finding, Problem, ProblemKind
from resources.terms import VersionKey
from sensors.attempts import Attempt, Outcome
from sensors.rounds import PlanNext, Situation, StartRound, Wait, comes_of_labels, decide
from tests.resources.data.shapes import SHAPES
from tests.resources.learning.triggering.policies import WISH
from tests.sensors.situations import NOBODY, NOW, RECORD, situation

V1_2 = VersionKey("v1.2")


def done(version: VersionKey) -> Attempt:
    return Attempt(f"run-of-{version}", None, Outcome.DONE, NOW)


def spoiled(number: int) -> Problem:
    finding = Finding(ProblemKind.NO_LABEL, TaskId(number), None, "")
    return Problem(SHAPES.name, None, finding, NOW, f"problem {number}", f"Mend {number}.", True)


@pytest.mark.parametrize(
    ("changes", "comes"),
    [
        ({"new_labels": 3}, True),
        ({"new_labels": 0}, False),
        ({"new_labels": 3, "adopted": True}, False),
        ({"new_labels": 3, "starts_from": "structure:v1.0"}, False),
    ],
)
def test_only_a_version_of_new_labels_is_named_by_the_verdict_that_fired(
    changes: dict[str, Any], comes: bool
) -> None:
    assert comes_of_labels(replace(RECORD, **changes)) is comes


@pytest.mark.parametrize(
    ("case", "at", "step"),
    [
        ("enough labels", situation(new_labels=3), PlanNext()),
        (
            "enough labels before the asking",
            situation(new_labels=3, questions_sent=False),
            PlanNext(),
        ),
        ("few labels and nothing open", situation(new_labels=1), PlanNext()),
        (
            "a planned version that nobody asked for yet",
            situation(newest=replace(RECORD, version=V1_2, state=VersionState.PLANNED)),
            StartRound(V1_2, 1),
        ),
        (
            "a sealed version whose round failed before its decision",
            situation(
                newest=replace(RECORD, version=V1_2),
                decided=False,
                attempts=(Attempt("run", 1, Outcome.FAILED, NOW - timedelta(hours=1)),),
            ),
            StartRound(V1_2, 2),
        ),
        (
            "a round that failed behind its decision, when MLflow had not heard of it",
            situation(
                newest=replace(RECORD, version=V1_2),
                new_labels=3,
                attempts=(Attempt("run", 1, Outcome.FAILED, NOW - timedelta(hours=1)),),
            ),
            StartRound(V1_2, 2),
        ),
        (
            "a round that went well, and was run again in vain by a person",
            situation(
                newest=replace(RECORD, version=V1_2),
                new_labels=3,
                attempts=(Attempt("run", None, Outcome.FAILED, NOW - timedelta(hours=1)), done(V1_2)),
            ),
            PlanNext(),
        ),
        (
            "a round that failed first and then went well",
            situation(
                newest=replace(RECORD, version=V1_2),
                new_labels=3,
                attempts=(done(V1_2), Attempt("run", 1, Outcome.FAILED, NOW - timedelta(hours=1))),
            ),
            PlanNext(),
        ),
    ],
)
def test_each_situation_has_its_step(case: str, at: Situation, step: StartRound | PlanNext) -> None:
    assert decide(SHAPES, at, NOW) == step, case


def test_the_first_version_is_started_by_people_or_by_who_asks_for_it_by_hand() -> None:
    planned = situation(newest=replace(RECORD, state=VersionState.PLANNED), decided=False)
    step = decide(SHAPES, planned, NOW)
    assert isinstance(step, Wait)
    assert "v1.0 has not been made yet. Start it" in step.reason
    wished = replace(planned, measured=replace(planned.measured, wishes=(WISH,)))
    assert decide(SHAPES, wished, NOW) == StartRound(RECORD.version, 1)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (situation(), "No question is open and there is no new label"),
        (
            situation(new_labels=1, questions_sent=False),
            "The questions of v1.0 are not in Label Studio yet; 1 new labels so far.",
        ),
        (
            situation(newest=replace(RECORD, version=V1_2), decided=False, attempts=(done(V1_2),)),
            "But v1.2 has no decision: materialize shapes/champion for v1.2.",
        ),
        (
            situation(
                new_labels=1,
                standing=replace(NOBODY, open=5),
                problems=tuple(spoiled(number) for number in range(5)),
            ),
            "To mend: problem 2. Mend 2. And 2 more like these.",
        ),
    ],
)
def test_whoever_waits_says_for_what(at: Situation, words: str) -> None:
    step = decide(SHAPES, at, NOW)

    assert isinstance(step, Wait)
    assert words in step.reason
