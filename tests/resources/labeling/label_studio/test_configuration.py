"""The labeling page."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from resources.labeling.label_studio.configuration import hotkeys, labeling_page
from resources.terms import Label

labels = st.lists(
    st.text(st.characters(exclude_categories=["C"]), min_size=1).map(Label),
    min_size=2,
    max_size=15,
    unique=True,
)


def test_a_digit_is_its_own_key() -> None:
    classes = [Label(str(digit)) for digit in range(10)]

    assert hotkeys(classes) == {label: label for label in classes}


def test_words_get_the_first_nine_digits() -> None:
    classes = [Label(f"class {number}") for number in range(12)]

    assert list(hotkeys(classes).values()) == list("123456789")


@given(labels)
def test_every_class_is_offered_once_whatever_its_characters(classes: list[Label]) -> None:
    page = ET.fromstring(labeling_page(classes))  # noqa: S314 - our own text

    assert [choice.get("value") for choice in page.iter("Choice")] == [str(label) for label in classes]
    keys = [choice.get("hotkey") for choice in page.iter("Choice") if choice.get("hotkey")]
    assert len(keys) == len(set(keys))
