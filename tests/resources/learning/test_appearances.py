"""By what samples look apart."""

import numpy as np

from resources.kinds import Kind
from resources.learning.appearances import NAMES, appearances


def test_pictures_have_a_brightness_and_a_contrast() -> None:
    pixels = np.zeros((2, 4, 4), dtype=np.uint8)
    pixels[1, :2] = 200
    found = appearances(Kind.BOXES, pixels)
    assert found["brightness"].tolist() == [0, 100]
    assert found["contrast"].tolist() == [0, 100]


def test_texts_have_a_length() -> None:
    texts = np.zeros((2, 1, 6), dtype=np.uint8)
    texts[1, 0, :4] = 65
    assert appearances(Kind.ENTITIES, texts)["length"].tolist() == [0, 4]


def test_each_is_told_in_three_words() -> None:
    pictures = appearances(Kind.IMAGE_CLASSES, np.zeros((1, 2, 2), dtype=np.uint8))
    texts = appearances(Kind.TEXT_CLASSES, np.zeros((1, 1, 2), dtype=np.uint8))
    assert {*pictures, *texts} == {*NAMES}
