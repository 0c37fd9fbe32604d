"""The graph of versions as a column of their table: the main line at the left, branches beside it.

Values in, HTML out. The newest version stands on top. Each row is drawn on its own, from strokes that go on
in the rows below, so that a page of a long table is drawn as fast as that of a short one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from resources.data.versions.model import State, Version
from streamlit_app import colours
from streamlit_app.readings.history import History

STYLE = """
<style>
.tp-table td:has(> .tp-graph) { position: relative; padding: 0; }
.tp-graph { min-height: 2.3rem; }
.tp-graph > * { position: absolute; box-sizing: border-box;
  --line: color-mix(in srgb, var(--tone) 82%, currentColor); }
.tp-graph .tp-line { width: 0; border: 0 solid var(--line); border-left-width: 2.5px; margin-left: -1.25px; }
.tp-graph .tp-bend { border: 0 solid var(--line); }
.tp-graph .tp-fork { top: 0; height: 1.15rem; border-bottom-width: 2.5px; margin-top: 1.25px; }
.tp-graph .tp-join { top: 1.15rem; bottom: -1px; border-top-width: 2.5px; margin-top: -1.25px; }
.tp-graph .tp-right { border-right-width: 2.5px; margin-left: 1.25px; }
.tp-graph .tp-left { border-left-width: 2.5px; margin-left: -1.25px; }
.tp-graph .tp-fork.tp-right { border-bottom-right-radius: 0.6rem; }
.tp-graph .tp-fork.tp-left { border-bottom-left-radius: 0.6rem; }
.tp-graph .tp-join.tp-right { border-top-right-radius: 0.6rem; }
.tp-graph .tp-join.tp-left { border-top-left-radius: 0.6rem; }
.tp-graph .tp-dotted { border-style: dotted; }
.tp-graph .tp-version { top: 1.15rem; width: 0.85rem; height: 0.85rem; border-radius: 50%;
  background: var(--line); transform: translate(-50%, -50%); }
