"""Marks of a file in their sample: whether they fit there, and the answer that they are."""

from collections.abc import Callable

from resources.data.byhand.model import Complaint, GivenBox, GivenRow, GivenSpan
from resources.data.making.imaging import decoded
from resources.data.making.texts import decoded_text
from resources.data.spec import DatasetSpec
from resources.kinds import Kind
from resources.marks import DECIMALS, Box, Span, written
from resources.terms import Label

LEAST_PERCENT = 10.0**-DECIMALS
"""What is smaller would be nothing when it is rounded."""


def answer_of(
    spec: DatasetSpec, row: GivenRow, content: Callable[[], bytes] | None
) -> tuple[Label | None, list[Complaint]]:
    """The answer that a row is, None where it cannot be told; and all that is wrong with it.

    ``content`` reads the sample; None where it is not known which one is meant.
    """
    complaints = _no_classes(spec, row)
    if content is None or not row.is_whole:
        return None, complaints
    if spec.kind.has_one_class:
        return Label(row.label), complaints
    if spec.kind is Kind.ENTITIES:
        answer, wrong = _spans(row, decoded_text(content()))
    else:
        answer, wrong = _boxes(row, content())
    complaints += wrong
    return (None if complaints else answer), complaints


def _no_classes(spec: DatasetSpec, row: GivenRow) -> list[Complaint]:
    classes = f"expected one of {', '.join(spec.classes)}"
    if spec.kind.has_one_class:
        if row.label in spec.classes or not row.label:
            return []
        return [(row.line, f"label {row.label!r} is no class; {classes}")]
    return [
        (mark.line, f"{mark.where}label {mark.label!r} is no class; {classes}")
        for mark in row.marks
        if mark.label and mark.label not in spec.classes
    ]


def _spans(row: GivenRow, text: str) -> tuple[Label, list[Complaint]]:
    complaints: list[Complaint] = []
    found: list[Span] = []
    for mark in row.marks:
        if not isinstance(mark, GivenSpan):
            continue
        wrong = _flaw_of_span(mark, text)
        if wrong is not None:
            complaints.append((mark.line, f"{row.name}: {mark.where}{wrong}"))
            continue
        held = text[mark.start : mark.end]  # blanks at its ends belong to no name
        start = mark.start + len(held) - len(held.lstrip())
        found.append(Span(start, start + len(held.strip()), Label(mark.label)))
    return written(found), complaints


def _flaw_of_span(mark: GivenSpan, text: str) -> str | None:
    if mark.end > len(text):
        return f"end is {mark.end}; expected at most {len(text)}, the characters (code points) of the text"
    if mark.start >= mark.end:
        return f"start is {mark.start}; expected less than end, {mark.end}, the first character after it"
    held = text[mark.start : mark.end]
    if not held.strip():
        return f"start is {mark.start} and end {mark.end}; expected more than blanks between them"
    if mark.text is None or mark.text.strip() == held.strip():
        return None
    wrong = f"text is {mark.text!r}; expected {held!r}, which stands from {mark.start} to {mark.end}"
    for units, encoding, width in (("UTF-16 units", "utf-16-le", 2), ("bytes", "utf-8", 1)):
        counted = text.encode(encoding)[width * mark.start : width * mark.end]
        if counted.decode(encoding, errors="replace") == mark.text:
            return f"{wrong}; these are counted in {units}: count characters (code points)"
    return wrong


def _boxes(row: GivenRow, content: bytes) -> tuple[Label, list[Complaint]]:
    complaints: list[Complaint] = []
    found: list[Box] = []
    size_px: tuple[int, int] | None = None
    for mark in row.marks:
        if not isinstance(mark, GivenBox):
            continue
        if mark.in_px and size_px is None:
            size_px = decoded(content).size
        box, wrong = _box(mark, size_px if mark.in_px and size_px else (100, 100))
        complaints += [(mark.line, f"{row.name}: {mark.where}{one}") for one in wrong]
        if box is not None:
            found.append(box)
    return written(found), complaints


def _box(mark: GivenBox, size: tuple[int, int]) -> tuple[Box | None, list[str]]:
    unit = "_px" if mark.in_px else "_percent"
    of = "the picture has" if mark.in_px else "the whole picture is"
    told = {"_px": "px", "_percent": "percent"}[unit]
    wrong = []
    percents = []
    for place, side, start, length, whole in (
        ("x", "width", mark.x, mark.width, size[0]),
        ("y", "height", mark.y, mark.height, size[1]),
    ):
        if length * 100 / whole < LEAST_PERCENT:
            wrong.append(
                f"{side}{unit} is {length:g}; expected at least {LEAST_PERCENT:g} percent of the side"
            )
        elif start + length > whole * (1 + 1e-9):
            wrong.append(
                f"{place}{unit} + {side}{unit} is {start:g} + {length:g}; expected at most {whole}: {of} "
                f"{whole} {told}"
            )
        else:
            first = round(start * 100 / whole, DECIMALS)
            end = min((start + length) * 100 / whole, 100.0)
            percents.append((first, max(LEAST_PERCENT, round(end - first, DECIMALS))))
    if wrong:
        return None, wrong
    (x, width), (y, height) = percents
    return Box(x, y, width, height, Label(mark.label)), []
