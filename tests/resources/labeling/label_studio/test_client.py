"""Tasks and annotations of a real Label Studio."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.labeling.label_studio import client as client_module
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.values import Counts, ProjectId, TaskId
from resources.terms import Label
from tests.resources.labeling.people import CATS, desk, sample_id
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


def test_samples_are_found_in_slices_and_pages(
    client: LabelStudioClient, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "DETAIL_SIZE", 2)
    wanted = [sample_id(number) for number in (4, 0, 3, 99)]

    found = client.of_samples(project, wanted)

    assert {task.sample for task in found} == {sample_id(0), sample_id(3), sample_id(4)}
    assert [task.id for task in found] == sorted(task.id for task in found)
    assert {task.question for task in found} == {f"{CATS}/v1.0"}


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
