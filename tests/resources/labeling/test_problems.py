"""What people did wrong in Label Studio: named with what to do, and gone when it is mended."""

from pathlib import Path

import pytest

from resources.labeling.label_studio.values import NewTask, ProjectId
from resources.labeling.model import Problem, ProblemKind, QuestionState
from resources.terms import Label
from tests.resources.labeling.people import CATS, CLASSES, V1, V2, Desk, desk, sample_id, tasks_about
from tests.servers.label_studio import LabelStudioServer

pytestmark = pytest.mark.real


@pytest.fixture
def anna(label_studio: LabelStudioServer, tmp_path: Path) -> Desk:
    return desk(tmp_path)


def problem(anna: Desk) -> Problem:
    """The one problem that is open."""
    anna.poll()
    (found,) = anna.service.problems(CATS)
    return found


def update(anna: Desk, annotation: int, *labels: str) -> None:
    """Change an annotation as its author does."""
    value = {"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": list(labels)}}
    anna.service.client.connection.with_sdk(lambda sdk: sdk.annotations.update(annotation, result=[value]))


def project(anna: Desk) -> ProjectId:
    listed = anna.service.client.connection.get("/api/projects/", {"title": CATS}).json()
    return ProjectId(int(listed["results"][0]["id"]))


@pytest.mark.parametrize(
    ("labels", "kind", "words"),
    [
        ([], ProblemKind.NO_LABEL, "has no label; expected one"),
        (["cat", "dog"], ProblemKind.TWO_LABELS, "has more than one label: cat, dog; expected one"),
        (["cow"], ProblemKind.OUTSIDE_CLASSES, "says cow, which is none of the classes cat, dog, owl"),
    ],
)
def test_an_answer_that_cannot_be_used_is_named_and_mended_by_correcting_it(
    anna: Desk, labels: list[str], kind: ProblemKind, words: str
) -> None:
    anna.ask(range(2))
    annotation = anna.answer(0, *labels)

    found = problem(anna)
    assert (found.finding.kind, found.sample, found.blocks) == (kind, sample_id(0), True)
    assert words in found.problem
    assert f"Open task {anna.task(0)} in Label Studio" in found.next_step
    assert anna.labels() == {}

    update(anna, annotation, "cat")
    assert anna.poll().new_labels == 1
    assert anna.labels() == {sample_id(0): "cat"}
    assert anna.service.problems(CATS) == []


def test_a_skipped_task_is_told_and_waits_for_nobody(anna: Desk) -> None:
    anna.ask(range(1))
    anna.service.client.skip(anna.task(0))

    found = problem(anna)

    assert (found.finding.kind, found.blocks) == (ProblemKind.SKIPPED_TASK, False)
    assert anna.service.settled(CATS)
    anna.answer(0, "owl")
    anna.poll()
    assert anna.labels() == {sample_id(0): "owl"}
    assert anna.service.problems(CATS) == []


def test_a_task_that_was_deleted_unanswered_is_told_and_can_be_asked_again(anna: Desk) -> None:
    anna.ask(range(2))
    anna.poll()
    anna.service.client.delete_task(anna.task(0))

    found = problem(anna)
    assert (found.finding.kind, found.sample, found.blocks) == (
        ProblemKind.DELETED_TASK, sample_id(0), False
    )  # fmt: skip
    assert anna.service.samples_asked(CATS) == {sample_id(1)}

    report = anna.ask(range(2), V2)
    assert report.sent == 1
    anna.answer(0, "cat")
    anna.poll()
    assert anna.labels() == {sample_id(0): "cat"}
    assert anna.service.problems(CATS) == []


def test_an_answer_outlives_its_task(anna: Desk) -> None:
    anna.ask(range(1))
    anna.answer(0, "cat")
    anna.poll()

    anna.service.client.delete_task(anna.task(0))
    anna.poll()

    assert anna.labels() == {sample_id(0): "cat"}
    assert anna.service.problems(CATS) == []


