"""Cells of pictures and the boxes that they make."""

import pytest
import torch

from resources.data.making.made.scenes import SIDE_PX
from resources.kinds import Kind
from resources.learning.kinds.boxes import BoxNet, _moved
from resources.learning.kinds.network import Shape
from resources.marks import boxes_in, same, written
from tests.resources.learning.kinds.examples import examples

GIVEN = examples(Kind.BOXES, 12)
NETWORK = BoxNet(Shape(GIVEN.classes, SIDE_PX, SIDE_PX, 4))


@pytest.mark.parametrize("number", range(12))
def test_what_cells_are_to_say_is_what_a_person_drew(number: int) -> None:
    (boxes,) = NETWORK.targets(GIVEN.samples, GIVEN.answers)
    classes, sides = NETWORK._cells(boxes)
    is_thing = classes[number] < len(GIVEN.classes)

    marks = NETWORK._boxes(classes[number].clamp(max=3), is_thing.double(), sides[number].double())

    assert len(marks) == len(boxes_in(GIVEN.answers[number]))
    assert same(Kind.BOXES, NETWORK.answer(marks), GIVEN.answers[number])


def test_a_picture_is_moved_with_its_boxes() -> None:
    picture = torch.zeros(1, 40, 40, dtype=torch.uint8)
    picture[0, 10:20, 12:22] = 200
    boxes = torch.tensor([[[12.0, 10.0, 10.0, 10.0, 1.0], [-1.0] * 5]])

    moved, with_it = _moved(picture, boxes, torch.Generator().manual_seed(3))

    left, top, *_ = (int(side) for side in with_it[0, 0])
    assert (moved[0, top : top + 10, left : left + 10] == 200).all()
    assert int((moved == 200).sum()) == 100
    assert with_it[0, 1].tolist() == [-1.0] * 5


def test_of_boxes_that_overlap_the_surest_stays() -> None:
    sure = torch.zeros(100, dtype=torch.double)
    sure[[33, 34]] = torch.tensor([0.9, 0.8], dtype=torch.double)
    sides = torch.tensor([0.5, 0.5, 1.1, 1.1], dtype=torch.double).repeat(100, 1)
    sides[34, 0] = -0.2

    marks = NETWORK._boxes(torch.zeros(100, dtype=torch.long), sure, sides)

    assert [value for _, value in marks] == [pytest.approx(0.9)]
    assert NETWORK.answer([]) == written([])