.tp-graph .tp-kept { outline: 2.5px solid #d08a17; outline-offset: 2px; }
.tp-graph .tp-gone { background: #fff; border: 2.5px solid var(--line); }
.tp-graph.tp-dark .tp-gone { background: #12161f; }
</style>
"""
_WIDEST_PX, _STEP_PX, _LEAST_STEP_PX, _LEFT_PX, _RIGHT_PX = 190, 20, 7, 12, 18


class Part(StrEnum):
    """Where in its row a stroke is."""

    THROUGH = "through"
    ABOVE = "above"
    """From the top to the version."""
    BELOW = "below"
    """From the version to the bottom."""
    FORK = "fork"
    """From the top of another lane to the version: there something was made from it."""
    JOIN = "join"
    """From the version to the bottom of another lane: from there something was merged."""


@dataclass(frozen=True)
class Stroke:
    """A piece of a line within one row."""

    lane: int
    part: Part
    tone: str
    is_merge: bool = False


@dataclass(frozen=True)
class Row:
    """One version, with all strokes that are seen beside it."""

    version: Version
    lane: int
    strokes: tuple[Stroke, ...]


def lanes(history: History) -> dict[str, int]:
    """Branches by name, each with its place beside the main line, which is 0.

    Two share a place where one has ended before the other began; a branch without a version has none.
    """
    number = {one.key: one.number for one in history.versions}
    members: dict[str, int] = {}
    for one in history.versions:
        if one.branch is not None:
            members[one.branch] = one.number
    taken: list[int] = []
    found: dict[str, int] = {}
    drawn = (one for one in history.branches if one.name in members)
    for branch in sorted(drawn, key=lambda one: number.get(one.base, 0)):
        first = number.get(branch.base, 0)
        merged = number.get(branch.merged_as, 0) if branch.merged_as else 0
        last = max(first, merged, members[branch.name])
        lane = next((at for at, until in enumerate(taken) if until <= first), len(taken))
        taken[lane : lane + 1] = [last]
        found[branch.name] = lane + 1
    return found


def rows(history: History, versions: Sequence[Version], shown: slice) -> list[Row]:
    """The rows ``shown`` of ``versions``, of which the newest comes first.

    Lines go to and from all of ``versions``; what is not among them is left out.
    """
    beside = lanes(history)
    place = {one.key: (at, beside.get(one.branch or "", 0)) for at, one in enumerate(versions)}
    first, last, _ = shown.indices(len(versions))
    strokes: list[list[Stroke]] = [[] for _ in range(first, last)]
    for child in versions:
        for rank, parent in enumerate(child.parents):
            if parent not in place:
                continue
            of = history.version(parent) if rank else child
            for row, stroke in _edge(place[child.key], place[parent], _tone(history, of), rank > 0, shown):
                if first <= row < last:
                    strokes[row - first].append(stroke)
    return [
        Row(one, place[one.key][1], tuple(dict.fromkeys(found)))
        for one, found in zip(versions[first:last], strokes, strict=True)
    ]


def cell(history: History, row: Row, lanes_shown: int, *, dark: bool) -> str:
    """The row's part of the picture, as wide as ``lanes_shown`` lanes."""
    drawn = "".join(_stroke(row.lane, one, lanes_shown) for one in row.strokes)
    marks = "tp-version"
    marks += " tp-kept" if row.version.key in history.kept else ""
    marks += " tp-gone" if row.version.state is not State.SEALED else ""
    node = (
        f'<i class="{marks}" title="{escape(row.version.key)}" '
        f'style="left:{_x(row.lane, lanes_shown):g}px;--tone:{_tone(history, row.version)}"></i>'
    )
    kind = "tp-graph tp-dark" if dark else "tp-graph"
    return f'<div class="{kind}" style="width:{width_px(lanes_shown):g}px">{drawn}{node}</div>'


def width_px(lanes_shown: int) -> float:
    """Of the picture."""
    return _LEFT_PX + _RIGHT_PX + (lanes_shown - 1) * _step_px(lanes_shown)


def _edge(
    child: tuple[int, int], parent: tuple[int, int], tone: str, is_merge: bool, shown: slice
) -> Iterator[tuple[int, Stroke]]:
    """The strokes of one line, by row. It runs in the lane of the branch, whichever end that is at."""
    (top, from_lane), (bottom, to_lane) = child, parent
    lane = to_lane if is_merge else from_lane
    yield top, Stroke(lane, Part.BELOW if lane == from_lane else Part.JOIN, tone, is_merge)
    for row in range(max(top + 1, shown.start), min(bottom, shown.stop)):
        yield row, Stroke(lane, Part.THROUGH, tone, is_merge)
    yield bottom, Stroke(lane, Part.ABOVE if lane == to_lane else Part.FORK, tone, is_merge)


def _stroke(lane: int, one: Stroke, lanes_shown: int) -> str:
    dotted = " tp-dotted" if one.is_merge else ""
    here, there = _x(lane, lanes_shown), _x(one.lane, lanes_shown)
    if one.part in (Part.FORK, Part.JOIN):
        side = "tp-right" if there > here else "tp-left"
        box = f"left:{min(here, there):g}px;width:{abs(there - here):g}px"
        return f'<i class="tp-bend tp-{one.part} {side}{dotted}" style="{box};--tone:{one.tone}"></i>'
    ends = {
        Part.THROUGH: "top:0;bottom:-1px",
        Part.ABOVE: "top:0;height:1.15rem",
        Part.BELOW: "top:1.15rem;bottom:-1px",
    }[one.part]
    return f'<i class="tp-line{dotted}" style="left:{there:g}px;{ends};--tone:{one.tone}"></i>'


def _x(lane: int, lanes_shown: int) -> float:
    return _LEFT_PX + lane * _step_px(lanes_shown)


def _step_px(lanes_shown: int) -> float:
    return max(_LEAST_STEP_PX, min(_STEP_PX, _WIDEST_PX / max(1, lanes_shown - 1)))


def _tone(history: History, one: Version) -> str:
    user = history.user_of(one.branch)
    return colours.CHAMPION if user is None else colours.of_owner(user)
