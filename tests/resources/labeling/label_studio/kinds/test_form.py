"""What all labeling pages share."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.kinds import Kind
from resources.labeling.label_studio.kinds.catalogue import FORMS
from resources.labeling.label_studio.kinds.form import hotkeys
from resources.terms import Label

labels = st.lists(
    st.text(st.characters(exclude_categories=["C"]), min_size=1).map(Label),
    min_size=2,
    max_size=15,
    unique=True,
)
TAGS = {
    Kind.IMAGE_CLASSES: ("Image", "Choice"),
    Kind.TEXT_CLASSES: ("Text", "Choice"),
    Kind.ENTITIES: ("Text", "Label"),
    Kind.BOXES: ("Image", "Label"),
}


def test_a_digit_is_its_own_key() -> None:
    classes = [Label(str(digit)) for digit in range(10)]

    assert hotkeys(classes) == {label: label for label in classes}


def test_words_get_the_first_nine_digits() -> None:
    classes = [Label(f"class {number}") for number in range(12)]

    assert list(hotkeys(classes).values()) == list("123456789")


@given(st.sampled_from(Kind), labels)
def test_every_class_is_offered_once_whatever_its_characters(kind: Kind, classes: list[Label]) -> None:
    shown, option = TAGS[kind]
    page = ET.fromstring(FORMS[kind].page(classes))  # noqa: S314 - our own text

    assert [choice.get("value") for choice in page.iter(option)] == [str(label) for label in classes]
    keys = [choice.get("hotkey") for choice in page.iter(option) if choice.get("hotkey")]
    assert len(keys) == len(set(keys))
    (seen,) = page.iter(shown)
    (control,) = page.iter(FORMS[kind].control)
    assert control.get("toName") == seen.get("name") == FORMS[kind].shown


@pytest.mark.parametrize("kind", Kind)
@given(result=st.none() | st.lists(st.dictionaries(st.sampled_from(["from_name", "value"]), st.integers())))
def test_a_result_that_is_none_of_ours_says_nothing(kind: Kind, result: object) -> None:
    assert FORMS[kind].answers(result, {}) == (() if kind.has_one_class else ("[]",))
