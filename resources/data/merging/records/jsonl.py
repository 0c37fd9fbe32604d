"""JSON lines, merged record by record and within a record field by field.

A record is the object on one line; its identity is the value of its id field, a text or a number as it is
written (``7`` and ``"7"`` are two). Blank lines are no records, and a merged file has none. Lines that
neither side touched keep their bytes; so do the fields of a record that both sides changed in different
fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from resources.data.merging.model import Side, Versions, at, kind_of
from resources.data.merging.questions import FileQuestions
from resources.data.merging.records.fields import field_name, merged_record
from resources.data.merging.records.json_text import Atom, BadJson, Record, given_value, value_of
from resources.data.merging.records.keys import Key, is_key, shown_key, sort_key
from resources.data.merging.records.order import merged_order
from resources.data.merging.records.problem import NotByRecord, not_by_record
from resources.data.merging.records.text_form import Form, decoded, encoded
from resources.errors import BadInput
from resources.texts import filled, mark


@dataclass(frozen=True)
class _File:
    side: Side
    form: Form
    records: list[tuple[int, Record]]
    """With the number of its line."""


def merge_jsonl(
    contents: Versions[bytes | None], id_fields: Sequence[str], questions: FileQuestions
) -> bytes:
    """The merged file. A base of None has no records. Raises :class:`NotByRecord`."""
    known: dict[str, Record] = {}
    files = Versions(*(_read(content, side, known) for content, side in zip(contents, Side, strict=True)))
    id_field = _id_field([file for file in files if file is not None], id_fields)
    tables = files.map(lambda file: {} if file is None else _by_key(file, id_field))
    merged: dict[Key, str] = {}
    for key in dict.fromkeys(key for table in tables for key in table):
        record = _merged(key, at(tables, key), id_field, questions)
        if record is not None:
            merged[key] = record.raw
    order = merged_order(tables, merged.keys(), sort_key)
    forms = files.map(lambda file: None if file is None else file.form)
    return encoded([merged[key] for key in order], forms)


def _read(content: bytes | None, side: Side, known: dict[str, Record]) -> _File | None:
    if content is None:
        return None
    text, form = decoded(content, side)
    records: list[tuple[int, Record]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        raw = line.removesuffix("\r")
        if not raw.strip(" \t\r"):
            continue
        record = known.get(raw)
        if record is None:
            try:
                value = value_of(raw).value
            except BadJson as problem:
                raise not_by_record(
                    side, mark("{side}, line {line}: {problem}"), line=number, problem=str(problem)
                ) from problem
            if not isinstance(value, dict):
                raise not_by_record(side, mark("{side}, line {line}: it is no JSON object"), line=number)
            record = known[raw] = Record(value, raw)
        records.append((number, record))
    return _File(side, form, records)


def _id_field(files: Sequence[_File], candidates: Sequence[str]) -> str:
    """The first candidate that all records have, each once. Raises :class:`NotByRecord` where none is."""
    problem: NotByRecord | None = None
    for field in candidates:
        if not any(field in record.value for file in files for _, record in file.records):
            continue
        found = next((one for file in files if (one := _id_problem(file, field)) is not None), None)
        if found is None:
            return field
        problem = problem or found
    if problem is None and not any(file.records for file in files):
        return candidates[0] if candidates else "id"
    raise problem or NotByRecord(
        filled(mark("no field names the records; looked for {fields}"), fields=", ".join(candidates))
    )


def _id_problem(file: _File, field: str) -> NotByRecord | None:
    lines: dict[Key, int] = {}
    for number, record in file.records:
        key = record.value.get(field)
        if not is_key(key):
            return not_by_record(
                file.side,
                mark("{side}, line {line}: the record has no {field} that is a text or a number"),
                line=number,
                field=field,
            )
        if lines.setdefault(key, number) != number:
            return not_by_record(
                file.side,
                mark("{side}, lines {first} and {line}: {field} is {key} twice"),
                first=lines[key],
                line=number,
                field=field,
                key=shown_key(key),
            )
    return None


def _by_key(file: _File, id_field: str) -> dict[Key, Record]:
    return {key: record for _, record in file.records if is_key(key := record.value[id_field])}


def _merged(
    key: Key, versions: Versions[Record | None], id_field: str, questions: FileQuestions
) -> Record | None:
    if versions.ours is versions.theirs:  # the same line has the same record
        return versions.ours
    shown = shown_key(key)

    def ask(states: Versions[Record | None]) -> Record | None:
        return questions.ask(
            states,
            lambda record: record.raw,
            record=shown,
            kind=kind_of(*states),
            given=lambda text: given_record(text, id_field, key),
        )

    def ask_field(path: tuple[str, ...], states: Versions[Atom | None]) -> Atom | None:
        return questions.ask(
            states,
            lambda atom: atom.raw,
            record=shown,
            field=field_name(path),
            kind=kind_of(*states),
            given=given_value,
        )

    return merged_record(versions, ask, ask_field)


def given_record(text: str, id_field: str, key: Key) -> Record:
    """A record that a person wrote. Raises :class:`BadInput` when it is none, or has another id."""
    atom = given_value(text)
    if not isinstance(atom.value, dict) or atom.value.get(id_field) != key:
        raise BadInput(
            f"{text[:80]!r} is no record with the {id_field} {shown_key(key)}",
            "Write a JSON object with the id that the record has.",
        )
    return Record(atom.value, atom.raw)
