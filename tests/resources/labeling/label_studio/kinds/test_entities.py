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


letters = ["a", "b", "\N{GRINNING FACE}", "e\N{COMBINING ACUTE ACCENT}", "\N{ZERO WIDTH JOINER}"]
odd_words = st.lists(st.sampled_from(letters), min_size=1, max_size=4).map("".join)
gaps = st.sampled_from([" ", "\r\n", "\n", "\r", "\t", "\r\n\r\n", "\N{NO-BREAK SPACE}"])


@given(
    st.lists(st.tuples(odd_words, gaps), min_size=1, max_size=6),
    st.data(),
    st.sampled_from(["\n", "", "\r\n"]),
)
def test_a_place_counted_in_characters_stays_whatever_the_text_and_however_line_ends_are_said(
    parts: list[tuple[str, str]], data: st.DataObject, said: str
) -> None:
    text = "".join(word + gap for word, gap in parts)
    first = data.draw(st.integers(0, len(parts) - 1))
    last = data.draw(st.integers(first, len(parts) - 1))
    start = len("".join(word + gap for word, gap in parts[:first]))
    held = "".join(word + gap for word, gap in parts[first:last]) + parts[last][0]
    of_page = held.replace("\r\n", said).replace("\r", said)

    found = ENTITIES.answers([region(start, start + len(held), text=of_page)], {"text": text})

    assert found == (written([Span(start, start + len(held), Label("person"))]),)


def test_a_name_over_a_line_end_behind_emoji_counted_in_utf_16_is_found() -> None:
    text = "\N{GRINNING FACE}\N{GRINNING FACE} New\r\nYork"

    found = ENTITIES.answers([region(5, 14, text="New\nYork")], {"text": text})

    assert found == (written([Span(3, 12, Label("person"))]),)


def test_a_part_without_a_class_is_no_usable_answer() -> None:
    found = ENTITIES.answers([region(0, 3, labels=[])], {"text": TEXT})

    assert found == (written([Span(0, 3, Label(""))]),)
