"""One thing in three versions: who changed it, and fields of JSON objects one by one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeVar

from resources.data.merging.model import Versions, at
from resources.data.merging.records.json_text import (
    USUAL_STYLE,
    Atom,
    ObjectText,
    Record,
    Style,
    object_text,
    text_of,
)
from resources.data.merging.records.order import merged_order


class Written(Protocol):
    """A value and how it is written."""

    @property
    def raw(self) -> str:
        """The text it was read from."""


W = TypeVar("W", bound=Written)
F = TypeVar("F", str, bool, Style)
AskField = Callable[[tuple[str, ...], Versions[Atom | None]], Atom | None]
"""Asks for a field, by its path in the record, that both sides changed differently."""

DEEPEST = 20
"""An object within an object, so many times, is one value."""


def settled(versions: Versions[W | None]) -> tuple[bool, W | None]:
    """Whether the three versions leave no question, and what they come to then; None: it is not there.

    Compared is what is meant. Where both mean the same and write it differently, who changed the writing
    counts, and the lower text if both did.
    """
    base, ours, theirs = versions.base, versions.ours, versions.theirs
    if ours == theirs:
        return True, ours if ours is None or theirs is None else _written(base, ours, theirs)
    if theirs == base:
        return True, ours
    if ours == base:
        return True, theirs
    return False, base


@dataclass(frozen=True)
class MergedObject:
    """An object put together from members of several versions."""

    members: Mapping[str, Atom]
    """In their order."""
    keys: Mapping[str, str]
    style: Style

    def text(self, replaced: Mapping[str, str] = MappingProxyType({})) -> str:
        """As it is written, with other texts for some of its members."""
        raws = {key: replaced.get(key, atom.raw) for key, atom in self.members.items()}
        return object_text(list(raws), raws, self.keys, self.style)

    def record(self) -> Record:
        """As a record of its own."""
        return Record({key: atom.value for key, atom in self.members.items()}, self.text())


def merged_record(
    versions: Versions[Record | None],
    ask: Callable[[Versions[Record | None]], Record | None],
    ask_field: AskField,
) -> Record | None:
    """A record; None: it is not there. ``ask`` is for one that one side deleted and the other changed."""
    is_settled, record = settled(versions)
    if is_settled:
        return record
    if versions.ours is None or versions.theirs is None:
        return ask(versions)
    base = None if versions.base is None else versions.base.text
    return merged_object(Versions(base, versions.ours.text, versions.theirs.text), ask_field).record()


def merged_object(
    versions: Versions[ObjectText | None], ask: AskField, path: tuple[str, ...] = ()
) -> MergedObject:
    """An object that both sides have, field by field, and objects within it likewise.

    A list is one value. What is added to the fields of the base stands where it stood on its side, as
    :func:`merged_order` has it.
    """
    found: dict[str, Atom] = {}
    of_each = versions.map(lambda text: {} if text is None else text.members)
    for key in dict.fromkeys(key for members in of_each for key in members):
        field = at(of_each, key)
        is_settled, atom = settled(field)
        if not is_settled:
            within = _objects(field) if len(path) < DEEPEST else None
            if within is None:
                atom = ask((*path, key), field)
            else:
                record = merged_object(within, ask, (*path, key)).record()
                atom = Atom(record.value, record.raw)
        if atom is not None:
            found[key] = atom
    order = merged_order(of_each, found.keys(), sort_key=str)
    texts = versions.map(lambda text: {} if text is None else text.keys)
    keys = {key: chosen_form(at(texts, key), key) for key in order}
    style = chosen_form(versions.map(lambda text: None if text is None else text.style), USUAL_STYLE)
    return MergedObject({key: found[key] for key in order}, keys, style)


def chosen_form(versions: Versions[F | None], usual: F) -> F:
    """A matter of form, which is never a question: who changed it counts, the lower one if both did.

    None has no form to show; where none has, it is ``usual``.
    """
    base, ours, theirs = versions.base, versions.ours, versions.theirs
    if ours is None or theirs is None or ours == theirs:
        known = ours if ours is not None else theirs
        return known if known is not None else usual if base is None else base
    if ours == base:
        return theirs
    return ours if theirs == base else min(ours, theirs, key=_form_key)


def field_name(path: tuple[str, ...]) -> str:
    """A field by its path, one to one: ``data.label``; a key that could be misread stands in quotes."""
    return ".".join(key if re.fullmatch(r"[\w-]+", key) else text_of(key) for key in path)


def _objects(field: Versions[Atom | None]) -> Versions[ObjectText | None] | None:
    """The same as objects, where both sides have one and the base has one or nothing."""
    ours, theirs = _as_object(field.ours), _as_object(field.theirs)
    base = _as_object(field.base)
    if ours is None or theirs is None or (field.base is not None and base is None):
        return None
    return Versions(base, ours, theirs)


def _as_object(atom: Atom | None) -> ObjectText | None:
    if atom is None or not isinstance(atom.value, dict):
        return None
    return Record(atom.value, atom.raw).text


def _form_key(form: object) -> tuple[str, ...]:
    return form if isinstance(form, tuple) else (str(form),)


def _written(base: W | None, ours: W, theirs: W) -> W:
    if theirs.raw == ours.raw or (base is not None and theirs.raw == base.raw):
        return ours
    if base is not None and ours.raw == base.raw:
        return theirs
    return min(ours, theirs, key=lambda one: one.raw)