def test_a_deleted_annotation_opens_its_question_again_and_withdraws_the_label(anna: Desk) -> None:
    anna.ask(range(1))
    annotation = anna.answer(0, "cat")
    anna.poll()
    (before,) = anna.service.confirmed(CATS)

    anna.service.client.connection.delete(f"/api/annotations/{annotation}/")
    anna.poll()
    assert anna.service.confirmed(CATS) == []
    assert not anna.service.settled(CATS)

    anna.answer(0, "cat")
    anna.poll()
    (after,) = anna.service.confirmed(CATS)
    assert after.ref == before.ref


def test_a_changed_answer_is_another_confirmed_label(anna: Desk) -> None:
    anna.ask(range(1))
    annotation = anna.answer(0, "cat")
    anna.poll()
    (before,) = anna.service.confirmed(CATS)

    update(anna, annotation, "dog")
    assert anna.poll().new_labels == 1

    (after,) = anna.service.confirmed(CATS)
    assert (before.label, after.label) == ("cat", "dog")
    assert after.ref != before.ref


def test_a_duplicate_import_with_the_same_answer_changes_nothing_and_with_another_one_is_told(
    anna: Desk,
) -> None:
    anna.ask(range(1))
    first = anna.task(0)
    again = NewTask(sample_id(0), "/data/local-files/?d=x.png", "imported by hand", CLASSES[0], 0.5, "hand")
    client = anna.service.client
    client.import_tasks(project(anna), [again])
    second = next(task.id for task in tasks_about(client, project(anna), 0) if task.id != first)

    client.annotate(first, [Label("cat")])
    annotation = client.annotate(second, [Label("cat")])
    assert anna.poll().new_labels == 1
    assert anna.service.problems(CATS) == []

    update(anna, annotation, "dog")
    found = problem(anna)
    assert found.finding.kind is ProblemKind.DIFFERENT_ANSWERS
    assert f"cat (task {first}), dog (task {second})" in found.problem
    assert "delete the task that is one too many" in found.next_step
    assert anna.labels() == {}

    client.delete_task(second)
    anna.poll()
    assert anna.labels() == {sample_id(0): "cat"}
    assert anna.service.problems(CATS) == []


def test_an_answer_about_a_sample_that_was_never_asked_is_told_and_not_used(anna: Desk) -> None:
    anna.ask(range(1))
    stranger = NewTask(sample_id(99), "/data/local-files/?d=x.png", "by hand", CLASSES[0], 0.5, "hand")
    client = anna.service.client
    client.import_tasks(project(anna), [stranger])
    assert anna.poll().seen == 2
    assert anna.service.problems(CATS) == []
    (task,) = tasks_about(client, project(anna), 99)
    client.annotate(task.id, [Label("cat")])

    found = problem(anna)
    assert (found.finding.kind, found.blocks) == (ProblemKind.UNKNOWN_SAMPLE, False)
    assert sample_id(99) in found.problem
    assert anna.labels() == {}

    client.delete_task(task.id)
    anna.poll()
    assert anna.service.problems(CATS) == []


def test_a_project_that_was_deleted_is_told_and_made_again_with_the_open_questions(anna: Desk) -> None:
    anna.ask(range(3))
    anna.answer(0, "cat")
    anna.poll()
    gone = project(anna)
    anna.service.client.connection.delete(f"/api/projects/{gone}/")

    with pytest.raises(Exception, match=f"project {gone} of cats is not in Label Studio any more") as told:
        anna.poll()
    assert "Materialize cats/label_tasks again" in str(told.value)

    report = anna.ask(range(3))
    assert (report.sent, project(anna) != gone) == (2, True)
    anna.answer(1, "dog")
    anna.poll()
    assert anna.labels() == {sample_id(0): "cat", sample_id(1): "dog"}


def test_numbers_say_where_the_people_stand(anna: Desk) -> None:
    assert anna.service.standing(CATS).questions == 0
    anna.ask(range(4))
    anna.answer(0, "cat")
    anna.answer(1, "cat", "dog")
    anna.service.client.skip(anna.task(2))
    anna.poll()

    standing = anna.service.standing(CATS)

    assert (standing.questions, standing.open, standing.answered, standing.skipped) == (4, 2, 1, 1)
    assert (standing.withdrawn, standing.problems) == (0, 2)
    states = {question.sample: question.state for question in anna.service.questions(CATS, V1)}
    assert states[sample_id(2)] is QuestionState.SKIPPED
    assert anna.service.project_address(CATS) == anna.ask(range(4)).address
