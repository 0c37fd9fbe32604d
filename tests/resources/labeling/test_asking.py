"""Asking: one task for each sample, whatever is killed on the way."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from resources.errors import BadInput, Unavailable
from resources.labeling import asking, newest
from resources.labeling.asking import Asker
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.values import NewTask, ProjectId, TaskId
from resources.labeling.model import Question, QuestionState
from resources.labeling.newest import Newest
from resources.labeling.tables import TASKS
from tests.children import fork, leave
from tests.resources.labeling.people import ANNA, CATS, CLASSES, V1, V2, Desk, desk, sample_id, tasks_about
from tests.servers.label_studio import LabelStudioServer

pytestmark = pytest.mark.real


@pytest.fixture
def anna(label_studio: LabelStudioServer, tmp_path: Path) -> Desk:
    return desk(tmp_path)


def project(anna: Desk) -> ProjectId:
    listed = anna.service.client.connection.get("/api/projects/", {"title": CATS}).json()
    assert listed["count"] == 1
    return ProjectId(int(listed["results"][0]["id"]))


def tasks_by_sample(anna: Desk, numbers: range) -> dict[str, int]:
    found = tasks_about(anna.service.client, project(anna), *numbers)
    return {sample_id(number): sum(task.sample == sample_id(number) for task in found) for number in numbers}


def in_child(act: Callable[[], object]) -> None:
    """Do it in a process that dies of ``kill -9`` on the way."""
    child = fork()
    if child == 0:
        try:
            act()
        finally:
            leave(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


STEPS = [
    (Asker, "_project"),
    (Asker, "_send"),
    (Asker, "_drop_surplus"),
    (Asker, "_note"),
    (LabelStudioClient, "import_tasks"),
    (LabelStudioClient, "before"),
    (LabelStudioClient, "counts"),
    (Newest, "take_in_imported"),
    (Newest, "judge"),
]


@pytest.mark.parametrize("when", [pytest.param("before", marks=pytest.mark.slow), "after"])
@pytest.mark.parametrize(("owner", "step"), STEPS, ids=[name for _, name in STEPS])
def test_an_asking_killed_at_any_step_is_done_again_with_one_task_for_each_sample(
    anna: Desk, owner: type, step: str, when: str
) -> None:
    real = getattr(owner, step)

    def killed(*given: Any, **named: Any) -> Any:
        if when == "after":
            real(*given, **named)
        die()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(owner, step, killed)
        in_child(lambda: anna.ask(range(3)))
    report = anna.ask(range(3))

    assert report.asked == 3
    assert set(tasks_by_sample(anna, range(3)).values()) == {1}
    assert anna.service.asked(CATS, V1) == 3
    assert {question.state for question in anna.service.questions(CATS)} == {QuestionState.OPEN}


def test_asking_again_makes_nothing_and_a_later_version_asks_only_what_is_new(anna: Desk) -> None:
    anna.ask(range(3))

    assert anna.ask(range(3)).sent == 0
    assert anna.ask(range(1, 5), V2).sent == 2

    assert set(tasks_by_sample(anna, range(5)).values()) == {1}
    assert anna.service.samples_asked(CATS, but_by=V2) == {sample_id(n) for n in range(3)}


def test_a_version_whose_samples_were_all_asked_before_makes_no_task(anna: Desk) -> None:
    anna.ask(range(2))

    report = anna.ask(range(2), V2)

    assert (report.asked, report.sent) == (2, 0)
    assert anna.service.asked(CATS, V2) == 2


def test_a_second_task_that_nobody_touched_is_taken_back(anna: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = LabelStudioClient.import_tasks

    def twice(client: LabelStudioClient, where: ProjectId, tasks: list[NewTask]) -> list[TaskId]:
        real(client, where, tasks)
        return real(client, where, tasks)

    monkeypatch.setattr(LabelStudioClient, "import_tasks", twice)

    anna.ask(range(3))

    assert set(tasks_by_sample(anna, range(3)).values()) == {1}
    anna.poll()
    assert anna.service.problems(CATS) == []


def test_an_import_of_which_no_answer_came_is_found_between_others(
    anna: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "IMPORT_AT_FIRST", 2)
    monkeypatch.setattr(asking, "IMPORT_AT_MOST", 2)
    real, calls = LabelStudioClient.import_tasks, []

    def lost(client: LabelStudioClient, where: ProjectId, tasks: list[NewTask]) -> list[TaskId]:
        calls.append(len(tasks))
        ids = real(client, where, tasks)
        if len(calls) == 2:
            raise Unavailable("it did not answer", "Ask again.")
        return ids

    monkeypatch.setattr(LabelStudioClient, "import_tasks", lost)
    with pytest.raises(Unavailable):
        anna.ask(range(7))

    report = anna.ask(range(7))

    assert (report.sent, calls) == (3, [2, 2, 2, 1])
    assert set(tasks_by_sample(anna, range(7)).values()) == {1}


def test_a_lost_import_that_got_the_number_of_a_deleted_task_is_found(
    anna: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna.ask(range(3))
    client = anna.service.client
    client.delete_task(client.before(project(anna), None, size=1).tasks[0].id)
    real = LabelStudioClient.import_tasks

    def lost(client: LabelStudioClient, where: ProjectId, tasks: list[NewTask]) -> list[TaskId]:
        real(client, where, tasks)
        raise Unavailable("it did not answer", "Ask again.")

    with monkeypatch.context() as patched:
        patched.setattr(LabelStudioClient, "import_tasks", lost)
        with pytest.raises(Unavailable):
            anna.ask(range(3, 4), V2)

    anna.ask(range(3, 4), V2)
    anna.poll()

    assert tasks_by_sample(anna, range(3, 4)) == {sample_id(3): 1}


def test_a_label_studio_that_tells_no_numbers_is_read(anna: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = LabelStudioClient.import_tasks

    def untold(client: LabelStudioClient, where: ProjectId, tasks: list[NewTask]) -> list[TaskId]:
        real(client, where, tasks)
        return []

    monkeypatch.setattr(LabelStudioClient, "import_tasks", untold)

    assert anna.ask(range(3)).sent == 3
    assert anna.ask(range(3)).sent == 0
    assert set(tasks_by_sample(anna, range(3)).values()) == {1}


def test_a_home_that_lost_its_rows_finds_all_tasks_again(anna: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    anna.ask(range(6))
    anna.answer(1, CLASSES[1])
    with anna.service.database.write() as connection:
        connection.execute(delete(TASKS).where(TASKS.c.sample.in_([sample_id(0), sample_id(1)])))
    monkeypatch.setattr(newest, "PAGE_SIZE", 2)

    assert anna.ask(range(6)).sent == 0
    assert set(tasks_by_sample(anna, range(6)).values()) == {1}
    assert anna.labels() == {sample_id(1): CLASSES[1]}


@given(st.integers(asking.IMPORT_AT_LEAST, asking.IMPORT_AT_MOST), st.floats(0, 1000))
def test_slow_imports_become_smaller_and_quick_ones_larger_within_bounds(size: int, took_s: float) -> None:
    following = asking.next_size(size, took_s)

    assert asking.IMPORT_AT_LEAST <= following <= asking.IMPORT_AT_MOST
    if took_s > asking.IMPORT_S:
        assert following < size or size == asking.IMPORT_AT_LEAST
    else:
        assert following >= size


def test_an_empty_question_list_is_a_round_that_asks_nothing(anna: Desk) -> None:
    report = anna.ask(range(0))

    assert (report.asked, report.sent) == (0, 0)
    assert anna.service.asked(CATS, V1) == 0


def test_a_broken_picture_is_named_and_nothing_is_sent(anna: Desk, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    question = Question(sample_id(1), CLASSES[0], 0.5, broken)

    with pytest.raises(BadInput, match=r"broken\.png cannot be shown to people") as told:
        anna.service.ask(CATS, "Cats", CLASSES, V1, [question], model_version="m1", actor=ANNA)

    assert "dvc checkout" in told.value.next_step
    assert anna.service.asked(CATS, V1) is None
    assert anna.service.project_address(CATS) is None


def test_a_sample_that_was_answered_before_it_was_asked_is_answered(anna: Desk) -> None:
    anna.ask(range(1))
    real = NewTask(sample_id(7), "/data/local-files/?d=none", "cats/v0", CLASSES[0], 0.5, "m0")
    anna.service.client.import_tasks(project(anna), [real])
    (stranger,) = tasks_about(anna.service.client, project(anna), 7)
    anna.service.client.annotate(stranger.id, [CLASSES[1]])
    anna.poll()
    assert anna.labels() == {}

    report = anna.ask(range(7, 8), V2)

    assert report.sent == 0
    assert anna.labels() == {sample_id(7): CLASSES[1]}
    assert anna.service.problems(CATS) == []


def test_asking_for_an_older_version_again_leaves_the_newest_guesses_preselected(anna: Desk) -> None:
    anna.ask(range(2))
    anna.ask(range(2, 4), V2)

    anna.ask(range(2))

    shown = anna.service.client.connection.get(f"/api/projects/{project(anna)}/").json()["model_version"]
    assert shown == "cats-v1.1"
