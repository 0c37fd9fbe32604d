"""COCO JSON, merged image by image, each with its annotations.

:mod:`resources.data.merging.records.coco_file` says what is the same image, category and annotation.

1. Different images never conflict, whatever ids they got: :mod:`resources.data.merging.records.coco_ids`.
2. An image that one side deleted is gone with its annotations, unless the other side changed it or one of
   them: then it is one conflict for all of it.
3. On an image that both have, annotations of the base are merged one by one, field by field. What one side
   added is taken. What both added is taken once if it means the same; what is left on both sides is a
   conflict, for it may be the same thing twice.
4. Categories are merged by name. One that is still used stays, whoever deleted it.
5. All else at the top is merged field by field. Of two texts in ``info.date_created`` the later one counts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from resources.data.merging.model import ConflictKind, Side, Versions, at, kind_of
from resources.data.merging.questions import FileQuestions
from resources.data.merging.records.coco_file import (
    ANNOTATIONS,
    CATEGORIES,
    CATEGORY_ID,
    ID,
    IMAGE_ID,
    IMAGES,
    LISTS,
    NO_FILE,
    CocoFile,
    Item,
    Ref,
    meaning,
    read_coco,
)
from resources.data.merging.records.coco_ids import Claim, assigned
from resources.data.merging.records.coco_same import AnnotationKey, keyed
from resources.data.merging.records.fields import chosen_form, field_name, merged_object, merged_record
from resources.data.merging.records.json_text import (
    USUAL_STYLE,
    Atom,
    ObjectText,
    Record,
    given_value,
    list_text,
    object_of,
    object_text,
    text_of,
)
from resources.data.merging.records.keys import Key, shown_text
from resources.data.merging.records.order import merged_order
from resources.data.merging.records.problem import not_by_record
from resources.data.merging.records.text_form import encoded
from resources.errors import BadInput
from resources.texts import mark

S = TypeVar("S")
_EMPTY = Atom(None, "[]")
_DATE = ("info", "date_created")


@dataclass(frozen=True)
class _Sample:
    """An image with its annotations, as it stands in one version or in the merged one."""

    image: Record
    annotations: Mapping[AnnotationKey, Record]

    def means(self) -> tuple[str, list[str]]:
        return meaning(self.image), sorted(map(meaning, self.annotations.values()))

    def shown(self) -> str:
        return f'{{"image": {self.image.raw}, "annotations": {_shown_list(self.annotations)}}}'


def merge_coco(contents: Versions[bytes | None], _: Sequence[str], questions: FileQuestions) -> bytes:
    """The merged file. A base of None has nothing in it. Raises :class:`NotByRecord`."""
    base = NO_FILE if contents.base is None else read_coco(contents.base, Side.BASE)
    ours = NO_FILE if contents.ours is None else read_coco(contents.ours, Side.OURS, base)
    theirs = NO_FILE if contents.theirs is None else read_coco(contents.theirs, Side.THEIRS, base)
    files = Versions(base, ours, theirs)
    _refuse_ids_of_nothing(files)
    annotations = keyed(files)
    samples = _merged_samples(files, annotations, questions)
    categories = _merged_categories(files, samples, questions)
    image_ids, annotation_ids, category_ids = _ids(files, annotations, samples, categories)

    def finished(key: AnnotationKey, record: Record) -> str:
        wanted = {ID: annotation_ids[key], IMAGE_ID: image_ids[key.image]}
        category = _category(record)
        return _with_ids(
            record, wanted if category is None else {**wanted, CATEGORY_ID: category_ids[category]}
        )

    of_all = {key: record for sample in samples.values() for key, record in sample.annotations.items()}
    lists = {
        IMAGES: [
            _with_ids(samples[name].image, {ID: image_ids[name]})
            for name in merged_order(files.map(lambda file: file.images), samples.keys(), sort_key=str)
        ],
        ANNOTATIONS: [
            finished(key, of_all[key])
            for key in merged_order(annotations, of_all.keys(), AnnotationKey.order)
        ],
        CATEGORIES: [
            _with_ids(categories[name], {ID: category_ids[name]})
            for name in merged_order(files.map(lambda file: file.categories), categories.keys(), sort_key=str)
        ],
    }
    text = _top(files, questions, has_categories=bool(categories), lists=lists)
    return encoded(text.split("\n"), files.map(lambda file: file.form))


def _refuse_ids_of_nothing(files: Versions[CocoFile]) -> None:
    """Ids of categories that are not there would point to those that another version has."""
    if not any(file.categories for file in files):
        return
    for file, side in zip(files, Side, strict=True):
        if not file.categories and any(CATEGORY_ID in item.text.members for _, item in file.annotations):
            raise not_by_record(side, mark("{side}: its annotations name categories, and it has none"))


def _merged_samples(
    files: Versions[CocoFile],
    annotations: Versions[Mapping[AnnotationKey, Item]],
    questions: FileQuestions,
) -> dict[str, _Sample]:
    known = Versions(*(_samples(file, items) for file, items in zip(files, annotations, strict=True)))
    names = files.ours.categories.keys() | files.theirs.categories.keys()
    merged: dict[str, _Sample] = {}
    for name in dict.fromkeys(name for samples in known for name in samples):
        states = at(known, name)
        sample = _SampleMerge(name, names, questions).merged(states)
        if sample is not None:
            merged[name] = sample
    return merged


def _samples(file: CocoFile, annotations: Mapping[AnnotationKey, Item]) -> dict[str, _Sample]:
    grouped: dict[str, dict[AnnotationKey, Record]] = {name: {} for name in file.images}
    for key, item in annotations.items():
        grouped[key.image][key] = item
    return {name: _Sample(image, grouped[name]) for name, image in file.images.items()}


@dataclass(frozen=True)
class _SampleMerge:
    name: str
    categories: frozenset[str] | set[str]
    """Names that an annotation may be given."""
    questions: FileQuestions

    def merged(self, states: Versions[_Sample | None]) -> _Sample | None:
        base, ours, theirs = states
        if ours is None or theirs is None:
            kept = ours or theirs
            if kept is None or kept == base:
                return None
            return kept if base is None else self._ask(states, _Sample.shown)
        if ours != theirs and ours.means() == theirs.means():
            return min(ours, theirs, key=_Sample.shown)
        image = merged_record(
            Versions(None if base is None else base.image, ours.image, theirs.image),
            lambda records: self._ask(records, _raw),
            self._ask_field,
        )
        found: dict[AnnotationKey, Record] = {}
        of_each = states.map(lambda sample: {} if sample is None else sample.annotations)
        for key in dict.fromkeys(key for annotations in of_each for key in annotations):
            versions = at(of_each, key)
            if key.is_new and (versions.ours is None or versions.theirs is None):
                continue
            record = self._annotation(key, versions)
            if record is not None:
                found[key] = record
        return None if image is None else _Sample(image, {**found, **self._added(ours, theirs)})

    def _annotation(self, key: AnnotationKey, states: Versions[Record | None]) -> Record | None:
        place = (ANNOTATIONS, key.what)
        return merged_record(
            states,
            lambda records: self._ask(records, _raw, field_name(place)),
            lambda path, atoms: self._ask_field((*place, *path), atoms),
        )

    def _added(self, ours: _Sample, theirs: _Sample) -> Mapping[AnnotationKey, Record]:
        """What one side only has added to an image that both have; a question if both have something."""
        by_ours, by_theirs = (
            {key: one for key, one in side.annotations.items() if key.is_new and key not in other.annotations}
            for side, other in ((ours, theirs), (theirs, ours))
        )
        if not by_ours or not by_theirs:
            return by_ours or by_theirs
        states: Versions[Mapping[AnnotationKey, Record] | None] = Versions(None, by_ours, by_theirs)
        chosen = self.questions.ask(
            states,
            _shown_list,
            record=shown_text(self.name),
            field=ANNOTATIONS,
            kind=ConflictKind.BOTH_ADDED,
            both={**by_ours, **by_theirs},
        )
        return chosen or {}

    def _ask(
        self, states: Versions[S | None], shown: Callable[[S], str], field: str | None = None
    ) -> S | None:
        return self.questions.ask(
            states, shown, record=shown_text(self.name), field=field, kind=kind_of(*states)
        )

    def _ask_field(self, path: tuple[str, ...], states: Versions[Atom | None]) -> Atom | None:
        is_category = any(atom is not None and isinstance(atom.value, Ref) for atom in states)
        return self.questions.ask(
            states,
            _shown_atom,
            record=shown_text(self.name),
            field=field_name(path),
            kind=kind_of(*states),
            given=self._given_category if is_category else given_value,
        )

    def _given_category(self, text: str) -> Atom:
        value = given_value(text).value
        if not isinstance(value, str) or value not in self.categories:
            raise BadInput(
                f"{text[:80]!r} is no category; known: {', '.join(sorted(self.categories))}",
                "Give the name of a category, in quotes.",
            )
        return Atom(Ref(CATEGORIES, value), text_of(value))


def _merged_categories(
    files: Versions[CocoFile], samples: Mapping[str, _Sample], questions: FileQuestions
) -> dict[str, Record]:
    used = {_category(record) for sample in samples.values() for record in sample.annotations.values()}
    merged: dict[str, Record] = {}
    for name in dict.fromkeys(name for file in files for name in file.categories):
        base, ours, theirs = (file.categories.get(name) for file in files)
        if name in used:
            ours, theirs = ours or base, theirs or base
        record = _Named(field_name((CATEGORIES, name)), questions).merged(Versions(base, ours, theirs))
        if record is not None:
            merged[name] = record
    return merged


@dataclass(frozen=True)
class _Named:
    """A category, by its place in the file."""

    place: str
    questions: FileQuestions

    def merged(self, states: Versions[Record | None]) -> Record | None:
        return merged_record(states, self._ask, self._ask_field)

    def _ask(self, states: Versions[Record | None]) -> Record | None:
        return self.questions.ask(states, _raw, field=self.place, kind=kind_of(*states))

    def _ask_field(self, path: tuple[str, ...], states: Versions[Atom | None]) -> Atom | None:
        field = f"{self.place}.{field_name(path)}"
        return self.questions.ask(states, _shown_atom, field=field, kind=kind_of(*states), given=given_value)


def _ids(
    files: Versions[CocoFile],
    annotations: Versions[Mapping[AnnotationKey, Item]],
    samples: Mapping[str, _Sample],
    categories: Mapping[str, Record],
) -> tuple[dict[str, Key], dict[AnnotationKey, Key], dict[str, Key]]:
    """Of images by file name, of annotations, and of categories by name."""
    images = files.map(lambda file: file.images)
    names = files.map(lambda file: file.categories)
    of_images = {name: Claim(at(images, name).map(_id_of), (name,)) for name in samples}
    of_annotations = {
        key: Claim(at(annotations, key).map(_id_of), key.order())
        for sample in samples.values()
        for key in sample.annotations
    }
    of_categories = {name: Claim(at(names, name).map(_id_of), (name,)) for name in categories}
    return (
        assigned(of_images, (item.id for file in files for item in file.images.values())),
        assigned(of_annotations, (item.id for items in annotations for item in items.values())),
        assigned(of_categories, (item.id for file in files for item in file.categories.values())),
    )


def _top(
    files: Versions[CocoFile],
    questions: FileQuestions,
    *,
    has_categories: bool,
    lists: Mapping[str, Sequence[str]],
) -> str:
    """The whole file: what is at its top, with its lists put in."""

    def ask(path: tuple[str, ...], states: Versions[Atom | None]) -> Atom | None:
        ours, theirs = states.ours, states.theirs
        if path == _DATE and ours is not None and theirs is not None:
            dates = [atom for atom in (ours, theirs) if isinstance(atom.value, str)]
            if len(dates) == 2:
                return max(dates, key=lambda atom: (str(atom.value), atom.raw))
        return questions.ask(
            states, _shown_atom, field=field_name(path), kind=kind_of(*states), given=given_value
        )

    tops = Versions(
        *(None if file.form is None else _without_lists(file.top, has_categories) for file in files)
    )
    styles = files.map(lambda file: file.styles)
    texts = {name: list_text(lists[name], chosen_form(at(styles, name), USUAL_STYLE)) for name in LISTS}
    return merged_object(tops, ask).text(texts)


def _without_lists(top: ObjectText, has_categories: bool) -> ObjectText:
    """Lists are merged by themselves, so that there is nothing to ask about them here."""
    names = [name for name in LISTS if name in top.members or (name == CATEGORIES and has_categories)]
    keys = {**top.keys, **{name: top.keys.get(name, text_of(name)) for name in names}}
    return ObjectText(keys, {**top.members, **dict.fromkeys(names, _EMPTY)}, top.style)


def _with_ids(record: Record, wanted: Mapping[str, Key]) -> str:
    """The text of a record with its ids as they are to be; untouched where they are so already."""
    if isinstance(record, Item) and record.ids == wanted:
        return record.raw
    text = object_of(record.raw)
    raws = {key: atom.raw for key, atom in text.members.items()}
    raws |= {key: text_of(value) for key, value in wanted.items()}
    return object_text(list(raws), raws, text.keys, text.style or USUAL_STYLE)


def _category(record: Record) -> str | None:
    meant = record.meant if isinstance(record, Item) else record.value
    value = meant.get(CATEGORY_ID)
    return value.name if isinstance(value, Ref) else None


def _id_of(item: Item | None) -> Key | None:
    return None if item is None else item.id


def _shown_list(records: Mapping[AnnotationKey, Record]) -> str:
    return "[" + ", ".join(record.raw for record in records.values()) + "]"


def _shown_atom(atom: Atom) -> str:
    return text_of(atom.value.name) if isinstance(atom.value, Ref) else atom.raw


def _raw(record: Record) -> str:
    return record.raw
