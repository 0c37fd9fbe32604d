"""Tasks and annotations of a real Label Studio."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.values import Counts, NewTask, ProjectId, TaskId
from resources.terms import Label
from tests.resources.labeling.people import desk, sample_id
from tests.servers.label_studio import LabelStudioServer

pytestmark = pytest.mark.real

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def project(label_studio: LabelStudioServer, tmp_path: Path) -> ProjectId:
    return desk(tmp_path).ask(range(5)).project


@pytest.fixture
def client(label_studio: LabelStudioServer) -> LabelStudioClient:
    return label_studio.client()


def ids(client: LabelStudioClient, project: ProjectId) -> list[TaskId]:
    return [task.id for task in client.after(project, TaskId(0)).tasks]


def test_changes_come_oldest_first_and_page_by_page(client: LabelStudioClient, project: ProjectId) -> None:
    first, *_ = ids(client, project)
    client.annotate(first, [Label("cat")])

    pages = [client.changed_since(project, LONG_AGO, page=page, size=2).tasks for page in (1, 2, 3, 4)]

    moments = [task.updated_at for page in pages for task in page]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert moments == sorted(moments)
    assert pages[2][0].id == first
    assert client.changed_since(project, moments[-1]).tasks == pages[2]


def test_the_server_tells_its_own_time(client: LabelStudioClient, project: ProjectId) -> None:
    page = client.changed_since(project, LONG_AGO)

    assert abs((page.server_time - page.tasks[-1].updated_at).total_seconds()) < 120


def test_counts_are_of_answers_and_skips(client: LabelStudioClient, project: ProjectId) -> None:
    first, second, *_ = ids(client, project)
    client.annotate(first, [Label("cat")])
    client.skip(second)

    assert client.counts(project) == Counts(tasks=5, annotations=2)
    skipped = client.tasks(project, [second])[0]
    assert (skipped.summary.skips, skipped.annotations[0].skipped) == (1, True)
    assert skipped.annotations[0].labels == ()


def test_the_newest_tasks_come_first_and_page_by_page(client: LabelStudioClient, project: ProjectId) -> None:
    every = ids(client, project)

    first = [task.id for task in client.before(project, None, size=2).tasks]
    then = [task.id for task in client.before(project, first[-1], size=100).tasks]

    assert [*first, *then] == sorted(every, reverse=True)
    assert len(first) == 2
    assert client.before(project, every[0]).tasks == ()


def test_the_number_of_a_newest_task_that_was_deleted_may_be_used_again_and_is_on_top(
    client: LabelStudioClient, project: ProjectId
) -> None:
    *_, before, newest = ids(client, project)
    client.delete_task(newest)
    made = client.import_tasks(
        project, [NewTask(sample_id(9), "/data/x.png", "cats/v2", Label("cat"), 0.5, "m")]
    )

    found = client.before(project, None, size=2).tasks

    assert found[0].sample == sample_id(9)
    assert [found[0].id] == made
    assert found[0].id >= newest
    assert found[1].id == before


def test_tasks_that_are_gone_are_left_out(client: LabelStudioClient, project: ProjectId) -> None:
    first, second, *_ = ids(client, project)
    client.delete_task(first)

    assert [task.summary.id for task in client.tasks(project, [first, second])] == [second]


def test_a_task_that_somebody_made_by_hand_names_no_sample(
    client: LabelStudioClient, project: ProjectId
) -> None:
    data = {"image": "/data/x.png", "sample": 7}
    client.connection.with_sdk(lambda sdk: sdk.tasks.create(project=int(project), data=data))

    newest = client.after(project, TaskId(0)).tasks[-1]

    assert (newest.sample, newest.question) == (None, None)


def test_whatever_else_an_annotation_holds_only_its_choices_count(
    client: LabelStudioClient, project: ProjectId
) -> None:
    first, *_ = ids(client, project)
    result = [
        {"from_name": "note", "to_name": "image", "type": "textarea", "value": {"text": ["hm"]}},
        {"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": ["dog"]}},
        {"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": ["dog"]}},
    ]
    client.connection.with_sdk(lambda sdk: sdk.annotations.create(int(first), result=result))

    assert client.tasks(project, [first])[0].annotations[0].labels == ("dog",)
