"""Labels by hand for texts, names in texts and boxes: from a file to one planned version."""

import json
from pathlib import Path

import pytest

from resources.data.byhand.model import Fate, PlannedByHand
from resources.data.byhand.reading import read_table
from resources.data.byhand.service import ByHandService
from resources.data.model import Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import BadInput
from resources.kinds import Kind
from resources.marks import spans_in
from resources.terms import FIRST_VERSION, Label, VersionKey
from tests.resources.data.byhand.others import (
    OTHERS,
    first_of,
    pool_of,
    spec_of,
    truth_of,
    written_as_csv,
    written_as_json,
)
from tests.resources.data.shapes import ACTOR, image, service

V1_1 = VersionKey("v1.1")


def made(tmp_path: Path, kind: Kind) -> tuple[DataService, DatasetSpec]:
    data, spec = service(tmp_path / "home"), spec_of(kind)
    first_of(data, spec)
    return data, spec


def plan(data: DataService, spec: DatasetSpec, path: Path) -> PlannedByHand:
    by_hand = ByHandService(data)
    return by_hand.plan(by_hand.read(spec, path), FIRST_VERSION, ACTOR)


def refusal(data: DataService, spec: DatasetSpec, path: Path) -> list[str]:
    """Each line of a refusal but the first; nothing was written."""
    with pytest.raises(BadInput) as refused:
        plan(data, spec, path)
    assert [one.version for one in data.versions(spec.name)] == [FIRST_VERSION]
    return [line.strip() for line in refused.value.problem.splitlines()[1:]]


@pytest.mark.parametrize("kind", OTHERS)
def test_labels_of_each_kind_become_one_version_whatever_the_format(tmp_path: Path, kind: Kind) -> None:
    data, spec = made(tmp_path, kind)
    truth = truth_of(data, spec)
    pool = pool_of(data, spec)[:6]
    told: dict[str, Label] = {one.id: truth[one.id] for one in pool[:3]}
    told |= {Path(one.path).name: truth[one.id] for one in pool[3:]}
    planned = plan(data, spec, written_as_json(kind, tmp_path / "in", told))
    assert (planned.fate, planned.version.version, planned.newly_labelled) == (Fate.PLANNED, "v1.1", 6)
    confirmed = data.confirmed_labels(spec.name, V1_1)
    assert [one.label for one in confirmed] == [truth[one.id] for one in pool]
    assert all(one.ref.startswith("hand:") and one.ref.endswith(":ann") for one in confirmed)
    data.make(spec, V1_1, ACTOR)
    trained = {one.id: one.label for one in data.samples(spec.name, V1_1) if one.split is Split.TRAIN}
    assert {one.id: trained[one.id] for one in pool} == {one.id: truth[one.id] for one in pool}
    table = dict(reversed(list(told.items())))
    assert plan(data, spec, written_as_csv(kind, tmp_path / "in", table)).fate is Fate.TAKEN
    part = dict(list(told.items())[:2])
    assert plan(data, spec, written_as_csv(kind, tmp_path / "in", part)).fate is Fate.KNOWN
    assert [one.version for one in data.versions(spec.name)] == ["v1.0", "v1.1"]


def test_a_text_may_stand_in_the_file_itself_new_or_known(tmp_path: Path) -> None:
    data, spec = made(tmp_path, Kind.TEXT_CLASSES)
    [known, *_] = pool_of(data, spec)
    new = "The lift, again: it stops\nbetween two floors."
    (tmp_path / "texts.json").write_text(
        json.dumps(
            [
                {"text": known.path.read_text(), "label": "praise"},
                {"text": new, "label": "complaint"},
                {"sample": "more.md", "label": "order", "text": "left aside"},
            ]
        )
    )
    (tmp_path / "more.md").write_text("Two keys for the cellar, please.\n")
    planned = plan(data, spec, tmp_path / "texts.json")
    assert (planned.newly_labelled, planned.fresh) == (3, 2)
    data.make(spec, V1_1, ACTOR)
    trained = {one.path.read_text(): one.label for one in data.samples(spec.name, V1_1) if one.label}
    assert trained[known.path.read_text()] == "praise"
    assert trained[new] == "complaint"
    assert trained["Two keys for the cellar, please.\n"] == "order"


