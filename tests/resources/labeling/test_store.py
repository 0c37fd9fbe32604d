"""The rows of labeling, on either database: no Label Studio is needed for what they promise."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from resources.asking import Why
from resources.database.audit import AUDIT
from resources.database.engine import Database
from resources.home import Home
from resources.kinds import Kind
from resources.labeling import confirming, store
from resources.labeling.label_studio.values import (
    Annotation,
    AnnotationId,
    ProjectId,
    Task,
    TaskId,
    TaskSummary,
)
from resources.labeling.model import Question, QuestionState, Standing
from resources.labeling.reviews.model import Doubted, Reason
from resources.labeling.reviews.returning import look_again
from resources.labeling.service import LabelingService
from resources.labeling.store import KnownProject, Sweep
from resources.terms import Actor, DatasetName, Label, SampleId, VersionKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CATS, V1, V2 = DatasetName("cats"), VersionKey("v1.1"), VersionKey("v1.2")
CAT, DOG = Label("cat"), Label("dog")
PROJECT = KnownProject(CATS, ProjectId(7), (CAT, DOG))
ANN = Actor("user:ann")


@pytest.fixture
def rows(any_database: Database) -> Iterator[Connection]:
    """A transaction in which the project of the cats is known."""
    with any_database.write() as connection:
        store.put_project(connection, PROJECT, NOW)
        yield connection


def sample(number: int) -> SampleId:
    return SampleId(f"{number:064}")


def ask(rows: Connection, *numbers: int, version: VersionKey = V1) -> int:
    questions = [Question(sample(number), CAT, 0.25, Path("x.png")) for number in numbers]
    return store.put_questions(rows, CATS, version, questions, "1", NOW)


def see(
    rows: Connection, task: int, number: int, *labels: Label, at: datetime = NOW, is_truth: bool = False
) -> None:
    answer = Annotation(AnnotationId(task * 10), labels, skipped=False, at=at, ground_truth=is_truth)
    given = (answer,) if labels else ()
    summary = TaskSummary(TaskId(task), sample(number), f"{CATS}/{V1}", at, len(given), 0)
    store.put_tasks(rows, PROJECT, [Task(summary, given)])


def confirm(rows: Connection, *numbers: int) -> int:
    return confirming.confirm(confirming.Writing(rows, PROJECT, NOW, ANN), map(sample, numbers))


def test_a_project_is_known_by_its_data_set_and_a_new_one_takes_its_place(rows: Connection) -> None:
    assert store.project_of(rows, CATS) == PROJECT
    assert store.sweep_of(rows, CATS) == Sweep(None, "", NOW)
    ask(rows, 1)
    see(rows, 5, 1)
    newer = KnownProject(CATS, ProjectId(8), (CAT,))
    store.put_project(rows, newer, NOW)
    assert store.project_of(rows, CATS) == newer
    assert store.projects_known(rows) == {8}
    assert store.known_counts(rows, ProjectId(7)) == (0, 0)


def test_a_question_is_asked_once_and_again_only_after_it_was_withdrawn(rows: Connection) -> None:
    assert ask(rows, *range(store.SLICE + 3)) == store.SLICE + 3
    assert ask(rows, 0, 1, store.SLICE + 3, version=V2) == 1
    assert store.count_states(rows, CATS) == {QuestionState.OPEN: store.SLICE + 4}
    assert len(store.samples_asked(rows, CATS, but_by=V2)) == store.SLICE + 3
    see(rows, 5, 0)
    store.mark_gone(rows, PROJECT.id, [TaskId(5)])
    confirm(rows, 0)
    assert store.count_states(rows, CATS)[QuestionState.WITHDRAWN] == 1
    assert ask(rows, 0, version=V2) == 1


def test_questions_come_with_their_first_living_task(rows: Connection) -> None:
    ask(rows, 1, 2)
    for task in (5, 6):
        see(rows, task, 1)
    found = store.questions_of(rows, CATS, state=QuestionState.OPEN, version=V1)
    assert [(one.sample, one.task, one.score, one.asked_at) for one in found] == [
        (sample(1), 5, 0.25, NOW),
        (sample(2), None, 0.25, NOW),
    ]
    assert store.mark_gone(rows, PROJECT.id, [TaskId(5), TaskId(99)]) == {sample(1)}
    assert store.questions_of(rows, CATS)[0].task == 6
    assert store.living_between(rows, PROJECT.id, TaskId(4), TaskId(6)) == {6}
    assert store.living_between(rows, PROJECT.id, TaskId(6), None) == set()


def test_open_questions_without_a_living_task_are_unplaced_and_the_others_placed(rows: Connection) -> None:
    ask(rows, 3, 1, 2)
    ask(rows, 4, version=V2)
    every = [sample(number) for number in range(9)]
    assert [one.sample for one in store.unplaced_of(rows, CATS)] == [sample(n) for n in (3, 1, 2, 4)]
    assert store.placed_among(rows, CATS, every) == {}
    for task, number in ((5, 1), (6, 1), (7, 2), (8, 4)):
        see(rows, task, number, *[CAT] * (number == 4))
    store.mark_gone(rows, PROJECT.id, [TaskId(7)])
    assert [(one.sample, one.task) for one in store.unplaced_of(rows, CATS)] == [
        (sample(3), None),
        (sample(2), None),
    ]
    assert store.placed_among(rows, CATS, every) == {sample(1): [5, 6], sample(4): [8]}
    confirm(rows, 4)
    assert store.placed_among(rows, CATS, every) == {sample(1): [5, 6]}


def test_whose_guesses_the_open_questions_show_is_told_once_for_each_version(rows: Connection) -> None:
    assert store.models_waiting(rows, CATS) == []
    ask(rows, 1, 2)
    ask(rows, 3, version=V2)
    assert store.models_waiting(rows, CATS) == [(V1, "1"), (V2, "1")]
    see(rows, 5, 3, CAT)
    confirm(rows, 3)
    assert store.models_waiting(rows, CATS) == [(V1, "1")]


def test_a_number_that_is_used_again_for_another_sample_is_seen_as_another_task(rows: Connection) -> None:
    ask(rows, 1, 2)
    see(rows, 5, 1)
    assert store.seen_tasks(rows, PROJECT.id, [TaskId(5)])[TaskId(5)].sample == sample(1)
    see(rows, 5, 2)
    assert store.seen_tasks(rows, PROJECT.id, [TaskId(5)])[TaskId(5)].sample == sample(2)
    assert [one.sample for one in store.unplaced_of(rows, CATS)] == [sample(1)]


def test_a_second_task_that_nobody_touched_is_surplus(rows: Connection) -> None:
    ask(rows, 1)
    see(rows, 5, 1)
    see(rows, 6, 1, CAT)
    assert store.surplus_tasks(rows, PROJECT.id, [sample(1)], f"{CATS}/{V1}") == [5]
    assert store.surplus_tasks(rows, PROJECT.id, [sample(1)], "another") == []


def test_questions_are_counted_as_they_would_be_one_by_one(rows: Connection) -> None:
    ask(rows, 1, 2, 3)
    ask(rows, 4, version=V2)
    see(rows, 5, 1, CAT)
    confirm(rows, 1)
    one_by_one = Counter(
        (one.version, one.why, one.guess, one.state) for one in store.questions_of(rows, CATS)
    )

    counted = store.count_questions(rows, CATS, by_guess=True)
    assert {(one.version, one.why, one.guess, one.state): one.count for one in counted} == one_by_one
    marks = store.count_questions(rows, CATS, by_guess=False)
    assert [(one.version, one.state, one.guess, one.count) for one in marks] == [
        (V1, QuestionState.ANSWERED, None, 1),
        (V1, QuestionState.OPEN, None, 2),
        (V2, QuestionState.OPEN, None, 1),
    ]


def test_random_picks_are_those_whose_newest_label_still_stands(rows: Connection) -> None:
    picked = [Question(sample(number), CAT, 0.25, Path("x.png"), Why.RANDOM) for number in (1, 2, 3, 4)]
    store.put_questions(rows, CATS, V1, picked, "1", NOW)
    ask(rows, 5)
    later = NOW + timedelta(hours=1)
    for number, label in ((1, DOG), (2, DOG), (3, CAT), (5, CAT)):
        see(rows, number, number, label)
        confirm(rows, number)
    see(rows, 2, 2, CAT, at=later)  # corrected to what was guessed
    see(rows, 3, 3, at=later)  # taken back
    confirm(rows, 2, 3)

    found = store.random_picks_of(rows, CATS, Kind.IMAGE_CLASSES)
    assert [(one.version, one.guessed) for one in found] == [(V1, False), (V1, True)]


def test_an_answer_is_confirmed_once_corrected_and_withdrawn(rows: Connection) -> None:
    ask(rows, 1)
    see(rows, 5, 1, CAT)
    assert [confirm(rows, 1), confirm(rows, 1)] == [1, 0]
    [first] = store.confirmed_of(rows, CATS)
    assert (first.sample, first.label, first.ref, first.at) == (sample(1), CAT, f"cats/{sample(1)}/1", NOW)
    see(rows, 5, 1, DOG, at=NOW + timedelta(minutes=1))
    assert confirm(rows, 1) == 1
    assert [(one.label, one.ref[-1]) for one in store.confirmed_of(rows, CATS)] == [(DOG, "2")]
    see(rows, 5, 1)
    assert confirm(rows, 1) == 0
    assert store.confirmed_of(rows, CATS) == []
    see(rows, 5, 1, DOG)
    assert confirm(rows, 1) == 1
    assert [one.ref[-1] for one in store.confirmed_of(rows, CATS)] == ["2"]


def test_an_answer_to_what_is_known_already_becomes_no_label(rows: Connection) -> None:
    store.put_questions(rows, CATS, V1, [Question(sample(1), CAT, 0.5, Path("x.png"), Why.KNOWN)], "1", NOW)
    see(rows, 5, 1, CAT)
    assert confirm(rows, 1) == 0
    assert store.count_states(rows, CATS) == {QuestionState.ANSWERED: 1}
    assert store.confirmed_of(rows, CATS) == []


def test_what_is_marked_as_ground_truth_never_goes_back(rows: Connection) -> None:
    ask(rows, 1, 2)
    for number in (1, 2):
        see(rows, number, number, CAT, is_truth=number == 1)
    assert confirm(rows, 1, 2) == 2
    doubted = [Doubted(sample(number), CAT, Reason.DOUBTED, DOG, 0.1, 0.9) for number in (1, 2)]
    assert look_again(confirming.Writing(rows, PROJECT, NOW, ANN), doubted) == 1
    assert [one.sample for one in store.confirmed_of(rows, CATS)] == [sample(1)]


def test_whatever_was_said_judging_it_again_writes_nothing(rows: Connection) -> None:
    ask(rows, 1)
    for labels in ((CAT,), (DOG,), (), (DOG,), (CAT, DOG)):
        see(rows, 5, 1, *labels)
        confirm(rows, 1)
        written = rows.execute(select(AUDIT)).all()
        assert confirm(rows, 1) == 0
        assert rows.execute(select(AUDIT)).all() == written


def test_a_problem_is_open_until_it_is_mended_and_blocking_ones_come_first(rows: Connection) -> None:
    ask(rows, 1)
    see(rows, 9, 77, CAT)  # never asked
    confirming.report_strangers(confirming.Writing(rows, PROJECT, NOW + timedelta(hours=1), ANN), [TaskId(9)])
    see(rows, 5, 1, CAT, DOG)
    confirm(rows, 1)
    found, count = confirming.open_problems(rows, CATS, 10)
    assert [one.sample for one in found] == [sample(1), sample(77)]
    assert count == 2
    see(rows, 5, 1, CAT)
    confirm(rows, 1)
    assert [one.sample for one in confirming.open_problems(rows, CATS, 10)[0]] == [sample(77)]


def test_an_answer_about_a_stranger_is_no_problem_once_it_is_asked_about(rows: Connection) -> None:
    see(rows, 9, 77, CAT)
    writing = confirming.Writing(rows, PROJECT, NOW, ANN)
    confirming.report_strangers(writing, [TaskId(9)])
    assert confirming.open_problems(rows, CATS, 10)[1] == 1
    ask(rows, 77)
    confirming.report_strangers(writing, [TaskId(9)])
    assert confirming.open_problems(rows, CATS, 10)[1] == 0


def test_a_round_a_sweep_and_hints_are_kept_until_they_are_done_with(rows: Connection) -> None:
    assert store.round_asked(rows, CATS, V1) is None
    assert store.put_round(rows, CATS, V1, 50, NOW)
    assert not store.put_round(rows, CATS, V1, 40, NOW)
    assert store.round_asked(rows, CATS, V1) == 40
    store.put_sweep(rows, CATS, Sweep(TaskId(3), "counts", NOW))
    assert store.sweep_of(rows, CATS) == Sweep(TaskId(3), "counts", NOW)
    for task in (4, 5):
        store.put_hint(rows, PROJECT.id, "TASKS_DELETED", [TaskId(task)], NOW)
    first, second = store.hints(rows, PROJECT.id, 10)
    assert (first.tasks, second.tasks) == ((4,), (5,))
    store.drop_hints(rows, [first.id])
    assert store.hints(rows, PROJECT.id, 10) == [second]


def test_the_service_counts_what_the_rows_say(any_database: Database, trainplat_home: Path) -> None:
    with any_database.write() as connection:
        store.put_project(connection, PROJECT, NOW)
        ask(connection, 1, 2, 3)
        see(connection, 5, 1, CAT)
        confirm(connection, 1, 2, 3)
    service = LabelingService(Home(trainplat_home), any_database)
    assert service.standing(CATS) == Standing(3, 2, 1, 0, 0, 0)
    assert service.take_hint(ProjectId(7), "TASKS_DELETED", [TaskId(5)]) is None
    assert service.take_hint(ProjectId(6), "TASKS_DELETED", []) == "project 6 is none of this home's"
