"""What is known of the files of a version, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from resources.data.merging.records.rules import FileKind

MOST_CLASSES = 1000
"""More of them are no classes."""


class Type(StrEnum):
    """What the values of a column are. No value at all (an empty cell, null) is of no type."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    """Integers among them."""
    TEXT = "text"
    LIST = "list"
    OBJECT = "object"


class Unread(StrEnum):
    """Why the columns of an annotation file are unknown."""

    NOT_UTF8 = "not_utf8"
    BROKEN = "broken"
    """It is no table, or no JSON."""
    NO_HEADER = "no_header"
    """A table whose first row names no columns."""
    TOO_LARGE = "too_large"
    NOT_HERE = "not_here"
    """Its content could not be got when the version was made."""

    @property
    def is_fault(self) -> bool:
        """Whether no reader can read it; else nobody has looked."""
        return self not in (Unread.TOO_LARGE, Unread.NOT_HERE)


@dataclass(frozen=True)
class Column:
    """A column of a table, a key of records, or a key in a list of a COCO file (``annotations.bbox``)."""

    types: tuple[Type, ...]
    """Sorted. One for a table; empty where no row has a value."""
    classes: tuple[str, ...] | None = None
    """The labels that stand in it, sorted; None where it holds none, or too many to be classes."""


@dataclass(frozen=True)
class AnnotationFile:
    """What is known of one annotation file."""

    kind: FileKind
    """WHOLE for a ``*.json`` that is no COCO file."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    unread: Unread | None = None
    """None: it was read."""
    is_whole: bool = True
    """False: only how it begins was read, so that it may have more keys and types than are told."""


@dataclass(frozen=True)
class Schema:
    """What the files of a version have in common, as far as it was read from them."""

    files: Mapping[str, AnnotationFile] = field(default_factory=dict)
    """The annotation files, by path."""
    formats: tuple[str, ...] = ()
    """Of pictures, sounds and films: ``.jpg``; sorted."""
    folders: tuple[str, ...] | None = ()
    """Folders that may name what lies in them, sorted; None where there are too many. One is no class."""
    unread_from: Mapping[FileKind, int] = field(default_factory=dict)
    """Files of a kind that lie in so many folders or more are not looked into: there are too many of them."""
