"""Words of texts and the spans that they make."""

import numpy as np
import torch

from resources.learning.kinds.entities import EntityNet, words
from resources.learning.kinds.network import Shape
from resources.marks import Span, written
from resources.terms import Label

SHAPE = Shape((Label("person"), Label("place")), 1, 64, 4)


def row(text: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    content = text.encode()
    return np.array([list(content.ljust(64, b"\0"))], dtype=np.uint8)[None]


def test_letters_in_a_row_are_a_word_in_any_alphabet() -> None:
    numbers, count = words(torch.tensor(list("Öst-Å, 12 'x'".encode().ljust(20, b"\0")))[None])

    assert count == 10
    assert [numbers[0].tolist().count(word) for word in range(4)] == [7, 2, 3, 0]


def test_spans_become_classes_of_words_wherever_letters_take_two_bytes() -> None:
    text = "Så möter Åsa Ek Örebro."
    answer = written([Span(9, 15, Label("person")), Span(16, 22, Label("place"))])

    (targets,) = EntityNet(SHAPE).targets(row(text), [answer])

    assert targets[0, :6].tolist() == [2, 2, 0, 0, 1, -100]


def test_words_of_one_class_in_a_row_are_one_span_and_are_found_where_they_stand() -> None:
    text = "Så möter Åsa Ek Örebro."
    network = EntityNet(SHAPE)
    numbers = words(torch.from_numpy(row(text)).flatten(1).long())[0][0].numpy()
    best, sure = np.array([2, 2, 0, 0, 1] + [2] * 27), np.array([0.9 - 0.01 * place for place in range(32)])

    found = list(network._spans(row(text)[0], numbers, best, sure))

    assert [span for span, _ in found] == [Span(9, 15, Label("person")), Span(16, 22, Label("place"))]
    assert found[0][1] == sure[3]
