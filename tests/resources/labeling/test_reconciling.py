"""Reconciling: to the last page, counted, resumed, and in a dry run without a trace."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from resources.database.metadata import METADATA
from resources.errors import Conflict, NotFound
from resources.labeling import reconciling
from resources.labeling.label_studio.values import Counts, ProjectId
from resources.labeling.reconciling import LabelChange, Reconciliation
from tests.resources.labeling.people import ANNA, CATS, Desk, TestClock, desk, sample_id
from tests.servers.label_studio import LabelStudioServer

pytestmark = pytest.mark.real


@pytest.fixture
def anna(label_studio: LabelStudioServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(reconciling, "PAGE_SIZE", 2)
    return desk(tmp_path, TestClock())


def reconcile(anna: Desk, *, dry_run: bool = False) -> Reconciliation:
    return anna.service.reconcile(CATS, dry_run=dry_run, actor=ANNA)


def everything(anna: Desk) -> bytes:
    """All rows of all tables."""
    with anna.service.database.read() as connection:
        return pickle.dumps(
            [[tuple(row) for row in connection.execute(select(table))] for table in METADATA.sorted_tables]
        )


def with_missed_answers(anna: Desk) -> ProjectId:
    """Five tasks: one answered and heard, two answered and not heard, one deleted, one untouched."""
    project = anna.ask(range(5)).project
    anna.answer(0, "cat")
    anna.poll()
    anna.answer(1, "dog")
    anna.answer(2, "owl")
    anna.service.client.delete_task(anna.task(3))
    return project


def test_what_was_missed_is_taken_in_and_told(anna: Desk) -> None:
    with_missed_answers(anna)

    found = reconcile(anna)

    assert (found.told.tasks, found.read, found.annotations) == (4, 4, 3)
    assert (found.new, found.changed, found.gone, found.strangers) == (0, 2, 1, 0)
    assert set(found.labels) == {
        LabelChange(sample_id(1), None, anna.labels()[sample_id(1)]),
        LabelChange(sample_id(2), None, anna.labels()[sample_id(2)]),
    }
    assert anna.labels() == {sample_id(0): "cat", sample_id(1): "dog", sample_id(2): "owl"}
    again = reconcile(anna)
    assert (again.changes, again.labels) == (0, ())


def test_a_dry_run_tells_the_same_and_changes_nothing(anna: Desk) -> None:
    with_missed_answers(anna)
    before = everything(anna)

    told = reconcile(anna, dry_run=True)

    assert everything(anna) == before
    done = reconcile(anna)
    assert (told.new, told.changed, told.gone, told.labels) == (
        done.new,
        done.changed,
        done.gone,
        done.labels,
    )


def test_killed_on_the_way_it_goes_on_where_it_was(anna: Desk) -> None:
    with_missed_answers(anna)

    def killed(read: int, _: int) -> None:
        if read >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        anna.service.reconcile(CATS, dry_run=False, actor=ANNA, progress=killed)
    found = reconcile(anna)

    assert found.resumed_after > 0
    assert found.read < 4
    assert set(anna.labels()) == {sample_id(0), sample_id(1), sample_id(2)}
    assert reconcile(anna).resumed_after == 0


@pytest.mark.slow
def test_pages_that_leave_tasks_out_are_noticed(anna: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with_missed_answers(anna)
    monkeypatch.setattr(anna.service.client, "counts", lambda _: Counts(9, 3))

    with pytest.raises(Conflict, match=r"tells 9 tasks in project .* and 4 came"):
        reconcile(anna)


@pytest.mark.slow
def test_a_task_that_was_made_twice_and_one_of_a_stranger_are_named(anna: Desk) -> None:
    project = anna.ask(range(2)).project
    client = anna.service.client
    data = client.connection.get(f"/api/tasks/{anna.task(0)}/").json()["data"]
    again: Any = [{"data": data}, {"data": {"image": "x"}}]
    client.connection.with_sdk(lambda sdk: sdk.projects.import_tasks(project, request=again))

    found = reconcile(anna)

    assert (found.new, found.strangers, found.twice) == (2, 1, (sample_id(0),))


@pytest.mark.slow
def test_the_sensor_goes_on_with_one_that_was_left(anna: Desk) -> None:
    with_missed_answers(anna)

    def killed(read: int, _: int) -> None:
        if read >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        anna.service.reconcile(CATS, dry_run=False, actor=ANNA, progress=killed)
    anna.cursor = None
    anna.poll()

    assert set(anna.labels()) == {sample_id(0), sample_id(1), sample_id(2)}
    assert reconcile(anna).resumed_after == 0


@pytest.mark.slow
def test_before_anybody_was_asked_there_is_nothing_to_read(anna: Desk) -> None:
    with pytest.raises(NotFound, match="cats has no project in Label Studio"):
        reconcile(anna)
