"""The texts of a comparison beside each other, as Markdown."""

import html

from resources.kinds import Kind
from resources.marks import same, spans_in
from resources.terms import Label
from trainplat_assets.comparison.comparing import Comparison, Places, Said
from trainplat_assets.comparison.figures import surest_of

LONGEST_TEXT = 240
"""How many characters of a text are shown."""


def paired_texts(comparison: Comparison, places: Places) -> str:
    """The texts at ``places``, the surest first; with each what it is and what both models say.

    Of more than a paired view shows the first are shown. Raises ValueError where there is nothing to pair.
    """
    if comparison.old is None or len(places) == 0:
        raise ValueError("a paired view needs two models and at least one text")
    lines = ["| text | it is | before | new |", "|---|---|---|---|"]
    for place in surest_of(comparison, places):
        text = comparison.texts[place]
        cells = [
            _cell(text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"),
            _cell(_words(comparison.kind, text, comparison.truth[place])),
            *(_answer(comparison, said, place) for said in (comparison.old, comparison.new)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _answer(comparison: Comparison, said: Said, place: int) -> str:
    answer = said.answers[place]
    mark = "✓" if same(comparison.kind, answer, comparison.truth[place]) else "✗"
    words = _cell(_words(comparison.kind, comparison.texts[place], answer))
    return f"{mark} {words} ({said.confidence[place]:.0%})"


def _words(kind: Kind, text: str, answer: Label) -> str:
    if kind is not Kind.ENTITIES:
        return answer
    return "; ".join(f"{text[one.start : one.end]}: {one.label}" for one in spans_in(answer)) or "nothing"


def _cell(text: str) -> str:
    """On one line, with nothing in it that Markdown or a browser would take for its own."""
    plain = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"&#{ord(one)};" if one in "|*_`[]\\$~#" else one for one in plain)
