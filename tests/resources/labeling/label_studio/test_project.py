"""A project: found or made, and kept as the loop needs it."""

from pathlib import Path
from typing import Any

import pytest

from resources.errors import BadInput
from resources.labeling.label_studio.kinds.classes import IMAGE_CLASSES
from resources.labeling.label_studio.values import ProjectId
from resources.terms import Label
from tests.resources.labeling.people import CATS, CLASSES, Desk, desk, sample_id
from tests.servers.label_studio import LabelStudioServer

pytestmark = pytest.mark.real


@pytest.fixture
def anna(label_studio: LabelStudioServer, tmp_path: Path) -> Desk:
    return desk(tmp_path)


def project(anna: Desk) -> ProjectId:
    listed = anna.service.client.connection.get("/api/projects/", {"title": CATS}).json()
    return ProjectId(int(listed["results"][0]["id"]))


def test_the_project_is_found_again_and_kept_as_the_loop_needs_it(
    anna: Desk, label_studio: LabelStudioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_WEBHOOK_URL", "http://127.0.0.1:18999")
    anna.ask(range(1))
    connection = label_studio.client().connection
    found = project(anna)
    hook = connection.get("/api/webhooks/", {"project": found}).json()[0]
    page = IMAGE_CLASSES.page([Label("a"), Label("b")])
    connection.with_sdk(lambda sdk: sdk.projects.update(int(found), label_config=page))
    monkeypatch.setenv("TRAINPLAT_WEBHOOK_URL", "http://127.0.0.1:18998")

    anna.ask(range(1))

    again = connection.get(f"/api/projects/{found}/").json()
    hooks = connection.get("/api/webhooks/", {"project": found}).json()
    assert project(anna) == found
    assert again["parsed_label_config"]["label"]["labels"] == ["cat", "dog", "owl"]
    assert hook["url"] == "http://127.0.0.1:18999/label-studio"
    assert [one["url"] for one in hooks] == ["http://127.0.0.1:18998/label-studio"]
    assert hooks[0]["headers"] == {"X-Trainplat-Secret": "0123456789abcdef"}


def test_a_page_that_people_made_their_own_stays_while_it_fits_the_classes(
    anna: Desk, label_studio: LabelStudioServer
) -> None:
    anna.ask(range(1))
    connection = label_studio.client().connection
    page = IMAGE_CLASSES.page(CLASSES[::-1]).replace("<View>", '<View><Header value="Look!"/>')
    connection.with_sdk(lambda sdk: sdk.projects.update(int(project(anna)), label_config=page))

    anna.ask(range(2))

    assert "Look!" in connection.get(f"/api/projects/{project(anna)}/").json()["label_config"]


def test_a_label_studio_that_may_not_show_the_pictures_is_told_how_to_start_it(
    anna: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.home.Home.served", property(lambda _home: tmp_path / "elsewhere"))

    with pytest.raises(BadInput, match="may not show the pictures") as told:
        anna.ask(range(1))

    assert f"LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={tmp_path}/elsewhere" in told.value.next_step


def test_of_two_projects_with_the_title_the_older_one_is_taken(
    anna: Desk, label_studio: LabelStudioServer
) -> None:
    connection = label_studio.client().connection
    page = IMAGE_CLASSES.page(CLASSES)
    older = connection.with_sdk(
        lambda sdk: sdk.projects.create(title=CATS, label_config=IMAGE_CLASSES.page(CLASSES))
    )
    connection.with_sdk(lambda sdk: sdk.projects.create(title=CATS, label_config=page))
    connection.with_sdk(lambda sdk: sdk.projects.create(title=f"{CATS} of mine"))

    report = anna.ask(range(1))

    assert report.project == older.id


def test_a_project_that_got_another_title_is_left_alone(anna: Desk, label_studio: LabelStudioServer) -> None:
    anna.ask(range(1))
    renamed = project(anna)
    connection = label_studio.client().connection
    connection.with_sdk(lambda sdk: sdk.projects.update(int(renamed), title="mine now"))

    anna.ask(range(1))

    assert project(anna) != renamed


def test_two_hooks_of_ours_become_one(
    anna: Desk, label_studio: LabelStudioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_WEBHOOK_URL", "http://127.0.0.1:18999")
    anna.ask(range(1))
    connection = label_studio.client().connection
    hooks = {"url": "http://127.0.0.1:1/label-studio", "project": int(project(anna))}
    connection.with_sdk(lambda sdk: sdk.webhooks.create(**hooks))

    anna.ask(range(1))

    left = connection.get("/api/webhooks/", {"project": project(anna)}).json()
    assert [hook["url"] for hook in left] == ["http://127.0.0.1:18999/label-studio"]


def test_what_people_add_to_the_page_is_no_label(anna: Desk, label_studio: LabelStudioServer) -> None:
    anna.ask(range(1))
    connection = label_studio.client().connection
    quality = (
        '<Choices name="quality" toName="image"><Choice value="good"/><Choice value="bad"/></Choices></View>'
    )
    page = IMAGE_CLASSES.page(CLASSES).replace("</View>", quality)
    connection.with_sdk(lambda sdk: sdk.projects.update(int(project(anna)), label_config=page))
    result: Any = [
        {"from_name": name, "to_name": "image", "type": "choices", "value": {"choices": [choice]}}
        for name, choice in (("label", "cat"), ("quality", "good"))
    ]
    task = int(anna.task(0))
    connection.with_sdk(lambda sdk: sdk.annotations.create(task, result=result))

    anna.ask(range(1))
    anna.poll()

    assert "quality" in connection.get(f"/api/projects/{project(anna)}/").json()["label_config"]
    assert anna.labels() == {sample_id(0): "cat"}


def test_a_page_whose_choices_have_another_name_is_mended(
    anna: Desk, label_studio: LabelStudioServer
) -> None:
    anna.ask(range(1))
    connection = label_studio.client().connection
    page = IMAGE_CLASSES.page(CLASSES).replace('name="label"', 'name="animal"')
    connection.with_sdk(lambda sdk: sdk.projects.update(int(project(anna)), label_config=page))

    anna.ask(range(2))

    controls = connection.get(f"/api/projects/{project(anna)}/").json()["parsed_label_config"]
    assert list(controls) == ["label"]
