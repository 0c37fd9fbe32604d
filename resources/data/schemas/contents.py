"""What one annotation file holds: its columns, their types and its classes. No bytes whatsoever do harm."""

from dataclasses import replace

from resources.data.merging.records.problem import NotByRecord
from resources.data.merging.records.rules import FileKind
from resources.data.schemas.model import AnnotationFile, Unread
from resources.data.schemas.records import coco_keys, line_keys
from resources.data.schemas.tables import table_columns

_MIB = 1024 * 1024
WHOLE_BYTES = {FileKind.CSV: 4 * _MIB, FileKind.JSONL: 4 * _MIB, FileKind.COCO: 32 * _MIB}
"""Files up to this size are read whole."""
HEAD_BYTES = _MIB
"""Of a larger table, or larger JSON lines, so much is read: enough for columns and types, not for classes.
What stands further down may have other types, and in JSON lines other keys."""
MOST_COLUMNS = 500


def wanted_bytes(kind: FileKind, size_bytes: int) -> int:
    """How much of a file of this kind and size is looked at; 0: it is too large."""
    if size_bytes <= WHOLE_BYTES[kind]:
        return size_bytes
    return 0 if kind is FileKind.COCO else HEAD_BYTES


def annotation_file(kind: FileKind, content: bytes, *, is_whole: bool = True) -> AnnotationFile:
    """What a file of this kind holds. ``is_whole``: ``content`` is all of it, and not only how it begins."""
    if not is_whole:
        content = content[: content.rfind(b"\n") + 1]
        if not content:  # one line is longer than what is read
            return AnnotationFile(kind, unread=Unread.TOO_LARGE)
    try:
        found = _read(kind, content.decode("utf-8-sig"), is_whole)
    except UnicodeDecodeError:
        return AnnotationFile(kind, unread=Unread.NOT_UTF8)
    except (ValueError, RecursionError, NotByRecord):
        return AnnotationFile(kind, unread=Unread.BROKEN)
    if len(found.columns) > MOST_COLUMNS:
        return AnnotationFile(kind, unread=Unread.TOO_LARGE)
    return found if is_whole else replace(found, is_whole=False)


def _read(kind: FileKind, text: str, is_whole: bool) -> AnnotationFile:
    if kind is FileKind.CSV:
        return table_columns(text, is_whole=is_whole)
    return line_keys(text, is_whole=is_whole) if kind is FileKind.JSONL else coco_keys(text)
