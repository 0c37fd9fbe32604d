import json
from pathlib import Path
from typing import Any

import pytest

from resources.data.making.sources.export import LabelStudioExport, place_of
from resources.errors import BadInput, NotFound
from tests.resources.data.making.sources.taken import Taker, told
from tests.resources.data.shapes import image


def task(number: int, reference: str, *choices: str, cancelled: bool = False) -> dict[str, Any]:
    """A task as Label Studio exports it, with one answer for each of ``choices``."""
    return {
        "id": number,
        "data": {"image": reference},
        "annotations": [
            {
                "was_cancelled": cancelled,
                "result": [{"type": "choices", "value": {"choices": [choice]}, "from_name": "c"}],
            }
            for choice in choices
        ],
    }


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Four pictures in the folder that Label Studio shows."""
    (tmp_path / "served/digits").mkdir(parents=True)
    for one in range(4):
        (tmp_path / f"served/digits/{one}.png").write_bytes(image(one))
    return tmp_path


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("/data/local-files/?d=digits/0.png", "digits/0.png"),
        ("/data/local-files/?d=digits%2F0.png", "digits/0.png"),
        ("/data/upload/3/0.png", "3/0.png"),
        ("s3://bucket/0.png", "s3://bucket/0.png"),
        ("digits/0.png", "digits/0.png"),
    ],
)
def test_a_picture_is_found_where_label_studio_has_it(written: str, place: str) -> None:
    assert place_of(written) == place


def test_an_export_gives_what_people_answered(taker: Taker, pictures: Path) -> None:
    tasks = [
        task(1, "/data/local-files/?d=digits/0.png", "dark"),
        task(2, "/data/local-files/?d=digits/1.png"),
        task(3, "/data/local-files/?d=digits/2.png", "dark", "light"),
        task(4, "/data/local-files/?d=digits/3.png", "dark", cancelled=True),
        task(5, "/data/local-files/?d=digits/0.png", "light"),
        task(6, "/data/local-files/?d=../served/digits/3.png", "dark"),
        {"id": 7, "data": {"text": "no picture"}, "annotations": []},
    ]
    (pictures / "export.json").write_text(json.dumps(tasks))
    taken = taker.take(LabelStudioExport("people", "export.json", pictures="served"))
    assert [(file.name, file.labels, dict(file.metadata)) for file in taken.files] == [
        ("people/digits/0.png", ("dark", "light"), {"task": "1"}),
        ("people/digits/1.png", (), {"task": "2"}),
        ("people/digits/2.png", ("dark", "light"), {"task": "3"}),
        ("people/digits/3.png", (), {"task": "4"}),
    ]
    assert told(taken) == {
        "people/../served/digits/3.png": "its name leads out of the place that it came in",
        "people/task 7": "it has no picture under 'image'",
    }


def test_the_short_form_of_an_export_says_the_same(taker: Taker, pictures: Path) -> None:
    tasks = [{"id": 1, "image": "digits/0.png", "choice": "dark"}, {"id": 2, "image": "digits/1.png"}]
    (pictures / "export.json").write_text(json.dumps(tasks))
    taken = taker.take(LabelStudioExport("people", "export.json", pictures="served"))
    assert [file.labels for file in taken.files] == [("dark",), ()]


def test_a_file_that_is_no_export_is_refused(taker: Taker, tmp_path: Path) -> None:
    source = LabelStudioExport("people", "export.json")
    with pytest.raises(NotFound, match=r"export\.json of source people is not there"):
        taker.take(source)
    for text, problem in (("{", "cannot be read as JSON"), ('{"a": 1}', "no list of tasks")):
        (tmp_path / "export.json").write_text(text)
        with pytest.raises(BadInput, match=problem):
            taker.take(source)


@pytest.mark.parametrize(
    "answers",
    [
        None,
        ["x"],
        [{"result": None}],
        [{"result": [{"value": None}]}],
        [{"result": [{"value": {"choices": 3}}]}],
    ],
)
def test_a_task_whose_answers_are_broken_is_told_and_the_others_come(
    taker: Taker, pictures: Path, answers: object
) -> None:
    broken = {"id": 1, "data": {"image": "digits/0.png"}, "annotations": answers}
    address = {"id": 2, "data": {"image": "http://[half/1.png"}, "annotations": []}
    (pictures / "export.json").write_text(json.dumps([broken, address, task(3, "digits/2.png", "dark")]))
    taken = taker.take(LabelStudioExport("people", "export.json", pictures="served"))
    assert [file.labels for file in taken.files] == [("dark",)]
    assert [one.file for one in taken.strays] == ["people/task 1", "people/task 2"]


def test_several_choices_and_other_names_of_them_are_labels_too(taker: Taker, pictures: Path) -> None:
    tasks = [
        {"id": 1, "image": "digits/0.png", "kind": "dark"},
        {"id": 2, "image": "digits/1.png", "kind": {"choices": ["dark", "light"]}},
        {
            "id": 3,
            "data": {"image": "digits/2.png"},
            "annotations": [{"result": [{"value": {"choices": "dark"}}]}],
        },
    ]
    (pictures / "export.json").write_text(json.dumps(tasks))
    taken = taker.take(LabelStudioExport("people", "export.json", pictures="served", choice_key="kind"))
    assert [file.labels for file in taken.files] == [("dark",), ("dark", "light"), ("dark",)]


def test_an_export_with_no_answer_where_they_should_be_tells_where_others_are(
    taker: Taker, pictures: Path
) -> None:
    tasks = [
        {"id": 1, "image": "digits/0.png", "kind": "dark", "annotation_id": 4, "lead_time": 1.5},
        {"id": 2, "image": "digits/1.png"},
    ]
    (pictures / "export.json").write_text(json.dumps(tasks))
    taken = taker.take(LabelStudioExport("people", "export.json", pictures="served"))
    assert [file.labels for file in taken.files] == [(), ()]
    [stray] = taken.strays
    assert stray.file == "people/export.json"
    assert stray.problem.startswith("no task of it has an answer under 'choice'")
    assert stray.problem.endswith("other keys: 'kind'")
    assert "choice_key" in stray.next_step


@pytest.mark.parametrize("tasks", [[], [{"id": 1, "image": "digits/0.png"}], [task(1, "digits/0.png")]])
def test_an_export_that_nobody_has_answered_is_no_mistake(
    taker: Taker, pictures: Path, tasks: list[dict[str, Any]]
) -> None:
    (pictures / "export.json").write_text(json.dumps(tasks))
    assert taker.take(LabelStudioExport("people", "export.json", pictures="served")).strays == ()
