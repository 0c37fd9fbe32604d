"""The loop's ear and mouth, against a real Label Studio."""

from pathlib import Path

import httpx
import pytest

from resources.labeling.model import QuestionState
from tests.resources.labeling.people import CATS, V1, desk, sample_id
from tests.servers.label_studio import LabelStudioServer

pytestmark = pytest.mark.real


def test_what_people_answer_comes_back_as_confirmed_labels(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    anna = desk(tmp_path)

    report = anna.ask(range(5))
    for number, label in enumerate(["cat", "dog", "owl", "cat"]):
        anna.answer(number, label)
    result = anna.poll()

    assert (report.asked, report.sent) == (5, 5)
    assert (result.complete, result.new_labels) == (True, 4)
    assert anna.labels() == {
        sample_id(0): "cat", sample_id(1): "dog", sample_id(2): "owl", sample_id(3): "cat"
    }  # fmt: skip
    assert [question.sample for question in anna.service.questions_open(CATS)] == [sample_id(4)]
    assert anna.service.asked(CATS, V1) == 5


def test_people_see_the_picture_large_and_the_guess_preselected(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    anna = desk(tmp_path)
    anna.ask(range(3))
    task = anna.task(1)
    connection = label_studio.client().connection
    shown = connection.get(f"/api/tasks/{task}/").json()
    project = connection.get(f"/api/projects/{shown['project']}/").json()

    token = {"Authorization": f"Token {label_studio.token}"}
    picture = httpx.get(label_studio.address + shown["data"]["image"], headers=token, follow_redirects=True)

    assert picture.headers["content-type"] == "image/png"
    assert int.from_bytes(picture.content[16:20], "big") >= 256
    assert shown["predictions"][0]["result"][0]["value"]["choices"] == ["dog"]
    assert shown["predictions"][0]["model_version"] == project["model_version"] == "cats-v1.0"
    assert project["show_collab_predictions"] is True


def test_a_question_is_open_until_somebody_answers(label_studio: LabelStudioServer, tmp_path: Path) -> None:
    anna = desk(tmp_path)
    anna.ask(range(2))

    anna.poll()
    assert not anna.service.settled(CATS)
    anna.answer(0, "cat")
    anna.service.client.skip(anna.task(1))
    anna.poll()

    assert anna.service.settled(CATS)
    assert {question.state for question in anna.service.questions(CATS)} == {
        QuestionState.ANSWERED, QuestionState.SKIPPED
    }  # fmt: skip
