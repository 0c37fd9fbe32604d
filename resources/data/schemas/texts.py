"""Schemas as versions keep them: JSON, either read from the files or declared by whoever made the version."""

import json
from typing import Any

from resources.data.merging.records.rules import FileKind
from resources.data.schemas.classes import class_folders
from resources.data.schemas.comparing import SchemaChange, What, compare
from resources.data.schemas.documents import READ, RULES, document_of
from resources.data.schemas.model import AnnotationFile, Column, Schema, Type, Unread
from resources.errors import BadInput

MOST_LEVELS = 50
"""So deep what is declared may be nested: what is deeper, no reader of JSON has to take."""


def text_of(schema: Schema) -> str:
    """A schema that was read, as a version keeps it: the same text for the same schema."""
    document: dict[str, object] = {
        READ: RULES,
        "files": {path: _file(found) for path, found in schema.files.items()},
        "formats": schema.formats,
        "class_folders": class_folders(schema.folders),
        "unread_from": {kind.value: depth for kind, depth in schema.unread_from.items()},
    }
    if schema.folders is not None and len(schema.folders) == 1:
        document["only_folder"] = schema.folders[0]
    return json.dumps(document, sort_keys=True)


def schema_of(text: str) -> Schema | None:
    """The schema that was read; None where it is declared, unknown, or read by other rules."""
    document = document_of(text)
    if not isinstance(document, dict) or document.get(READ) != RULES:
        return None
    try:
        return Schema(
            {path: _file_of(found) for path, found in document["files"].items()},
            tuple(document["formats"]),
            _folders_of(document),
            {FileKind(kind): int(depth) for kind, depth in document["unread_from"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def is_declared(text: str) -> bool:
    """Whether somebody has said what the files have in common; then that counts, and no file is read."""
    document = document_of(text)
    return not isinstance(document, dict) or (bool(document) and READ not in document)


def declaration(text: str, where: str) -> str:
    """A schema that somebody declares in ``where``, as versions keep it; ``{}`` declares nothing.

    Raises BadInput for what is no object of JSON, or says that it was read.
    """
    document = document_of(text)
    if not isinstance(document, dict):
        raise BadInput(
            f"{where} is no JSON object; expected one that says what the files have in common",
            'Write one, such as {"columns": {"label": "text"}}; {} lets the schema be read from the files.',
        )
    if READ in document:
        raise BadInput(
            f"{where} has the key {READ!r}, by which a version tells that its schema was read from the files",
            "Leave it out, or declare {}: then the schema is read again.",
        )
    if not _can_be_shown(document):
        raise BadInput(
            f"{where} has more than {MOST_LEVELS} levels, or a number that is too large for JSON",
            "Say what the files have in common in fewer levels, and with smaller numbers.",
        )
    return json.dumps(document, sort_keys=True)


def changes(before: str, after: str) -> tuple[SchemaChange, ...]:
    """What is different between the schemas of two versions. Nothing, where one of them is unknown."""
    if before == after:
        return ()
    if is_declared(before):
        return (SchemaChange("", "", What.REDECLARED),)
    if is_declared(after):
        return (SchemaChange("", "", What.DECLARED),)
    old, new = schema_of(before), schema_of(after)
    return () if old is None or new is None else compare(old, new)


def are_comparable(before: str, after: str) -> bool:
    """Whether it is known what is different between two schemas; else :func:`changes` has nothing to tell."""
    schemas = (before, after)
    return any(map(is_declared, schemas)) or all(schema_of(text) is not None for text in schemas)


def _can_be_shown(document: object) -> bool:
    try:
        json.dumps(document, allow_nan=False)
        return _levels(document) <= MOST_LEVELS
    except (RecursionError, ValueError):
        return False


def _levels(document: object) -> int:
    if not isinstance(document, dict | list):
        return 0
    return 1 + max(map(_levels, document.values() if isinstance(document, dict) else document), default=0)


def _file(found: AnnotationFile) -> dict[str, object]:
    document: dict[str, object] = {"kind": found.kind.value}
    if found.unread is not None:
        document["unread"] = found.unread.value
    elif found.kind is not FileKind.WHOLE:
        document["columns"] = {name: _column(column) for name, column in found.columns.items()}
        if not found.is_whole:
            document["is_whole"] = False
    return document


def _column(column: Column) -> dict[str, object]:
    classes = {} if column.classes is None else {"classes": column.classes}
    return {"types": column.types, **classes}


def _folders_of(document: dict[str, Any]) -> tuple[str, ...] | None:
    if document["class_folders"] is None:
        return None
    return tuple(document["class_folders"] or filter(None, [document.get("only_folder")]))


def _file_of(document: dict[str, Any]) -> AnnotationFile:
    unread = document.get("unread")
    columns = {name: _column_of(column) for name, column in document.get("columns", {}).items()}
    return AnnotationFile(
        FileKind(document["kind"]),
        columns,
        None if unread is None else Unread(unread),
        document.get("is_whole", True),
    )


def _column_of(document: dict[str, Any]) -> Column:
    classes = document.get("classes")
    return Column(tuple(map(Type, document["types"])), None if classes is None else tuple(classes))
