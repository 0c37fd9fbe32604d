"""Spans in a text."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from resources.labeling.label_studio.kinds.entities import ENTITIES
from resources.marks import Span, written
from resources.terms import Label

TEXT = "Ada met Bob in Rome."
NAMES = [Span(0, 3, Label("person")), Span(8, 11, Label("person")), Span(15, 19, Label("place"))]


@given(st.lists(st.sampled_from(NAMES)))
def test_what_is_guessed_is_read_back(spans: list[Span]) -> None:
    answer = written(spans)

    assert ENTITIES.answers(ENTITIES.regions(answer), {"text": TEXT}) == (answer,)


def region(start: int, end: int, **more: Any) -> dict[str, Any]:
    return {"from_name": "label", "value": {"start": start, "end": end, "labels": ["person"], **more}}


def test_blanks_at_the_ends_belong_to_no_name() -> None:
    assert ENTITIES.answers([region(3, 12)], {"text": TEXT}) == (written([Span(4, 11, Label("person"))]),)


def test_only_blanks_are_no_name() -> None:
    assert ENTITIES.answers([region(3, 4)], {"text": TEXT}) == ("[]",)


def test_places_that_a_browser_counts_in_utf_16_are_counted_in_characters() -> None:
    text = "\N{GRINNING FACE} Ada met Bob"

    found = ENTITIES.answers([region(3, 6, text="Ada")], {"text": text})

    assert found == (written([Span(2, 5, Label("person"))]),)


def test_a_part_without_a_class_is_no_usable_answer() -> None:
    found = ENTITIES.answers([region(0, 3, labels=[])], {"text": TEXT})

    assert found == (written([Span(0, 3, Label(""))]),)
