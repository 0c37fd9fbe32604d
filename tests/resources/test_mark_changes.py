"""What a model would mark otherwise, in words."""

import pytest

from resources.kinds import Kind
from resources.mark_changes import changes_told
from resources.marks import Box, Span, written
from resources.terms import Label

PLACE, FIRM = Label("place"), Label("firm")
TEXT = "Norwick hosts Xsoft Ltd"


@pytest.mark.parametrize(
    ("given", "other", "told"),
    [
        pytest.param(
            [Span(0, 7, PLACE)], [Span(0, 7, FIRM)], "the model takes place “Norwick” for firm", id="swapped"
        ),
        pytest.param(
            [Span(14, 19, FIRM)],
            [Span(14, 23, FIRM)],
            "instead of firm “Xsoft” the model finds firm “Xsoft Ltd”",
            id="longer",
        ),
        pytest.param(
            [], [Span(0, 7, PLACE)], "the model finds place “Norwick”, which is not marked", id="overlooked"
        ),
        pytest.param(
            [Span(8, 13, PLACE)],
            [],
            "the model finds nothing where place “hosts” is marked",
            id="of nothing",
        ),
    ],
)
def test_a_change_of_names_is_told_with_the_name(given: list[Span], other: list[Span], told: str) -> None:
    kept = Span(20, 23, FIRM) if not any(one.end == 23 for one in other) else Span(8, 13, FIRM)

    assert changes_told(Kind.ENTITIES, written([*given, kept]), written([*other, kept]), TEXT) == [told]


def test_a_change_of_boxes_is_told_with_where_they_are() -> None:
    cat = Box(10.0, 20.0, 30.0, 40.0, Label("cat"))
    far = Box(60.0, 60.0, 30.0, 30.0, Label("dog"))
    moved = Box(30.0, 20.0, 30.0, 40.0, Label("cat"))

    assert changes_told(Kind.BOXES, written([cat]), written([moved, far])) == [
        (
            "instead of cat (10 % from the left, 20 % from the top, 30 x 40 %) the model finds "
            "cat (30 % from the left, 20 % from the top, 30 x 40 %)"
        ),
        "the model finds dog (60 % from the left, 60 % from the top, 30 x 30 %), which is not marked",
    ]


def test_without_the_text_a_name_is_told_by_its_characters() -> None:
    assert changes_told(Kind.ENTITIES, written([Span(0, 7, PLACE)]), written([])) == [
        "the model finds nothing where place (0 to 7) is marked"
    ]


def test_the_same_answer_is_not_changed() -> None:
    assert changes_told(Kind.ENTITIES, written([Span(0, 7, PLACE)]), written([Span(0, 7, PLACE)]), TEXT) == []
