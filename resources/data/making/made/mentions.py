"""Short items of news from places that do not exist, with who, where and which firm they name."""

import random
from pathlib import Path

from resources.data.making.made.folder import Made, fill
from resources.marks import Span, written
from resources.terms import Label

PERSON, PLACE, FIRM = Label("person"), Label("place"), Label("firm")
MENTION_CLASSES = (PERSON, PLACE, FIRM)
MENTIONS = 500

_FIRST = ("Ada", "Bo", "Cleo", "Dorin", "Ewa", "Falk", "Gwen", "Hal", "Ines", "Jun", "Kaja", "Lev", "Mila")
_BEGIN = ("Nor", "West", "Lin", "Har", "Quin", "Bar", "Tol", "Mar", "Ros", "Fen", "Gal", "Kes", "Öst")
_LAST_END = ("ling", "berg", "ford", "son", "mann", "quist", "ley")
_PLACE_END = ("ham", "by", "stad", "port", "wick", "dale", "mouth")
_FIRM_END = ("soft", "tec", "works", "line", "data", "steel")
_FIRM_KIND = (" Ltd", " AG", " & Sons", "", "")

_ITEMS = (
    "{person} has left {firm} after nine years.",
    "{firm} opens a new office in {place}.",
    "In {place} it rained all day, says {person}.",
    "Yesterday {person} met {person} at the station of {place}.",
    "{person}, who grew up in {place}, now leads {firm}.",
    "The harbour of {place} stays closed until May.",
    "Shares of {firm} fell by two percent on Monday.",
    "{firm} and {firm} build a bridge near {place}.",
    "Nobody was hurt when a tree fell on the road.",
    "The prize goes to {person} from {place}.",
    "According to {person}, the plans of {firm} come too late.",
    "Trains from {place} to {place} run again, the railway says.",
)


def fill_with_mentions(folder: Path) -> None:
    """Write the items and what they name; see :func:`fill`."""
    fill(folder, mentions)


def mentions(count: int = MENTIONS) -> Made:
    """``count`` items, no two alike."""
    draw, seen = random.Random(4), set[str]()  # noqa: S311
    while len(seen) < count:
        text, spans = _item(draw)
        if text in seen or (not spans and len(seen) % 25):
            continue
        seen.add(text)
        yield f"item-{len(seen):04d}.txt", text.encode(), written(spans)


def _item(draw: random.Random) -> tuple[str, list[Span]]:
    head, *parts = draw.choice(_ITEMS).replace("{", "}").split("}")
    text, spans = head, []
    for number, part in enumerate(parts):
        if number % 2:
            text += part
            continue
        name = _name(Label(part), draw)
        spans.append(Span(len(text), len(text) + len(name), Label(part)))
        text += name
    return text, spans


def _name(label: Label, draw: random.Random) -> str:
    if label == PERSON:
        return f"{draw.choice(_FIRST)} {draw.choice(_BEGIN)}{draw.choice(_LAST_END)}"
    if label == PLACE:
        return f"{draw.choice(_BEGIN)}{draw.choice(_PLACE_END)}"
    return f"{draw.choice(_BEGIN)}{draw.choice(_FIRM_END)}{draw.choice(_FIRM_KIND)}"
