"""Whether wrong answers of other kinds are found: 5 % of them are made wrong, and the review returns 10 %.

Classes of texts, names in texts and boxes in pictures, as the platform makes them for its examples. A class
is flipped to another one; of marks one is swapped for another class, taken away, moved or added, in turn.
Models that were trained on four fifths then say what they find in the other fifth.
"""

import random
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from statistics import mean
from typing import TYPE_CHECKING

from benchmarks.result import spread
from benchmarks.seeds import parse_seeds
from benchmarks.stack import say
from resources.kinds import Kind
from resources.marks import Box, Span, at_one_place, canonical, marks_in, overlap, same, written
from resources.terms import Label

if TYPE_CHECKING:
    from resources.learning.model import Images

NAME = "flipped_answers"
DESCRIPTION = (
    "Answers about texts, names in texts and boxes that the review returns when 5 % of them are made wrong "
    "at random: the share of the wrong ones among the 10 % returned at most, and how many of those returned "
    "were wrong."
)

KINDS = (Kind.TEXT_CLASSES, Kind.ENTITIES, Kind.BOXES)
WRONG_SHARE = 0.05
RETURNED_SHARE = 0.1
WAYS = ("swapped", "overlooked", "moved", "added")
TEXT_BYTES = (1, 96)


@dataclass(frozen=True)
class Made:
    """Samples and what is right about them."""

    samples: "Images"
    answers: tuple[Label, ...]
    classes: tuple[Label, ...]


def add_arguments(parser: ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--seeds", default="0-2", help="a range such as 0-2, or one number (default: 0-2)")
    parser.add_argument("--samples", type=int, default=300, help="so many of each kind (default: 300)")
    parser.add_argument("--kinds", default=",".join(KINDS), help="which kinds (default: all of them)")


def run(arguments: Namespace) -> dict[str, float]:
    """One review for each kind and seed."""
    metrics = {"samples": float(arguments.samples)}
    for kind in map(Kind, arguments.kinds.split(",")):
        found = [_review(kind, arguments.samples, seed) for seed in parse_seeds(arguments.seeds)]
        metrics["seeds"] = float(len(found))
        metrics |= spread(f"{kind}_wrong_returned_share", [one["wrong_returned_share"] for one in found])
        for name in ("returned_share", "returned_wrong_share", "put_right_share"):
            metrics[f"{kind}_{name}"] = mean(one[name] for one in found)
    return metrics


def _review(kind: Kind, count: int, seed: int) -> dict[str, float]:
    from resources.learning.reviewing.answers import doubted_answers

    made = made_of(kind, count)
    answers, wrong = spoilt(kind, made.answers, made.classes, WRONG_SHARE, seed)
    found = doubted_answers(kind, made.samples, answers, made.classes, RETURNED_SHARE, seed=seed)
    returned = {one.row for one in found}
    right = sum(same(kind, one.other, made.answers[one.row]) for one in found if one.row in wrong)
    say(f"{kind}, seed {seed}: {len(returned & wrong)} of {len(wrong)} among {len(returned)} returned")
    return {
        "wrong_returned_share": len(returned & wrong) / len(wrong),
        "returned_share": len(returned) / count,
        "returned_wrong_share": len(returned & wrong) / max(1, len(returned)),
        "put_right_share": right / len(wrong),
    }


def made_of(kind: Kind, count: int) -> Made:
    """The first ``count`` samples that the platform makes of a kind."""
    import numpy as np

    from resources.data.making.imaging import grey_image
    from resources.data.making.made.mentions import MENTION_CLASSES, mentions
    from resources.data.making.made.notes import NOTE_CLASSES, notes
    from resources.data.making.made.scenes import SCENE_CLASSES, SIDE_PX, scenes
    from resources.data.making.texts import TextBytes

    made, classes = {
        Kind.TEXT_CLASSES: (notes, NOTE_CLASSES),
        Kind.ENTITIES: (mentions, MENTION_CLASSES),
        Kind.BOXES: (scenes, SCENE_CLASSES),
    }[kind]
    rows = list(islice(made(count), count))
    view = TextBytes(TEXT_BYTES)
    samples = [
        view.apply(content) if kind.is_text else grey_image(content, (SIDE_PX, SIDE_PX))
        for _, content, _ in rows
    ]
    return Made(np.stack(samples), tuple(canonical(kind, answer) for *_, answer in rows), classes)


def spoilt(
    kind: Kind, answers: Sequence[Label], classes: tuple[Label, ...], share: float, seed: int
) -> tuple[tuple[Label, ...], set[int]]:
    """The answers with ``share`` of them made wrong, and which rows."""
    draw = random.Random(seed)
    rows = draw.sample(range(len(answers)), round(share * len(answers)))
    said = list(answers)
    for number, row in enumerate(rows):
        while same(kind, said[row], answers[row]):
            said[row] = _wrong(kind, answers[row], classes, WAYS[number % len(WAYS)], draw)
    return tuple(said), set(rows)


def _wrong(kind: Kind, answer: Label, classes: tuple[Label, ...], way: str, draw: random.Random) -> Label:
    if kind.has_one_class:
        return draw.choice([label for label in classes if label != answer])
    marks = list(marks_in(kind, answer))
    if not marks or way == "added":
        new = _added(kind, classes, draw)
        return answer if any(overlap(new, one) > 0 for one in marks) else written([*marks, new])
    one = marks.pop(draw.randrange(len(marks)))
    if way == "swapped":
        other = draw.choice([label for label in classes if label != one.label])
        return written([*marks, replace(one, label=other)])
    return written(marks) if way == "overlooked" else written([*marks, _moved(one, draw)])


def _added(kind: Kind, classes: tuple[Label, ...], draw: random.Random) -> Span | Box:
    if kind is Kind.ENTITIES:
        start = draw.randrange(30)
        return Span(start, start + draw.randrange(4, 12), draw.choice(classes))
    return Box(round(draw.uniform(0, 70), 2), round(draw.uniform(0, 70), 2), 25.0, 25.0, draw.choice(classes))


def _moved(one: Span | Box, draw: random.Random) -> Span | Box:
    if isinstance(one, Span):
        longer = replace(one, start=max(0, one.start - 6)), replace(one, end=one.end + 6)
        return draw.choice(longer)
    step = draw.choice((-1, 1)) * one.width * 0.6
    moved = replace(one, x=round(min(max(0.0, one.x + step), 100 - one.width), 2))
    return one if at_one_place(one, moved) else moved
