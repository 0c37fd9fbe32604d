"""Doubted answers go back to people: out of the pool until somebody looked again, and then for good."""

from pathlib import Path

import pytest

from resources.labeling.label_studio.values import ProjectId, TaskId
from resources.labeling.model import QuestionState
from resources.labeling.reviews.model import Doubted, Reason, ReviewCounts, ReviewState
from resources.reviews import ReviewPlan
from resources.terms import Label
from tests.resources.labeling.people import ANNA, CATS, Desk, TestClock, desk, sample_id
from tests.servers.label_studio import LabelStudioServer

pytestmark = pytest.mark.real


@pytest.fixture
def anna(label_studio: LabelStudioServer, tmp_path: Path) -> Desk:
    return desk(tmp_path, TestClock())


def doubted(number: int, label: str = "cat", other: str = "dog") -> Doubted:
    return Doubted(sample_id(number), Label(label), Reason.DOUBTED, Label(other), 0.02, 0.97)


def send_back(anna: Desk, *numbers: int) -> int:
    reviews = anna.service.reviews
    returned = reviews.look_again(CATS, [], [doubted(number) for number in numbers], actor=ANNA)
    reviews.ask_again(CATS, anna.service.client, actor=ANNA)
    return returned


def with_answers(anna: Desk, count: int = 3) -> ProjectId:
    project = anna.ask(range(count)).project
    for number in range(count):
        anna.answer(number, "cat")
    anna.poll()
    return project


def data_of(anna: Desk, task: TaskId) -> dict[str, str]:
    data: dict[str, str] = anna.service.client.connection.get(f"/api/tasks/{task}/").json()["data"]
    return data


def state_of(anna: Desk, number: int) -> QuestionState:
    return next(one.state for one in anna.service.questions(CATS) if one.sample == sample_id(number))


def test_a_returned_label_is_in_no_pool_and_has_an_open_task_that_says_why(anna: Desk) -> None:
    with_answers(anna)
    first = anna.task(1)

    assert send_back(anna, 1) == 1

    assert set(anna.labels()) == {sample_id(0), sample_id(2)}
    again = anna.task(1)
    assert again != first
    assert data_of(anna, again)["note"] == (
        "Please look again: it was labelled cat, the model takes it for dog (97% against 2%). "
        "Your answer decides, the same one too."
    )
    assert [one.task for one in anna.service.questions_open(CATS)] == [again]
    standing = anna.service.standing(CATS)
    assert (standing.open, standing.in_review, standing.answered) == (1, 1, 2)
    kept = anna.service.client.connection.get(f"/api/tasks/{first}/annotations/").json()
    assert [given["result"][0]["value"]["choices"] for given in kept] == [["cat"]]


def test_label_studio_hands_the_task_out_again_to_the_same_person(anna: Desk) -> None:
    project = with_answers(anna)
    send_back(anna, 1)

    handed_out = anna.service.client.connection.get(f"/api/projects/{project}/next/").json()

    assert handed_out["id"] == anna.task(1)


def test_the_second_yes_is_final(anna: Desk) -> None:
    with_answers(anna)
    refs = {one.sample: one.ref for one in anna.service.confirmed(CATS)}
    send_back(anna, 1)
    anna.answer(1, "cat")
    anna.poll()

    assert {one.sample: one.ref for one in anna.service.confirmed(CATS)} == refs
    assert anna.service.reviews.counts(CATS) == ReviewCounts(upheld=1)
    assert send_back(anna, 1) == 0
    assert anna.labels()[sample_id(1)] == "cat"


def test_another_second_answer_corrects_the_label_under_a_new_ref(anna: Desk) -> None:
    with_answers(anna)
    refs = {one.sample: one.ref for one in anna.service.confirmed(CATS)}
    send_back(anna, 1)
    anna.answer(1, "dog")
    anna.poll()

    confirmed = {one.sample: one for one in anna.service.confirmed(CATS)}
    assert confirmed[sample_id(1)].label == "dog"
    assert confirmed[sample_id(1)].ref != refs[sample_id(1)]
    assert anna.service.reviews.counts(CATS) == ReviewCounts(corrected=1)
    (review,) = anna.service.reviews.of(CATS)
    assert (review.state, review.is_upheld) == (ReviewState.SETTLED, False)
    assert anna.service.problems(CATS) == []


