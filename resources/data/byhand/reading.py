"""Reading a file of labels: CSV, JSON or JSON lines, each row with the line it stands on."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.data.byhand.model import GivenRow
from resources.errors import BadInput, NotFound

NAME_COLUMNS = ("sample", "id", "file", "path", "image")
"""What the column or key may be called that names the sample; the first of them that is there counts."""
LABEL_COLUMN = "label"
SUFFIXES = (".csv", ".json", ".jsonl")
SHOWN = 20

_EXAMPLE = "such as the line 'sample,label' and below it 'digit-0007.png,7'"
_JSON_EXAMPLE = '[{"sample": "digit-0007.png", "label": "7"}]'


@dataclass(frozen=True)
class Table:
    """What a file holds."""

    rows: tuple[GivenRow, ...]
    complaints: tuple[tuple[int, str], ...]
    """Lines that cannot be read, each with the reason."""


def read_table(path: Path) -> Table:
    """The rows of a file. Raises NotFound, and :class:`BadInput` for what is no file of labels at all."""
    complaints: list[tuple[int, str]] = []
    rows: list[GivenRow] = []
    for line, found in _records(path, _text_of(path)):
        if isinstance(found, str):
            complaints.append((line, found))
            continue
        name = next((found[one] for one in NAME_COLUMNS if found.get(one)), None)
        label = found.get(LABEL_COLUMN)
        if name is None:
            complaints.append((line, f"no sample is named; expected one of {', '.join(NAME_COLUMNS)}"))
        elif not label:
            complaints.append((line, f"{name} has no label; expected one under {LABEL_COLUMN!r}"))
        else:
            rows.append(GivenRow(line, name, label))
    if not rows and not complaints:
        raise BadInput(f"{path} holds no label; expected one or more, {_EXAMPLE}", "Give a file with labels.")
    return Table(tuple(rows), tuple(complaints))


def refuse(path: Path, complaints: Sequence[tuple[int, str]]) -> None:
    """Raise :class:`BadInput` where there is any complaint: the file is refused as a whole."""
    if not complaints:
        return
    told = [f"line {line}: {what}" for line, what in sorted(complaints)]
    more = f"\n  and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    listed = "\n  ".join(told[:SHOWN])
    raise BadInput(
        f"{path} is refused as a whole, and nothing was written:\n  {listed}{more}",
        "Mend these lines, then give the file again.",
    )


def _text_of(path: Path) -> str:
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(
            f"{path} ends in {path.suffix or 'nothing'}; expected one of {', '.join(SUFFIXES)}",
            f"Save the labels as CSV, {_EXAMPLE}, or as JSON.",
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


def _records(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    """Each record with its line, or what is wrong with it."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _csv_records(text)
    return _jsonl_records(text) if suffix == ".jsonl" else _json_records(text)


def _csv_records(text: str) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip().lower() for cell in cells]
                if LABEL_COLUMN not in header or not set(header) & set(NAME_COLUMNS):
                    names = ", ".join(NAME_COLUMNS)
                    yield line, f"the header is {cells}; expected {LABEL_COLUMN!r} and one of {names}"
                    return
            elif len(cells) != len(header):
                yield line, f"it has {len(cells)} values; the header names {len(header)}"
            else:
                yield line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    except csv.Error as problem:
        yield before + 1, f"it is no CSV: {problem}"


def _jsonl_records(text: str) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    for line, one in enumerate(text.split("\n"), 1):
        if not one.strip():
            continue
        try:
            yield line, _record_of(json.loads(one))
        except (ValueError, RecursionError) as problem:
            yield line, f"it is no JSON: {problem}"


def _json_records(text: str) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    """The objects of one array, each with the line on which it begins."""
    decoder, at = json.JSONDecoder(), _after_space(text, 0)
    if text[at : at + 1] != "[":
        yield _line(text, at), f"expected an array, such as {_JSON_EXAMPLE}"
        return
    at = _after_space(text, at + 1)
    while text[at : at + 1] != "]":
        line = _line(text, at)
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as problem:
            yield line, f"it is no JSON: {problem}"
            return
        yield line, _record_of(value)
        at = _after_space(text, at)
        if text[at : at + 1] == ",":
            at = _after_space(text, at + 1)
        elif text[at : at + 1] != "]":
            yield _line(text, at), "the array does not go on with ',' or ']'"
            return
    if text[at + 1 :].strip():
        yield _line(text, at), "something follows the array"


def _record_of(value: Any) -> Mapping[str, str] | str:
    if not isinstance(value, dict):
        return f"{json.dumps(value)[:60]} is no object with a sample and a label"
    found = {}
    for name, one in value.items():
        if isinstance(one, bool) or not isinstance(one, str | int):
            if name.lower() in (*NAME_COLUMNS, LABEL_COLUMN):
                return f"{name} is {json.dumps(one)[:60]}; expected text"
            continue
        found[name.lower()] = str(one).strip()
    return found


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
