"""Which annotation of a side is which one of the base."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from resources.data.merging.model import Versions
from resources.data.merging.records.coco_file import CocoFile, Item, meaning
from resources.data.merging.records.json_text import text_of


class AnnotationKey(NamedTuple):
    """An annotation as the same thing in all versions."""

    image: str
    """The file name of its image."""
    is_new: bool
    """Whether the base does not have it."""
    what: str
    """Its id in the base, or what a new one means."""
    number: int
    """Which one of several new ones that mean the same."""

    def order(self) -> tuple[str, bool, str, int]:
        """What to sort by."""
        return self.image, self.is_new, self.what, self.number


def keyed(files: Versions[CocoFile]) -> Versions[Mapping[AnnotationKey, Item]]:
    """The annotations of each version by what they are, in their order.

    One of a side is that of the base on the same image which has the same id and means the same; else one
    that means the same, for a writer may have counted anew; else the one that has the same id.
    """
    base = {AnnotationKey(image, False, text_of(item.id), 0): item for image, item in files.base.annotations}
    of_image: dict[str, dict[AnnotationKey, Item]] = {}
    for key, item in base.items():
        of_image.setdefault(key.image, {})[key] = item
    return Versions(base, _side(files.ours, of_image), _side(files.theirs, of_image))


def _side(file: CocoFile, base: Mapping[str, Mapping[AnnotationKey, Item]]) -> dict[AnnotationKey, Item]:
    grouped: dict[str, list[Item]] = {}
    for image, item in file.annotations:
        grouped.setdefault(image, []).append(item)
    keys = {image: iter(_keys(image, items, base.get(image, {}))) for image, items in grouped.items()}
    return {next(keys[image]): item for image, item in file.annotations}


def _keys(image: str, items: list[Item], base: Mapping[AnnotationKey, Item]) -> list[AnnotationKey]:
    """A key for each annotation of an image."""
    found: dict[int, AnnotationKey] = {}
    free = dict(base)
    for place, item in enumerate(items):
        key = AnnotationKey(image, False, text_of(item.id), 0)
        if key in free and free[key] == item:
            found[place] = key
            del free[key]
    rest = [(place, item) for place, item in enumerate(items) if place not in found]
    if rest and free:
        by_meaning: dict[str, list[AnnotationKey]] = {}
        for key, item in reversed(free.items()):
            by_meaning.setdefault(meaning(item), []).append(key)
        for place, item in rest:
            if known := by_meaning.get(meaning(item)):
                found[place] = known.pop()
                del free[found[place]]
    for place, item in rest:
        key = AnnotationKey(image, False, text_of(item.id), 0)
        if place not in found and key in free:
            found[place] = key
            del free[key]
    new = _new(image, [item for place, item in rest if place not in found])
    return [found[place] if place in found else next(new) for place in range(len(items))]


def _new(image: str, items: list[Item]) -> Iterator[AnnotationKey]:
    counts: dict[str, int] = {}
    for item in items:
        what = meaning(item)
        counts[what] = counts.get(what, -1) + 1
        yield AnnotationKey(image, True, what, counts[what])