@pytest.mark.slow
def test_the_earlier_answer_may_be_changed_where_it_stands_and_the_new_task_goes(anna: Desk) -> None:
    project = with_answers(anna)
    first = anna.task(1)
    send_back(anna, 1)
    again = anna.task(1)
    connection = anna.service.client.connection
    given = connection.get(f"/api/tasks/{first}/annotations/").json()[0]
    result = given["result"]
    result[0]["value"]["choices"] = ["owl"]
    connection.with_sdk(lambda sdk: sdk.annotations.update(given["id"], result=result))
    anna.poll()
    anna.service.reviews.ask_again(CATS, anna.service.client, actor=ANNA)

    assert anna.labels()[sample_id(1)] == "owl"
    listed = connection.get("/api/tasks", {"project": project, "fields": "task_only"}).json()["tasks"]
    assert again not in {row["id"] for row in listed}


@pytest.mark.slow
def test_a_skip_the_second_time_leaves_the_sample_without_a_label(anna: Desk) -> None:
    with_answers(anna)
    send_back(anna, 1)
    anna.service.client.skip(anna.task(1))
    anna.poll()

    assert sample_id(1) not in anna.labels()
    assert state_of(anna, 1) is QuestionState.SKIPPED
    assert anna.service.reviews.counts(CATS) == ReviewCounts(skipped=1)


def test_what_was_killed_before_its_task_was_made_gets_one_task(anna: Desk) -> None:
    project = with_answers(anna)
    reviews = anna.service.reviews
    reviews.look_again(CATS, [], [doubted(1)], actor=ANNA)  # and killed here
    assert sample_id(1) not in anna.labels()

    for _ in range(3):
        reviews.ask_again(CATS, anna.service.client, actor=ANNA)

    assert anna.service.client.counts(project).tasks == 4


@pytest.mark.slow
def test_a_task_made_twice_goes_while_nobody_touched_it(anna: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    project = with_answers(anna)
    client = anna.service.client
    real = client.import_tasks
    monkeypatch.setattr(client, "import_tasks", lambda *given: (real(*given), real(*given)))

    send_back(anna, 1)

    monkeypatch.undo()
    anna.service.reviews.ask_again(CATS, client, actor=ANNA)
    assert client.counts(project).tasks == 4


@pytest.mark.slow
def test_what_passed_once_is_not_looked_at_before_a_version_again_but_may_go_back_later(anna: Desk) -> None:
    with_answers(anna)
    reviews = anna.service.reviews
    reviews.look_again(CATS, [sample_id(0), sample_id(1)], [doubted(1)], actor=ANNA)

    assert reviews.states(CATS) == {
        sample_id(0): ReviewState.PASSED,
        sample_id(1): ReviewState.RETURNED,
    }
    assert reviews.look_again(CATS, [], [doubted(0)], actor=ANNA) == 1


@pytest.mark.slow
def test_people_who_differ_are_asked_again_and_the_next_answer_decides(anna: Desk) -> None:
    with_answers(anna)
    anna.answer(2, "dog")
    anna.poll()
    assert sample_id(2) not in anna.labels()

    anna.service.reviews.look_again(CATS, [], [], actor=ANNA)
    anna.service.reviews.ask_again(CATS, anna.service.client, actor=ANNA)
    assert "people answered differently" in data_of(anna, anna.task(2))["note"]
    anna.answer(2, "owl")
    anna.poll()

    assert anna.labels()[sample_id(2)] == "owl"
    assert anna.service.problems(CATS) == []


@pytest.mark.slow
def test_enough_of_the_answers_decide_where_the_data_set_says_so(anna: Desk) -> None:
    anna.service.reviews.follow(CATS, ReviewPlan(least_agreement=0.6))
    anna.ask(range(1))
    for label in ("owl", "cat", "cat"):
        anna.answer(0, label)
    anna.poll()

    assert anna.labels() == {sample_id(0): "cat"}
    agreement = anna.service.reviews.agreement(CATS)
    assert agreement.annotators[0].answered == 1


@pytest.mark.slow
def test_ground_truth_counts_alone_and_never_goes_back(anna: Desk) -> None:
    with_answers(anna)
    connection = anna.service.client.connection
    task = anna.task(1)
    value = {"choices": ["owl"]}
    result = [{"from_name": "label", "to_name": "image", "type": "choices", "value": value}]
    connection.with_sdk(lambda sdk: sdk.annotations.create(int(task), result=result, ground_truth=True))
    anna.poll()

    assert anna.labels()[sample_id(1)] == "owl"
    assert send_back(anna, 1) == 0
    assert anna.service.reviews.agreement(CATS, {}).samples == 0
