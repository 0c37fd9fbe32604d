"""Polling: to the last page, to the deadline, over deletions, and never twice."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.database.audit import recent
from resources.errors import BadInput
from resources.labeling import polling
from resources.labeling.label_studio.values import ProjectId, TaskId
from resources.labeling.polling import Cursor
from tests.resources.labeling.people import ANNA, CATS, Desk, TestClock, desk, sample_id
from tests.servers.label_studio import LabelStudioServer


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def anna(label_studio: LabelStudioServer, tmp_path: Path, clock: TestClock) -> Desk:
    return desk(tmp_path, clock)


def small_pages(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(polling, "PAGE_SIZE", size)


def hook(anna: Desk, action: str, *tasks: TaskId) -> str | None:
    project = anna.service.client.connection.get("/api/projects/", {"title": CATS}).json()["results"][0]["id"]
    return anna.service.take_hint(ProjectId(project), action, tasks)


def labels_heard_in_short_polls(anna: Desk, clock: TestClock) -> list[int]:
    """How many labels each of as many polls heard as it took, whose time is over at once."""
    heard = []
    for _ in range(8):
        result = anna.poll(deadline=clock.now)
        heard.append(result.new_labels)
        if result.complete:
            return heard
    raise AssertionError(f"not complete after {heard}")


def audited(anna: Desk, action: str) -> list[str]:
    return [row.detail for row in recent(anna.service.database, 500) if row.action == action]


@pytest.mark.real
def test_every_page_is_read(anna: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch, 2)
    anna.ask(range(7))
    for number in range(7):
        anna.answer(number, "cat")

    result = anna.poll()

    assert (result.complete, result.new_labels) == (True, 7)


@pytest.mark.real
def test_a_poll_that_runs_out_of_time_goes_on_where_it_was(
    anna: Desk, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 2)
    anna.ask(range(5))
    for number in range(5):
        anna.answer(number, "cat")

    heard = labels_heard_in_short_polls(anna, clock)

    assert sum(heard) == 5
    assert max(heard) <= 2


@pytest.mark.real
def test_a_poll_that_runs_out_of_time_within_a_page_keeps_what_it_read(
    anna: Desk, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "DETAIL_SIZE", 2)
    anna.ask(range(5))
    for number in range(5):
        anna.answer(number, "cat")

    heard = labels_heard_in_short_polls(anna, clock)

    assert heard == [2, 2, 1]


@pytest.mark.real
def test_a_poll_without_news_lists_and_changes_nothing(anna: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "OVERLAP", timedelta(seconds=-1))
    anna.ask(range(3))
    anna.answer(0, "cat")
    anna.poll()
    before = recent(anna.service.database, 500)

    result = anna.poll()

    assert (result.seen, result.fetched, result.new_labels, result.sweeping) == (0, 0, 0, False)
    assert recent(anna.service.database, 500) == before


@pytest.mark.real
def test_polling_everything_again_changes_nothing(anna: Desk) -> None:
    anna.ask(range(3))
    anna.answer(0, "cat")
    anna.answer(1, "cat", "dog")
    anna.poll()
    before = (anna.service.confirmed(CATS), anna.service.problems(CATS), recent(anna.service.database, 500))
    anna.cursor = None

    result = anna.poll()

    assert (result.seen, result.fetched, result.new_labels) == (3, 0, 0)
    after = (anna.service.confirmed(CATS), anna.service.problems(CATS), recent(anna.service.database, 500))
    assert after == before


@pytest.mark.real
def test_a_deletion_that_a_web_hook_tells_is_looked_up_and_needs_no_sweep(anna: Desk) -> None:
    anna.ask(range(3))
    anna.poll()
    gone, kept = anna.task(0), anna.task(1)
    anna.service.client.delete_task(gone)

    assert hook(anna, "TASKS_DELETED", gone, kept, TaskId(999_999)) is None
    result = anna.poll()

    assert not result.sweeping
    assert audited(anna, "labeling.sweep") == []
    assert anna.service.standing(CATS).withdrawn == 1
    assert anna.task(1) == kept


@pytest.mark.real
def test_a_deletion_that_nobody_told_is_found_by_the_counts_and_swept_in_slices(
    anna: Desk, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna.ask(range(6))
    anna.poll()
    anna.service.client.delete_task(anna.task(0))
    anna.service.client.delete_task(anna.task(5))
    small_pages(monkeypatch, 2)
    clock.step = timedelta(seconds=1)

    slices = 0
    for _ in range(12):
        result = anna.poll(deadline=clock.now + timedelta(seconds=4))
        slices += 1
        if not result.sweeping and result.complete:
            break

    assert slices > 2
    assert anna.service.standing(CATS).withdrawn == 2
    (reason,) = audited(anna, "labeling.sweep")
    assert reason == "6 tasks with 0 annotations are known, Label Studio has 4 with 0"


@pytest.mark.real
def test_a_sweep_in_doubt_comes_to_its_end_in_ticks_that_look_up_little(
    anna: Desk, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "DETAIL_SIZE", 2)
    anna.ask(range(6))
    anna.poll()
    clock.move(days=2)
    clock.step = timedelta(seconds=1)

    for _ in range(12):
        result = anna.poll(deadline=clock.now + timedelta(seconds=4))
        if not result.sweeping and result.complete:
            break

    assert not result.sweeping
    assert audited(anna, "labeling.sweep") == ["daily"]


@pytest.mark.real
def test_a_sweep_runs_once_a_day_without_any_reason(anna: Desk, clock: TestClock) -> None:
    anna.ask(range(2))
    anna.poll()
    clock.move(hours=23)
    anna.poll()
    assert audited(anna, "labeling.sweep") == []

    clock.move(hours=2)
    assert not anna.poll().sweeping

    assert audited(anna, "labeling.sweep") == ["daily"]


@pytest.mark.real
def test_a_change_that_the_filter_missed_is_found_by_the_sweep(anna: Desk) -> None:
    anna.ask(range(2))
    anna.poll()
    anna.answer(0, "cat")
    anna.cursor = str(Cursor(datetime(2999, 1, 1, tzinfo=UTC)))

    anna.poll()

    assert anna.labels() == {sample_id(0): "cat"}


@pytest.mark.real
@pytest.mark.parametrize("counted", [1, 0], ids=["moment", "moment and count"])
@pytest.mark.parametrize("skip", [False, True], ids=["answer", "skip"])
def test_an_answer_whose_task_a_killed_label_studio_left_behind_is_found(
    label_studio: LabelStudioServer, anna: Desk, counted: int, skip: bool
) -> None:
    anna.ask(range(3))
    anna.poll()
    task, database = anna.task(0), label_studio.document_root.parent / "data/label_studio.sqlite3"
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        look = "SELECT updated_at FROM task WHERE id = ?"
        before = connection.execute(look, [task]).fetchone()[0]
    if skip:
        anna.service.client.skip(task)
    else:
        anna.answer(0, "cat")
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        # What kill -9 leaves between the rows of the annotation and of its task.
        counter = "cancelled_annotations" if skip else "total_annotations"
        left = f"UPDATE task SET updated_at = ?, {counter} = ?, is_labeled = ? WHERE id = ?"  # noqa: S608
        connection.execute(left, [before, counted, counted, task])

    anna.poll()
    anna.answer(1, "dog")
    anna.poll()

    found = {} if skip else {sample_id(0): "cat"}
    assert anna.labels() == found | {sample_id(1): "dog"}
    assert anna.service.standing(CATS).skipped == int(skip)
    assert len(audited(anna, "labeling.sweep")) == 1 - counted  # a count that differs is seen without one
    anna.ask(range(3))  # looks the tasks up again, by their counts
    assert anna.labels() == found | {sample_id(1): "dog"}


@pytest.mark.real
def test_before_anything_was_asked_a_poll_needs_no_label_studio(trainplat_home: Path, tmp_path: Path) -> None:
    result = desk(tmp_path).poll()

    assert (result.complete, result.seen) == (True, 0)


moments = st.datetimes(timezones=st.just(UTC))


@given(moments, st.one_of(st.none(), moments), st.integers(1, 9))
def test_a_cursor_is_read_as_it_was_written(since: datetime, target: datetime | None, page: int) -> None:
    cursor = Cursor(since, target, page if target else 1)

    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text", ["yesterday", "{}", "[]", "7", '{"since": "2026-01-01T00:00:00"}', '{"since": 5}']
)
def test_a_cursor_of_another_form_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(BadInput, match="Reset the sensor's cursor"):
        Cursor.parse(text)


def test_a_hint_about_a_foreign_project_or_action_is_refused(trainplat_home: Path, tmp_path: Path) -> None:
    service = desk(tmp_path).service

    assert "none of this home's" in (service.take_hint(ProjectId(5), "TASKS_DELETED", []) or "")
    assert "action 'X' is none of" in (service.take_hint(ProjectId(5), "X", []) or "")
    service.note_refusal("a web hook with no secret", "127.0.0.1")
    assert recent(service.database)[0].actor == "webhook:127.0.0.1" != ANNA