def test_a_text_that_is_a_test_sample_but_for_blanks_and_case_is_refused(tmp_path: Path) -> None:
    data, spec = made(tmp_path, Kind.TEXT_CLASSES)
    test = next(one for one in data.samples(spec.name, FIRST_VERSION) if one.split is Split.TEST)
    (tmp_path / "l.json").write_text(
        json.dumps([{"text": test.path.read_text().upper() + " \n", "label": "praise"}])
    )
    [told] = refusal(data, spec, tmp_path / "l.json")
    assert told.endswith(f"is the same text as test sample {test.id}, but for blanks and case")


def test_every_mistake_in_spans_is_named_with_line_field_value_and_what_was_expected(tmp_path: Path) -> None:
    data, spec = made(tmp_path, Kind.ENTITIES)
    (tmp_path / "new.txt").write_text("🙂 Ada Öst lives in Norby.")
    rows = [
        [{"start": 0, "end": 40, "label": "person"}],
        [{"start": 9, "end": 2, "label": "person"}],
        [{"start": 2, "end": 9, "label": "human"}, {"start": True, "label": "place"}],
        [{"start": 1, "end": 2, "label": "person"}],
        [{"start": 3, "end": 10, "label": "person", "text": "Ada Öst"}],
        [{"start": 5, "end": 13, "label": "person", "text": "Ada Öst"}],
        [{"start": 2, "end": 9, "label": "person", "text": "Bob"}],
    ]
    lines = [json.dumps({"sample": "new.txt", "spans": one}) for one in rows]
    lines += ['{"sample": "new.txt"}', '{"spans": []}', '{"sample": "nobody", "spans": [7]}']
    (tmp_path / "l.jsonl").write_text("\n".join(lines))
    assert refusal(data, spec, tmp_path / "l.jsonl") == [
        "line 1: new.txt: spans[0].end is 40; expected at most 25, the characters (code points) of the text",
        "line 2: new.txt: spans[0].start is 9; expected less than end, 2, the first character after it",
        "line 3: spans[0].label 'human' is no class; expected one of person, place, firm",
        "line 3: spans[1].end is missing; expected a whole number, 0 or more, in characters (code points)",
        "line 3: spans[1].start is true; expected a whole number, 0 or more, in characters (code points)",
        "line 4: new.txt: spans[0].start is 1 and end 2; expected more than blanks between them",
        (
            "line 5: new.txt: spans[0].text is 'Ada Öst'; expected 'da Öst ', which stands from 3 to 10; "
            "these are counted in UTF-16 units: count characters (code points)"
        ),
        (
            "line 6: new.txt: spans[0].text is 'Ada Öst'; expected ' Öst liv', which stands from 5 to 13; "
            "these are counted in bytes: count characters (code points)"
        ),
        "line 7: new.txt: spans[0].text is 'Bob'; expected 'Ada Öst', which stands from 2 to 9",
        "line 8: spans is missing; expected a list of marks, [] where there is none",
        "line 9: no sample is named; expected one of sample, id, file, path, image, text",
        (
            "line 10: 'nobody' is unknown in v1.0; expected a sample's id, the name of its file, or a text "
            "beside this file"
        ),
        (
            'line 10: spans[0] is 7; expected an object, such as {"sample": "item-7.txt", "spans": [{'
            '"start": 0, "end": 3, "label": "person"}]}'
        ),
    ]


def test_spans_that_say_what_stands_there_are_taken_without_blanks_at_their_ends(tmp_path: Path) -> None:
    data, spec = made(tmp_path, Kind.ENTITIES)
    (tmp_path / "new.txt").write_text("🙂 Ada Öst lives in Norby.")
    spans = [{"start": 1, "end": 10, "label": "person", "text": "Ada Öst"}]
    (tmp_path / "l.json").write_text(json.dumps([{"sample": "new.txt", "spans": spans}]))
    plan(data, spec, tmp_path / "l.json")
    [confirmed] = data.confirmed_labels(spec.name, V1_1)
    [span] = spans_in(confirmed.label)
    assert (span.start, span.end) == (2, 9)


