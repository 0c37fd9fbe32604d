"""What one record of a file says, for each kind: which fields it has, and what is wrong with them."""

import json
import math
import re
from collections.abc import Mapping, Sequence

from resources.data.byhand.model import Complaint, GivenBox, GivenRow, GivenSpan
from resources.data.making.records import Record
from resources.kinds import Kind

NAME_COLUMNS = ("sample", "id", "file", "path", "image")
"""What the column or key may be called that names the sample; the first of them that is there counts."""
TEXT_COLUMN = "text"
"""Of kinds of texts: what holds the text itself, where no column names it."""
LABEL_COLUMN = "label"
SPAN_COLUMNS = ("start", "end")
SIDES = ("x", "y", "width", "height")
PX, PERCENT = "_px", "_percent"
MARKS_KEYS = {Kind.ENTITIES: "spans", Kind.BOXES: "boxes"}
"""Where the marks of a sample stand in JSON; in CSV each line is a mark."""

EXAMPLES = {
    Kind.IMAGE_CLASSES: "such as the line 'sample,label' and below it 'digit-0007.png,7'",
    Kind.TEXT_CLASSES: "such as the line 'text,label' and below it 'Thank you!,praise'",
    Kind.ENTITIES: 'such as {"sample": "item-7.txt", "spans": [{"start": 0, "end": 3, "label": "person"}]}',
    Kind.BOXES: 'such as {"sample": "scene-7.png", "boxes": [{"x_px": 3, "y_px": 9, "width_px": 8, '
    '"height_px": 8, "label": "7"}]}',
}
"""What a file of each kind holds, in a clause."""

_DIGITS = re.compile(r"[0-9]{1,15}")
_PLACE = "a whole number, 0 or more, in characters (code points)"


def names_of(kind: Kind) -> tuple[str, ...]:
    """What names a sample of this kind, or is one."""
    return (*NAME_COLUMNS, TEXT_COLUMN) if kind.is_text else NAME_COLUMNS


def header_flaw(kind: Kind, header: Sequence[str]) -> str | None:
    """What a table of this kind lacks, in a clause; None where it can be read."""
    sets: list[tuple[str, ...]] = [(LABEL_COLUMN,)]
    if kind is Kind.ENTITIES:
        sets = [(*SPAN_COLUMNS, LABEL_COLUMN)]
    if kind is Kind.BOXES:
        sets = [(*_sides(unit), LABEL_COLUMN) for unit in (PX, PERCENT)]
    if {*header} & {*names_of(kind)} and any({*header} >= {*one} for one in sets):
        return None
    columns = " or ".join(", ".join(map(repr, one)) for one in sets)
    return f"expected {columns} and one of {', '.join(names_of(kind))}"


def read_row(kind: Kind, record: Record) -> tuple[GivenRow | None, list[Complaint]]:
    """What a record says, as far as it can be read; and what is wrong with it, each field by its name."""
    fields = _Fields(record.line, record.fields)
    name, text = _sample_of(kind, fields)
    if name is None:
        return None, fields.complaints
    label, marks = "", tuple[GivenSpan | GivenBox, ...]()
    if kind.has_one_class:
        label = fields.label(f"{name} has no label; expected one under {LABEL_COLUMN!r}")
    elif record.is_line:
        marks = _mark_of_line(kind, fields)
    else:
        marks = _marks_of_object(kind, fields)
    row = GivenRow(record.line, name, label, marks, text, is_whole=not fields.complaints)
    return row, fields.complaints


def _sample_of(kind: Kind, fields: "_Fields") -> tuple[str | None, str | None]:
    """What is said to name the sample, and its text where it is given itself."""
    for column in names_of(kind):
        value = fields.values.get(column)
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            fields.wrong(column, "text")
            return None, None
        if column == TEXT_COLUMN:
            return f"{_short(str(value))}", str(value)
        if name := str(value).strip():
            return name, None
    fields.complain(f"no sample is named; expected one of {', '.join(names_of(kind))}")
    return None, None


def _mark_of_line(kind: Kind, fields: "_Fields") -> tuple[GivenSpan | GivenBox, ...]:
    """A line of a table is one mark; with nothing in its columns it says that the sample has none."""
    columns = (LABEL_COLUMN, *SPAN_COLUMNS) if kind is Kind.ENTITIES else (LABEL_COLUMN, *_both_sides())
    if not any(str(fields.values.get(one, "")).strip() for one in columns):
        return ()
    return (_span(fields) if kind is Kind.ENTITIES else _box(fields),)


