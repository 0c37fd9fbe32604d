"""Which annotation of a side is which one of the base."""

import json

from resources.data.merging.model import Side, Versions
from resources.data.merging.records.coco_file import read_coco
from resources.data.merging.records.coco_same import keyed


def names(base: list[tuple[int, str]], side: list[tuple[int, str]]) -> list[str]:
    """For each annotation of a side the id it has in the base, or ``new``; annotations are ids and notes."""
    contents = [
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a"}],
                "annotations": [{"id": number, "image_id": 1, "note": note} for number, note in labels],
            }
        ).encode()
        for labels in (base, side, base)
    ]
    found = keyed(Versions(*(read_coco(one, Side.OURS) for one in contents)))
    assert list(found.theirs) == list(found.base)
    assert [item.id for item in found.ours.values()] == list(map(_id, side))
    return ["new" if key.is_new else key.what for key in found.ours]


def _id(label: tuple[int, str]) -> object:
    return (str(label[0]),)


def test_the_same_id_and_meaning_is_the_same() -> None:
    assert names([(1, "x"), (2, "y")], [(2, "y"), (1, "x")]) == ["2", "1"]


def test_the_same_meaning_under_another_id_was_counted_anew() -> None:
    assert names([(1, "x"), (2, "y")], [(1, "y"), (2, "x")]) == ["2", "1"]
    assert names([(5, "x")], [(1, "x")]) == ["5"]


def test_the_same_id_with_another_meaning_was_changed() -> None:
    assert names([(1, "x"), (2, "y")], [(1, "z"), (2, "y")]) == ["1", "2"]


def test_all_else_is_new_even_if_it_means_the_same_as_another_new_one() -> None:
    assert names([(1, "x")], [(1, "x"), (2, "x"), (3, "x"), (4, "q")]) == ["1", "new", "new", "new"]