def test_every_mistake_in_boxes_is_named_with_line_field_value_and_what_was_expected(tmp_path: Path) -> None:
    data, spec = made(tmp_path, Kind.BOXES)
    [one, other, *_] = pool_of(data, spec)
    (tmp_path / "l.csv").write_text(
        "sample,x_px,y_px,width_px,height_px,label\n"
        f"{one.id},30,0,20,10,7\n"
        f"{one.id},-1,0,1e999,10,9\n"
        f"{other.id},,,,,\n"
        f"{other.id},1,2,0,8,4\n"
        f"{other.id},1,2,,8,4\n"
    )
    assert refusal(data, spec, tmp_path / "l.csv") == [
        "line 3: label '9' is no class; expected one of 0, 1, 4, 7",
        'line 3: width_px is "1e999"; expected a number, 0 or more, in pixels of the picture',
        'line 3: x_px is "-1"; expected a number, 0 or more, in pixels of the picture',
        f"line 5: {other.id}: a line without a mark says that there is none; see line 4",
        'line 6: width_px is ""; expected a number, 0 or more, in pixels of the picture',
    ]
    (tmp_path / "l.jsonl").write_text(
        json.dumps({"sample": one.id, "boxes": [{"x": 1, "y": 2, "width": 3, "height": 4, "label": "7"}]})
        + "\n"
        + json.dumps(
            {
                "sample": other.id,
                "boxes": [
                    {"x_px": 30, "y_px": 0, "width_px": 20, "height_px": 0, "label": "7"},
                    {"x_percent": 90, "y_percent": 0, "width_percent": 20, "height_percent": 5, "label": "7"},
                ],
            }
        )
    )
    assert refusal(data, spec, tmp_path / "l.jsonl") == [
        (
            "line 1: boxes[0] has height, width, x, y; expected x_px, y_px, width_px, height_px, or all four "
            "ending in _percent"
        ),
        f"line 2: {other.id}: boxes[0].height_px is 0; expected at least 0.01 percent of the side",
        (
            f"line 2: {other.id}: boxes[0].x_px + width_px is 30 + 20; expected at most 40: the picture has "
            "40 px"
        ),
        (
            f"line 2: {other.id}: boxes[1].x_percent + width_percent is 90 + 20; expected at most 100: the "
            "whole picture is 100 percent"
        ),
    ]


def test_a_new_picture_is_measured_in_its_own_pixels(tmp_path: Path) -> None:
    data, spec = made(tmp_path, Kind.BOXES)
    (tmp_path / "new.png").write_bytes(image(4))  # of 4 by 4 pixels
    (tmp_path / "l.csv").write_text("file,x_px,y_px,width_px,height_px,label\nnew.png,1,0,2,3,7\n")
    assert plan(data, spec, tmp_path / "l.csv").fresh == 1
    [confirmed] = data.confirmed_labels(spec.name, V1_1)
    assert confirmed.label == '[{"height": 75.0, "label": "7", "width": 50.0, "x": 25.0, "y": 0.0}]'


@pytest.mark.parametrize(
    ("kind", "header", "expected"),
    [
        (
            Kind.TEXT_CLASSES,
            "sample,class",
            "expected 'label' and one of sample, id, file, path, image, text",
        ),
        (Kind.ENTITIES, "sample,label", "expected 'start', 'end', 'label' and one of sample"),
        (
            Kind.BOXES,
            "sample,x,y,width,height,label",
            "expected 'x_px', 'y_px', 'width_px', 'height_px', 'la",
        ),
    ],
)
def test_a_table_of_other_columns_is_refused(tmp_path: Path, kind: Kind, header: str, expected: str) -> None:
    (tmp_path / "l.csv").write_text(f"{header}\n")
    [(line, told)] = read_table(tmp_path / "l.csv", kind).complaints
    assert line == 1
    assert told.startswith(f"the header is {header.split(',')}; {expected}")


def test_two_answers_for_one_sample_must_say_the_same(tmp_path: Path) -> None:
    data, spec = made(tmp_path, Kind.BOXES)
    [one, *_] = pool_of(data, spec)
    boxes = [{"x_percent": 10, "y_percent": 10, "width_percent": 20, "height_percent": 20, "label": "7"}]
    first = {"sample": one.id, "boxes": boxes}
    (tmp_path / "l.json").write_text(json.dumps([first, {"file": one.path.name, "boxes": []}]))
    [told] = refusal(data, spec, tmp_path / "l.json")
    assert (
        told == f"line 1: {one.path.name} is marked with nothing; line 1 with 7, or with the same elsewhere"
    )
    drawn_again = {"file": one.path.name, "boxes": [{**boxes[0], "x_percent": 10.5}]}
    (tmp_path / "l.json").write_text(json.dumps([first, drawn_again]))  # nobody draws a box twice alike
    assert plan(data, spec, tmp_path / "l.json").given == 1
