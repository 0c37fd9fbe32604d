"""JSON as values that compare exactly, beside the text that they were read from.

A number is its text (:class:`Number`): ``1``, ``1.0`` and ``1e0`` are three, and none is ever rounded. What
is not merged keeps its bytes; where an object is put together anew, its fields keep theirs.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from resources.errors import BadInput

T = TypeVar("T")


class Number(NamedTuple):
    """A JSON number, and NaN or Infinity where a writer has put one: exactly as it was written."""

    text: str


class BadJson(ValueError):
    """A text is no JSON, or an object in it has a key twice; says what and where."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A value with the text it was read from. Equal when the values are."""

    value: object
    """None, bool, str, :class:`Number`, list or dict."""
    raw: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Atom) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]


class Style(NamedTuple):
    """The white space of an object or a list."""

    opening: str
    between: str
    colon: str
    closing: str


USUAL_STYLE = Style("", ", ", ": ", "")


@dataclass(frozen=True)
class ObjectText:
    """A JSON object with the text of each of its members."""

    keys: Mapping[str, str]
    """Each key with the text it was read from, quotes and all."""
    members: Mapping[str, Atom]
    style: Style | None
    """None where nothing is in it that could show one."""


class Record:
    """A JSON object; its members are told apart only when somebody asks for them."""

    def __init__(self, value: dict[str, object], raw: str) -> None:
        self._value: dict[str, object] | None = value
        self.raw = raw

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Record) and self.value == other.value)

    __hash__ = None  # type: ignore[assignment]

    @property
    def value(self) -> dict[str, object]:
        """What it holds."""
        if self._value is None:
            self._value = self._read()
        return self._value

    def _read(self) -> dict[str, object]:
        return dict_of(self.raw)

    @cached_property
    def text(self) -> ObjectText:
        """Its members by key."""
        return object_of(self.raw)


def dict_of(raw: str) -> dict[str, object]:
    """The value of an object. Raises :class:`BadJson`."""
    value = value_of(raw).value
    if not isinstance(value, dict):
        raise BadJson("it is no JSON object")
    return value


def value_of(text: str) -> Atom:
    """The one JSON value in a text. Raises :class:`BadJson`."""
    value, start, end = _value_at(text, 0)
    rest = _blank(text, end)
    if rest != len(text):
        raise BadJson(f"more text at character {rest + 1}: {text[rest : rest + 20]!r}")
    return Atom(value, text[start:end])


def given_value(text: str) -> Atom:
    """A value that a person wrote, on one line. Raises :class:`BadInput`."""
    try:
        text.encode()
        # No text within JSON holds a line end as it is, so these are white space.
        return value_of(text.replace("\r", " ").replace("\n", " "))
    except (BadJson, UnicodeEncodeError) as problem:
        raise BadInput(
            f"{text[:80]!r} is no JSON: {problem}", 'Write a JSON value: "cat", 3.5, [1, 2] or true.'
        ) from problem


def list_items(raw: str) -> tuple[list[Atom], Style | None]:
    """The elements of a list, and its white space; None where it has no element. Raises :class:`BadJson`."""
    items: list[Atom] = []

    def take(text: str, at: int) -> int:
        value, _, end = _value_at(text, at)
        items.append(Atom(value, text[at:end]))
        return end

    style, _ = _list_at(raw, 0, take)
    return items, style


def list_text(items: Iterable[str], style: Style | None) -> str:
    """A list of elements as they are written."""
    style = style or USUAL_STYLE
    body = style.between.join(items)
    return f"[{style.opening}{body}{style.closing}]" if body else "[]"


def object_text(
    order: Sequence[str], members: Mapping[str, str], keys: Mapping[str, str], style: Style
) -> str:
    """An object of members as they are written; ``keys`` as in :class:`ObjectText`."""
    body = style.between.join(f"{keys[key]}{style.colon}{members[key]}" for key in order)
    return f"{{{style.opening}{body}{style.closing}}}" if body else "{}"


