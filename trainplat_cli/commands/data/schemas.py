"""Schemas of versions, and what is different between them, for people and for machines."""

import json
from collections.abc import Sequence

from resources.data.merging.records.rules import FileKind
from resources.data.schemas.classes import class_folders
from resources.data.schemas.comparing import SchemaChange
from resources.data.schemas.documents import document_of
from resources.data.schemas.model import AnnotationFile, Column, Unread
from resources.data.schemas.sentences import in_order, sentence, types_text
from resources.data.schemas.texts import is_declared, schema_of
from resources.printable import printable
from resources.texts import in_language, mark
from trainplat_cli.texts import _

SHOWN = 10
"""So many classes or changes are shown to people."""

_UNREAD = {
    Unread.NOT_UTF8: mark("unknown: it is no UTF-8 text"),
    Unread.BROKEN: mark("unknown: it is no valid CSV or JSON"),
    Unread.NO_HEADER: mark("unknown: its first row names no columns"),
    Unread.TOO_LARGE: mark("unknown: it is too large to look into"),
    Unread.NOT_HERE: mark("unknown: its content was not at hand"),
}


def change_document(change: SchemaChange) -> dict[str, object]:
    """A difference for machines."""
    return {
        "what": change.what.value,
        "path": change.path or None,
        "column": change.column or None,
        "name": change.name or None,
        "breaks": change.breaks,
    }


def change_lines(changes: Sequence[SchemaChange]) -> list[str]:
    """Differences for people, those first that break readers."""
    ordered = in_order(changes)
    lines = [_line(change) for change in ordered[:SHOWN]]
    if len(ordered) > SHOWN:
        lines.append("  " + _("… and {count} more").format(count=len(ordered) - SHOWN))
    return lines


def breaking_lines(changes: Sequence[SchemaChange]) -> list[str]:
    """What breaks those who read the version before; nothing where nothing does."""
    breaking = [change for change in changes if change.breaks]
    return [_("It breaks those who read the version before:"), *change_lines(breaking)] if breaking else []


def schema_facts(text: str) -> list[tuple[str, str]]:
    """A version's schema for people."""
    found = schema_of(text)
    if is_declared(text):
        declared = json.dumps(document_of(text), ensure_ascii=False)
        return [(_("schema"), _("declared: {text}").format(text=printable(declared)))]
    if found is None:
        return [(_("schema"), _("unknown"))]
    folders = class_folders(found.folders)
    facts = [
        (_("formats"), ", ".join(found.formats) or "-"),
        (_("class folders"), _("too many") if folders is None else _named(folders)),
    ]
    unread = _("files that lie {count} folders deep or deeper: there are too many")
    facts += [
        (_("not read, {kind}").format(kind=kind.value), unread.format(count=depth))
        for kind, depth in sorted(found.unread_from.items())
    ]
    files = [(path, file) for path, file in sorted(found.files.items()) if file.kind is not FileKind.WHOLE]
    return facts + [(printable(path), _file_text(file)) for path, file in files]


def _line(change: SchemaChange) -> str:
    told = in_language(sentence(change, printable), _)
    return "  " + (_("{change} (breaks readers)").format(change=told) if change.breaks else told)


def _file_text(file: AnnotationFile) -> str:
    if file.unread is not None:
        return _(_UNREAD[file.unread])
    columns = "; ".join(_column_text(name, column) for name, column in file.columns.items()) or "-"
    return columns if file.is_whole else _("{columns}, as far as its first MiB tells").format(columns=columns)


def _column_text(name: str, column: Column) -> str:
    said = f"{printable(name)} {in_language(types_text(column.types), _) or '-'}"
    return said if column.classes is None else f"{said} ({_named(column.classes)})"


def _named(classes: Sequence[str]) -> str:
    more = ", …" if len(classes) > SHOWN else ""
    return printable(", ".join(classes[:SHOWN])) + more or "-"
