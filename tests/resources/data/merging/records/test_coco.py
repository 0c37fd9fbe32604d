"""COCO files: image by image with their annotations, whatever ids they got."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.model import Choice, ConflictKind, Resolution
from resources.data.merging.records.coco import merge_coco
from tests.examples import drawing
from tests.resources.data.merging.records.merging import (
    Merged,
    answered,
    check_laws,
    harmless,
    merged,
    why_not,
)

NAMES = ("a.png", "b.png", "c.png", "d.png")
CATEGORIES = ("cat", "dog", "fox")
Thing = dict[str, Any]


@dataclass
class Coco:
    """A file as the tools of this trade keep it: a new thing gets the highest id and one."""

    images: list[Thing] = field(default_factory=list)
    annotations: list[Thing] = field(default_factory=list)
    categories: list[Thing] = field(default_factory=list)
    info: Thing = field(default_factory=lambda: {"year": 2026, "date_created": "2026-01-01"})
    first: str = "{\n"
    """How the file begins."""

    def add_image(self, name: str, **more: object) -> int:
        return self._add(self.images, {"file_name": name, "width": 8, **more})

    def add_category(self, name: str, **more: object) -> int:
        return self._add(self.categories, {"name": name, **more})

    def label(self, image: str, category: str, bbox: Sequence[float] = (0, 0, 1, 1), **more: object) -> int:
        known = {one["name"]: one["id"] for one in self.categories}
        category_id = known[category] if category in known else self.add_category(category)
        image_id = next(one["id"] for one in self.images if one["file_name"] == image)
        return self._add(
            self.annotations, {"image_id": image_id, "category_id": category_id, "bbox": list(bbox), **more}
        )

    def delete_image(self, name: str) -> None:
        gone = {one["id"] for one in self.images if one["file_name"] == name}
        self.images = [one for one in self.images if one["id"] not in gone]
        self.annotations = [one for one in self.annotations if one["image_id"] not in gone]

    def renumber(self) -> None:
        """As one that was exported anew: all ids count from 100."""
        images = {one["id"]: 100 + place for place, one in enumerate(self.images)}
        categories = {one["id"]: 100 + place for place, one in enumerate(self.categories)}
        for one in self.annotations:
            one |= {"image_id": images[one["image_id"]], "category_id": categories[one["category_id"]]}
        for things in (self.images, self.annotations, self.categories):
            for place, one in enumerate(things):
                one["id"] = 100 + place

    @property
    def content(self) -> bytes:
        lists = ("images", "annotations", "categories")
        parts = [f'"info": {json.dumps(self.info)}']
        for name in lists:
            items = ",\n".join(json.dumps(one) for one in getattr(self, name))
            parts.append(f'"{name}": [\n{items}\n]' if items else f'"{name}": []')
        return (self.first + ",\n".join(parts) + "\n}\n").encode()

    @staticmethod
    def _add(things: list[Thing], thing: Thing) -> int:
        number = max((one["id"] for one in things), default=0) + 1
        things.append({"id": number, **thing})
        return number


def meant(content: bytes) -> dict[str, tuple[str, list[str]]]:
    """What a file says of each image, without ids. Fails for one whose ids do not tie it together."""
    file = json.loads(content.decode("utf-8-sig"), parse_float=lambda one: f"<{one}>")
    for name in ("images", "annotations", "categories"):
        ids = [one["id"] for one in file[name]]
        assert len(set(ids)) == len(ids), f"{name} with one id twice"
    categories = {one["id"]: one["name"] for one in file["categories"]}
    of_image: dict[int, list[str]] = {one["id"]: [] for one in file["images"]}
    for one in file["annotations"]:
        plain = {key: value for key, value in one.items() if key not in ("id", "image_id")}
        plain["category_id"] = categories[one["category_id"]]
        of_image[one["image_id"]].append(json.dumps(plain, sort_keys=True))
    found = {
        one["file_name"]: (
            json.dumps({key: value for key, value in one.items() if key != "id"}, sort_keys=True),
            sorted(of_image[one["id"]]),
        )
        for one in file["images"]
    }
    assert len(found) == len(file["images"])
    return found


boxes = st.lists(st.sampled_from([0, 1, 2.5]), min_size=4, max_size=4)


@st.composite
def bases(draw: st.DrawFn) -> Coco:
    file = Coco()
    for name in draw(st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True)):
        file.add_category(name)
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True)):
        file.add_image(name)
        for category in draw(st.lists(st.sampled_from(CATEGORIES), max_size=2)):
            file.label(name, category, draw(boxes))
    return file


@st.composite
def edited(draw: st.DrawFn, base: Coco, names: Sequence[str] = NAMES) -> Coco:
    """A file as somebody leaves it who looked after some images."""
    file = deepcopy(base)
    for name in draw(st.lists(st.sampled_from(names), max_size=2, unique=True)):
        work_on(draw, file, name)
    used = {one["category_id"] for one in file.annotations}
    if draw(st.booleans()):
        file.categories = [one for one in file.categories if one["id"] in used]
    if draw(st.integers(0, 3)) == 0:
        file.info["date_created"] = draw(st.sampled_from(["2026-02-02", "2026-03-03"]))
    if draw(st.integers(0, 3)) == 0:
        file.renumber()
    return file


def work_on(draw: st.DrawFn, file: Coco, name: str) -> None:
    if not any(one["file_name"] == name for one in file.images):
        file.add_image(name)
    image = next(one for one in file.images if one["file_name"] == name)
    what = draw(st.sampled_from(["label", "label", "change", "unlabel", "image", "delete"]))
    mine = [one for one in file.annotations if one["image_id"] == image["id"]]
    if what == "label":
        for category in draw(st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=2)):
            file.label(name, category, draw(boxes))
    if what == "change" and mine:
        mine[0] |= draw(
            st.sampled_from([{"bbox": [3, 3, 3, 3]}, {"score": 1.0}, {"score": 1}, {"note": None}])
        )
    if what == "unlabel" and mine:
        file.annotations.remove(mine[-1])
    if what == "image":
        image |= draw(st.sampled_from([{"width": 9}, {"width": 7}, {"height": 4}, {"rain": True}]))
    if what == "delete":
        file.delete_image(name)


@st.composite
def three(draw: st.DrawFn) -> tuple[bytes, bytes, bytes]:
    base = draw(bases())
    return base.content, draw(edited(base)).content, draw(edited(base)).content


@given(three())
def test_the_laws_hold_for_any_three_files(drawn: tuple[bytes, bytes, bytes]) -> None:
    after = check_laws(merge_coco, *drawn)
    meant(after.content)


@given(three())
def test_what_one_side_alone_did_to_an_image_is_in_the_result(drawn: tuple[bytes, bytes, bytes]) -> None:
    base, ours, theirs = map(meant, drawn)
    for choice, chosen in ((Choice.OURS, ours), (Choice.THEIRS, theirs)):
        after = answered(merge_coco, drawn, choice)
        result = meant(after.content)
        asked = {one.conflict.record for one in after.resolved}
        for name in NAMES:
            states = [side.get(name) for side in (base, ours, theirs)]
            if states[0] in states[1:]:
                assert result.get(name) == (states[2] if states[1] == states[0] else states[1])
                assert name not in asked
            elif states[1] == states[2]:
                assert result.get(name) == states[1]
            elif name in asked and None in states[1:]:
                assert result.get(name) == chosen.get(name)


@given(three())
def test_new_annotations_are_all_there_or_asked_about(drawn: tuple[bytes, bytes, bytes]) -> None:
    base, ours, theirs = map(meant, drawn)
    after = merged(merge_coco, drawn)
    result = meant(after.content)
    asked = {one.record for one in after.conflicts}
    for name in set(NAMES) - asked:
        before = base.get(name, ("", []))[1]
        counts = [len(side[name][1]) - len(before) for side in (ours, theirs) if name in side]
        if len(counts) == 2 and min(counts) >= 0 < max(counts) and name in result:
            assert len(result[name][1]) >= len(before) + max(counts)


@given(bases(), st.data())
def test_two_who_labelled_different_images_never_conflict(base: Coco, data: st.DataObject) -> None:
    ours = data.draw(edited(base, NAMES[:2]))
    theirs = data.draw(edited(base, NAMES[2:]))
    after = check_laws(merge_coco, base.content, ours.content, theirs.content)
    assert not after.conflicts
    result = meant(after.content)
    for names, side in ((NAMES[:2], ours), (NAMES[2:], theirs)):
        wanted = meant(side.content)
        assert {name: result.get(name) for name in names} == {name: wanted.get(name) for name in names}


@given(
    three(),
    st.lists(st.binary(max_size=12) | st.sampled_from([b"{", b"]", b",", b'"', b"NaN"]), max_size=3),
    st.data(),
)
@drawing(2)
def test_no_bytes_whatsoever_do_harm(
    drawn: tuple[bytes, bytes, bytes], pieces: list[bytes], data: st.DataObject
) -> None:
    base, ours, theirs = drawn
    at = data.draw(st.integers(0, len(ours)))
    cut = data.draw(st.sampled_from([0, 0, 1, 5, 40]))
    broken = ours[:at] + b"".join(pieces) + ours[at + cut :]
    for contents in ((base, broken, theirs), (broken, ours, theirs), (None, theirs, broken)):
        assert harmless(merge_coco, *contents)


def start() -> Coco:
    """One image with one cat."""
    file = Coco()
    file.add_image("a.png")
    file.label("a.png", "cat")
    return file


def changed(base: Coco, *labels: tuple[str, str], **more: Any) -> Coco:
    """A copy with more images, each with a label."""
    file = deepcopy(base)
    for image, category in labels:
        if not any(one["file_name"] == image for one in file.images):
            file.add_image(image)
        file.label(image, category, (5, 5, 5, 5), **more)
    return file


def coco(base: Coco, ours: Coco, theirs: Coco, *answers: Resolution) -> Merged:
    return merged(merge_coco, (base.content, ours.content, theirs.content), answers)


def test_ids_that_both_gave_to_different_things_are_counted_on() -> None:
    base = start()
    after = coco(base, changed(base, ("c.png", "fox")), changed(base, ("b.png", "dog")))
    assert not after.conflicts
    file = json.loads(after.content)
    assert [(one["id"], one["file_name"]) for one in file["images"]] == [
        (1, "a.png"),
        (2, "b.png"),
        (3, "c.png"),
    ]
    assert [(one["id"], one["name"]) for one in file["categories"]] == [(1, "cat"), (2, "dog"), (3, "fox")]
    assert [(one["id"], one["image_id"], one["category_id"]) for one in file["annotations"]] == [
        (1, 1, 1),
        (2, 2, 2),
        (3, 3, 3),
    ]


def test_what_was_not_touched_keeps_its_bytes() -> None:
    base = start()
    base.annotations[0] |= {"bbox": [0.10, 1e3], "unknown": {"deep": [1, {"x": "é"}]}}
    before = base.content.replace(b"0.1,", b"0.100,").replace(b"1000.0", b"1e3")
    ours = before.replace(b'"width": 8', b'"width": 9')
    theirs = before.replace(b"2026-01-01", b"2026-02-02")
    after = merged(merge_coco, (before, ours, theirs))
    assert after == Merged(ours.replace(b"2026-01-01", b"2026-02-02"), ())


def test_a_file_that_was_exported_anew_with_other_ids_merges() -> None:
    base = changed(start(), ("b.png", "dog"))
    ours = changed(base, ("c.png", "cat"))
    ours.renumber()
    theirs = changed(base, ("d.png", "dog"))
    after = coco(base, ours, theirs)
    assert not after.conflicts
    assert meant(after.content) == {**meant(ours.content), **meant(theirs.content)}


def test_both_labelling_one_image_differently_is_a_question_with_the_answer_both() -> None:
    base = start()
    ours, theirs = changed(base, ("a.png", "dog")), changed(base, ("a.png", "fox"))
    after = coco(base, ours, theirs)
    (conflict,) = after.conflicts
    assert (conflict.record, conflict.field, conflict.kind) == (
        "a.png",
        "annotations",
        ConflictKind.BOTH_ADDED,
    )
    assert Choice.BOTH in conflict.choices
    assert meant(after.content) == meant(base.content)
    both = coco(base, ours, theirs, Resolution(Choice.BOTH, conflict.id))
    assert not both.conflicts
    assert len(meant(both.content)["a.png"][1]) == 3


def test_both_labelling_one_image_the_same_way_is_no_question() -> None:
    base = start()
    side = changed(base, ("a.png", "dog"))
    more = changed(side, ("b.png", "dog"))
    assert coco(base, side, more) == Merged(more.content, ())


def test_different_fields_of_an_annotation_merge_and_the_same_is_a_conflict() -> None:
    base = start()
    ours, theirs = deepcopy(base), deepcopy(base)
    ours.annotations[0]["bbox"] = [1, 2, 3, 4]
    theirs.annotations[0]["iscrowd"] = 0
    after = coco(base, ours, theirs)
    assert not after.conflicts
    assert (
        json.loads(after.content)["annotations"][0] | {"bbox": [1, 2, 3, 4], "iscrowd": 0}
        == json.loads(after.content)["annotations"][0]
    )
    theirs.annotations[0]["bbox"] = [9, 9, 9, 9]
    assert coco(base, ours, theirs).told == [
        (
            "labels/file, record a.png, field annotations.1.bbox: both changed it. Ours: [1, 2, 3, 4]. "
            "Theirs: [9, 9, 9, 9]. It was: [0, 0, 1, 1]."
        )
    ]


def relabelled(base: Coco, category: str) -> Coco:
    file = deepcopy(base)
    file.annotations[0]["category_id"] = file.add_category(category)
    return file


def test_a_class_that_both_changed_is_asked_by_name_and_can_be_given_by_name() -> None:
    base = start()
    ours, theirs = relabelled(base, "dog"), relabelled(base, "fox")
    (conflict,) = coco(base, ours, theirs).conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == ('"cat"', '"dog"', '"fox"')
    after = coco(base, ours, theirs, Resolution(Choice.THEIRS, conflict.id))
    assert "fox" in meant(after.content)["a.png"][1][0]
    after = coco(base, ours, theirs, Resolution(Choice.GIVEN, conflict.id, value='"dog"'))
    assert "dog" in meant(after.content)["a.png"][1][0]
    after = coco(base, ours, theirs, Resolution(Choice.GIVEN, conflict.id, value='"cow"'))
    assert '"cow"\' is no category; known: cat, dog, fox' in after.unused[0].why


def test_an_image_that_one_deleted_and_the_other_labelled_is_one_conflict() -> None:
    base = start()
    ours, theirs = deepcopy(base), changed(base, ("a.png", "cat"), ("b.png", "cat"))
    ours.delete_image("a.png")
    after = coco(base, ours, theirs)
    (conflict,) = after.conflicts
    assert (conflict.record, conflict.field, conflict.kind) == ("a.png", None, ConflictKind.DELETED_CHANGED)
    after = coco(base, ours, theirs, Resolution(Choice.OURS, conflict.id))
    assert meant(after.content).keys() == {"b.png"}
    after = coco(base, ours, theirs, Resolution(Choice.THEIRS, conflict.id))
    assert meant(after.content) == meant(theirs.content)


def test_an_image_that_both_deleted_is_gone_with_its_annotations() -> None:
    base = changed(start(), ("b.png", "cat"))
    ours = changed(base, ("c.png", "cat"))
    theirs = deepcopy(base)
    ours.delete_image("a.png")
    theirs.delete_image("a.png")
    theirs.images[0]["width"] = 1
    after = coco(base, ours, theirs)
    assert not after.conflicts
    assert meant(after.content).keys() == {"b.png", "c.png"}


def test_a_class_that_one_deleted_and_the_other_still_uses_stays() -> None:
    base = start()
    base.add_category("dog")
    ours = changed(base, ("b.png", "cat"))
    ours.categories = ours.categories[:1]
    theirs = changed(base, ("c.png", "dog"))
    after = coco(base, ours, theirs)
    assert not after.conflicts
    assert {one["name"] for one in json.loads(after.content)["categories"]} == {"cat", "dog"}


def test_a_class_that_nobody_uses_is_asked_about_when_it_was_deleted_and_changed() -> None:
    base = start()
    base.add_category("dog")
    ours, theirs = deepcopy(base), deepcopy(base)
    ours.categories = ours.categories[:1]
    theirs.categories[1]["supercategory"] = "animal"
    after = coco(base, ours, theirs)
    assert [(one.record, one.field) for one in after.conflicts] == [(None, "categories.dog")]


def test_fields_of_a_class_and_of_the_file_are_asked_about_by_name() -> None:
    base = start()
    ours, theirs = deepcopy(base), deepcopy(base)
    for side, name in ((ours, "pet"), (theirs, "animal")):
        side.categories[0]["supercategory"] = name
        side.info |= {"year": name, "date_created": f"2026-03-0{len(name)}"}
    after = coco(base, ours, theirs)
    assert [(one.record, one.field) for one in after.conflicts] == [
        (None, "categories.cat.supercategory"),
        (None, "info.year"),
    ]
    assert b"2026-03-06" in after.content


def test_unknown_keys_at_the_top_merge_and_survive() -> None:
    base = start()
    ours, theirs = deepcopy(base), deepcopy(base)
    ours.first = '{\n"licenses": [{"id": 1}],\n'
    theirs.first = '{\n"by": "ann",\n'
    file = json.loads(coco(base, ours, theirs).content)
    assert (file["licenses"], file["by"]) == ([{"id": 1}], "ann")


def test_ids_that_are_texts_get_a_number_behind_them() -> None:
    def file(name: str) -> str:
        images, annotations = [{"id": "x", "file_name": name}], [{"id": "n", "image_id": "x"}]
        return json.dumps({"images": images, "annotations": annotations})

    after = json.loads(
        merged(merge_coco, ('{"images": [], "annotations": []}', file("b"), file("a"))).content
    )
    assert [(one["id"], one["file_name"]) for one in after["images"]] == [("x", "a"), ("x-2", "b")]
    assert [(one["id"], one["image_id"]) for one in after["annotations"]] == [("n", "x"), ("n-2", "x-2")]


def test_line_ends_and_a_bom_are_form_and_merge() -> None:
    base = start()
    ours = b"\xef\xbb\xbf" + base.content.replace(b"\n", b"\r\n")
    theirs = changed(base, ("b.png", "cat")).content
    assert merged(merge_coco, (base.content, ours, theirs)) == Merged(
        b"\xef\xbb\xbf" + theirs.replace(b"\n", b"\r\n"), ()
    )


def test_a_file_that_both_added_merges_without_a_base() -> None:
    ours, theirs = start(), start()
    theirs.add_image("b.png")
    assert merged(merge_coco, (None, ours.content, theirs.content)) == Merged(theirs.content, ())


def file_of(**lists: Sequence[Mapping[str, object]]) -> str:
    usual = {"images": [{"id": 1, "file_name": "a"}], "annotations": [], "categories": []}
    return json.dumps({**usual, **lists})


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        ("{", "ours: Expecting value at character 2"),
        ("[]", "ours: it is no JSON object"),
        ('{"images": 1}', ""),
        ('{"images": []}', ""),
        (file_of(images=[{"file_name": "a"}]), "ours, images 1: it has no id"),
        (file_of(images=[{"id": 1}]), "ours, images 1: it has no file_name"),
        (
            file_of(images=[{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}]),
            "ours, images: id is 1 twice",
        ),
        (
            file_of(images=[{"id": 1, "file_name": "a"}, {"id": 2, "file_name": "a"}]),
            "ours, images: file_name is a twice",
        ),
        (
            file_of(annotations=[{"id": 1, "image_id": 9}]),
            "ours, annotations 1: image_id is 9, which is not there",
        ),
        (
            file_of(
                annotations=[{"id": 1, "image_id": 1, "category_id": 7}], categories=[{"id": 1, "name": "x"}]
            ),
            "ours, annotations 1: category_id is 7, which is not there",
        ),
        (
            file_of(annotations=[{"id": 1, "image_id": 1, "category_id": 7}]),
            "ours: its annotations name categories, and it has none",
        ),
    ],
)
def test_what_cannot_be_told_apart_says_why(ours: str, why: str) -> None:
    theirs = file_of(categories=[{"id": 3, "name": "y"}])
    assert why_not(merge_coco, file_of(), ours, theirs) == why
