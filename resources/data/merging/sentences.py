"""The question that a conflict asks, as a sentence that can be said in any language."""

from resources.data.merging.model import ConflictKind
from resources.texts import Filled, filled, mark

_TEMPLATES = {
    ConflictKind.BOTH_CHANGED: mark(
        "{place}: both changed it. Ours: {ours}. Theirs: {theirs}. It was: {base}."
    ),
    ConflictKind.BOTH_ADDED: mark("{place}: both added it. Ours: {ours}. Theirs: {theirs}."),
    ConflictKind.CHANGED_DELETED: mark(
        "{place}: ours changed it, theirs deleted it. Ours: {ours}. It was: {base}."
    ),
    ConflictKind.DELETED_CHANGED: mark(
        "{place}: ours deleted it, theirs changed it. Theirs: {theirs}. It was: {base}."
    ),
    ConflictKind.FILE_AGAINST_FOLDER: mark(
        "{place}: ours has a file here, theirs has a folder. In the folder: {theirs}."
    ),
    ConflictKind.FOLDER_AGAINST_FILE: mark(
        "{place}: ours has a folder here, theirs has a file. In the folder: {ours}."
    ),
}
_LONGEST_VALUE = 120


def sentence(
    path: str,
    record: str | None,
    field: str | None,
    kind: ConflictKind,
    base: str | None,
    ours: str | None,
    theirs: str | None,
    reason: str,
) -> Filled:
    """What happened, where, and what each version has. Values are cut to what fits on a line or two."""
    asked = filled(
        _TEMPLATES[kind],
        place=_place(path, record, field),
        base=_brief(base),
        ours=_brief(ours),
        theirs=_brief(theirs),
    )
    return filled(mark("{question} ({reason})"), question=asked, reason=reason) if reason else asked


def shown_path(path: str) -> str:
    """A path of a tree as it can be printed: bytes that are no UTF-8 are shown as �."""
    return path.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _place(path: str, record: str | None, field: str | None) -> str:
    shown = shown_path(path)
    if record is None and field is None:
        return shown
    if record is None:
        return filled(mark("{path}, field {field}"), path=shown, field=field)
    if field is None:
        return filled(mark("{path}, record {record}"), path=shown, record=record)
    return filled(mark("{path}, record {record}, field {field}"), path=shown, record=record, field=field)


def _brief(value: str | None) -> str:
    if value is None:
        return "–"
    return value if len(value) <= _LONGEST_VALUE else value[: _LONGEST_VALUE - 1] + "…"
