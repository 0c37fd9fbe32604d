"""The judgement: what annotations amount to."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.labeling.answers import KnownTask, Verdict, judge
from resources.labeling.label_studio.values import Annotation, AnnotationId, TaskId
from resources.labeling.model import ProblemKind, QuestionState
from resources.terms import Label

CLASSES = frozenset({Label("cat"), Label("dog"), Label("owl")})
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def said(number: int, *labels: str) -> Annotation:
    return Annotation(AnnotationId(number), tuple(Label(label) for label in labels), False, WHEN)


def skip(number: int) -> Annotation:
    return Annotation(AnnotationId(number), (), True, WHEN)


def task(number: int, *annotations: Annotation, live: bool = True) -> KnownTask:
    return KnownTask(TaskId(number), live, annotations)


def found(verdict: Verdict) -> list[ProblemKind]:
    return [finding.kind for finding in verdict.findings]


@pytest.mark.parametrize(
    ("case", "tasks", "state", "label", "problems"),
    [
        ("not sent yet", [], QuestionState.OPEN, None, []),
        ("nobody came yet", [task(1)], QuestionState.OPEN, None, []),
        ("one answer", [task(1, said(1, "cat"))], QuestionState.ANSWERED, "cat", []),
        ("an empty annotation", [task(1, said(1))], QuestionState.OPEN, None, [ProblemKind.NO_LABEL]),
        (
            "two labels in one annotation",
            [task(1, said(1, "cat", "dog"))],
            QuestionState.OPEN,
            None,
            [ProblemKind.TWO_LABELS],
        ),
        (
            "a label that is no class",
            [task(1, said(1, "cow"))],
            QuestionState.OPEN,
            None,
            [ProblemKind.OUTSIDE_CLASSES],
        ),
        (
            "two people who agree",
            [task(1, said(1, "cat"), said(2, "cat"))],
            QuestionState.ANSWERED,
            "cat",
            [],
        ),
        (
            "two people who do not agree",
            [task(1, said(1, "cat"), said(2, "dog"))],
            QuestionState.OPEN,
            None,
            [ProblemKind.DIFFERENT_ANSWERS],
        ),
        (
            "imported twice with another answer",
            [task(1, said(1, "cat")), task(2, said(2, "dog"))],
            QuestionState.OPEN,
            None,
            [ProblemKind.DIFFERENT_ANSWERS],
        ),
        (
            "imported twice, answered once",
            [task(1), task(2, said(2, "dog"))],
            QuestionState.ANSWERED,
            "dog",
            [],
        ),
        ("skipped", [task(1, skip(1))], QuestionState.SKIPPED, None, [ProblemKind.SKIPPED_TASK]),
        (
            "skipped, then answered",
            [task(1, skip(1), said(2, "owl"))],
            QuestionState.ANSWERED,
            "owl",
            [],
        ),
        (
            "skipped, then spoiled",
            [task(1, skip(1), said(2))],
            QuestionState.OPEN,
            None,
            [ProblemKind.NO_LABEL],
        ),
        (
            "a good answer beside a spoiled one",
            [task(1, said(1, "owl"), said(2))],
            QuestionState.ANSWERED,
            "owl",
            [ProblemKind.NO_LABEL],
        ),
        (
            "deleted before anybody answered",
            [task(1, live=False)],
            QuestionState.WITHDRAWN,
            None,
            [ProblemKind.DELETED_TASK],
        ),
        (
            "deleted after it was answered",
            [task(1, said(1, "owl"), live=False)],
            QuestionState.ANSWERED,
            "owl",
            [],
        ),
        (
            "deleted after a good answer and a spoiled one, which nobody can mend",
            [task(1, said(1, "owl"), said(2), live=False)],
            QuestionState.ANSWERED,
            "owl",
            [],
        ),
        (
            "a ground truth, which counts alone",
            [task(1, said(1, "cat"), replace(said(2, "dog"), ground_truth=True))],
            QuestionState.ANSWERED,
            "dog",
            [],
        ),
        (
            "deleted and asked again",
            [task(1, said(1, "owl"), live=False), task(2)],
            QuestionState.OPEN,
            None,
            [],
        ),
    ],
)
def test_each_case_has_its_verdict(
    case: str,
    tasks: list[KnownTask],
    state: QuestionState,
    label: str | None,
    problems: list[ProblemKind],
) -> None:
    verdict = judge(tasks, CLASSES)

    assert verdict.state is state, case
    assert (verdict.choice.label if verdict.choice else None) == label
    assert found(verdict) == problems


def test_different_answers_name_every_task_and_label() -> None:
    verdict = judge([task(7, said(1, "cat")), task(9, said(2, "dog"))], CLASSES)

    assert verdict.findings[0].detail == "cat (task 7), dog (task 9)"


@st.composite
def tasks(draw: st.DrawFn) -> list[KnownTask]:
    numbers = count(1)
    labels = st.lists(st.sampled_from(["cat", "dog", "owl", "cow"]), max_size=2, unique=True)
    annotations = st.builds(
        lambda chosen, skipped: Annotation(
            AnnotationId(next(numbers)), () if skipped else tuple(sorted(chosen)), skipped, WHEN
        ),
        labels,
        st.booleans(),
    )
    return [
        KnownTask(TaskId(number), draw(st.booleans()), tuple(draw(st.lists(annotations, max_size=3))))
        for number in range(draw(st.integers(0, 4)))
    ]


@given(tasks(), st.randoms(use_true_random=False))
def test_the_order_of_tasks_plays_no_part(known: list[KnownTask], shuffled: random.Random) -> None:
    other = list(known)
    shuffled.shuffle(other)

    assert judge(other, CLASSES) == judge(known, CLASSES)


@given(tasks())
def test_a_confirmed_label_is_a_class_and_nothing_usable_contradicts_it(known: list[KnownTask]) -> None:
    verdict = judge(known, CLASSES)

    assert (verdict.choice is not None) == (verdict.state is QuestionState.ANSWERED)
    if verdict.choice is not None:
        living = [one for one in known if one.live] or known
        usable = {
            annotation.labels[0]
            for one in living
            for annotation in one.annotations
            if len(annotation.labels) == 1 and annotation.labels[0] in CLASSES
        }
        assert usable == {verdict.choice.label}


@given(tasks())
def test_a_question_that_stays_open_after_an_answer_says_why(known: list[KnownTask]) -> None:
    verdict = judge(known, CLASSES)

    submitted = [a for one in known if one.live for a in one.annotations if not a.skipped]
    if verdict.state is QuestionState.OPEN and submitted:
        assert verdict.findings


def by(person: int, one: Annotation) -> Annotation:
    return replace(one, by=person)


@pytest.mark.parametrize(
    ("given_", "state", "label", "problems"),
    [
        ([], QuestionState.OPEN, None, []),
        ([by(1, said(1, "cat"))], QuestionState.OPEN, None, []),
        ([by(1, said(1, "cat")), by(1, said(2, "cat"))], QuestionState.OPEN, None, []),
        ([by(1, said(1, "cat")), by(2, said(2))], QuestionState.OPEN, None, [ProblemKind.NO_LABEL]),
        ([by(1, said(1, "cat")), by(2, said(2, "cat"))], QuestionState.ANSWERED, "cat", []),
        ([by(1, said(1, "cat")), by(2, skip(2))], QuestionState.ANSWERED, "cat", []),
        ([said(1, "cat"), said(2, "cat")], QuestionState.ANSWERED, "cat", []),
        ([replace(by(1, said(1, "cat")), ground_truth=True)], QuestionState.ANSWERED, "cat", []),
        (
            [by(1, said(1, "cat")), by(2, said(2, "dog"))],
            QuestionState.OPEN,
            None,
            [ProblemKind.DIFFERENT_ANSWERS],
        ),
    ],
)
def test_with_two_people_asked_nothing_is_confirmed_before_both_have_answered(
    given_: list[Annotation], state: QuestionState, label: str | None, problems: list[ProblemKind]
) -> None:
    verdict = judge([task(1, *given_)], CLASSES, people=2)
    assert verdict.state is state
    assert (verdict.choice.label if verdict.choice else None) == label
    assert found(verdict) == problems


@given(st.lists(st.integers(1, 4), max_size=6), st.integers(1, 4))
def test_one_answer_more_never_makes_a_question_wait_again(people: list[int], asked: int) -> None:
    given_ = [by(person, said(number, "cat")) for number, person in enumerate(people, start=1)]
    states = [
        judge([task(1, *given_[:count])], CLASSES, people=asked).state for count in range(len(people) + 1)
    ]
    assert states == sorted(states, key=lambda one: one is QuestionState.ANSWERED)
    assert (states[-1] is QuestionState.ANSWERED) == (len(set(people)) >= asked)
