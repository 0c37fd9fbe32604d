"""One choice for each sample."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.labeling.label_studio.kinds.classes import IMAGE_CLASSES, TEXT_CLASSES, ClassForm
from resources.terms import Label


@pytest.mark.parametrize("form", [IMAGE_CLASSES, TEXT_CLASSES])
@given(label=st.text(min_size=1).map(Label))
def test_what_is_guessed_is_read_back(form: ClassForm, label: Label) -> None:
    assert form.answers(form.regions(label), {}) == (label,)


def test_two_choices_are_two_labels_and_what_stands_beside_them_is_none() -> None:
    result: list[Any] = [
        {"from_name": "label", "value": {"choices": ["owl", "cat"]}},
        {"from_name": "quality", "value": {"choices": ["good"]}},
    ]

    assert IMAGE_CLASSES.answers(result, {}) == ("cat", "owl")
