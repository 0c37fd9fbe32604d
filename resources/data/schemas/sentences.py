"""What is different between two schemas, as sentences that can be said in any language."""

from collections.abc import Callable, Collection, Sequence

from resources.data.schemas.comparing import SchemaChange, What
from resources.data.schemas.model import Type
from resources.texts import Filled, filled, mark

_SENTENCES = {
    What.FILE_ADDED: mark("{path} is a new annotation file"),
    What.FILE_REMOVED: mark("the annotation file {path} is gone"),
    What.FILE_READABLE: mark("{path} can be read now"),
    What.FILE_UNREADABLE: mark("{path} cannot be read any more"),
    What.FILE_UNREAD: mark("{path} is not looked into any more"),
    What.COLUMN_ADDED: mark("{path} has a new column {column}"),
    What.COLUMN_REMOVED: mark("{path} has no column {column} any more"),
    What.COLUMN_UNSEEN: mark("{path} has no column {column} in its first MiB, and only that was read"),
    What.TYPE_SEEN: mark("{path}, column {column}: what was read has another type, {name}"),
    What.TYPE_CHANGED: mark("{path}, column {column}: its type changed, {name}"),
    What.TYPE_NARROWED: mark("{path}, column {column}: its type is narrower, {name}"),
    What.CLASS_ADDED: mark("the class {name} is new in {path}, column {column}"),
    What.CLASS_REMOVED: mark("the class {name} is gone from {path}, column {column}"),
    What.FORMAT_ADDED: mark("the format {name} is new"),
    What.FORMAT_REMOVED: mark("the format {name} is gone"),
    What.DECLARED: mark("the schema is declared now"),
    What.REDECLARED: mark("what is declared is not what it was"),
}
_OF_TYPES = frozenset({What.TYPE_CHANGED, What.TYPE_NARROWED, What.TYPE_SEEN})
_TYPES = {
    Type.BOOLEAN: mark("boolean"),
    Type.INTEGER: mark("integer"),
    Type.NUMBER: mark("number"),
    Type.TEXT: mark("text"),
    Type.LIST: mark("list"),
    Type.OBJECT: mark("object"),
}
_FOLDER_SENTENCES = {
    What.CLASS_ADDED: mark("the class folder {name} is new"),
    What.CLASS_REMOVED: mark("the class folder {name} is gone"),
}


def sentence(change: SchemaChange, shown: Callable[[str], str]) -> Filled:
    """What happened, and where. ``shown`` makes of any path or name what can be printed."""
    sentences = _SENTENCES if change.path else _SENTENCES | _FOLDER_SENTENCES
    path, column = map(shown, (change.path, change.column))
    name = _type_change(change.name) if change.what in _OF_TYPES else shown(change.name)
    return filled(sentences[change.what], path=path, column=column, name=name)


def types_text(types: Collection[str]) -> Filled:
    """Types of a column: ``integer``, ``list|text``."""
    words = {f"type{place}": filled(_TYPES[Type(name)]) for place, name in enumerate(types)}
    return filled("|".join(f"{{{place}}}" for place in words), **words)


def in_order(changes: Sequence[SchemaChange]) -> list[SchemaChange]:
    """Those first that break readers."""
    return sorted(changes, key=lambda change: not change.breaks)


def _type_change(name: str) -> Filled:
    before, after = (types_text(types.split("|")) for types in name.split(" → "))
    return filled("{before} → {after}", before=before, after=after)
