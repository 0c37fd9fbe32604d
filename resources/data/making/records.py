"""The records of a file, CSV, JSON or JSON lines: each with the line it stands on."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from resources.errors import BadInput, NotFound

SUFFIXES = (".csv", ".json", ".jsonl")

HeaderFlaw = Callable[[list[str]], str | None]
"""What is wrong with the header of a table, in small letters; None where it can be read."""


@dataclass(frozen=True)
class Record:
    """One object, or one line of a table."""

    line: int
    """From 1, as an editor shows it; of an object the one on which it begins."""
    fields: Mapping[str, object]
    """By name, in small letters."""
    is_line: bool = False
    """Whether it is one of a table: all its fields are text, as they stand there."""


@dataclass(frozen=True)
class NoRecord:
    """What stands there instead."""

    line: int
    problem: str


def read_records(path: Path, header_flaw: HeaderFlaw, example: str) -> Iterator[Record | NoRecord]:
    """All records, and what is none. Raises NotFound, and :class:`BadInput` for what is no such file."""
    text = _text_of(path, example)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return records_of_csv(text, header_flaw)
    return _of_jsonl(text) if suffix == ".jsonl" else _of_json(text)


def _text_of(path: Path, example: str) -> str:
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(
            f"{path} ends in {path.suffix or 'nothing'}; expected one of {', '.join(SUFFIXES)}",
            f"Save the labels as CSV or JSON, {example}.",
        )
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}", "Give the path of a file of labels.") from None
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}", "Mend that, or give another.") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise BadInput(
            f"{path} is not UTF-8 text: byte {problem.start}, in line {line}", "Save it as UTF-8."
        ) from None


def records_of_csv(text: str, header_flaw: HeaderFlaw) -> Iterator[Record | NoRecord]:
    """The lines of a table below its header; a bad one hides no other."""
    if csv.field_size_limit() < len(text):  # one for the whole process: it is never made less
        csv.field_size_limit(len(text))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    before = 0
    while True:
        line = before + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield NoRecord(line, f"it is no CSV: {problem}")
            cells = []
        before = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
            if (wrong := header_flaw(header)) is not None:
                yield NoRecord(line, f"the header is {cells}; {wrong}")
                return
        elif len(cells) != len(header):
            yield NoRecord(line, f"it has {len(cells)} values; the header names {len(header)}")
        else:
            yield Record(line, dict(zip(header, cells, strict=True)), is_line=True)


def record_of_line(line: int, text: str) -> Record | NoRecord:
    """One line of JSON."""
    try:
        return _record(line, json.loads(text))
    except (ValueError, RecursionError) as problem:
        return NoRecord(line, f"it is no JSON: {problem}")


def _of_jsonl(text: str) -> Iterator[Record | NoRecord]:
    return (record_of_line(line, one) for line, one in enumerate(text.split("\n"), 1) if one.strip())


def _of_json(text: str) -> Iterator[Record | NoRecord]:
    """The objects of one array, each with the line on which it begins."""
    decoder, at = json.JSONDecoder(), _after_space(text, 0)
    if text[at : at + 1] != "[":
        yield NoRecord(
            _line(text, at), 'expected an array of objects, such as [{"sample": …}, {"sample": …}]'
        )
        return
    at = _after_space(text, at + 1)
    while text[at : at + 1] != "]":
        line = _line(text, at)
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as problem:
            yield NoRecord(line, f"it is no JSON: {problem}")
            return
        yield _record(line, value)
        at = _after_space(text, at)
        if text[at : at + 1] == ",":
            at = _after_space(text, at + 1)
        elif text[at : at + 1] != "]":
            yield NoRecord(_line(text, at), "the array does not go on with ',' or ']'")
            return
    if text[at + 1 :].strip():
        yield NoRecord(_line(text, at), "something follows the array")


def _record(line: int, value: object) -> Record | NoRecord:
    if not isinstance(value, dict):
        return NoRecord(line, f"{json.dumps(value)[:60]} is no object")
    return Record(line, {str(name).lower(): one for name, one in value.items()})


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
