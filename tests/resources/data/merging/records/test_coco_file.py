"""COCO files as they are read: ids by what they point to."""

import json

import pytest

from resources.data.merging.model import Side
from resources.data.merging.records.coco_file import CATEGORIES, IMAGES, Ref, meaning, read_coco
from resources.data.merging.records.json_text import Number
from resources.data.merging.records.problem import NoRecords


def content(image_id: int, category_id: int, annotation_id: int = 1) -> bytes:
    return json.dumps(
        {
            "images": [{"id": image_id, "file_name": "a.png"}],
            "annotations": [
                {"id": annotation_id, "image_id": image_id, "category_id": category_id, "bbox": [1.50, 2]}
            ],
            "categories": [{"id": category_id, "name": "cat"}],
        }
    ).encode()


def test_things_are_the_same_whatever_ids_stand_for_them() -> None:
    first, second = (read_coco(one, Side.OURS) for one in (content(1, 1), content(7, 8, 9)))
    assert first.images == second.images
    assert first.annotations == second.annotations
    assert first.categories == second.categories
    ((image, item),) = second.annotations
    assert (image, item.value["image_id"], item.value["category_id"]) == (
        "a.png",
        Ref(IMAGES, "a.png"),
        Ref(CATEGORIES, "cat"),
    )
    assert meaning(item) == meaning(first.annotations[0][1])


def test_json_of_another_kind_has_nothing_to_tell() -> None:
    for text in (
        b"{}",
        b'{"images": [], "annotations": {}}',
        b'{"images": [], "annotations": [], "categories": 1}',
    ):
        with pytest.raises(NoRecords):
            read_coco(text, Side.OURS)


def test_a_category_may_be_missing_where_no_annotation_names_one() -> None:
    images, captions = [{"id": 1, "file_name": "a"}], [{"id": "x", "image_id": 1, "caption": "c"}]
    file = read_coco(json.dumps({"images": images, "annotations": captions}).encode(), Side.OURS)
    assert file.annotations[0][1].id == "x"
    assert file.categories == {}


def test_an_id_with_a_fraction_is_the_text_it_was_written_as() -> None:
    text = b'{"images": [{"id": 1.0, "file_name": "a", "x": 0.10}], "annotations": []}'
    image = read_coco(text, Side.OURS).images["a"]
    assert image.id == Number("1.0")
    assert image.value == {"id": None, "file_name": "a", "x": Number("0.10")}
