"""Samples that are made here."""

import csv
from pathlib import Path

import pytest

from resources.data.making.imaging import decoded
from resources.data.making.made.mentions import MENTION_CLASSES, fill_with_mentions, mentions
from resources.data.making.made.notes import NOTE_CLASSES, fill_with_notes, notes
from resources.data.making.made.scenes import SCENE_CLASSES, fill_with_scenes, scenes
from resources.kinds import Kind
from resources.marks import boxes_in, classes_in, flaw, spans_in
from resources.terms import Label


def test_notes_are_of_every_class_and_no_two_alike() -> None:
    made = list(notes(200))

    assert {label for *_, label in made} == set(NOTE_CLASSES)
    assert len({content for _, content, _ in made}) == 200


def test_the_names_in_the_news_stand_where_the_answers_say() -> None:
    found = set()
    for _, content, answer in mentions(60):
        text = content.decode()
        assert flaw(Kind.ENTITIES, answer, MENTION_CLASSES) is None
        for span in spans_in(Label(answer)):
            found.add(span.label)
            assert text[span.start : span.end] == text[span.start : span.end].strip(" .,")
            assert text[span.start].isupper()
    assert found == set(MENTION_CLASSES)


def test_the_digits_of_scenes_are_bright_where_the_boxes_say_and_do_not_touch() -> None:
    for _, content, answer in scenes(20):
        picture, boxes = decoded(content), boxes_in(Label(answer))
        assert flaw(Kind.BOXES, answer, SCENE_CLASSES) is None
        assert all(one.overlap(other) == 0 for one in boxes for other in boxes if one is not other)
        for box in boxes:
            x, y = (round(side * 0.4) for side in (box.x, box.y))
            side = round(box.width * 0.4)
            assert picture.crop((x, y, x + side, y + side)).getextrema()[1] > 200  # type: ignore[operator]


@pytest.mark.parametrize("fill", [fill_with_notes, fill_with_mentions, fill_with_scenes])
def test_a_folder_that_is_filled_is_left_as_it_is(fill: object, tmp_path: Path) -> None:
    assert callable(fill)
    fill(tmp_path)
    with (tmp_path / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    (tmp_path / rows[0]["file"]).unlink()

    fill(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["labels.csv", *(row["file"] for row in rows[1:])]
    )
    assert sum(len(classes_in(Kind.TEXT_CLASSES, Label(row["label"]))) for row in rows) == len(rows)
