"""Answers that mark places in a sample, in the one form in which they are kept: JSON, sorted and rounded.

An answer is a :data:`Label` whatever its kind: the name of a class, or a list of marks as this module writes
it. So one answer is equal to another where their texts are.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from resources.kinds import Kind
from resources.terms import Label

DECIMALS = 2
"""Places are kept to a hundredth of a percent of the picture's side."""

SAME_PLACE = 0.5
"""From this intersection over union on two boxes mark the same place."""

NOTHING = Label("[]")
"""The answer of a sample in which nothing is marked."""


@dataclass(frozen=True, order=True)
class Span:
    """What is named from one character up to, but not including, another; counted in Unicode characters."""

    start: int
    end: int
    label: Label

    def overlap(self, other: "Span") -> float:
        """Intersection over union, 0 to 1."""
        both = max(0, min(self.end, other.end) - max(self.start, other.start))
        return both / (self.end - self.start + other.end - other.start - both)


@dataclass(frozen=True, order=True)
class Box:
    """What is seen in a rectangle, in percent of the picture's width and height, from the top left corner."""

    x: float
    y: float
    width: float
    height: float
    label: Label

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        both = max(0.0, across) * max(0.0, down)
        either = self.width * self.height + other.width * other.height - both
        return both / either if either > 0 else 0.0


def written(marks: Iterable[Span] | Iterable[Box] | Iterable[Span | Box]) -> Label:
    """The answer that these marks are. The order in which they are given plays no part; doubles go."""
    rows = [
        {name: round(value, DECIMALS) if isinstance(value, float) else value for name, value in row.items()}
        for row in map(asdict, marks)
    ]
    texts = {json.dumps(row, sort_keys=True, ensure_ascii=False): row for row in rows}
    ordered = sorted(texts, key=lambda text: (_place(texts[text]), text))
    return Label(f"[{', '.join(ordered)}]")


def spans_in(answer: Label) -> tuple[Span, ...]:
    """The spans of an answer about a text. Raises ValueError for anything else."""
    found = [Span(_whole(row["start"]), _whole(row["end"]), _name(row)) for row in _rows(answer, Span)]
    for one in found:
        if not 0 <= one.start < one.end:
            raise ValueError(f"a span from {one.start} to {one.end} holds no character")
    return tuple(sorted(found))


def boxes_in(answer: Label) -> tuple[Box, ...]:
    """The boxes of an answer about a picture. Raises ValueError for anything else."""
    found = [
        Box(_number(row["x"]), _number(row["y"]), _number(row["width"]), _number(row["height"]), _name(row))
        for row in _rows(answer, Box)
    ]
    for one in found:
        inside = one.x >= 0 and one.y >= 0 and one.x + one.width <= 100.1 and one.y + one.height <= 100.1
        if not (inside and one.width > 0 and one.height > 0):
            raise ValueError(f"a box at {one.x}, {one.y} of {one.width} x {one.height} is not in the picture")
    return tuple(sorted(found))


def canonical(kind: Kind, answer: str) -> Label:
    """``answer`` in the form in which it is kept. Raises ValueError where it is none of this kind."""
    if kind.has_one_class:
        return Label(answer)
    label = Label(answer)
    return written(spans_in(label)) if kind is Kind.ENTITIES else written(boxes_in(label))


def classes_in(kind: Kind, answer: Label) -> tuple[Label, ...]:
    """The classes that an answer names, as often as it does. Raises ValueError for no answer of this kind."""
    if kind.has_one_class:
        return (answer,)
    return tuple(mark.label for mark in marks_in(kind, answer))


def marks_in(kind: Kind, answer: Label) -> Sequence[Span | Box]:
    """The marks of an answer that is a list of them. Raises ValueError for anything else."""
    return spans_in(answer) if kind is Kind.ENTITIES else boxes_in(answer)


def overlap(one: Span | Box, other: Span | Box) -> float:
    """Intersection over union of two marks of one kind, 0 to 1; of two kinds 0."""
    if isinstance(one, Span) and isinstance(other, Span):
        return one.overlap(other)
    return one.overlap(other) if isinstance(one, Box) and isinstance(other, Box) else 0.0


def at_one_place(one: Span | Box, other: Span | Box) -> bool:
    """Whether they mark the same place, whatever they call it: boxes nearly, spans to the character."""
    return overlap(one, other) >= (1 if isinstance(one, Span) else SAME_PLACE)


def flaw(kind: Kind, answer: str, classes: Iterable[Label]) -> str | None:
    """What keeps ``answer`` from being used, in a clause; None where it can be."""
    try:
        outside = sorted({*classes_in(kind, Label(answer))} - {*classes})
    except ValueError as problem:
        return f"cannot be read: {problem}"
    return f"names {', '.join(map(repr, outside))}" if outside else None


def same(kind: Kind, one: Label, other: Label) -> bool:
    """Whether two answers say the same. Nobody draws a box twice alike: boxes are the same where each of one
    answer has its own in the other, of its class and at its place.
    """
    if kind is not Kind.BOXES or one == other:
        return one == other
    left, right = boxes_in(one), list(boxes_in(other))
    for box in left:
        match = max(right, key=lambda it: (it.label == box.label, box.overlap(it)), default=None)
        if match is None or match.label != box.label or box.overlap(match) < SAME_PLACE:
            return False
        right.remove(match)
    return not right


def told(kind: Kind, answer: Label) -> str:
    """``answer`` in a few words."""
    if kind.has_one_class:
        return answer
    counted = Counter(classes_in(kind, answer))
    return ", ".join(f"{label} x{n}" if n > 1 else label for label, n in sorted(counted.items())) or "nothing"


def _rows(answer: Label, form: type[Span] | type[Box]) -> list[Mapping[str, Any]]:
    rows = json.loads(answer)
    expected = {field.name for field in fields(form)}
    if not isinstance(rows, list) or any(not isinstance(row, dict) or row.keys() != expected for row in rows):
        raise ValueError(f"expected a JSON list of objects with {', '.join(sorted(expected))}")
    return rows


def _place(row: Mapping[str, Any]) -> tuple[float, ...]:
    names = ("start", "end") if "start" in row else ("x", "y", "width", "height")
    return tuple(row[name] for name in names)


def _name(row: Mapping[str, Any]) -> Label:
    if isinstance(row["label"], str):
        return Label(row["label"])
    raise ValueError(f"label {row['label']!r} is no text")


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"{value!r} is no whole number")


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise ValueError(f"{value!r} is no number")
