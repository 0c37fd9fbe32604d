"""What is different between two schemas, as sentences that can be said in any language."""

from collections.abc import Callable, Sequence

from resources.data.schemas.comparing import SchemaChange, What
from resources.texts import Filled, filled, mark

_SENTENCES = {
    What.FILE_ADDED: mark("{path} is a new annotation file"),
    What.FILE_REMOVED: mark("the annotation file {path} is gone"),
    What.FILE_READABLE: mark("{path} can be read now"),
    What.FILE_UNREADABLE: mark("{path} cannot be read any more"),
    What.FILE_UNREAD: mark("{path} is not looked into any more"),
    What.COLUMN_ADDED: mark("{path} has a new column {column}"),
    What.COLUMN_REMOVED: mark("{path} has no column {column} any more"),
    What.TYPE_CHANGED: mark("{path}, column {column}: its type changed, {name}"),
    What.TYPE_NARROWED: mark("{path}, column {column}: its type is narrower, {name}"),
    What.CLASS_ADDED: mark("the class {name} is new in {path}, column {column}"),
    What.CLASS_REMOVED: mark("the class {name} is gone from {path}, column {column}"),
    What.FORMAT_ADDED: mark("the format {name} is new"),
    What.FORMAT_REMOVED: mark("the format {name} is gone"),
    What.DECLARED: mark("the schema is declared now"),
    What.REDECLARED: mark("what is declared is not what it was"),
}
_FOLDER_SENTENCES = {
    What.CLASS_ADDED: mark("the class folder {name} is new"),
    What.CLASS_REMOVED: mark("the class folder {name} is gone"),
}


def sentence(change: SchemaChange, shown: Callable[[str], str]) -> Filled:
    """What happened, and where. ``shown`` makes of any path or name what can be printed."""
    sentences = _SENTENCES if change.path else _SENTENCES | _FOLDER_SENTENCES
    path, column, name = map(shown, (change.path, change.column, change.name))
    return filled(sentences[change.what], path=path, column=column, name=name)


def in_order(changes: Sequence[SchemaChange]) -> list[SchemaChange]:
    """Those first that break readers."""
    return sorted(changes, key=lambda change: not change.breaks)