def _marks_of_object(kind: Kind, fields: "_Fields") -> tuple[GivenSpan | GivenBox, ...]:
    key = MARKS_KEYS[kind]
    given = fields.values.get(key)
    if not isinstance(given, list):
        fields.wrong(key, "a list of marks, [] where there is none")
        return ()
    found: list[GivenSpan | GivenBox] = []
    for number, one in enumerate(given):
        if not isinstance(one, dict):
            fields.complain(f"{key}[{number}] is {_shown(one)}; expected an object, {EXAMPLES[kind]}")
            continue
        mark = _Fields(fields.line, one, f"{key}[{number}].")
        found.append(_span(mark) if kind is Kind.ENTITIES else _box(mark))
        fields.complaints += mark.complaints
    return tuple(found)


def _span(fields: "_Fields") -> GivenSpan:
    text = fields.values.get(TEXT_COLUMN) if fields.where else None
    if text is not None and not isinstance(text, str):
        fields.wrong(TEXT_COLUMN, "the characters from start to end, or nothing")
        text = None
    start, end = (fields.whole(one, _PLACE) for one in SPAN_COLUMNS)
    return GivenSpan(fields.line, fields.where, start, end, fields.label(), text)


def _box(fields: "_Fields") -> GivenBox:
    units = [unit for unit in (PX, PERCENT) if any(fields.has(one) for one in _sides(unit))]
    if len(units) != 1:
        has = ", ".join(sorted(one for one in fields.values if one != LABEL_COLUMN and fields.has(one)))
        expected = f"{', '.join(_sides(PX))}, or all four ending in {PERCENT}"
        fields.complain(
            f"{fields.where.rstrip('.') or 'its box'} has {has or 'no side'}; expected {expected}"
        )
        return GivenBox(fields.line, fields.where, 0, 0, 0, 0, fields.label(), in_px=False)
    (unit,) = units
    told = f"a number, 0 or more, in {'pixels' if unit == PX else 'percent'} of the picture"
    x, y, width, height = (fields.number(one, told) for one in _sides(unit))
    return GivenBox(fields.line, fields.where, x, y, width, height, fields.label(), in_px=unit == PX)


def _sides(unit: str) -> tuple[str, ...]:
    return tuple(f"{side}{unit}" for side in SIDES)


def _both_sides() -> tuple[str, ...]:
    return (*_sides(PX), *_sides(PERCENT))


class _Fields:
    """The fields of a record or a mark; what is wrong with them is collected."""

    def __init__(self, line: int, values: Mapping[str, object], where: str = "") -> None:
        self.line, self.values, self.where = line, values, where
        self.complaints: list[Complaint] = []

    def has(self, name: str) -> bool:
        """Whether anything is said there."""
        return str(self.values.get(name, "")).strip() != ""

    def complain(self, what: str) -> None:
        """Collect a complaint."""
        self.complaints.append((self.line, what))

    def wrong(self, name: str, expected: str) -> None:
        """Collect one about a field."""
        value = f"is {_shown(self.values[name])}" if name in self.values else "is missing"
        self.complain(f"{self.where}{name} {value}; expected {expected}")

    def label(self, missing: str | None = None) -> str:
        """The name of a class, which may look like a number."""
        value = self.values.get(LABEL_COLUMN)
        if value is None or value == "" or (isinstance(value, str) and not value.strip()):
            self.complain(missing) if missing else self.wrong(LABEL_COLUMN, "the name of a class")
        elif isinstance(value, bool) or not isinstance(value, str | int):
            self.wrong(LABEL_COLUMN, "text")
        else:
            return str(value).strip()
        return ""

    def whole(self, name: str, expected: str) -> int:
        """A whole number, 0 or more; 0 where it is none."""
        value = self.values.get(name)
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.wrong(name, expected)
        return 0

    def number(self, name: str, expected: str) -> float:
        """A number, 0 or more; 0 where it is none."""
        value = self.values.get(name)
        try:
            number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number) and number >= 0:
            return number
        self.wrong(name, expected)
        return 0.0


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 40 else f"{line[:39]}…")
