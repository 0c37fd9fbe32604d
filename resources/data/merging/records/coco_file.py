"""A COCO file as it is read for a merge: images with their annotations, and categories, by what they mean.

Ids in a COCO file only tie it together, and each writer counts anew. So

- an image is who it is by its ``file_name``, a category by its ``name``;
- an annotation belongs to its image, and is the same one as in the base if it means the same or, if nothing
  does, has the same id on the same image; all others are new, and told apart by what they mean;
- ``image_id`` and ``category_id`` stand for the file name and the name that they point to.

A file is refused where this is not possible: an id, a file name or a name that is missing or there twice, an
annotation of an image or a category that is not there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from resources.data.merging.model import Side
from resources.data.merging.records.json_text import (
    Atom,
    BadJson,
    ObjectText,
    Record,
    Style,
    list_items,
    object_of,
    text_of,
)
from resources.data.merging.records.keys import Key, is_key, shown_key
from resources.data.merging.records.problem import NoRecords, not_by_record
from resources.data.merging.records.text_form import Form, decoded
from resources.texts import mark

IMAGES, ANNOTATIONS, CATEGORIES = "images", "annotations", "categories"
LISTS = (IMAGES, ANNOTATIONS, CATEGORIES)
ID, IMAGE_ID, CATEGORY_ID = "id", "image_id", "category_id"


class Ref(NamedTuple):
    """What an id points to: a list, and the file name or name in it."""

    list: str
    name: str


class Item(Record):
    """An image, an annotation or a category. Equal when they mean the same, whatever ids stand for it."""

    def __init__(self, value: Mapping[str, object], raw: str, meant: Mapping[str, object]) -> None:
        super().__init__({**value, **meant}, raw)
        self.ids = {key: value[key] for key in meant}
        """Its ids, own and of others, as they are written."""
        self._meant = meant

    @property
    def id(self) -> Key:
        """Its own id."""
        key = self.ids[ID]
        if not is_key(key):
            raise TypeError(f"{key!r} names nothing: ids are checked when a file is read")
        return key

    @cached_property
    def text(self) -> ObjectText:
        """Its members, ids by what they point to."""
        text = object_of(self.raw)
        meant = {key: Atom(value, text.members[key].raw) for key, value in self._meant.items()}
        return ObjectText(text.keys, {**text.members, **meant}, text.style)


@dataclass(frozen=True)
class CocoFile:
    """One version of a COCO file."""

    form: Form | None
    """None: there is no such version."""
    top: ObjectText
    styles: Mapping[str, Style | None]
    """The white space of each list."""
    images: Mapping[str, Item]
    """By file name."""
    categories: Mapping[str, Item]
    """By name."""
    annotations: Sequence[tuple[str, Item]]
    """With the file name of its image, in their order."""


NO_FILE = CocoFile(None, ObjectText({}, {}, None), {}, {}, {}, ())


def read_coco(content: bytes, side: Side) -> CocoFile:
    """Raises :class:`NotByRecord`, and :class:`NoRecords` for JSON that is no COCO file."""
    text, form = decoded(content, side)
    lists: dict[str, list[Atom]] = {}
    styles: dict[str, Style | None] = {}
    try:
        top = object_of(text.replace("\r\n", "\n"))
        for name in LISTS:
            atom = top.members.get(name, Atom([], "[]"))
            if not isinstance(atom.value, list) or (name != CATEGORIES and name not in top.members):
                raise NoRecords
            lists[name], styles[name] = list_items(atom.raw)
    except BadJson as problem:
        raise not_by_record(side, mark("{side}: {problem}"), problem=str(problem)) from problem
    images = _named(lists[IMAGES], IMAGES, "file_name", side)
    categories = _named(lists[CATEGORIES], CATEGORIES, "name", side)
    annotations = _annotations(lists[ANNOTATIONS], images, categories, side)
    return CocoFile(form, top, styles, images, categories, annotations)


def meaning(item: Record) -> str:
    """What a thing means, as a text that is the same for the same."""
    return text_of({key: _plain(value) for key, value in item.value.items()})


def _plain(value: object) -> object:
    return [value.list, value.name] if isinstance(value, Ref) else value


def _named(atoms: Sequence[Atom], of: str, name_key: str, side: Side) -> dict[str, Item]:
    found: dict[str, Item] = {}
    ids: set[object] = set()
    for number, atom in enumerate(atoms, start=1):
        value = _with_id(atom, of, number, ids, side)
        name = value.get(name_key)
        if not isinstance(name, str) or not name:
            raise not_by_record(
                side,
                mark("{side}, {list} {number}: it has no {field}"),
                list=of,
                number=number,
                field=name_key,
            )
        if name in found:
            raise not_by_record(
                side,
                mark("{side}, {list}: {field} is {key} twice"),
                list=of,
                field=name_key,
                key=shown_key(name),
            )
        found[name] = Item(value, atom.raw, {ID: None})
    return found


def _annotations(
    atoms: Sequence[Atom], images: Mapping[str, Item], categories: Mapping[str, Item], side: Side
) -> list[tuple[str, Item]]:
    image_of = {item.id: name for name, item in images.items()}
    category_of = {item.id: name for name, item in categories.items()}
    found: list[tuple[str, Item]] = []
    ids: set[object] = set()
    for number, atom in enumerate(atoms, start=1):
        value = _with_id(atom, ANNOTATIONS, number, ids, side)
        image = _pointed(value, IMAGE_ID, image_of, number, side)
        meant: dict[str, object] = {ID: None, IMAGE_ID: Ref(IMAGES, image)}
        # A file without categories has ids in it that point nowhere, or none.
        if CATEGORY_ID in value and categories:
            meant[CATEGORY_ID] = Ref(CATEGORIES, _pointed(value, CATEGORY_ID, category_of, number, side))
        found.append((image, Item(value, atom.raw, meant)))
    return found


def _with_id(atom: Atom, of: str, number: int, ids: set[object], side: Side) -> dict[str, object]:
    value = atom.value
    key = value.get(ID) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not is_key(key):
        raise not_by_record(
            side, mark("{side}, {list} {number}: it has no {field}"), list=of, number=number, field=ID
        )
    if key in ids:
        raise not_by_record(
            side, mark("{side}, {list}: {field} is {key} twice"), list=of, field=ID, key=text_of(key)
        )
    ids.add(key)
    return value


def _pointed(
    value: Mapping[str, object], field: str, names: Mapping[Key, str], number: int, side: Side
) -> str:
    key = value.get(field)
    if not is_key(key) or key not in names:
        raise not_by_record(
            side,
            mark("{side}, {list} {number}: {field} is {key}, which is not there"),
            list=ANNOTATIONS,
            number=number,
            field=field,
            key=text_of(key),
        )
    return names[key]
