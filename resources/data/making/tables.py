"""Files that hold many texts: an object a line in ``.jsonl``, or a line each in ``.csv``.

Each text is a sample of its own, as if it had come in a file that holds nothing else. A bad line costs no
other.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from resources.data.making.imaging import UnreadableSample
from resources.data.making.records import NoRecord, Record, record_of_line, records_of_csv
from resources.data.making.texts import TABLE_SUFFIXES, decoded_text

TEXT = "text"
"""What the column or key is called that holds a text. All others are its metadata."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class HeldText:
    """One text of a file."""

    line: int
    """From 1, as an editor shows it: where it begins."""
    content: bytes
    """In UTF-8, as it stands there: its hash is who it is, wherever it came from."""
    metadata: tuple[tuple[str, str], ...]
    """What the line says besides, by name."""


@dataclass(frozen=True)
class NoText:
    """A line that holds none."""

    line: int
    problem: str

    def __str__(self) -> str:
        """As people are told."""
        return f"line {self.line}: {self.problem}"


def is_table(name: str) -> bool:
    """Whether a file of this name holds many texts."""
    return PurePosixPath(name).suffix.lower() in TABLE_SUFFIXES


def name_in(table: str, line: int) -> str:
    """How the text of a line is called."""
    return f"{table}/line-{line}.txt"


def texts_in(name: str, content: bytes) -> Iterator[HeldText | NoText]:
    """What the lines of a file hold, in their order; empty lines are none."""
    is_csv = PurePosixPath(name).suffix.lower() == ".csv"
    for record in _of_csv(content) if is_csv else _of_lines(content):
        yield NoText(record.line, record.problem) if isinstance(record, NoRecord) else _text_of(record)


def _of_csv(content: bytes) -> Iterator[Record | NoRecord]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        return iter((NoRecord(line, f"the table is no UTF-8 text: {problem.reason}"),))
    return records_of_csv(text, _flaw)


def _of_lines(content: bytes) -> Iterator[Record | NoRecord]:
    for line, raw in enumerate(content.removeprefix(_BOM).split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            yield record_of_line(line, raw.decode())
        except UnicodeDecodeError as problem:
            yield NoRecord(line, f"it is no UTF-8 text: {problem.reason} at byte {problem.start}")


def _flaw(header: Sequence[str]) -> str | None:
    return None if TEXT in header else f"expected a column {TEXT!r}"


def _text_of(record: Record) -> HeldText | NoText:
    text = record.fields.get(TEXT)
    if not isinstance(text, str):
        said = f"its {TEXT!r} is {json.dumps(text)[:60]}" if TEXT in record.fields else f"it has no {TEXT!r}"
        return NoText(record.line, f"{said}; expected a text under {TEXT!r}")
    try:
        content = text.encode()
        decoded_text(content)
        metadata = tuple(sorted(_metadata(record.fields)))
    except UnicodeEncodeError as problem:
        return NoText(record.line, f"it is no text: {problem.reason} at character {problem.start}")
    except UnreadableSample as problem:
        return NoText(record.line, str(problem).replace("the file", "its text"))
    return HeldText(record.line, content, metadata)


def _metadata(fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if name == TEXT or value is None or value == "":
            continue
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
        (name + told).encode()  # half a character, as JSON can say it, can be written nowhere
        yield name, told