def text_of(value: object) -> str:
    """A value of this module as JSON, the same text for the same value."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text_of(key)}: {text_of(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(text_of(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=not _is_printable(value))


def _is_printable(value: object) -> bool:
    return not isinstance(value, str) or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadJson(f"the key {twice!r} stands twice in one object")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=Number
)
_LIGHT_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=Number, parse_constant=Number)
_BLANK = re.compile(r"[ \t\n\r]*")


def _blank(text: str, at: int) -> int:
    """Where the white space at a place ends."""
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


def _value_at(text: str, at: int, decoder: json.JSONDecoder = _DECODER) -> tuple[object, int, int]:
    """A value, where it begins and where it ends."""
    start = _blank(text, at)
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise BadJson("it is nested too deep") from error
    return value, start, end


def object_of(text: str, lists: Mapping[str, "ListReader[T]"] = MappingProxyType({})) -> ObjectText:
    """The members of the one object in a text. Raises :class:`BadJson`.

    What is a list and has a reader in ``lists`` is told to that one element by element, and is empty here.
    """
    raw = text.strip(" \t\r\n")
    if not raw.startswith("{"):
        raise BadJson("it is no JSON object")
    keys: dict[str, str] = {}
    members: dict[str, Atom] = {}
    between, colon = "", ": "
    first = at = _blank(raw, 1)
    end = 1
    while raw[at : at + 1] != "}":
        key, _, key_end = _value_at(raw, at)
        sign = _blank(raw, key_end)
        if not isinstance(key, str) or raw[sign : sign + 1] != ":":
            raise BadJson(f"expected a key in quotes and a colon at character {at + 1}")
        if key in keys:
            raise BadJson(f"the key {key!r} stands twice in one object")
        start = _blank(raw, sign + 1)
        colon = colon if keys else raw[key_end:start]
        keys[key] = raw[at:key_end]
        if key in lists and raw[start : start + 1] == "[":
            lists[key].style, end = _list_at(raw, start, lists[key].take)
            members[key] = Atom([], "[]")
        else:
            value, start, end = _value_at(raw, start)
            members[key] = Atom(value, raw[start:end])
        at = _after_item(raw, end, "}")
        between = between or (raw[end:at] if raw[at : at + 1] != "}" else "")
    if at + 1 < len(raw):
        raise BadJson(f"more text after the object, at character {at + 2}")
    return ObjectText(keys, members, _style(raw[1:first], between, colon, raw[end:at]) if keys else None)


class ListReader(Generic[T]):
    """Takes the elements of a long list, of which few will ever be looked into.

    ``made`` makes something of each element and its text; numbers with a fraction are floats in it, and
    rounded. ``before`` has read another version of the list: what stands in both is taken from there, and not
    read again.
    """

    def __init__(self, made: Callable[[object, str], T], before: "ListReader[T] | None" = None) -> None:
        self.items: list[T] = []
        self.style: Style | None = None
        """Its white space, afterwards; None: it has no element."""
        self.texts: list[str] = []
        """Of the elements."""
        self._made = made
        self._before = before
        self._next = 0
        """Which element of the other version stands here, if nothing was changed."""

    def take(self, raw: str, at: int) -> int:
        """Take the element that begins at a place; where it ends."""
        before, place = self._before, self._next
        # An object ends where it ends: what begins with the text of one is that one.
        if before is not None and place < len(before.texts):
            text = before.texts[place]
            if text.startswith("{") and raw.startswith(text, at):
                self.items.append(before.items[place])
                self.texts.append(text)
                self._next += 1
                return at + len(text)
        value, _, end = _value_at(raw, at, _LIGHT_DECODER)
        text = raw[at:end]
        self.items.append(self._made(value, text))
        self.texts.append(text)
        if before is not None and text in before.places:
            self._next = before.places[text] + 1
        return end

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each text stands."""
        return {text: place for place, text in enumerate(self.texts)}


def _list_at(raw: str, start: int, take: Callable[[str, int], int]) -> tuple[Style | None, int]:
    """The white space of a list, and where it ends. ``take`` gets each element, and says where it ends."""
    between = ""
    is_empty = True
    first = at = _blank(raw, start + 1)
    end = first
    while raw[at : at + 1] != "]":
        is_empty = False
        end = take(raw, at)
        at = _after_item(raw, end, "]")
        between = between or (raw[end:at] if raw[at : at + 1] != "]" else "")
    return None if is_empty else _style(raw[start + 1 : first], between, "", raw[end:at]), at + 1


def _after_item(raw: str, end: int, closing: str) -> int:
    """Where the next element or member begins, or the closing sign stands."""
    at = _blank(raw, end)
    sign = raw[at : at + 1]
    if sign == closing:
        return at
    after = _blank(raw, at + 1)
    if sign != "," or raw[after : after + 1] == closing:
        raise BadJson(f"expected a comma or {closing!r} at character {at + 1}")
    return after


def _style(opening: str, between: str, colon: str, closing: str) -> Style:
    return Style(opening, between or "," + (opening if "\n" in opening else " "), colon, closing)
