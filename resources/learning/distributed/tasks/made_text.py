"""Texts that are made here: small worlds in which a small model finds something to learn."""

import random
from collections.abc import Callable

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
    draw, parts, length = random.Random(0), [], 0  # noqa: S311
    while length < characters:
        who, other = draw.sample(_WHO, 2)
        where, wants = draw.choice(_WHERE), draw.choice(_WANTS)
        story = (
            f"When {draw.choice(_WEATHER)}, {who} sat {where} and {draw.choice(_DOES)} {wants}. "
            f"Then {other} came {draw.choice(_WHERE)} and {draw.choice(_DOES)} {draw.choice(_WANTS)}. "
            f"In the end {who} had {wants}, and {other} went home.\n"
        )
        parts.append(story)
        length += len(story)
    return "".join(parts)[:characters]


def sums(characters: int) -> str:
    """Additions of two numbers below a hundred, with their results."""
    draw, parts, length = random.Random(1), [], 0  # noqa: S311
    while length < characters:
        a, b = draw.randrange(100), draw.randrange(100)
        parts.append(f"{a} and {b} make {a + b}.\n")
        length += len(parts[-1])
    return "".join(parts)[:characters]


_NOTES = {
    "praise": ("works well", "is just what we needed", "saved us a day", "could not be better"),
    "complaint": ("is broken again", "took far too long", "lost my work", "never answers"),
    "question": ("can be moved where", "is meant for whom", "costs how much", "starts at what time"),
}
_THINGS = ("the new printer", "your web site", "the night train", "our old boiler", "this form", "the lift")
_ENDS = ("", " since Monday", " as far as I see", ", says my colleague", " in the north wing")


def labelled(count: int) -> list[tuple[str, str]]:
    """Short notes to a help desk, each with its class: praise, complaint or question."""
    draw = random.Random(2)  # noqa: S311
    found = []
    for _ in range(count):
        label = draw.choice(sorted(_NOTES))
        found.append((label, f"{draw.choice(_THINGS)} {draw.choice(_NOTES[label])}{draw.choice(_ENDS)}."))
    return found


TEXTS: dict[str, Callable[[int], str]] = {"stories": stories, "sums": sums}
