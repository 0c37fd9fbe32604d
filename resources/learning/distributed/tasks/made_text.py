"""Texts that are made here: small worlds in which a small model finds something to learn.

What is held out of them is never among what is trained on: else a model that learns by heart would score.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import product

HELD_OUT = 0.1
"""This share of a running text, its end, is held out."""

_WHO = ("the fox", "a heron", "the old owl", "one small mouse", "the miller", "a tired horse", "the ferryman")
_WHERE = (
    "by the river",
    "under the oak",
    "in the mill",
    "on the hill",
    "at the edge of the wood",
    "near the bridge",
)
_WANTS = ("bread", "a quiet place", "the silver bell", "some rope", "a warm coat", "news from the town")
_DOES = ("looked for", "asked for", "dreamt of", "talked about", "paid for", "forgot")
_WEATHER = ("rain fell", "the sun rose", "fog lay over the fields", "snow came early", "the wind turned")


def stories(characters: int) -> str:
    """Short stories: who is met at the beginning is named again at the end."""
    draw = random.Random(0)  # noqa: S311
    return _cut(_stories(draw), characters)


def _stories(draw: random.Random) -> Iterator[str]:
    while True:
        who, other = draw.sample(_WHO, 2)
        where, wants = draw.choice(_WHERE), draw.choice(_WANTS)
        yield (
            f"When {draw.choice(_WEATHER)}, {who} sat {where} and {draw.choice(_DOES)} {wants}. "
            f"Then {other} came {draw.choice(_WHERE)} and {draw.choice(_DOES)} {draw.choice(_WANTS)}. "
            f"In the end {who} had {wants}, and {other} went home.\n"
        )


def sums(characters: int) -> str:
    """Additions of two numbers below a hundred; no pair of those that are held out is in the rest."""
    draw = random.Random(1)  # noqa: S311
    pairs = [(a, b) for a in range(100) for b in range(100)]
    draw.shuffle(pairs)
    held_out = int(len(pairs) * HELD_OUT)
    trained = int(characters * (1 - HELD_OUT))
    begin = _cut(_sums(draw, pairs[held_out:]), trained)
    return begin + _cut(_sums(draw, pairs[:held_out]), characters - trained)


def _sums(draw: random.Random, pairs: list[tuple[int, int]]) -> Iterator[str]:
    while True:
        a, b = draw.choice(pairs)
        yield f"{a} and {b} make {a + b}.\n"


def _cut(parts: Iterable[str], characters: int) -> str:
    taken, length = [], 0
    for part in parts:
        if length >= characters:
            break
        taken.append(part)
        length += len(part)
    return "".join(taken)[:characters]


_NOTES = {
    "praise": (
        "works well",
        "is just what we needed",
        "saved us a day",
        "could not be better",
        "runs like clockwork",
        "was worth the wait",
        "does all that it should",
        "makes everybody happy",
    ),
    "complaint": (
        "is broken again",
        "took far too long",
        "lost my work",
        "never answers",
        "stopped in the middle",
        "has cost me a morning",
        "is not what was promised",
        "makes a terrible noise",
    ),
    "question": (
        "can be moved where",
        "is meant for whom",
        "costs how much",
        "starts at what time",
        "was bought by whom",
        "needs which key",
        "is looked after by which team",
        "may be lent for how long",
    ),
}
_BEGINS = ("", "hello, ", "once more: ", "for your list: ", "as I said, ", "one more thing, ")
_THINGS = (
    *("the new printer", "your web site", "the night train", "our old boiler", "this form", "the lift"),
    *("the red van", "that door", "our canteen", "the big screen", "your guide", "the front desk"),
    *("the bike shed", "our coffee machine", "the yearly report", "that last update"),
)
_ENDS = (
    *("", " since Monday", " as far as I see", ", says my colleague", " in the north wing"),
    *(" after the move", ", I am told", " on the third floor", " for a week now", ", to be honest"),
)
NOTES = len(_BEGINS) * len(_THINGS) * sum(map(len, _NOTES.values())) * len(_ENDS)
"""So many different notes can be made."""


def labelled(count: int) -> list[tuple[str, str]]:
    """Short notes to a help desk, all different, each with its class: praise, complaint or question."""
    phrases = [(label, phrase) for label in sorted(_NOTES) for phrase in _NOTES[label]]
    found = [
        (label, f"{begin}{thing} {phrase}{end}.")
        for (label, phrase), begin, thing, end in product(phrases, _BEGINS, _THINGS, _ENDS)
    ]
    random.Random(2).shuffle(found)  # noqa: S311
    return found[:count]


TEXTS: dict[str, Callable[[int], str]] = {"stories": stories, "sums": sums}
