"""Short notes to the caretaker of a house, each of one class."""

import random
from pathlib import Path

from resources.data.making.made.folder import Made, fill
from resources.terms import Label

NOTE_CLASSES = tuple(map(Label, ("praise", "complaint", "question", "order")))
NOTES = 600

_THINGS = (
    "the printer on the second floor",
    "the lift",
    "the front door",
    "the heating in room 12",
    "the coffee machine",
    "the meeting room",
    "the bicycle shed",
    "the lamp in the corridor",
    "the projector",
    "the kitchen sink",
)
_SAID = {
    "praise": (
        "works like a charm",
        "has never been better",
        "makes everyone happy",
        "was mended so quickly, thank you",
        "looks wonderful now",
        "is a pleasure to use",
        "saved our morning",
        "runs smoothly again, well done",
    ),
    "complaint": (
        "is broken again",
        "makes a dreadful noise",
        "does not open any more",
        "leaks all over the floor",
        "smells of smoke",
        "has been out of order for a week",
        "keeps failing on me",
        "is far too cold to bear",
    ),
    "question": (
        "can be booked by whom",
        "belongs to which team",
        "opens at what time",
        "will be looked after by whom",
        "needs which key",
        "is allowed for visitors or not",
        "was moved where",
        "costs how much per month",
    ),
    "order": (
        "needs two more chairs by Friday",
        "should get a new filter, please",
        "has to be cleaned before the visit",
        "wants fresh paper and toner",
        "is to be painted white",
        "shall get a second lock",
        "must be checked this afternoon, please",
        "requires ten new bulbs",
    ),
}
_BEFORE = (
    "",
    "Hello, ",
    "Good morning, ",
    "To whom it may concern: ",
    "Just a note: ",
    "As said on the phone, ",
)
_AFTER = (
    "",
    " I am in until five.",
    " Best wishes from the third floor.",
    " My colleague says the same.",
    " It is the one next to the stairs.",
    " You can reach me on 4417.",
    " We talked about it last week.",
)


def fill_with_notes(folder: Path) -> None:
    """Write the notes and their labels; see :func:`fill`."""
    fill(folder, notes)


def notes(count: int = NOTES) -> Made:
    """``count`` notes, no two alike."""
    draw, seen = random.Random(3), set[str]()  # noqa: S311
    while len(seen) < count:
        label = draw.choice(NOTE_CLASSES)
        text = (
            f"{draw.choice(_BEFORE)}{draw.choice(_THINGS)} {draw.choice(_SAID[label])}.{draw.choice(_AFTER)}"
        )
        text = text[0].upper() + text[1:]
        if text in seen:
            continue
        seen.add(text)
        yield f"note-{len(seen):04d}.txt", text.encode(), label
