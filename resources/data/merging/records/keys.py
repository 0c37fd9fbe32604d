"""The id of a record: a text or a whole number, each of its own kind, so ``7`` and ``"7"`` are two."""

import re
from typing import TypeGuard

from resources.data.merging.records.json_text import Number, text_of

Key = str | Number

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?|NaN|-?Infinity")


def is_key(value: object) -> TypeGuard[Key]:
    """Whether a value can name a record: a text that is not empty, or a number."""
    return isinstance(value, Number) or (isinstance(value, str) and value != "")


def shown_key(key: Key) -> str:
    """For people, and still one to one: a text that looks like something else stands in quotes."""
    if isinstance(key, Number):
        return key.text
    plain = key.isprintable() and key == key.strip() and not key.startswith('"')
    return key if plain and not _NUMBER.fullmatch(key) else text_of(key)


def shown_text(key: str) -> str:
    """The same for a table, where every id is a text."""
    return key if key.isprintable() and key == key.strip() and not key.startswith('"') else text_of(key)


def sort_key(key: Key) -> tuple[int, int, str]:
    """Whole numbers by size, then all others by their text."""
    if isinstance(key, Number):
        whole = _WHOLE.fullmatch(key.text)
        return (0, int(key.text), key.text) if whole else (1, 0, key.text)
    return (2, int(key) if _WHOLE.fullmatch(key) else 0, key)
