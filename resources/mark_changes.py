"""What a model would mark otherwise in an answer, in words for whoever looks again. Pure."""

from resources.kinds import Kind
from resources.marks import Box, Span, at_one_place, marks_in, overlap
from resources.terms import Label

Mark = Span | Box

LONGEST = 40
"""Characters of a name that are shown."""


def changes_told(kind: Kind, given: Label, other: Label, text: str = "") -> list[str]:
    """A clause for each mark that only one of the answers has. ``text``: the sample, if that is one."""
    ours = [one for one in marks_in(kind, given) if one not in marks_in(kind, other)]
    theirs = [one for one in marks_in(kind, other) if one not in marks_in(kind, given)]
    clauses = []
    for mark in ours:
        match = max(theirs, key=lambda one: overlap(mark, one), default=None)
        if match is None or overlap(mark, match) == 0:
            clauses.append(f"the model finds nothing where {_told(mark, text)} is marked")
            continue
        theirs.remove(match)
        if at_one_place(mark, match):
            clauses.append(f"the model takes {_told(mark, text)} for {match.label}")
        else:
            clauses.append(f"instead of {_told(mark, text)} the model finds {_told(match, text)}")
    return clauses + [f"the model finds {_told(mark, text)}, which is not marked" for mark in theirs]


def _told(mark: Mark, text: str) -> str:
    if isinstance(mark, Box):
        return (
            f"{mark.label} ({mark.x:.0f} % from the left, {mark.y:.0f} % from the top, "
            f"{mark.width:.0f} x {mark.height:.0f} %)"
        )
    name = text[mark.start : mark.end]
    shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    return f"{mark.label} “{shown}”" if shown else f"{mark.label} ({mark.start} to {mark.end})"
