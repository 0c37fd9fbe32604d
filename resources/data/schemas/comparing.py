"""What is different between two schemas, and which of it breaks those who read the files: pure.

1. What is gone breaks: an annotation file, a column, a class, a format. So what is renamed does, too.
2. A value that a reader could not meet before breaks: the type of a column is another one, or a wider one.
   A narrower one does not, nor does a type where there were no values.
3. An annotation file that nobody can read any more breaks.
4. What comes breaks nothing, and so does what nobody has looked into: where only the beginning of a file was
   read, a key of JSON lines or a type may stand further down. The header of a table tells all its columns.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from resources.data.merging.records.rules import FileKind
from resources.data.schemas.classes import class_folders
from resources.data.schemas.layout import is_unread
from resources.data.schemas.model import AnnotationFile, Schema, Type


class What(StrEnum):
    """What happened to a part of a schema."""

    FILE_ADDED = "file_added"
    FILE_REMOVED = "file_removed"
    FILE_READABLE = "file_readable"
    """Its columns are known now."""
    FILE_UNREADABLE = "file_unreadable"
    """Its columns are no longer known, for it is broken."""
    FILE_UNREAD = "file_unread"
    """Its columns are no longer known, for nobody has looked."""
    COLUMN_ADDED = "column_added"
    COLUMN_REMOVED = "column_removed"
    COLUMN_UNSEEN = "column_unseen"
    """It is not in what was read; it may be further down."""
    TYPE_CHANGED = "type_changed"
    TYPE_SEEN = "type_seen"
    """What was read has another type; what was not read before may have had it."""
    TYPE_NARROWED = "type_narrowed"
    """All its values could have been there before."""
    CLASS_ADDED = "class_added"
    CLASS_REMOVED = "class_removed"
    FORMAT_ADDED = "format_added"
    FORMAT_REMOVED = "format_removed"
    DECLARED = "declared"
    """The schema is declared, where it was read from the files or unknown before."""
    REDECLARED = "redeclared"
    """What was declared is not what it was."""


_BREAKING = frozenset(
    {
        What.FILE_REMOVED,
        What.FILE_UNREADABLE,
        What.COLUMN_REMOVED,
        What.TYPE_CHANGED,
        What.CLASS_REMOVED,
        What.FORMAT_REMOVED,
        What.REDECLARED,
    }
)


@dataclass(frozen=True, order=True)
class SchemaChange:
    """One difference."""

    path: str
    """The annotation file; empty where it is about the folders, or the whole version."""
    column: str
    """Empty where it is about the whole file."""
    what: What
    name: str = ""
    """Of the class or format; of a type, what it was and what it is."""

    @property
    def breaks(self) -> bool:
        """Whether it breaks those who read the version before."""
        return self.what in _BREAKING


def compare(before: Schema, after: Schema) -> tuple[SchemaChange, ...]:
    """All differences, sorted."""
    return tuple(sorted(_differences(before, after)))


def _differences(before: Schema, after: Schema) -> Iterator[SchemaChange]:
    old, new = _annotations(before), _annotations(after)
    for path in old.keys() - new.keys():
        if not is_unread(path, old[path].kind, after.unread_from):
            yield SchemaChange(path, "", What.FILE_REMOVED)
    for path in new.keys() - old.keys():
        if not is_unread(path, new[path].kind, before.unread_from):
            yield SchemaChange(path, "", What.FILE_ADDED)
    for path in old.keys() & new.keys():
        yield from _in_file(path, old[path], new[path])
    formats = before.formats, after.formats
    yield from _sets("", "", *formats, gone=What.FORMAT_REMOVED, come=What.FORMAT_ADDED)
    yield from _folders(before.folders, after.folders)


def _folders(old: tuple[str, ...] | None, new: tuple[str, ...] | None) -> Iterator[SchemaChange]:
    """Of folders that were classes which are gone, and of those that are classes which have come."""
    if old is not None and new is not None:
        for name in set(class_folders(old) or ()) - set(new):
            yield SchemaChange("", "", What.CLASS_REMOVED, name)
        for name in set(class_folders(new) or ()) - set(old):
            yield SchemaChange("", "", What.CLASS_ADDED, name)


def _annotations(schema: Schema) -> dict[str, AnnotationFile]:
    return {path: found for path, found in schema.files.items() if found.kind is not FileKind.WHOLE}


def _in_file(path: str, old: AnnotationFile, new: AnnotationFile) -> Iterator[SchemaChange]:
    if old.unread is not None or new.unread is not None:
        if old.unread is None and new.unread is not None:
            yield SchemaChange(path, "", What.FILE_UNREADABLE if new.unread.is_fault else What.FILE_UNREAD)
        elif new.unread is None:
            yield SchemaChange(path, "", What.FILE_READABLE)
        return
    for name in old.columns.keys() - new.columns.keys():
        yield SchemaChange(path, name, What.COLUMN_REMOVED if _knows_columns(new) else What.COLUMN_UNSEEN)
    if _knows_columns(old):
        for name in new.columns.keys() - old.columns.keys():
            yield SchemaChange(path, name, What.COLUMN_ADDED)
    for name in old.columns.keys() & new.columns.keys():
        before, after = old.columns[name], new.columns[name]
        if before.types != after.types and before.types and after.types:
            what = _of_types(old, before.types, new, after.types)
            yield SchemaChange(path, name, what, f"{'|'.join(before.types)} → {'|'.join(after.types)}")
        yield from _classes(path, name, before.classes, after.classes)


def _knows_columns(found: AnnotationFile) -> bool:
    return found.is_whole or found.kind is FileKind.CSV


def _of_types(
    old: AnnotationFile, before: Collection[Type], new: AnnotationFile, after: Collection[Type]
) -> What:
    if not _covers(before, after, old.kind):
        return What.TYPE_CHANGED if old.is_whole else What.TYPE_SEEN
    return What.TYPE_NARROWED if new.is_whole else What.TYPE_SEEN


def _covers(old: Collection[Type], new: Collection[Type], kind: FileKind) -> bool:
    """Whether each value of the new types is one of the old ones. In a table each value is a text, too."""
    known = {*old, Type.INTEGER} if Type.NUMBER in old else set(old)
    return known.issuperset(new) or (kind is FileKind.CSV and Type.TEXT in old)


def _classes(
    path: str, column: str, old: tuple[str, ...] | None, new: tuple[str, ...] | None
) -> Iterator[SchemaChange]:
    if old is not None and new is not None:
        yield from _sets(path, column, old, new, gone=What.CLASS_REMOVED, come=What.CLASS_ADDED)


def _sets(
    path: str, column: str, old: Collection[str], new: Collection[str], *, gone: What, come: What
) -> Iterator[SchemaChange]:
    for name in set(old) - set(new):
        yield SchemaChange(path, column, gone, name)
    for name in set(new) - set(old):
        yield SchemaChange(path, column, come, name)
