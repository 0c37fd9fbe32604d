"""The keys of JSON records, line by line and in the lists of COCO files."""

import json
from collections import Counter
from collections.abc import Iterable

from resources.data.merging.records.rules import FileKind
from resources.data.schemas.classes import classes_of, names_classes
from resources.data.schemas.model import MOST_CLASSES, AnnotationFile, Column, Type, Unread

_IMAGES, _ANNOTATIONS, _CATEGORIES = "images", "annotations", "categories"
_CLASS_NAMES = f"{_CATEGORIES}.name"
_TYPES = {
    bool: Type.BOOLEAN,
    int: Type.INTEGER,
    float: Type.NUMBER,
    str: Type.TEXT,
    list: Type.LIST,
    dict: Type.OBJECT,
}


def line_keys(text: str, *, is_whole: bool) -> AnnotationFile:
    """What JSON lines hold; ``is_whole`` as in :func:`annotation_file`.

    Raises ValueError for what is no JSON.
    """
    records = [json.loads(line) for line in text.split("\n") if line.strip(" \t\r")]
    if not all(isinstance(record, dict) for record in records):
        return AnnotationFile(FileKind.JSONL, unread=Unread.BROKEN)
    columns = _columns(records)
    if is_whole:
        for key in filter(names_classes, columns):
            columns[key] = Column(columns[key].types, _classes(record.get(key) for record in records))
    return AnnotationFile(FileKind.JSONL, columns)


def coco_keys(text: str) -> AnnotationFile:
    """What a COCO file holds: its categories are classes. Raises ValueError for what is no JSON."""
    document = json.loads(text)
    top = document if isinstance(document, dict) else {}
    lists = {name: top[name] for name in (_IMAGES, _ANNOTATIONS, _CATEGORIES) if name in top}
    if not {_IMAGES, _ANNOTATIONS} <= lists.keys() or not all(
        isinstance(items, list) for items in lists.values()
    ):
        return AnnotationFile(FileKind.WHOLE)
    columns: dict[str, Column] = {}
    for name, items in lists.items():
        if not all(isinstance(item, dict) for item in items):
            return AnnotationFile(FileKind.COCO, unread=Unread.BROKEN)
        columns |= {f"{name}.{key}": column for key, column in _columns(items).items()}
    if _CATEGORIES in lists:
        types = columns.get(_CLASS_NAMES, Column(())).types
        names = {item["name"] for item in lists[_CATEGORIES] if isinstance(item.get("name"), str)}
        columns[_CLASS_NAMES] = Column(types, tuple(sorted(names)) if len(names) <= MOST_CLASSES else None)
    return AnnotationFile(FileKind.COCO, columns)


def _columns(records: Iterable[dict[str, object]]) -> dict[str, Column]:
    """The keys of the records, and the types of what stands behind them."""
    found: dict[str, set[type]] = {}
    for record in records:
        for key, value in record.items():
            found.setdefault(key, set()).add(type(value))
    return {key: Column(_named(types)) for key, types in found.items()}


def _named(types: Iterable[type]) -> tuple[Type, ...]:
    named = {_TYPES[one] for one in types if one in _TYPES}
    if Type.NUMBER in named:
        named.discard(Type.INTEGER)
    return tuple(sorted(named))


def _classes(values: Iterable[object]) -> tuple[str, ...] | None:
    """The classes among the values of one key, each one label or a list of them."""
    labels: Counter[str] = Counter()
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, (bool, int, str)):
                labels[one if isinstance(one, str) else json.dumps(one)] += 1
            elif one is not None:
                return None
    return classes_of(labels, labels.total())
