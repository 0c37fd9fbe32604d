"""The judgement after an answer went back: only what was said since counts, and the newest of it decides."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from resources.labeling.answers import KnownTask, judge
from resources.labeling.label_studio.values import Annotation, AnnotationId, TaskId
from resources.labeling.model import ProblemKind, QuestionState
from resources.terms import Label

CLASSES = frozenset({Label("cat"), Label("dog")})
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def given_(number: int, label: str | None, *, minutes: int = 0, skipped: bool = False) -> Annotation:
    labels = () if label is None else (Label(label),)
    return Annotation(AnnotationId(number), labels, skipped, NOW + timedelta(minutes=minutes))


def task(number: int, *annotations: Annotation, live: bool = True) -> KnownTask:
    return KnownTask(TaskId(number), live, annotations)


FIRST = given_(1, "cat")
EARLIER = frozenset({(FIRST.id, FIRST.at)})


def test_without_a_second_answer_it_is_in_review() -> None:
    verdict = judge([task(1, FIRST), task(2)], CLASSES, earlier=EARLIER)

    assert (verdict.state, verdict.choice) == (QuestionState.IN_REVIEW, None)
    (finding,) = verdict.findings
    assert (finding.kind, finding.task, finding.detail) == (ProblemKind.IN_REVIEW, 2, "cat")


def test_the_second_answer_decides_whatever_the_first_was() -> None:
    for label in ("cat", "dog"):
        verdict = judge([task(1, FIRST), task(2, given_(2, label, minutes=5))], CLASSES, earlier=EARLIER)
        assert verdict.state is QuestionState.ANSWERED
        assert verdict.choice is not None
        assert verdict.choice.label == label


def test_the_first_answer_changed_since_is_a_second_one() -> None:
    verdict = judge([task(1, given_(1, "dog", minutes=9)), task(2)], CLASSES, earlier=EARLIER)

    assert verdict.choice is not None
    assert verdict.choice.label == "dog"


def test_of_two_second_answers_the_newer_one_counts() -> None:
    tasks = [task(1, FIRST), task(2, given_(3, "dog", minutes=1), given_(2, "cat", minutes=7))]

    verdict = judge(tasks, CLASSES, earlier=EARLIER)

    assert verdict.choice is not None
    assert verdict.choice.label == "cat"


def test_a_second_answer_that_cannot_be_used_keeps_it_in_review_and_is_told() -> None:
    verdict = judge([task(1, FIRST), task(2, given_(2, "cow", minutes=1))], CLASSES, earlier=EARLIER)

    assert verdict.state is QuestionState.IN_REVIEW
    assert [finding.kind for finding in verdict.findings] == [ProblemKind.OUTSIDE_CLASSES]


def test_a_skip_the_second_time_is_a_skip() -> None:
    verdict = judge(
        [task(1, FIRST), task(2, given_(2, None, minutes=1, skipped=True))], CLASSES, earlier=EARLIER
    )

    assert (verdict.state, verdict.choice) == (QuestionState.SKIPPED, None)


def test_deleted_tasks_do_not_bring_the_first_answer_back() -> None:
    tasks = [task(1, FIRST, live=False), task(2, live=False)]

    assert judge(tasks, CLASSES, earlier=EARLIER).state is QuestionState.IN_REVIEW


def test_a_second_answer_outlives_its_task_only_where_no_other_one_is_left() -> None:
    second = task(2, given_(2, "dog", minutes=1), live=False)

    beside = judge([task(1, FIRST), second], CLASSES, earlier=EARLIER)
    alone = judge([task(1, FIRST, live=False), second], CLASSES, earlier=EARLIER)

    assert beside.state is QuestionState.IN_REVIEW
    assert alone.choice is not None
    assert alone.choice.label == "dog"


@given(st.lists(st.tuples(st.sampled_from(["cat", "dog"]), st.integers(0, 5)), max_size=5))
def test_what_was_known_before_never_decides(said: list[tuple[str, int]]) -> None:
    annotations = [given_(number, label, minutes=at) for number, (label, at) in enumerate(said, 1)]
    earlier = frozenset((one.id, one.at) for one in annotations)

    verdict = judge([task(1, *annotations)], CLASSES, earlier=earlier)

    assert (verdict.state, verdict.choice) == (QuestionState.IN_REVIEW, None)


def test_enough_of_the_answers_confirm_where_not_all_must_agree() -> None:
    tasks = [task(1, given_(1, "dog"), given_(2, "cat"), given_(3, "cat"))]

    agreed = judge(tasks, CLASSES, least_agreement=0.6).choice
    assert agreed is not None
    assert (agreed.label, agreed.annotation) == ("cat", 2)
    assert judge(tasks, CLASSES, least_agreement=0.7).choice is None
    assert judge(tasks, CLASSES).state is QuestionState.OPEN
