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
from functools import cached_property, partial
from typing import NamedTuple

from resources.data.merging.model import Side
from resources.data.merging.records.json_text import (
    Atom,
    BadJson,
    ListReader,
    ObjectText,
    Record,
    Style,
    dict_of,
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
_NAME_KEYS = {IMAGES: "file_name", CATEGORIES: "name"}
_NO_MEANING: Mapping[str, object] = {ID: None}


class Ref(NamedTuple):
    """What an id points to: a list, and the file name or name in it."""

    list: str
    name: str


class Item(Record):
    """An image, an annotation or a category. Equal when they mean the same, whatever ids stand for it.

    A file has very many of them and a merge looks into few, so what it holds is read when somebody asks.
    """

    def __init__(self, raw: str, ids: Mapping[str, Key], meant: Mapping[str, object]) -> None:
        self._value = None
        self.raw = raw
        self.ids = ids
        """Its ids, own and of others, as they are written."""
        self.meant = meant
        """What they stand for."""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Item) and self.raw == other.raw and self.meant == other.meant:
            return True
        return super().__eq__(other)

    __hash__ = None

    @property
    def id(self) -> Key:
        """Its own id."""
        return self.ids[ID]

    @cached_property
    def text(self) -> ObjectText:
        """Its members, ids by what they point to."""
        text = object_of(self.raw)
        meant = {key: Atom(value, text.members[key].raw) for key, value in self.meant.items()}
        return ObjectText(text.keys, {**text.members, **meant}, text.style)

    def _read(self) -> dict[str, object]:
        return {**dict_of(self.raw), **self.meant}


@dataclass(frozen=True, slots=True)
class _Found:
    """An element of a list as it was found."""

    raw: str
    named: object
    """Its file name or name."""
    ids: Mapping[str, object]
    """What stands in the fields for ids that it has."""


@dataclass(frozen=True)
class CocoFile:
    """One version of a COCO file."""

    form: Form | None
    """None: there is no such version."""
    top: ObjectText
    readers: Mapping[str, ListReader[_Found]]
    """What read each list."""
    images: Mapping[str, Item]
    """By file name."""
    categories: Mapping[str, Item]
    """By name."""
    annotations: Sequence[tuple[str, Item]]
    """With the file name of its image, in their order."""

    @property
    def styles(self) -> Mapping[str, Style | None]:
        """The white space of each list."""
        return {name: reader.style for name, reader in self.readers.items()}


NO_FILE = CocoFile(None, ObjectText({}, {}, None), {}, {}, {}, ())


def read_coco(content: bytes, side: Side, before: CocoFile = NO_FILE) -> CocoFile:
    """One version; what it has in common with the one ``before`` is not read again.

    Raises :class:`NotByRecord`, and :class:`NoRecords` for JSON that is no COCO file.
    """
    text, form = decoded(content, side)
    readers = {name: ListReader(partial(_found, name), before.readers.get(name)) for name in LISTS}
    try:
        top = object_of(text.replace("\r\n", "\n"), readers)
    except BadJson as problem:
        raise not_by_record(side, mark("{side}: {problem}"), problem=str(problem)) from problem
    there = {name: top.members[name] for name in LISTS if name in top.members}
    if not {IMAGES, ANNOTATIONS} <= there.keys() or not all(
        isinstance(one.value, list) for one in there.values()
    ):
        raise NoRecords
    images = _named(readers[IMAGES].items, IMAGES, side)
    categories = _named(readers[CATEGORIES].items, CATEGORIES, side)
    annotations = _annotations(readers[ANNOTATIONS].items, images, categories, side)
    return CocoFile(form, top, readers, images, categories, annotations)


def meaning(item: Record) -> str:
    """What a thing means, as a text that is the same for the same."""
    return text_of({key: _plain(value) for key, value in item.value.items()})


def _plain(value: object) -> object:
    return [value.list, value.name] if isinstance(value, Ref) else value


def _found(of: str, value: object, raw: str) -> _Found:
    if not isinstance(value, dict):
        return _Found(raw, None, {})
    ids = {key: value[key] for key in (ID, IMAGE_ID, CATEGORY_ID) if key in value}
    if float in map(type, ids.values()):
        exact = dict_of(raw)
        ids = {key: exact[key] for key in ids}
    return _Found(raw, value.get(_NAME_KEYS.get(of, "")), ids)


def _named(items: Sequence[_Found], of: str, side: Side) -> dict[str, Item]:
    found: dict[str, Item] = {}
    ids: set[Key] = set()
    for number, one in enumerate(items, start=1):
        key = _own_id(one, of, number, ids, side)
        name, field = one.named, _NAME_KEYS[of]
        if not isinstance(name, str) or not name:
            raise not_by_record(
                side, mark("{side}, {list} {number}: it has no {field}"), list=of, number=number, field=field
            )
        if name in found:
            raise not_by_record(
                side,
                mark("{side}, {list}: {field} is {key} twice"),
                list=of,
                field=field,
                key=shown_key(name),
            )
        found[name] = Item(one.raw, {ID: key}, _NO_MEANING)
    return found


def _annotations(
    items: Sequence[_Found], images: Mapping[str, Item], categories: Mapping[str, Item], side: Side
) -> list[tuple[str, Item]]:
    image_of = {item.id: name for name, item in images.items()}
    category_of = {item.id: Ref(CATEGORIES, name) for name, item in categories.items()}
    found: list[tuple[str, Item]] = []
    ids: set[Key] = set()
    for number, one in enumerate(items, start=1):
        own = {ID: _own_id(one, ANNOTATIONS, number, ids, side)}
        own[IMAGE_ID] = _pointing(one, IMAGE_ID, image_of, number, side)
        image = image_of[own[IMAGE_ID]]
        meant: dict[str, object] = {ID: None, IMAGE_ID: Ref(IMAGES, image)}
        # A file without categories has ids in it that point nowhere, or none.
        if CATEGORY_ID in one.ids and categories:
            own[CATEGORY_ID] = _pointing(one, CATEGORY_ID, category_of, number, side)
            meant[CATEGORY_ID] = category_of[own[CATEGORY_ID]]
        found.append((image, Item(one.raw, own, meant)))
    return found


def _own_id(one: _Found, of: str, number: int, ids: set[Key], side: Side) -> Key:
    key = one.ids.get(ID)
    if not is_key(key):
        raise not_by_record(
            side, mark("{side}, {list} {number}: it has no {field}"), list=of, number=number, field=ID
        )
    if key in ids:
        raise not_by_record(
            side, mark("{side}, {list}: {field} is {key} twice"), list=of, field=ID, key=text_of(key)
        )
    ids.add(key)
    return key


def _pointing(one: _Found, field: str, names: Mapping[Key, object], number: int, side: Side) -> Key:
    key = one.ids.get(field)
    if not is_key(key) or key not in names:
        raise not_by_record(
            side,
            mark("{side}, {list} {number}: {field} is {key}, which is not there"),
            list=ANNOTATIONS,
            number=number,
            field=field,
            key=text_of(key),
        )
    return key
